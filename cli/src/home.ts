/** Opening the home a command lives in, with the questions that may take. */
import { type Home, isWaxwingError, openHome, resolveHome, WaxwingError } from '@waxwing/client';

export interface OpenOptions {
  readonly profile?: string | undefined;
  readonly defaultProfile: string;
  /** Everything in RAM. */
  readonly memory?: boolean | undefined;
  readonly onGeneratingKeys?: (() => void) | undefined;
  /** Whether to go on in memory after the given error; asked only where the disk is the trouble. */
  readonly agreeToMemory?: ((error: WaxwingError) => Promise<boolean>) | undefined;
}

/** @throws WaxwingError as `openHome` */
export async function openCommandHome(options: OpenOptions): Promise<Home> {
  const { path, profileLabel } = resolveHome({
    env: process.env,
    profile: options.profile,
    defaultProfile: options.defaultProfile,
  });
  const open = (memory: boolean): Promise<Home> =>
    openHome({
      path,
      profileLabel,
      memory,
      env: process.env,
      passphrase: askPassphrase,
      onGeneratingKeys: options.onGeneratingKeys,
    });
  try {
    return await open(options.memory === true);
  } catch (error) {
    if (!isWaxwingError(error, 'home-read-only', 'disk-full') || options.memory === true) throw error;
    if ((await options.agreeToMemory?.(error)) !== true) throw error;
    return await open(true);
  }
}

/** The passphrase of a protected home, typed at a terminal. @throws WaxwingError `passphrase-needed` */
export async function askPassphrase(): Promise<string> {
  return await askSecret('Passphrase of this home');
}

/** A secret typed at a terminal, not echoed. @throws WaxwingError `passphrase-needed` where nobody can type one */
export async function askSecret(message: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new WaxwingError(
      'passphrase-needed',
      'A passphrase is needed and nobody can be asked.',
      'Name a file that holds it: WAXWING_PASSPHRASE_FILE=FILE.',
    );
  }
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new WaxwingError('passphrase-needed', 'No passphrase was given.', 'Try again.');
  return answer;
}
