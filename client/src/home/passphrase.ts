/** Bytes under a passphrase: the age format with scrypt, which the standard `age` tool opens too. */
import { readFileSync } from 'node:fs';
import { Decrypter, Encrypter } from 'age-encryption';
import { WaxwingError } from '../errors.ts';

/** age's own default: about a second of work for each guess. */
const SCRYPT_LOG_N = 18;

const HEADER = 'age-encryption.org/';

/** Whether these bytes begin as an age file does. */
export function isAgeFile(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, HEADER.length)).toString('latin1') === HEADER;
}

/** @throws WaxwingError `passphrase-empty` */
export async function sealUnderPassphrase(
  plain: Uint8Array,
  passphrase: string,
  scryptLogN: number = SCRYPT_LOG_N,
): Promise<Uint8Array> {
  if (passphrase === '') {
    throw new WaxwingError('passphrase-empty', 'An empty passphrase protects nothing.', 'Choose four words or more.');
  }
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(scryptLogN);
  return encrypter.encrypt(plain);
}

/**
 * What `sealUnderPassphrase` sealed; undefined where the bytes are damaged.
 * @throws WaxwingError `passphrase-wrong`
 */
export async function openUnderPassphrase(sealed: Uint8Array, passphrase: string): Promise<Uint8Array | undefined> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase); // its work factor is capped at 2^20 by the library, before any work
  try {
    return await decrypter.decrypt(sealed);
  } catch (error) {
    // The library tells this one failure from all others by its words alone; a test pins them.
    if (error instanceof Error && error.message.startsWith('no identity matched')) {
      throw new WaxwingError('passphrase-wrong', 'The passphrase is not the right one.', 'Try again.', {
        cause: error,
      });
    }
    return undefined;
  }
}

/**
 * The first line of the file that WAXWING_PASSPHRASE_FILE names; undefined where it names none.
 * @throws WaxwingError `passphrase-needed` where it cannot be read
 */
export function passphraseFromFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const file = env['WAXWING_PASSPHRASE_FILE'];
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n[\s\S]*$/u, '');
  } catch (error) {
    throw new WaxwingError(
      'passphrase-needed',
      `The file that WAXWING_PASSPHRASE_FILE names cannot be read: ${file}.`,
      'Correct WAXWING_PASSPHRASE_FILE, or unset it to be asked.',
      { cause: error },
    );
  }
}

/**
 * The passphrase of a protected home: from the file that WAXWING_PASSPHRASE_FILE names, else from whoever can be asked.
 * @throws WaxwingError `passphrase-needed`
 */
export async function obtainPassphrase(
  env: Readonly<Record<string, string | undefined>>,
  ask: (() => Promise<string>) | undefined,
): Promise<string> {
  const given = passphraseFromFile(env);
  if (given !== undefined) return given;
  if (ask !== undefined) return ask();
  throw new WaxwingError(
    'passphrase-needed',
    'This home is protected by a passphrase, and there is nobody to ask for it.',
    'Run in a terminal, or put the passphrase into a file and name it with WAXWING_PASSPHRASE_FILE.',
  );
}
