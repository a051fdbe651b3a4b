/** `waxwing history` and `waxwing proof`. */
import type { Command } from 'commander';
import type { HistoryFlags } from '../commands/history.ts';
import type { HomeFlags } from '../known-home.ts';
import { examples, jsonOption, limitOption, profileOption, readNumber, readNumbers, type SetExit } from './option.ts';

const NUMBER = 'as shown: #N, or N alone';

export function addHistory(program: Command, setExit: SetExit): void {
  const history = program
    .command('history')
    .description('the messages kept here, the newest last')
    // Otherwise it would take --profile away from its own subcommands.
    .enablePositionalOptions()
    .addOption(profileOption())
    .option('--peer <peer>', 'with this peer only')
    .addOption(limitOption('messages', 50))
    .option('--search <words>', 'with all of these words; the last one may be a beginning')
    .addOption(jsonOption())
    .action(async (flags: HistoryFlags) => {
      const { listHistory } = await import('../commands/history.ts');
      setExit(await listHistory(flags));
    });
  examples(history, 'waxwing history --peer bob --limit 20', 'waxwing history --search "red wing"');

  const deleted = history
    .command('delete')
    .description('delete messages here: really gone, and not your peer’s copy')
    .argument('<n...>', NUMBER, readNumbers)
    .addOption(profileOption())
    .action(async (numbers: readonly number[], flags: HomeFlags) => {
      const { deleteMessages } = await import('../commands/history.ts');
      setExit(await deleteMessages(numbers, flags));
    });
  examples(deleted, 'waxwing history delete 12 13');

  const purge = history
    .command('purge')
    .description('delete messages older than so many days')
    .requiredOption('--keep <days>', 'how much to keep, for example 90d')
    .addOption(profileOption())
    .action(async (flags: HomeFlags & { readonly keep: string }) => {
      const { purgeHistory } = await import('../commands/history.ts');
      setExit(await purgeHistory(flags));
    });
  examples(purge, 'waxwing history purge --keep 90d');

  const proof = program
    .command('proof')
    .description('every check of one message, with ages, sizes and where the key came from')
    .argument('<n>', NUMBER, readNumber)
    .addOption(profileOption())
    .action(async (number: number, flags: HomeFlags) => {
      const { showProof } = await import('../commands/history.ts');
      setExit(await showProof(number, flags));
    });
  examples(proof, 'waxwing proof 12');
}
