/** `waxwing server --classic` and `waxwing client --classic`: the original program's protocol, and no home (§13). */
import { type Address, isWaxwingError, WaxwingError } from '@waxwing/client';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { ClassicChat } from '../classic/classic-chat.ts';
import { readClassicSecret } from '../classic/classic-secret.ts';
import { type ExitCode, exitCodeOf } from '../exit-code.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import { type ChatFlags, openChatScreen } from './chat-options.ts';

interface ClassicFlags extends ChatFlags, Address {}

/** @throws WaxwingError `option-misplaced`, `secret-missing` */
export async function runClassicServer(flags: ClassicFlags & { readonly once?: boolean }): Promise<ExitCode> {
  return await runClassic('server', flags, (chat) => chat.serve(flags, flags.once === true));
}

/** @throws WaxwingError `option-misplaced`, `secret-missing` */
export async function runClassicClient(flags: ClassicFlags): Promise<ExitCode> {
  return await runClassic('client', flags, (chat) => chat.connect(flags));
}

async function runClassic(
  role: 'server' | 'client',
  flags: ClassicFlags,
  run: (chat: ClassicChat) => Promise<ExitCode>,
): Promise<ExitCode> {
  refuseMisplaced(flags);
  const secret = readClassicSecret(flags.classicSecretFile, process.env);
  const screen = openChatScreen(flags);
  const generateKeys = nodePrimitives.generateRsa.bind(nodePrimitives);
  try {
    return await run(new ClassicChat({ screen, role, secret, generateKeys, now: Date.now }));
  } catch (error) {
    if (!isWaxwingError(error)) throw error;
    screen.notice(`${sanitiseLine(error.message)}\n${sanitiseLine(error.next)}`, 'error');
    return exitCodeOf(error.code);
  } finally {
    screen.close();
  }
}

/** An option that promises something is refused, not ignored. */
function refuseMisplaced(flags: ClassicFlags): void {
  const meaningless: readonly (readonly [option: string, given: boolean, why: string])[] = [
    ['--peer', flags.peer !== undefined, 'classic makes new keys for every run, and no one can prove to be anyone'],
    ['--memory', flags.memory === true, 'classic never keeps anything on disk'],
    ['--keep', flags.keep !== undefined, 'classic has no history'],
    ['--xray', flags.xray === true, 'it unfolds the frames of waxwing/1, which classic does not speak'],
    ['--record', flags.record !== undefined, 'it records the frames of waxwing/1, which classic does not speak'],
    ['--profile', flags.profile !== undefined, 'classic lives in no home'],
  ];
  const found = meaningless.find(([, given]) => given);
  if (found === undefined) return;
  const [option, , why] = found;
  throw new WaxwingError(
    'option-misplaced',
    `${option} means nothing with --classic: ${why}.`,
    `Leave out ${option}, or leave out --classic to chat securely.`,
  );
}
