/** Records unfolded (§4), what did not pass, and the one outward answer to it. */
import type { ChannelTraceEvent, Content, RecordTrace } from '@waxwing/protocol/channel';
import type { Block, CheckPart, Row } from './block.ts';
import { bytesPart, rowOf } from './part.ts';
import type { SecretMarks } from './secret-mark.ts';

type Unfolded = Pick<Block, 'frame' | 'size' | 'title' | 'rows'>;

const HEADER = 5;

/** The record around its content, AES-256-GCM: its frame's header is authenticated beside it (aad). */
export function recordRow({ frame, key, nonce, took }: RecordTrace, marks: SecretMarks): Row {
  const whole = marks.lab;
  return {
    name: 'record',
    parts: [
      { kind: 'check', name: 'GCM', held: true, took },
      marks.show('key', key),
      bytesPart('nonce', nonce, { whole }),
      bytesPart('aad', frame.subarray(0, HEADER), { whole }),
    ],
  };
}

/** `record 7`: its counter, which is its place in its direction. */
export function recordName(counter: number): string {
  return `record ${String(counter)}`;
}

/** A record of one of the short kinds: a line says it all, one more shows its layer. */
export function controlBlock(event: RecordTrace, marks: SecretMarks): Unfolded {
  const { frame, counter, content } = event;
  const { name, parts } = recordRow(event, marks);
  const rows = [{ name, parts: parts.filter((part) => part.kind !== 'bytes' || part.name !== 'aad') }];
  const words = contentWords(content);
  return content.kind === 'ready'
    ? { frame: 'F5', size: frame.length, title: `${recordName(counter)} ${words}`, rows }
    : { frame: recordName(counter), size: frame.length, title: words, rows };
}

function contentWords(content: Content): string {
  switch (content.kind) {
    case 'ready':
      return '[0] ready';
    case 'envelope':
      return '[1] envelope';
    case 'relay':
      return '[2] relay';
    case 'ping':
      return '[3] ping';
    case 'pong':
      return '[4] pong';
    case 'close':
      return `[5] close, last seq ${String(content.lastSeq)}`;
    case 'accepted':
      return `[6] accepted up to seq ${String(content.seq)}`;
    case 'too-old':
      return `[7] seq ${String(content.seq)} refused for its age alone`;
    case 'busy':
      return '[8] busy';
  }
}

/** A frame received that failed a check: everything before that check held. A peer's reject says only that it refused. */
export function refusedBlock({ frame, error }: Extract<ChannelTraceEvent, { kind: 'refused' }>): Unfolded {
  const type = frame?.[HEADER - 1];
  const rejected = error.check === 'rejected';
  const failed: CheckPart = { kind: 'check', name: `${error.code} ${error.check}`, held: false, note: error.message };
  return {
    frame: type === undefined ? 'frame' : (FRAME_NAMES[type] ?? `type ${String(type)}`),
    size: frame?.length ?? 0,
    title: rejected ? 'the peer refused something' : 'REFUSED',
    rows: [
      ...(frame === undefined ? [] : [rowOf(bytesPart('frame', frame, { whole: false }))]),
      ...(rejected ? [] : [{ name: 'checks', parts: [failed] }]),
    ],
  };
}

const FRAME_NAMES: Readonly<Record<number, string>> = {
  1: 'F1',
  2: 'F2',
  3: 'F3',
  4: 'F4',
  16: 'record',
  127: 'reject',
};

export function rejectBlock(frame: Uint8Array): Unfolded {
  return {
    frame: 'reject',
    size: frame.length,
    title: 'the one answer to any failure',
    rows: [rowOf(bytesPart('frame', frame, { whole: false }))],
  };
}
