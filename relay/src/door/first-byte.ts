/** What a TCP caller's first byte says of the rest (§11.1). */

/** `w` */
const PREAMBLE = 0x77;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;

export function kindOf(byte: number): 'frames' | 'http' | 'neither' {
  if (byte === PREAMBLE) return 'frames';
  return byte >= UPPER_A && byte <= UPPER_Z ? 'http' : 'neither';
}
