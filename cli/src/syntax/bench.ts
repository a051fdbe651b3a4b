/** `waxwing bench`. */
import type { Command } from 'commander';
import type { BenchFlags } from '../commands/bench.ts';
import { examples, jsonOption, type SetExit } from './option.ts';

export function addBench(program: Command, setExit: SetExit): void {
  const bench = program
    .command('bench')
    .description('the speed of each layer and of the whole on this machine, in a few seconds')
    .addOption(jsonOption())
    .action(async (flags: BenchFlags) => {
      const { runBench } = await import('../commands/bench.ts');
      setExit(await runBench(flags));
    });
  examples(bench, 'waxwing bench', 'waxwing bench --json');
}
