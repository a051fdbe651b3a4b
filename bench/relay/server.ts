/** The servers that are loaded, each a process with a folder of its own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFingerprint, toHex } from '@waxwing/protocol/wire';
import { type Mosquitto, type Saving, startMosquitto } from '../compare/mosquitto.ts';
import { memoryOf, processorTimeOf, Program } from '../pair/program.ts';
import type { NetworkDescription } from './network.ts';

export interface Server {
  readonly network: NetworkDescription;
  /** Resident, bytes; undefined where the system does not tell. */
  memory(): number | undefined;
  /** Used so far, s; undefined where the system does not tell. */
  processorTime(): number | undefined;
  stop(): Promise<void>;
}

/** What protects a relay from one member is out of the way: here a few stand for many. Nothing else is set. */
const LIMITS = {
  'mailbox-envelopes': 100_000_000,
  'mailbox-bytes': 1e12,
  'puts-per-second': 1_000_000,
  'put-burst': 10_000_000,
  'bytes-per-second': 1e10,
  'byte-burst': 1e11,
  'unanswered-per-hour': 1e9,
  'joins-per-hour': 1e9,
};

/** `waxwing relay`, as anybody starts it. */
export async function startRelay(folder: string, primes: readonly string[]): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'relay.toml');
  writeFileSync(
    config,
    Object.entries(LIMITS)
      .map(([key, value]) => `${key} = ${String(value)}\n`)
      .join(''),
  );
  const program = new Program(
    folder,
    'relay',
    '--json',
    '--open',
    '--port',
    '0',
    '--data',
    join(folder, 'data'),
    '--config',
    config,
  );
  const { match } = await program.line(/^\{"listening":\{.*"port":(\d+)\}.*"fingerprint":"([^"]+)"/);
  const [, port = '', fingerprint = ''] = match;
  const account = toHex(decodeFingerprint(fingerprint));
  return {
    network: { kind: 'relay', port: Number(port), account, primes },
    ...watched(program.pid),
    stop: () => program.kill(),
  };
}

export async function startBroker(mosquitto: Mosquitto, options: { folder: string; saving: Saving }): Promise<Server> {
  const { port, child } = await startMosquitto(mosquitto, options);
  return {
    network: { kind: 'mosquitto', port },
    ...watched(child.pid ?? -1),
    stop: async () => {
      await new Promise((resolve) => {
        child.once('close', resolve);
        child.kill('SIGKILL');
      });
    },
  };
}

function watched(pid: number): Pick<Server, 'memory' | 'processorTime'> {
  return {
    memory: () => {
      const megabytes = memoryOf(pid);
      return megabytes === undefined ? undefined : megabytes * 2 ** 20;
    },
    processorTime: () => processorTimeOf(pid),
  };
}
