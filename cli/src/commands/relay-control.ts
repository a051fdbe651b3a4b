/** `waxwing relay invite|users|remove|status|backup|restore`: on the running relay, or on its folder while it rests. */
import { resolve } from 'node:path';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { openControl, type RelayControl, restoreRelay } from '@waxwing/relay';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { confirmed } from '../question.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';
import { inviteLines, type RelayPlaceFlags, settingsOf } from './relay.ts';

export interface RelayDataFlags extends RelayPlaceFlags {
  readonly json?: boolean;
}

export interface InviteFlags extends RelayDataFlags {
  readonly uses: number;
  readonly expires: number;
  readonly qr?: boolean;
}

async function withControl(
  flags: RelayDataFlags,
  use: (control: RelayControl, running: boolean) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { settings } = settingsOf(flags);
  const { control, running } = await openControl({ primitives: nodePrimitives, settings });
  try {
    return await use(control, running);
  } finally {
    await control.close();
  }
}

/** Whoever invites wants people to come in. */
function tellResting(running: boolean): void {
  if (!running) process.stderr.write('The relay is not running; nobody can join before waxwing relay runs.\n');
}

export async function invitePeople(flags: InviteFlags): Promise<ExitCode> {
  return await withControl(flags, async (control, running) => {
    const invite = await control.invite({ uses: flags.uses, days: flags.expires });
    if (flags.json === true) printJson({ ...invite, running });
    else {
      print(...inviteLines(invite, flags.qr));
      tellResting(running);
    }
    return EXIT.ok;
  });
}

export async function listUsers(flags: RelayDataFlags): Promise<ExitCode> {
  return await withControl(flags, async (control) => {
    const users = await control.users();
    if (flags.json === true) for (const user of users) printJson(user);
    else if (users.length === 0)
      print('Nobody has joined yet. waxwing relay invite prints a link that lets people in.');
    else {
      for (const { fingerprint, name, joined, waiting } of users) {
        const who = name === null ? '(no name)' : `@${sanitiseName(name)}`;
        print(`${who.padEnd(20)} ${fingerprint}  since ${joined}${waiting > 0 ? `, ${waiting} waiting` : ''}`);
      }
    }
    return EXIT.ok;
  });
}

export async function removeUser(user: string, flags: RelayDataFlags & { readonly yes?: boolean }): Promise<ExitCode> {
  return await withControl(flags, async (control) => {
    const question = `Remove ${sanitiseLine(user)}, with everything that waits for this member?`;
    if (!(await confirmed(question, flags))) return EXIT.failure;
    const removed = await control.remove(user);
    if (flags.json === true) printJson(removed);
    else print(`Removed ${removed.fingerprint}. A new invite would let this member in again.`);
    return EXIT.ok;
  });
}

export async function showStatus(flags: RelayDataFlags): Promise<ExitCode> {
  return await withControl(flags, async (control) => {
    const status = await control.status();
    if (flags.json === true) printJson(status);
    else {
      const { running, fingerprint, address, users, channels, envelopes, bytes, invites } = status;
      print(
        running ? `Running, ${channels} connected` : 'Not running',
        `Relay    ${fingerprint}`,
        `Address  ${address}`,
        `Members  ${users}`,
        `Waiting  ${envelopes} envelopes, ${bytes.toLocaleString('en-US')} bytes`,
        `Invites  ${invites} that can still be used`,
      );
    }
    return EXIT.ok;
  });
}

export async function backUpRelay(file: string, flags: RelayDataFlags): Promise<ExitCode> {
  return await withControl(flags, async (control) => {
    const made = await control.backup(resolve(file));
    if (flags.json === true) printJson(made);
    else {
      print(
        `${sanitiseLine(made.file)}: ${made.bytes.toLocaleString('en-US')} bytes.`,
        'It holds the relay’s keys: whoever has it can pretend to be this relay. Keep it where only you can read it.',
      );
    }
    return EXIT.ok;
  });
}

export async function restore(file: string, flags: RelayDataFlags): Promise<ExitCode> {
  const { settings } = settingsOf(flags);
  await restoreRelay(resolve(file), settings.data, nodePrimitives);
  if (flags.json === true) printJson({ data: settings.data });
  else {
    print(
      `Restored into ${sanitiseLine(settings.data)}; waxwing relay serves from it under the same address.`,
      'What came or went after the backup is not in it: some envelopes are delivered again, and clients show them once.',
    );
  }
  return EXIT.ok;
}
