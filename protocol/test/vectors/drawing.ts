/** Primitives whose next random bytes are given. */
import { toHex } from '../../src/bytes.ts';
import type { Primitives } from '../../src/primitives.ts';

/** `p` with these draws in place of its own, one after the other; each must be of the size that is asked for. */
export function drawing(p: Primitives, ...draws: readonly Uint8Array[]): Primitives {
  const left = [...draws];
  return {
    ...p,
    randomBytes: (size) => {
      const next = left.shift();
      if (next === undefined) return p.randomBytes(size);
      if (next.length !== size) throw new Error(`the draw ${toHex(next)} has not ${size} bytes`);
      return new Uint8Array(next);
    },
  };
}
