/** `waxwing relay` as its operator and its callers see it: a real process, killed and stopped. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test, type TestContext } from 'node:test';
import {
  createAccount,
  createDevice,
  decodeRelayLink,
  type Device,
  GOODBYE,
  inviteToken,
  utf8,
} from '@waxwing/protocol/wire';
import { nodePrimitives as p } from '../../protocol/src/primitives/node.ts';
import { envelope, mailboxAt } from '../../relay/test/fixtures/mail.ts';
import { RelayClient } from '../../relay/test/fixtures/relay-client.ts';

const PROGRAM = join(import.meta.dirname, '../../cli/bin/waxwing.js');

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly relay: Uint8Array<ArrayBuffer>;
  /** The first start's invite. */
  readonly link: string | undefined;
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-relay-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(t: TestContext, data: string, ...more: string[]): Promise<Started> {
  const parameters = [PROGRAM, 'relay', '--json', '--port', '0', '--data', data, ...more];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const said = JSON.parse(line) as {
    listening: { port: number };
    address: string;
    invite: { link: string } | null;
  };
  const { relay } = decodeRelayLink(said.address);
  return { child, port: said.listening.port, relay, link: said.invite?.link };
}

/** Runs a command to its end. */
function run(...parameters: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, 'relay', ...parameters], (_, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, err });
    });
  });
}

describe('waxwing relay', () => {
  let alice: Device;
  let bob: Device;
  const now = Date.now();

  before(async () => {
    const people = [0, 1].map(async () => createDevice(p, await createAccount(p), now));
    [alice, bob] = (await Promise.all(people)) as [Device, Device];
  });
  const clients: RelayClient[] = [];
  after(() => {
    for (const client of clients) client.cut();
  });
  const call = async ({ port, relay }: Started, device: Device): Promise<RelayClient> => {
    const client = await RelayClient.connect({ port, device, relay });
    clients.push(client);
    return client;
  };

  test('loses nothing that it acknowledged when it is killed at any moment', async (t) => {
    const data = temporaryFolder(t);
    const acknowledged: number[] = [];
    const unanswered: number[] = [];
    let next = 1;
    for (let round = 0; round < 6; round++) {
      const started = await start(t, data, '--open');
      const sender = await call(started, alice);
      const recipient = await call(started, bob);
      await Promise.all([sender, recipient].map((one) => one.ask({ op: 'join', token: new Uint8Array(0) })));
      const mailbox = mailboxAt(started.relay, bob);
      const put = async (numbers: readonly number[]): Promise<void> => {
        const envelopes = numbers.map((n) => envelope(mailbox, n));
        const { codes } = await sender.ask({ op: 'put', envelopes });
        assert.deepEqual(new Set(codes), new Set([0]));
        acknowledged.push(...numbers);
      };
      // What had no answer is put again under the same id, before anything new.
      for (const n of unanswered.splice(0)) await put([n]);
      const killed = once(started.child, 'exit');
      setTimeout(() => started.child.kill('SIGKILL'), 20 + round * 37);
      for (;;) {
        const flight = [next, next + 1, next + 2];
        next += 3;
        try {
          await put(flight);
        } catch {
          unanswered.push(...flight);
          break;
        }
      }
      await killed;
    }
    assert.ok(acknowledged.length > 20, `only ${String(acknowledged.length)} were acknowledged`);
    const started = await start(t, data, '--open');
    const recipient = await call(started, bob);
    await recipient.ask({ op: 'receive' });
    const waiting = (await recipient.event('welcome')).waiting;
    const got: number[] = [];
    while (got.length < waiting) {
      const { envelopes } = await recipient.event('deliver');
      for (const { id, outer } of envelopes) {
        assert.deepEqual(outer.subarray(0, 16), id);
        got.push(new DataView(id.buffer, id.byteOffset).getUint32(12));
      }
      await recipient.ask({ op: 'confirm', ids: envelopes.map(({ id }) => id) });
    }
    // The last flight may be there without its answer having come; nothing else may, and nothing twice or out of order.
    assert.deepEqual(
      got.filter((n) => !unanswered.includes(n)),
      acknowledged,
    );
    assert.deepEqual(
      got,
      got.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(got).size, got.length);
  });

  test('prints an invite at its first start, and drains when it is told to stop', async (t) => {
    const data = temporaryFolder(t);
    const started = await start(t, data);
    const { secret } = decodeRelayLink(started.link ?? '');
    assert.equal(decodeRelayLink(started.link ?? '').port, started.port);
    const client = await call(started, alice);
    await client.ask({ op: 'join', token: inviteToken(p, secret ?? new Uint8Array(0)) });
    const ended = once(started.child, 'exit');
    const envelopes = [envelope(mailboxAt(started.relay, alice), 1)];
    const answers = Array.from({ length: 20 }, () => client.ask({ op: 'put', envelopes }).then(({ codes }) => codes));
    await answers[0];
    started.child.kill('SIGTERM');
    // Each is stored, or refused because the relay drains, or was never read; none is left open.
    for (const answer of await Promise.allSettled(answers)) {
      if (answer.status === 'fulfilled') assert.deepEqual(answer.value, [0]);
      else assert.match(String(answer.reason), /refused with 16|ended: closed/);
    }
    assert.equal((await client.event('goodbye')).reason, GOODBYE.draining);
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(readdirSync(data), ['relay.db'], 'no socket and no log is left');
    assert.equal((await start(t, data)).link, undefined, 'only the first start makes one by itself');
  });

  test('is looked after through its folder while it runs', async (t) => {
    const data = temporaryFolder(t);
    const started = await start(t, data);
    assert.equal(statSync(data).mode & 0o777, 0o700);
    assert.equal(statSync(join(data, 'control.sock')).mode & 0o777, 0o600);
    const made = JSON.parse((await run('invite', '--uses', '3', '--expires', '2d', '--json', '--data', data)).out) as {
      link: string;
      uses: number;
      ends: string;
      running: boolean;
    };
    assert.deepEqual([made.uses, made.running], [3, true]);
    assert.match(made.ends, /^\d{4}-\d\d-\d\d$/);
    const client = await call(started, alice);
    await client.ask({ op: 'join', token: inviteToken(p, decodeRelayLink(made.link).secret ?? new Uint8Array(0)) });
    await client.ask({ op: 'claim', name: utf8('alice') });
    assert.match((await run('users', '--data', data)).out, /^@alice +SHA256:\S{43} {2}since \d{4}/);
    assert.match((await run('status', '--data', data)).out, /^Running, 1 connected\n/);

    const file = join(temporaryFolder(t), 'copy.db');
    assert.equal((await run('backup', file, '--data', data)).code, 0);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match((await run('backup', file, '--data', data)).err, /\[relay-backup-exists\]/);

    const asked = await run('remove', '@alice', '--data', data);
    assert.deepEqual([asked.code, asked.err.includes('confirmation-needed')], [2, true]);
    assert.equal((await run('remove', '@alice', '--yes', '--data', data)).code, 0);
    assert.equal((await client.event('goodbye')).reason, GOODBYE.removed);
    assert.match((await run('users', '--data', data)).out, /^Nobody has joined yet/);
    const unknown = await run('remove', '@alice', '--yes', '--data', data);
    assert.deepEqual([unknown.code, unknown.err.includes('[relay-user-unknown]')], [8, true]);

    const second = await run('--port', '0', '--data', data);
    assert.deepEqual([second.code, second.err.includes('[relay-running]')], [3, true]);

    const restored = join(temporaryFolder(t), 'restored');
    assert.equal((await run('restore', file, '--data', restored)).code, 0);
    assert.match((await run('restore', file, '--data', restored)).err, /\[relay-not-empty\]/);
    assert.match((await run('users', '--data', restored)).out, /^@alice /, 'the backup is from before');
    const again = await start(t, restored);
    assert.deepEqual(again.relay, started.relay, 'the same relay, under the same address');
  });

  test('says so where it does not run, where there is none, and where a file is no backup', async (t) => {
    const data = temporaryFolder(t);
    const missing = await run('status', '--data', join(data, 'none'));
    assert.deepEqual([missing.code, missing.err.includes('[relay-missing]')], [3, true]);
    assert.equal(existsSync(join(data, 'none')), false, 'looking makes nothing');
    const started = await start(t, data);
    started.child.kill('SIGTERM');
    await once(started.child, 'exit');
    const resting = await run('invite', '--data', data, '--no-qr');
    assert.deepEqual([resting.code, resting.err.includes('not running')], [0, true]);
    assert.match(resting.out, /\nwaxwing:\/\/127\.0\.0\.1:8100\/#/);
    assert.match((await run('status', '--data', data)).out, /^Not running\n/);
    const broken = join(data, 'broken');
    writeFileSync(broken, readFileSync(join(data, 'relay.db')).fill(0, 0, 40));
    const refused = await run('restore', broken, '--data', join(data, 'elsewhere'));
    assert.deepEqual([refused.code, refused.err.includes('[relay-backup-damaged]')], [8, true]);
    assert.deepEqual(readdirSync(join(data, 'elsewhere')), []);
    const port = await run('--port', '99999', '--data', data);
    assert.deepEqual([port.code, port.err.includes('[relay-config]')], [2, true]);
    const config = await run('--print-config', '--data', data, '--open');
    assert.match(config.out, /^open = true # flag; WAXWING_RELAY_OPEN$/m);
  });
});
