import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Bundle, type Device, encodeFingerprint, type PutEnvelope, textOf } from '@waxwing/protocol';
import { envelope, idOf, mailboxAt, signedPrekeys } from '../../relay/test/fixtures/mail.ts';
import {
  alice,
  bob,
  NOW,
  type RunningRelay,
  runRelay,
  temporaryFolder,
} from '../../relay/test/fixtures/running-relay.ts';
import type { ConnectionTrace } from '../src/connection/connection-trace.ts';
import { WaxwingError } from '../src/errors.ts';
import type { RelayAddress } from '../src/relay/relay-address.ts';
import { admitRelay } from '../src/messenger/admit-relay.ts';
import { putRefusalOf, RelayFailure } from '../src/relay/relay-failure.ts';
import type { RelayLineOptions } from '../src/relay/relay-line.ts';
import type { RelayRequests } from '../src/relay/relay-requests.ts';
import { wireTo } from './fixtures/direct-pair.ts';
import { memoryHome } from './fixtures/messengers.ts';
import { scriptedRelay, TestLine } from './fixtures/relay-lines.ts';

const failsWith =
  (code: string, passing: boolean) =>
  (error: unknown): boolean =>
    error instanceof RelayFailure && error.code === code && error.passing === passing;

const at = ({ account, served }: RunningRelay, port = served.port): RelayAddress => ({
  host: '127.0.0.1',
  port,
  relay: account,
});

function lineTo(t: TestContext, relay: RelayAddress, device: Device, options?: Partial<RelayLineOptions>): TestLine {
  const made = new TestLine(relay, device, options);
  t.after(() => made.line.close());
  return made;
}

/** A line of a device that has joined. */
async function memberOf(
  t: TestContext,
  relay: RunningRelay,
  device: Device,
): Promise<{ line: TestLine; requests: RelayRequests }> {
  const line = lineTo(t, at(relay), device);
  const { requests } = await line.next('up');
  await requests.join(await relay.token());
  return { line, requests };
}

/** The numbers of the next envelopes delivered, confirmed. */
async function take(line: TestLine, requests: RelayRequests, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const { news } = await line.next('news');
    if (news.event !== 'deliver') continue;
    for (const { id, outer } of news.envelopes) {
      assert.deepEqual(outer.subarray(0, 16), id);
      numbers.push(new DataView(id.buffer, id.byteOffset).getUint32(12));
    }
    await requests.confirm(news.envelopes.map(({ id }) => id));
  }
  return numbers;
}

const many = (mailbox: PutEnvelope['mailbox'], count: number, from = 1): PutEnvelope[] =>
  Array.from({ length: count }, (_, n) => envelope(mailbox, from + n));

describe('a line to a relay', () => {
  it('ends for good where the relay shows an older certificate than before', async (t) => {
    const relay = await scriptedRelay(t);
    const home = memoryHome('bob');
    t.after(() => {
      home.close();
    });
    const { relays } = home.store;
    const admit = (bundle: Bundle): void => {
      admitRelay(relays, bundle);
    };
    const first = lineTo(t, relay.address, bob, { admit });
    await first.next('up');
    const { account, device } = alice.bundle;
    const { serial, certificateHash } = relays.knownSerial(account, device) ?? { serial: 0, certificateHash: account };
    assert.equal(serial, alice.bundle.certificate.serial);
    relays.noteSerial(account, device, { serial: serial + 1, certificateHash });
    const second = lineTo(t, relay.address, bob, { admit });
    assert.ok(failsWith('relay-rollback', false)(await second.line.ended));
    assert.deepEqual(second.kinds, []);
  });

  it('joins by an invite, once; names are claimed and resolved', async (t) => {
    const relay = await runRelay(t);
    const token = await relay.token();
    const line = lineTo(t, at(relay), alice);
    const { requests, welcome } = await line.next('up');
    assert.deepEqual(welcome, {
      member: false,
      name: undefined,
      prekeyCounter: 0,
      entriesLeft: 0,
      waiting: 0,
      clockOffset: 0,
    });
    await assert.rejects(requests.claim('alice'), failsWith('not-a-member', false));
    await assert.rejects(requests.join(new Uint8Array(16)), failsWith('invite-unknown', false));
    await assert.rejects(requests.join(), failsWith('invite-unknown', false));
    assert.equal(await requests.join(token), undefined);
    await requests.claim('alice');
    assert.equal(await requests.join(), 'alice', 'a member is told its name, and uses nothing');
    const other = await lineTo(t, at(relay), bob).next('up');
    await assert.rejects(other.requests.join(token), failsWith('invite-used', false));
    await other.requests.join(await relay.token());
    await assert.rejects(other.requests.claim('alice'), failsWith('name-taken', false));
    assert.deepEqual(await other.requests.resolve('alice'), alice.bundle.account);
    await assert.rejects(other.requests.resolve('nobody'), failsWith('name-unknown', false));
    await assert.rejects(other.requests.fetch(alice.bundle.account, true), failsWith('prekeys-missing', false));
    await assert.rejects(other.requests.fetch(new Uint8Array(32), true), failsWith('account-unknown', false));
    const { op: _, ...upload } = await signedPrekeys(alice, { now: NOW });
    await requests.uploadPrekeys(upload);
    await assert.rejects(
      requests.uploadPrekeys(upload),
      failsWith('relay-refused', false),
      'its counter does not grow',
    );
    const [set] = await other.requests.fetch(alice.bundle.account, true);
    assert.deepEqual([set?.bundle, set?.entry.length], [alice.bundle.bytes, 1223]);
    assert.equal((await lineTo(t, at(relay), alice).next('up')).welcome.entriesLeft, 99);
  });

  it('puts, delivers in order, confirms, and tells what does not open', async (t) => {
    const relay = await runRelay(t);
    const [from, to] = [await memberOf(t, relay, alice), await memberOf(t, relay, bob)];
    const mailbox = mailboxAt(relay.account, bob);
    const codes = await from.requests.put(many(mailbox, 150));
    assert.deepEqual([codes.length, new Set(codes)], [150, new Set([0])]);
    await to.requests.receive();
    assert.deepEqual(
      await take(to.line, to.requests, 150),
      Array.from({ length: 150 }, (_, n) => n + 1),
    );
    assert.deepEqual(await from.requests.status([idOf(1), idOf(150)]), [0, 0]);
    await from.requests.put([...many(mailbox, 1, 200), ...many(new Uint8Array(32), 1, 201)]).then((answered) => {
      assert.deepEqual(answered, [0, 12]);
      assert.equal(putRefusalOf(answered[1] ?? 0).code, 'account-unknown');
    });
    await to.line.next('news');
    await to.requests.unopenable([idOf(200)]);
    const { news } = await from.line.next('news');
    assert.deepEqual(news, { event: 'status', notices: [{ id: idOf(200), state: 2 }] });
    assert.deepEqual(await from.requests.status([idOf(200)]), [2]);
    const { outer } = envelope(mailbox, 7);
    await from.requests.signal(mailbox, outer);
    assert.deepEqual((await to.line.next('news')).news, { event: 'signal', outer });
    const { rows, next } = await to.requests.stored(0);
    assert.deepEqual(
      [rows.map(({ table }) => textOf(table)), next],
      [['accounts', 'notices'].slice(0, rows.length), 0],
    );
  });

  it('comes back after a cut as often as it takes, and goes on with what was not answered', async (t) => {
    const relay = await runRelay(t);
    const to = await memberOf(t, relay, bob);
    await (await memberOf(t, relay, alice)).line.line.close();
    const wire = await wireTo(t, relay.served.port);
    const line = lineTo(t, at(relay, wire.port), alice);
    const mailbox = mailboxAt(relay.account, bob);
    await to.requests.receive();
    let next = 1;
    for (let round = 0; round < 3; round++) {
      const { requests } = await line.next('up');
      await requests.put(many(mailbox, 10, next));
      wire.stall('back'); // it arrives, its answer does not
      const unanswered = requests.put(many(mailbox, 10, next + 10));
      await take(to.line, to.requests, 20);
      wire.stall('none');
      wire.cut();
      await assert.rejects(unanswered, failsWith('connection-cut', true));
      await assert.rejects(requests.receive(), failsWith('connection-cut', true));
      const { error } = await line.next('down');
      assert.equal(error.code, 'connection-cut');
      const { inMs } = await line.next('retry');
      assert.ok(inMs >= 200 * 2 ** round && inMs <= 300 * 2 ** round, `${String(inMs)} ms in round ${String(round)}`);
      next += 20;
    }
    const { requests } = await line.next('up');
    assert.deepEqual(await requests.put(many(mailbox, 1, next)), [0]);
  });

  it('waits for a relay that is stopped as long as that asked for, and finds it again where it is started anew', async (t) => {
    const data = temporaryFolder(t);
    const first = await runRelay(t, { data });
    const { line, requests } = await memberOf(t, first, alice);
    const { port } = first.served;
    await requests.put(many(mailboxAt(first.account, alice), 3));
    await first.served.drain();
    const { error } = await line.next('down');
    assert.ok(failsWith('relay-unavailable', true)(error));
    const { inMs } = await line.next('retry');
    assert.ok(inMs >= 5_000 && inMs <= 6_250, String(inMs));
    const began = performance.now();
    line.line.wake(); // no sooner than the relay asked for
    const second = await runRelay(t, { data, port });
    const { welcome, requests: again } = await line.next('up');
    assert.ok(performance.now() - began >= 4_900);
    assert.deepEqual([second.account, welcome.member, welcome.waiting], [first.account, true, 3]);
    await again.receive();
    assert.deepEqual(await take(line, again, 3), [1, 2, 3]);
  });

  it('tries longer and longer where nobody listens, and at once when it is woken', async (t) => {
    const relay = await runRelay(t);
    const wire = await wireTo(t, relay.served.port);
    await wire.close();
    const line = lineTo(t, at(relay, wire.port), alice);
    const pauses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      const { inMs, error } = await line.next('retry');
      assert.ok(failsWith('connection-refused', true)(error));
      pauses.push(inMs);
      line.line.wake();
    }
    for (const [n, pause] of pauses.entries()) {
      assert.ok(pause >= 199 * 2 ** n && pause <= 301 * 2 ** n, `${String(pause)} ms at try ${String(n)}`);
    }
    await wire.open();
    line.line.wake();
    assert.equal((await line.next('up')).welcome.member, false);
    assert.ok(!line.kinds.includes('down'), 'it was never up');
  });

  it('refuses a relay with another key before that learns who calls, for good', async (t) => {
    const relay = await runRelay(t);
    const watched: ConnectionTrace[] = [];
    const line = lineTo(t, { ...at(relay), relay: bob.bundle.account }, alice, {
      watch: () => (trace) => watched.push(trace),
    });
    const error = await line.line.ended;
    assert.ok(failsWith('relay-changed', false)(error));
    for (const account of [relay.account, bob.bundle.account]) {
      assert.ok(error?.message.includes(encodeFingerprint(account)));
    }
    assert.deepEqual(line.kinds, []);
    await relay.logged(/"event":"handshake refused"/);
    const kinds = watched.map(({ event }) => event.kind);
    assert.deepEqual(kinds, ['f1', 'f2', 'refused', 'reject'], 'nothing left but F2, and the reject frame');
  });

  it('ends where another channel of its device takes its place, and where its device is removed', async (t) => {
    const relay = await runRelay(t);
    const first = await memberOf(t, relay, alice);
    const second = lineTo(t, at(relay), alice);
    const { requests } = await second.next('up');
    assert.ok(failsWith('relay-replaced', false)((await first.line.next('down')).error));
    assert.ok(failsWith('relay-replaced', false)(await first.line.line.ended));
    assert.ok(!first.line.kinds.includes('retry'));
    await requests.leave();
    assert.ok(failsWith('not-a-member', false)(await second.line.ended));
  });

  it('shows each frame to whoever watches, connection by connection', async (t) => {
    const relay = await runRelay(t);
    const wire = await wireTo(t, relay.served.port);
    const watched: ConnectionTrace[] = [];
    const line = lineTo(t, at(relay, wire.port), alice, { watch: () => (trace) => watched.push(trace) });
    await line.next('up');
    wire.cut();
    await line.next('up');
    assert.deepEqual(new Set(watched.map(({ connection }) => connection)), new Set([1, 2]));
    const records = watched.flatMap(({ event }) => (event.kind === 'record' ? [event.content.kind] : []));
    assert.deepEqual(records, ['ready', 'relay', 'ready', 'relay']);
  });

  it('asks for the device before each channel, and ends with the failure of a home', async (t) => {
    const relay = await runRelay(t);
    const wire = await wireTo(t, relay.served.port);
    let asked = 0;
    const line = lineTo(t, at(relay, wire.port), alice, {
      device: async () => {
        asked += 1;
        if (asked === 2) throw new WaxwingError('disk-full', 'The disk is full.', 'Free some space.');
        return alice;
      },
    });
    await line.next('up');
    wire.cut();
    assert.equal((await line.line.ended)?.code, 'disk-full');
  });

  it('makes a new channel after seven days, without a pause', async (t) => {
    const relay = await scriptedRelay(t);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const line = lineTo(t, relay.address, bob);
    await line.next('up');
    const first = await relay.next();
    t.mock.timers.tick(7 * 86_400_000);
    await first.until(({ said }) => said.includes('close'));
    first.say({ kind: 'close', lastSeq: 0 });
    await line.next('down');
    await line.next('up');
    await relay.next();
    assert.deepEqual(line.kinds, ['up', 'down', 'up']);
    t.mock.timers.reset();
  });

  it('can be closed at any moment, and says nothing after it', async (t) => {
    const relay = await runRelay(t);
    const wire = await wireTo(t, relay.served.port);
    const early = new TestLine(at(relay), alice);
    await early.line.close();
    assert.equal(await early.line.ended, undefined);
    const up = new TestLine(at(relay), alice);
    await up.next('up');
    await up.line.close();
    await up.line.close();
    assert.deepEqual([await up.line.ended, up.kinds], [undefined, ['up']]);
    await wire.close();
    const waiting = new TestLine(at(relay, wire.port), alice);
    await waiting.next('retry');
    await waiting.line.close();
    assert.deepEqual([await waiting.line.ended, waiting.kinds], [undefined, ['retry']]);
    assert.deepEqual(early.kinds.slice(1), []);
    const shaking = new TestLine((await scriptedRelay(t, () => undefined)).address, bob);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    await shaking.line.close();
    assert.ok(performance.now() - began < 1_000, 'it does not wait for a welcome');
    assert.deepEqual(shaking.kinds, []);
  });
});
