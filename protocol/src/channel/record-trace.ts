/** Records with somebody watching (§4): each one as it passes, with its place in its direction. */
import type { Bytes } from '../bytes.ts';
import type { Frame } from '../codec/frame.ts';
import type { Direction, HandshakeTraceEvent } from '../handshake/handshake-trace.ts';
import type { TraceSource } from '../trace.ts';
import { type Content, decodeContent, encodeContent } from './content.ts';
import type { RecordOpener, RecordPlace, RecordSealer } from './records.ts';

export interface RecordTrace extends RecordPlace {
  readonly kind: 'record';
  readonly direction: Direction;
  /** The whole frame, its five header bytes included. */
  readonly frame: Bytes;
  /** The bytes of an envelope in it are the very object that its flight was sealed into or is opened from. */
  readonly content: Content;
  /** What sealing or opening it cost, milliseconds. */
  readonly took: number;
}

/** Handshake, records, and what did not pass. */
export type ChannelTraceEvent = HandshakeTraceEvent | RecordTrace;

export type ChannelTrace = TraceSource<ChannelTraceEvent>;

/** The frame of the next record. @throws ProtocolError as `RecordSealer.seal` */
export function sealRecord(sealer: RecordSealer, content: Content, watched: ChannelTrace | undefined): Bytes {
  const trace = watched?.();
  if (trace === undefined) return sealer.seal(encodeContent(content));
  const place = sealer.place;
  const began = trace.stopwatch();
  const frame = sealer.seal(encodeContent(content));
  trace.tell({ kind: 'record', direction: 'out', frame, content, ...place, took: trace.stopwatch() - began });
  return frame;
}

/** The content of the next record. @throws ProtocolError as `RecordOpener.open` and `decodeContent` */
export function openRecord(opener: RecordOpener, frame: Frame, watched: ChannelTrace | undefined): Content {
  const trace = watched?.();
  if (trace === undefined) return decodeContent(opener.open(frame));
  const place = opener.place;
  const began = trace.stopwatch();
  const content = decodeContent(opener.open(frame));
  const took = trace.stopwatch() - began;
  trace.tell({ kind: 'record', direction: 'in', frame: frame.bytes, content, ...place, took });
  return content;
}
