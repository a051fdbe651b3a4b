/** `waxwing backup` and `waxwing restore`. */
import type { Command } from 'commander';
import type { BackupFlags } from '../commands/backup.ts';
import { examples, jsonOption, profileOption, type SetExit } from './option.ts';

export function addBackup(program: Command, setExit: SetExit): void {
  const backup = program
    .command('backup')
    .description('identity, peers and history in one file under a passphrase (age opens it too)')
    .argument('<file>', 'a new file')
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (file: string, flags: BackupFlags) => {
      const { backUp } = await import('../commands/backup.ts');
      setExit(await backUp(file, flags));
    });
  examples(backup, 'waxwing backup waxwing-2026.age', 'WAXWING_PASSPHRASE_FILE=secret waxwing backup b.age --json');

  const restored = program
    .command('restore')
    .description('a backup into a home without an identity, as a new device of the same account')
    .argument('<file>', 'the backup')
    .addOption(profileOption())
    .addOption(jsonOption())
    .action(async (file: string, flags: BackupFlags) => {
      const { restore } = await import('../commands/backup.ts');
      setExit(await restore(file, flags));
    });
  examples(restored, 'waxwing restore waxwing-2026.age', 'waxwing restore waxwing-2026.age --profile old');
}
