/** Reads a file of spec/vectors (node only; a browser test serves the same files). */
import { readFileSync } from 'node:fs';

/** The parsed file `name`.json; the caller asserts its type, and running it shows whether that is true. */
export function loadVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../spec/vectors/${name}.json`, import.meta.url), 'utf8'));
}
