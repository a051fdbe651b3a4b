/** The work a listener under load asks of whoever wants a handshake (§3). */
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bytes, concat } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { PUZZLE_SIZE } from '../limits.ts';
import type { Primitives } from '../primitives.ts';

/** Attempts between two looks at the event loop: about 10 ms. */
const ATTEMPTS_PER_TURN = 8_192;
/** No solution among 2^(bits + 6) attempts has a chance of e^-64: something is broken, and a loop must end. */
const SPARE_BITS = 6;

export interface Puzzle {
  /** 0: none. */
  readonly bits: number;
  /** The whole frame F1. */
  readonly f1: Uint8Array;
  /** The whole frame F2 with an empty puzzle, and its own, shorter length. */
  readonly f2: Uint8Array;
}

/**
 * Eight bytes such that H(F1 ‖ F2 ‖ puzzle) starts with `bits` zero bits; empty where none is asked. Lets other work
 * run in between. The caller has judged how much work it is.
 * @throws ProtocolError `handshake-f1`, check `puzzle`, where there is no solution
 */
export async function solvePuzzle({ bits, f1, f2 }: Puzzle): Promise<Bytes> {
  if (bits === 0) return new Uint8Array(0);
  // Not through the port: hashing the common beginning once makes an attempt four times cheaper, and nothing is secret.
  const beginning = sha256.create().update(f1).update(f2);
  const attempt = sha256.create();
  const digest = new Uint8Array(sha256.outputLen);
  const puzzle = new Uint8Array(PUZZLE_SIZE);
  const view = new DataView(puzzle.buffer);
  const last = 2 ** (bits + SPARE_BITS); // below 2^32
  for (let number = 0; number < last; number++) {
    view.setUint32(PUZZLE_SIZE - 4, number);
    beginning._cloneInto(attempt).update(puzzle).digestInto(digest);
    if (startsWithZeroBits(digest, bits)) return puzzle;
    if (number % ATTEMPTS_PER_TURN === ATTEMPTS_PER_TURN - 1) await nextTurn();
  }
  throw new ProtocolError('handshake-f1', 'puzzle', 'The puzzle of the server has no solution.');
}

/** Whether `puzzle` solves it: of the right size, empty exactly when none was asked (§3). One hash. */
export function checkPuzzle(p: Pick<Primitives, 'sha256'>, { bits, f1, f2 }: Puzzle, puzzle: Uint8Array): boolean {
  if (bits === 0) return puzzle.length === 0;
  return puzzle.length === PUZZLE_SIZE && startsWithZeroBits(p.sha256(concat(f1, f2, puzzle)), bits);
}

function startsWithZeroBits(hash: Uint8Array, bits: number): boolean {
  const whole = bits >>> 3;
  for (let i = 0; i < whole; i++) if (hash[i] !== 0) return false;
  return (hash[whole] as number) >>> (8 - (bits & 7)) === 0;
}

/** Lets the event loop serve whatever else waits: a message to oneself, no timer (their least delay would add up). */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const done = (): void => {
      port1.close();
      resolve();
    };
    port1.addEventListener('message', done, { once: true });
    port1.start();
    port2.postMessage(undefined);
  });
}
