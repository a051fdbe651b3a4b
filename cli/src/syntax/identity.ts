/** `waxwing id`. */
import type { Command } from 'commander';
import type { ExportFlags, RotateFlags, ShowFlags } from '../commands/identity.ts';
import type { HomeFlags } from '../known-home.ts';
import { examples, jsonOption, profileOption, type SetExit, yesOption } from './option.ts';

export function addIdentity(program: Command, setExit: SetExit): void {
  const id = program.command('id').description('your identity here: fingerprint, passphrase, new keys');
  examples(id, 'waxwing id', 'waxwing id show --profile server');
  const command = (name: string, words: string): Command =>
    id
      .command(name, { isDefault: name === 'show' })
      .description(words)
      .addOption(profileOption());

  const show = command('show', 'show your fingerprint, for peers to compare, and where the keys are')
    .addOption(jsonOption())
    .option('--no-qr', 'no QR code (there is one in a terminal only)')
    .option('--create', 'make an identity where there is none yet')
    .action(async (flags: ShowFlags) => {
      const { showIdentity } = await import('../commands/identity.ts');
      setExit(await showIdentity(flags));
    });
  examples(show, 'waxwing id show', 'waxwing id show --json --profile server');

  const exported = command('export', 'give out the public identity: nothing secret')
    .option('--out <file>', 'write it as JSON into a new file; without, to standard output')
    .option('--bundle <file>', 'write the bundle (account key and device certificate) into a new file')
    .action(async (flags: ExportFlags) => {
      const { exportIdentityTo } = await import('../commands/identity.ts');
      setExit(await exportIdentityTo(flags));
    });
  examples(exported, 'waxwing id export > me.json', 'waxwing id export --bundle me.bundle');

  const protect = command('protect', 'put the database key under a passphrase').action(async (flags: HomeFlags) => {
    const identity = await import('../commands/identity.ts');
    setExit(await identity.protect(flags));
  });
  examples(protect, 'waxwing id protect', 'WAXWING_PASSPHRASE_FILE=secret waxwing id protect');

  const unprotect = command('unprotect', 'take the passphrase away').action(async (flags: HomeFlags) => {
    const identity = await import('../commands/identity.ts');
    setExit(await identity.unprotect(flags));
  });
  examples(unprotect, 'waxwing id unprotect');

  const rotate = command('rotate', 'make wholly new keys: a new account that no peer knows')
    .option('--device', 'a new device of the same account instead: peers see the same key')
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (flags: RotateFlags) => {
      const identity = await import('../commands/identity.ts');
      setExit(await identity.rotate(flags));
    });
  examples(rotate, 'waxwing id rotate', 'waxwing id rotate --device');
}
