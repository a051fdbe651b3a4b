/** Mosquitto, the MQTT broker of Debian's packages: found, or installed where that can be done without asking. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { installDebianPackage } from '../../scripts/debian-package.ts';

const PLACES = [
  '/usr/sbin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/usr/bin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
];
const START_WITHIN = 10_000;

export const NO_MOSQUITTO =
  'mosquitto: it is not on this machine; install it (Debian: apt-get install mosquitto), or name its program in MOSQUITTO_PATH';

export interface Mosquitto {
  readonly path: string;
  readonly version: string;
}

/** Undefined where there is none and none can be installed. */
export function findMosquitto(): Mosquitto | undefined {
  const named = process.env['MOSQUITTO_PATH'];
  let path = named ?? PLACES.find((place) => existsSync(place));
  if (path === undefined && installDebianPackage('mosquitto')) path = PLACES.find((place) => existsSync(place));
  if (path === undefined) return undefined;
  const { stdout } = spawnSync(path, ['-h'], { encoding: 'utf8' });
  const version = /mosquitto version (\S+)/.exec(stdout)?.[1];
  return version === undefined ? undefined : { path, version };
}

/** When the broker writes what it keeps for sessions to its file. */
export type Saving =
  /** After every turn of its loop that changed something, whole and with fsync: nothing stricter can be set. */
  | 'every change'
  /** Whole and with fsync, once a second; what is acknowledged lies in memory until then. */
  | 'every second';

/** A broker of its own, on a free port of the loopback, with its file in `folder`. */
export async function startMosquitto(
  { path }: Mosquitto,
  { folder, saving }: { readonly folder: string; readonly saving: Saving },
): Promise<{ readonly port: number; readonly child: ChildProcess }> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const file = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `user ${userInfo().username}`,
    'persistence true',
    `persistence_location ${folder}/`,
    `autosave_on_changes ${saving === 'every change'}`,
    'autosave_interval 1',
    // As many on their way to one session as a relay sends unconfirmed, and no message is ever dropped.
    'max_inflight_messages 64',
    'max_queued_messages 0',
    'set_tcp_nodelay true',
    'log_type error',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(path, ['-c', file], { stdio: 'ignore' });
  const until = performance.now() + START_WITHIN;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error('mosquitto did not start');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, child };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const trial = connect(port, '127.0.0.1');
    trial.once('connect', () => {
      trial.destroy();
      resolve(true);
    });
    trial.once('error', () => resolve(false));
  });
}
