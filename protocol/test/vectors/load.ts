/** Reads a file of spec/vectors (node only; the browser gets the same files served). */
import { readFileSync } from 'node:fs';
import type { VectorFile } from './vector-file.ts';

/** The file `name`.json; the caller names its type, the runner finds out whether it is true. */
export function loadVectors<File extends VectorFile>(name: string): File {
  return JSON.parse(readFileSync(new URL(`../../../spec/vectors/${name}.json`, import.meta.url), 'utf8')) as File;
}
