/** `waxwing lab`. */
import { type Command, InvalidArgumentError } from 'commander';
import type { RunFlags, ShowFlags } from '../commands/lab.ts';
import { addLabHome } from './lab-home.ts';
import { addLabReport } from './lab-report.ts';
import { examples, jsonOption, type SetExit } from './option.ts';

export function addLab(program: Command, setExit: SetExit): void {
  const lab = program
    .command('lab')
    .description('the attack lab: the textbook falls, waxwing holds, and which check did it');
  examples(lab, 'waxwing lab list', 'waxwing lab run A08', 'waxwing lab run A01 --without hmac');

  const list = lab
    .command('list', { isDefault: true })
    .description('list the attacks, and the checks that can be turned off')
    .addOption(jsonOption())
    .action(async (flags: ShowFlags) => {
      const { listAttacks } = await import('../commands/lab.ts');
      setExit(await listAttacks(flags));
    });
  examples(list, 'waxwing lab list', 'waxwing lab list --json');

  const show = lab
    .command('show')
    .description('tell what an attacker has, does and breaks, and what stops it')
    .argument('<name>', 'the attack: A08')
    .addOption(jsonOption())
    .action(async (name: string, flags: ShowFlags) => {
      const { showAttack } = await import('../commands/lab.ts');
      setExit(await showAttack(name, flags));
    });
  examples(show, 'waxwing lab show A08');

  const run = lab
    .command('run')
    .description('run an attack against the textbook and against waxwing')
    .argument('[name]', 'the attack: A08')
    .option('--all', 'every attack; ends with 1 where one is not as the catalogue says')
    .option('--without <check>', 'against waxwing without this check, in the lab only; again for more of them', collect)
    .addOption(jsonOption())
    .action(async (name: string | undefined, flags: RunFlags) => {
      const { runAttacks } = await import('../commands/lab.ts');
      setExit(await runAttacks(name, flags));
    });
  examples(
    run,
    'waxwing lab run A08',
    'waxwing lab run --all',
    'waxwing lab run A03 --without hmac --without signature',
  );

  const table = lab
    .command('table')
    .description('every attack with each check that it meets turned off in turn: which other check catches it, or none')
    .addOption(jsonOption())
    .action(async (flags: ShowFlags) => {
      const { printTable } = await import('../commands/lab-table.ts');
      setExit(await printTable(flags));
    });
  examples(table, 'waxwing lab table', 'waxwing lab table --json');

  addLabReport(lab, setExit);
  addLabHome(lab, setExit);
}

function collect(check: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^[a-z-]{1,32}$/.test(check))
    throw new InvalidArgumentError('A check is named in small letters: see waxwing lab list.');
  return [...(before ?? []), check];
}
