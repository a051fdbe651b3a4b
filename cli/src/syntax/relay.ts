/** `waxwing relay` and what its operator does with it. */
import { type Command, InvalidArgumentError } from 'commander';
import type { InviteFlags, RelayDataFlags } from '../commands/relay-control.ts';
import type { RelayFlags } from '../commands/relay.ts';
import { examples, jsonOption, readNumber, type SetExit, yesOption } from './option.ts';

export function addRelay(program: Command, setExit: SetExit): void {
  const relay = withData(program.command('relay'))
    .description('keep sealed messages for people who are away: a relay, which cannot read them')
    .enablePositionalOptions()
    .option('--host <address>', 'where to listen (127.0.0.1 unless set)')
    .option('--port <number>', 'which port (8100 unless set)')
    .option('--address <host:port>', 'what links say, where others reach the relay under another address')
    .option('--open', 'let anybody join, without an invite')
    .option('--log <level>', 'debug, info, warn, error or silent; JSON lines on standard error')
    .option('--print-config', 'print every setting as TOML, with where it comes from, and end')
    .addOption(jsonOption())
    .action(async (flags: RelayFlags) => {
      const { runRelay } = await import('../commands/relay.ts');
      setExit(await runRelay(flags));
    });
  examples(
    relay,
    'waxwing relay',
    'waxwing relay --host 0.0.0.0 --address chat.example.org:8100',
    'waxwing relay --print-config > relay.toml',
  );

  const invite = withData(relay.command('invite'))
    .description('print a link that lets people in')
    .option('--uses <n>', 'how many people', readNumber, 1)
    .option('--expires <days>', 'for how many days, for example 7d', readDays, 7)
    .option('--no-qr', 'no QR code (there is one in a terminal only)')
    .addOption(jsonOption())
    .action(async (flags: InviteFlags) => {
      const { invitePeople } = await import('../commands/relay-control.ts');
      setExit(await invitePeople(flags));
    });
  examples(invite, 'waxwing relay invite', 'waxwing relay invite --uses 20 --expires 2d');

  const users = withData(relay.command('users'))
    .description('list the members: names, fingerprints, since when')
    .addOption(jsonOption())
    .action(async (flags: RelayDataFlags) => {
      const { listUsers } = await import('../commands/relay-control.ts');
      setExit(await listUsers(flags));
    });
  examples(users, 'waxwing relay users', 'waxwing relay users --json');

  const remove = withData(relay.command('remove'))
    .description('take a member out, with his mailbox and prekeys')
    .argument('<user>', '@name or fingerprint')
    .addOption(yesOption())
    .addOption(jsonOption())
    .action(async (user: string, flags: RelayDataFlags & { readonly yes?: boolean }) => {
      const { removeUser } = await import('../commands/relay-control.ts');
      setExit(await removeUser(user, flags));
    });
  examples(remove, 'waxwing relay remove @mallory', 'waxwing relay remove SHA256:… --yes');

  const status = withData(relay.command('status'))
    .description('say whether it runs, and how much is in it')
    .addOption(jsonOption())
    .action(async (flags: RelayDataFlags) => {
      const { showStatus } = await import('../commands/relay-control.ts');
      setExit(await showStatus(flags));
    });
  examples(status, 'waxwing relay status', 'waxwing relay status --json');

  const backup = withData(relay.command('backup'))
    .description('copy the whole relay into one file, also while it runs')
    .argument('<file>', 'a new file; it holds the relay’s keys')
    .addOption(jsonOption())
    .action(async (file: string, flags: RelayDataFlags) => {
      const { backUpRelay } = await import('../commands/relay-control.ts');
      setExit(await backUpRelay(file, flags));
    });
  examples(backup, 'waxwing relay backup relay-2026.db');

  const restore = withData(relay.command('restore'))
    .description('put a backup into a folder without a relay')
    .argument('<file>', 'the backup')
    .addOption(jsonOption())
    .action(async (file: string, flags: RelayDataFlags) => {
      const { restore: run } = await import('../commands/relay-control.ts');
      setExit(await run(file, flags));
    });
  examples(restore, 'waxwing relay restore relay-2026.db --data /srv/waxwing');
}

function withData(command: Command): Command {
  return command
    .option('--data <folder>', 'where the relay lives')
    .option('--config <file>', 'a TOML file with settings');
}

/** `7d`, or `7`. */
function readDays(text: string): number {
  const days = Number(/^([1-9]\d{0,3})d?$/u.exec(text)?.[1]);
  if (Number.isNaN(days) || days > 3_650) throw new InvalidArgumentError('It is a number of days, for example 7d.');
  return days;
}
