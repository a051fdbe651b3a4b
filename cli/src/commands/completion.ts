/** `waxwing completion SHELL`: a script that teaches a shell the program's commands, options, peers and profiles. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/** What the completion library keeps of a program: commands by their words (`peers verify`), each with its options. */
type Completion = ReturnType<typeof tab>;

/** Names that need no quoting in any shell. */
const PLAIN = /^@?[\p{L}\p{N}][\p{L}\p{N}._@:-]*$/u;

/**
 * Runs `completion SHELL` or `complete -- WORDS…` on a program of all other commands. A home is looked at only where a
 * peer is being typed, so that every other Tab key is answered at once.
 */
export async function complete(program: Command, argv: readonly string[]): Promise<void> {
  const completion = addCompletion(program);
  if (argv[0] === 'complete') await addNames(program, completion, argv.slice(2));
  await program.parseAsync([...argv], { from: 'user' });
}

/** Adds `completion` and the hidden `complete`, which the scripts call. To be called when every other command is there. */
export function addCompletion(program: Command): Completion {
  // Its types name whichever commander is hoisted, which may be an older class than ours. It constructs none itself and
  // calls only methods both have, which the tests show.
  const instance: unknown = program;
  return tab(instance as Parameters<typeof tab>[0], { completionCommandName: 'completion' });
}

/** Lets `--profile`, `history --peer` and the peer of `peers …` be completed with the names there are. */
async function addNames(program: Command, completion: Completion, words: readonly string[]): Promise<void> {
  const before = words.at(-2);
  const typed = words.at(-1) ?? '';
  if (before === '--profile' || typed.startsWith('--profile=')) {
    const { listProfiles } = await import('@waxwing/client');
    const offer = offering(listProfiles(process.env));
    for (const command of completion.commands.values()) command.option('profile', '', offer);
  } else if (words[0] === 'history' && before === '--peer') {
    completion.commands.get('history')?.option('peer', '', offering(await peerNames(words)));
  } else if (before === '--to' || before === '--from') {
    const command = completion.commands.get(words[0] ?? '');
    command?.option(before.slice(2), '', offering(await peerNames(words)));
  } else if (words[0] === 'send' && words.length === 2 && !typed.startsWith('-')) {
    completion.commands.get('send')?.argument('who', offering(await peerNames(words)));
  } else if (words[0] === 'peers' && words.length > 2 && !typed.startsWith('-')) {
    const action = program.commands
      .find((one) => one.name() === 'peers')
      ?.commands.find((one) => one.name() === words[1]);
    const peer = action?.registeredArguments[0]?.name();
    if (peer === undefined) return;
    completion.commands.get(`peers ${words[1] ?? ''}`)?.argument(peer, offering(await peerNames(words)));
  }
}

function offering(names: readonly string[]): (offer: (name: string, description: string) => void) => void {
  return (offer) => {
    for (const name of names) offer(name, '');
  };
}

/** What peers are called, in a home that opens without a question. Nobody is told here why one does not. */
async function peerNames(words: readonly string[]): Promise<readonly string[]> {
  const { isWaxwingError, lookHome, resolveHome } = await import('@waxwing/client');
  const at = words.indexOf('--profile');
  const profile = at === -1 ? undefined : words[at + 1];
  try {
    const { path } = resolveHome({ env: process.env, profile, defaultProfile: 'default' });
    const home = await lookHome({ path });
    try {
      const peers = home.store.peers.list();
      return peers.flatMap(({ petname, fingerprint, pins }) => {
        // A name bound at a relay by what one types.
        const known = pins.map((name) => name.replace(/^SHA256:.{43}\/(?=@)/u, ''));
        const names = [petname ?? fingerprint, ...known].filter((name) => PLAIN.test(name));
        return names.length === 0 ? [fingerprint] : names;
      });
    } finally {
      home.close();
    }
  } catch (error) {
    if (isWaxwingError(error)) return [];
    throw error;
  }
}
