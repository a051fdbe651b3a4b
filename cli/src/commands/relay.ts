/** `waxwing relay`: serves until it is told to stop. */
import { join, resolve } from 'node:path';
import { dataFolder } from '@waxwing/client';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import {
  type LoadedSettings,
  loadSettings,
  printSettings,
  RelayError,
  type RelayInvite,
  type RelaySettings,
  type ServedRelay,
  serveRelay,
} from '@waxwing/relay';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { ExitSignals } from '../terminal/exit-signals.ts';
import { qrLines } from '../text/qr.ts';
import { sanitiseLine } from '../text/sanitise.ts';

/** What names a relay: flags that all of its commands have. */
export interface RelayPlaceFlags {
  readonly data?: string;
  readonly config?: string;
}

export interface RelayFlags extends RelayPlaceFlags {
  readonly host?: string;
  readonly port?: string;
  readonly address?: string;
  readonly open?: boolean;
  readonly log?: string;
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

/** The first invite is for a small team. */
const FIRST_INVITE = { uses: 10, days: 7 };

export async function runRelay(flags: RelayFlags): Promise<ExitCode> {
  const loaded = settingsOf(flags);
  if (flags.printConfig === true) {
    process.stdout.write(printSettings(loaded));
    return EXIT.ok;
  }
  const { settings } = loaded;
  const served = await serveRelay({ primitives: nodePrimitives, settings, logTo: process.stderr });
  try {
    await announce(served, { settings, json: flags.json === true });
    await untilToldToStop();
    if (flags.json !== true) print('Stopping: what is under way is answered first.');
    return EXIT.ok;
  } finally {
    await served.drain();
  }
}

/** @throws RelayError `relay-config` */
export function settingsOf(flags: RelayFlags): LoadedSettings {
  const { config, port, open, log, host, address, data } = flags;
  return loadSettings({
    flags: {
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port: readPort(port) }),
      ...(address !== undefined && { address }),
      ...(data !== undefined && { data: resolve(data) }),
      ...(open === true && { open }),
      // What is no level is refused with all other settings.
      ...(log !== undefined && { log: log as RelaySettings['log'] }),
    },
    env: process.env,
    file: config ?? process.env['WAXWING_RELAY_CONFIG'],
    data: join(dataFolder(process.env), 'relay'),
  });
}

function readPort(text: string): number {
  if (/^\d{1,5}$/u.test(text) && Number(text) <= 65_535) return Number(text);
  throw new RelayError('relay-config', `"${text}" is no port.`, 'A port is a number from 1 to 65535.');
}

async function announce(
  { first, port, control }: ServedRelay,
  { settings, json }: { readonly settings: RelaySettings; readonly json: boolean },
): Promise<void> {
  const { fingerprint, address, users } = await control.status();
  const invite = first && !settings.open ? await control.invite(FIRST_INVITE) : undefined;
  if (json) {
    printJson({
      listening: { host: settings.host, port },
      fingerprint,
      address,
      data: settings.data,
      invite: invite ?? null,
    });
    return;
  }
  const { host, data, open } = settings;
  print(
    `Relay    ${fingerprint}`,
    `Address  ${address}`,
    `Data     ${sanitiseLine(data)}`,
    `Members  ${users}${open ? ' (open: anybody may join with the address)' : ''}`,
  );
  if (invite !== undefined) print('', ...inviteLines(invite));
  print(
    '',
    `Listening on ${host.includes(':') ? `[${host}]` : host}:${port}. Ctrl+C stops it; waxwing relay invite lets people in.`,
  );
}

/** The link with its terms, and as a QR code where there is a terminal that is wide enough. */
export function inviteLines({ link, uses, ends }: RelayInvite, qr = true): string[] {
  const who = uses === 1 ? 'one person' : `${uses} people`;
  const code = qr && process.stdout.isTTY ? ['', ...qrLines(link, process.stdout.columns)] : [];
  return [`Invite for ${who}, until ${ends}:`, link, ...code];
}

async function untilToldToStop(): Promise<void> {
  const { promise, resolve: stop } = Promise.withResolvers<undefined>();
  // A second signal ends the process at once, as it does everywhere else.
  new ExitSignals({
    onInterrupt: () => false,
    onLeave: () => stop(undefined),
    beforeEnd: () => undefined,
  });
  await promise;
}
