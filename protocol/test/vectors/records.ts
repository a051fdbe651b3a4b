/** spec/vectors/records.json: records to seal and open at a counter, a key step, and frame lengths to judge. */
import { fromHex, toHex } from '../../src/bytes.ts';
import { decodeContent, encodeContent } from '../../src/channel/content.ts';
import { RecordOpener, RecordSealer } from '../../src/channel/records.ts';
import { type Frame, FrameReader } from '../../src/framing/frame-reader.ts';
import { MAX_FRAME } from '../../src/limits.ts';
import { type Primitives, SecretKey } from '../../src/primitives.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type RecordsEntry = VectorEntry & {
  readonly key?: string;
  readonly iv?: string;
  readonly counter?: number;
  readonly content?: string;
  readonly frame?: string;
  readonly contents?: readonly string[];
  readonly frames?: readonly string[];
  /** The key in force after `frames`. */
  readonly key_after?: string;
  readonly limit?: number;
  readonly frame_start?: string;
};

export type RecordsFile = VectorFile<RecordsEntry>;

export async function runRecords(file: RecordsFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    if (entry.frame_start !== undefined) await runFrameStart(entry, entry.frame_start);
    else if (entry.fails !== undefined) await expectFailure(entry.fails, () => openAll(p, entry));
    else sealAndOpen(p, entry);
  });
}

/** The reader decides from the length alone: what passes waits for the rest. */
async function runFrameStart({ limit = 0, fails }: RecordsEntry, start: string): Promise<void> {
  const reader = new FrameReader(limit);
  reader.push(fromHex(start));
  if (fails === undefined) equal(reader.next()?.type, undefined, 'a frame before its end');
  else await expectFailure(fails, () => reader.next());
}

function framesOf(entry: RecordsEntry): readonly string[] {
  return entry.frames ?? [required(entry.frame)];
}

function startOf(entry: RecordsEntry): { key: SecretKey; iv: ReturnType<typeof fromHex>; counter: number } {
  const counter = required(entry.counter);
  return { key: new SecretKey(fromHex(required(entry.key))), iv: fromHex(required(entry.iv)), counter };
}

/** Ready records count as contents here: where they may stand is the channel's matter. */
function openAll(p: Primitives, entry: RecordsEntry): string[] {
  const opener = new RecordOpener(p, startOf(entry));
  return framesOf(entry).map((frame) => JSON.stringify(decodeContent(opener.open(readFrame(frame)))));
}

function sealAndOpen(p: Primitives, entry: RecordsEntry): void {
  const start = startOf(entry);
  const contents = entry.contents ?? [required(entry.content)];
  const frames = framesOf(entry);
  const sealer = new RecordSealer(p, start);
  const opener = new RecordOpener(p, start);
  for (const [index, frame] of frames.entries()) {
    const content = required(contents[index]);
    const plain = opener.open(readFrame(frame));
    equalHex(plain, content, 'content');
    equalHex(encodeContent(decodeContent(plain)), content, 'content encoded again');
    equalHex(sealer.seal(fromHex(content)), frame, 'frame');
  }
  if (entry.key_after !== undefined) {
    const after = { ...start, key: new SecretKey(fromHex(entry.key_after)), counter: start.counter + frames.length };
    const next = new RecordSealer(p, after).seal(new Uint8Array(0));
    equalHex(sealer.seal(new Uint8Array(0)), toHex(next), 'frame under key_after');
  }
}

function readFrame(hex: string): Frame {
  const reader = new FrameReader(MAX_FRAME);
  reader.push(fromHex(hex));
  return required(reader.next());
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the entry lacks a field');
  return value;
}
