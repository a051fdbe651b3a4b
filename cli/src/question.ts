/** What a command asks before it does something: a confirmation, a new passphrase; and the wait for what takes long. */
import { passphraseFromFile, WaxwingError } from '@waxwing/client';
import { askSecret } from './home.ts';

/**
 * A yes or no of the user. `--yes` answers it beforehand.
 * @throws WaxwingError `confirmation-needed` where nobody can be asked
 */
export async function confirmed(question: string, flags: { readonly yes?: boolean }): Promise<boolean> {
  if (flags.yes === true) return true;
  if (!process.stdin.isTTY) {
    throw new WaxwingError('confirmation-needed', `This asks first: ${question}`, 'If so, run it again with --yes.');
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  return !isCancel(answer) && answer;
}

/**
 * One line, typed at a terminal.
 * @throws WaxwingError `confirmation-needed` where the user breaks off
 */
export async function askText(question: {
  readonly message: string;
  readonly initial?: string;
  /** What is wrong with it, or undefined. */
  readonly validate: (text: string) => string | undefined;
}): Promise<string> {
  const { isCancel, text } = await import('@clack/prompts');
  const { message, initial, validate } = question;
  const answer = await text({
    message,
    validate: (typed) => validate((typed ?? '').trim()),
    output: process.stderr,
    ...(initial === undefined ? {} : { initialValue: initial }),
  });
  if (isCancel(answer)) throw new WaxwingError('confirmation-needed', 'Nothing was changed.', 'Try again.');
  return answer.trim();
}

/**
 * A new passphrase: from the file that WAXWING_PASSPHRASE_FILE names, else typed twice.
 * @throws WaxwingError `passphrase-needed`, `passphrase-empty`, `passphrase-wrong` where the two differ
 */
export async function newPassphrase(what: string): Promise<string> {
  const given = passphraseFromFile(process.env);
  const first = given ?? (await askSecret(`New passphrase ${what}`));
  if (first === '') {
    throw new WaxwingError('passphrase-empty', 'An empty passphrase protects nothing.', 'Choose four words or more.');
  }
  if (given !== undefined) return given;
  if ((await askSecret('The same once more')) === first) return first;
  throw new WaxwingError('passphrase-wrong', 'The two were not the same; nothing was changed.', 'Try again.');
}

/** The passphrase of something there is. @throws WaxwingError `passphrase-needed` */
export async function oldPassphrase(what: string): Promise<string> {
  return passphraseFromFile(process.env) ?? (await askSecret(`Passphrase ${what}`));
}

/** Shows that something is going on, at a terminal only. */
export async function withProgress<T>(what: string, work: () => Promise<T>): Promise<T> {
  if (!process.stderr.isTTY) return await work();
  const { spinner } = await import('@clack/prompts');
  const wheel = spinner({ output: process.stderr });
  wheel.start(what);
  try {
    const result = await work();
    wheel.stop(what);
    return result;
  } catch (error) {
    wheel.error(what);
    throw error;
  }
}
