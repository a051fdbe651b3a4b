/** The HMAC secret that both ends of a classic chat were told beforehand (§13). */
import { readFileSync } from 'node:fs';
import { WaxwingError } from '@waxwing/client';
import { utf8 } from '@waxwing/protocol';
import { SecretKey } from '@waxwing/protocol/classic';

const VARIABLE = 'WAXWING_CLASSIC_SECRET';
const NEXT = `Give both ends the same one: --classic-secret-file FILE (its first line), or ${VARIABLE}=….`;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The bytes of the file's first line, or else of the environment variable.
 * @throws WaxwingError `secret-missing` where there is none, or an empty one, which every liar knows
 */
export function readClassicSecret(file: string | undefined, env: NodeJS.ProcessEnv): SecretKey {
  const bytes = file === undefined ? utf8(env[VARIABLE] ?? '') : firstLine(file);
  if (bytes.length > 0) return new SecretKey(bytes);
  const sentence =
    file === undefined
      ? 'Classic needs the HMAC secret that both ends share, and none was given.'
      : `The first line of ${file} is empty: that is no secret.`;
  throw new WaxwingError('secret-missing', sentence, NEXT);
}

/** As bytes: the original takes any, UTF-8 or not. */
function firstLine(file: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new WaxwingError('secret-missing', `The secret's file ${file} cannot be read (${reason}).`, NEXT, {
      cause: error,
    });
  }
  const end = bytes.indexOf(LF);
  const line = end === -1 ? bytes : bytes.subarray(0, end);
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
