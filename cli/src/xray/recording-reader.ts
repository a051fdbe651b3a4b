/** Reads a recording line by line, however large it is: nothing is trusted, and no more than a line is held. */
import { createReadStream } from 'node:fs';
import { WaxwingError } from '@waxwing/client';
import { LineSource, type SourceLine } from '../terminal/line-source.ts';
import { claimedVersion, readLine, type RecordingLine } from './recording-line.ts';

/** A block with one field of the largest frame in hex is smaller. */
const MAX_LINE = 2 ** 20;

/**
 * The lines of a recording in order, the first being its header.
 * @throws WaxwingError `file-missing`, `recording-invalid` (after the lines that were good)
 */
export async function* readRecording(path: string): AsyncGenerator<RecordingLine> {
  const source = new LineSource(MAX_LINE);
  let number = 0;
  const judge = (line: SourceLine): RecordingLine => {
    number += 1;
    return judged(path, number, line);
  };
  for await (const chunk of bytesOf(path)) {
    for (const line of source.push(chunk)) yield judge(line);
  }
  for (const line of source.end()) yield judge(line);
  if (number === 0) throw invalid(`${path} is empty.`);
}

function judged(path: string, number: number, source: SourceLine): RecordingLine {
  const line = source.kind === 'line' ? readLine(source.text) : undefined;
  if (line !== undefined && (line.kind === 'waxwing-xray') === (number === 1)) return line;
  const version = number === 1 && source.kind === 'line' ? claimedVersion(source.text) : undefined;
  if (version !== undefined && version > 1) {
    throw invalid(
      `${path} is a recording of version ${String(version)}, and this program reads version 1.`,
      'Show it with the program that made it, or a newer one.',
    );
  }
  throw invalid(
    number === 1
      ? `${path} is no X-ray recording.`
      : `Line ${String(number)} of ${path} is no line of a recording: the file was cut or changed.`,
  );
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new WaxwingError('file-missing', `${path} cannot be read.`, 'Check the path of the recording.', {
      cause: error,
    });
  }
}

function invalid(
  message: string,
  next = 'Name a file that waxwing server or client wrote with --record FILE.',
): WaxwingError {
  return new WaxwingError('recording-invalid', message, next);
}
