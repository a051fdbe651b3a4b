import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { MAX_OPEN_REQUESTS, type PutEnvelope, type RelayReply } from '@waxwing/protocol';
import { bob } from '../../protocol/test/fixtures/devices.ts';
import { openRelayChannel } from '../src/relay/open-relay-channel.ts';
import { ChannelRequests } from '../src/relay/channel-requests.ts';
import { isPassing, RelayFailure } from '../src/relay/relay-failure.ts';
import { NOW } from './fixtures/homes.ts';
import { type ScriptedChannel, type ScriptedRelay, scriptedRelay } from './fixtures/relay-lines.ts';

const failsWith =
  (code: string, passing: boolean) =>
  (error: unknown): boolean =>
    error instanceof RelayFailure && error.code === code && error.passing === passing;

const open = ({ address }: ScriptedRelay, device = bob) =>
  openRelayChannel({
    relay: address,
    device,
    now: () => NOW,
    signal: new AbortController().signal,
    connection: 1,
  });

/** A channel that runs, and the other end of it. */
async function meet(t: TestContext) {
  const relay = await scriptedRelay(t);
  const { channel, welcome } = await open(relay);
  const theirs = await relay.next();
  const news: string[] = [];
  const ended = channel.run(({ event }) => void news.push(event));
  t.after(() => channel.cut());
  return { relay, channel, welcome, theirs, news, ended, requests: new ChannelRequests(channel) };
}

const answer = (id: number, reply: Extract<RelayReply, { kind: 'answer' }>['answer']): RelayReply => ({
  kind: 'answer',
  id,
  answer: reply,
});

const token = (fill: number) => new Uint8Array(16).fill(fill);

const envelopeOf = (n: number, length: number): PutEnvelope => {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, n);
  return { mailbox: new Uint8Array(32), id, outer: new Uint8Array(length + 80) };
};

describe('a channel with a relay', () => {
  it('begins with the byte w, and asks with the ids 1, 2, 3', async (t) => {
    const { relay, requests, theirs, welcome } = await meet(t);
    assert.equal(welcome.member, true);
    const asked = [requests.receive(), requests.claim('alice'), requests.leave()];
    await theirs.until(({ asked: { length } }) => length === 3);
    assert.deepEqual(relay.firstBytes, [0x77]);
    assert.deepEqual(
      theirs.asked.map(({ id, request }) => [id, request.op]),
      [
        [1, 'receive'],
        [2, 'claim'],
        [3, 'leave'],
      ],
    );
    for (const { id, request } of theirs.asked) theirs.reply(answer(id, { op: request.op } as { op: 'claim' }));
    await Promise.all(asked);
  });

  it('takes answers in any order, each for its own request', async (t) => {
    const { requests, theirs } = await meet(t);
    const [first, second, third] = [requests.join(token(1)), requests.join(token(2)), requests.join(token(3))];
    await theirs.until(({ asked }) => asked.length === 3);
    const named = (id: number): void => theirs.reply(answer(id, { op: 'join', name: Buffer.from(`n${String(id)}`) }));
    named(3);
    assert.equal(await third, 'n3');
    theirs.reply({ kind: 'refusal', id: 1, code: 4, retry: 0 });
    await assert.rejects(first, failsWith('invite-used', false));
    named(2);
    assert.equal(await second, 'n2');
  });

  it('has 64 unanswered at most, the others wait in order', async (t) => {
    const { requests, theirs } = await meet(t);
    const asked = Array.from({ length: MAX_OPEN_REQUESTS + 6 }, (_, n) => requests.join(token(n)));
    await theirs.until(({ asked: { length } }) => length >= MAX_OPEN_REQUESTS);
    await requestsSettle();
    assert.equal(theirs.asked.length, MAX_OPEN_REQUESTS);
    theirs.reply(answer(40, { op: 'join', name: new Uint8Array(0) }));
    theirs.reply(answer(41, { op: 'join', name: new Uint8Array(0) }));
    await Promise.all([asked[39], asked[40]]);
    await theirs.until(({ asked: { length } }) => length >= MAX_OPEN_REQUESTS + 2);
    await requestsSettle();
    assert.deepEqual(
      theirs.asked.map(({ id, request }) => id === (request.op === 'join' ? (request.token[0] ?? 0) + 1 : 0)),
      new Array(MAX_OPEN_REQUESTS + 2).fill(true),
    );
    for (let id = 1; id <= asked.length; id++) {
      if (id === 40 || id === 41) continue;
      await theirs.until(({ asked: { length } }) => length >= id);
      theirs.reply(answer(id, { op: 'join', name: new Uint8Array(0) }));
    }
    await Promise.all(asked);
  });

  it('puts as many envelopes a message as it may and as fit into a frame, in order', async (t) => {
    const { requests, theirs } = await meet(t);
    const small = Array.from({ length: 130 }, (_, n) => envelopeOf(n, 1024));
    const large = [1000, 1001, 1002].map((n) => envelopeOf(n, 114_688));
    const middle = Array.from({ length: 5 }, (_, n) => envelopeOf(2000 + n, 32_768));
    const put = requests.put([...small, ...large, ...middle]);
    const puts = (): (readonly PutEnvelope[])[] =>
      theirs.asked.map(({ request }) => (request.op === 'put' ? request.envelopes : []));
    await theirs.until(() => puts().flat().length === 138);
    assert.deepEqual(
      puts().map(({ length }) => length),
      [64, 64, 3, 1, 1, 3, 2],
    );
    const seen = puts().flatMap((part) => part.map(({ id }) => Buffer.from(id).readUInt32BE(0)));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    // The answers come in another order than the questions.
    for (const { id, request } of theirs.asked.toReversed()) {
      const codes = request.op === 'put' ? request.envelopes.map(() => (id === 7 ? 13 : 0)) : [];
      theirs.reply(answer(id, { op: 'put', codes }));
    }
    const codes = await put;
    assert.deepEqual([codes.length, codes.slice(-3)], [138, [0, 13, 13]]);
  });

  it('asks of long lists of ids in parts, and of empty ones nothing', async (t) => {
    const { requests, theirs } = await meet(t);
    const ids = Array.from({ length: 1_100 }, (_, n) => envelopeOf(n, 1024).id);
    const asked = Promise.all([
      requests.status(ids),
      requests.confirm(ids),
      requests.unopenable(ids.slice(0, 65)),
      requests.confirm([]),
      requests.put([]),
    ]);
    await theirs.until(({ asked: { length } }) => length === 6);
    const counts = theirs.asked.map(({ request }) => ('ids' in request ? [request.op, request.ids.length] : []));
    assert.deepEqual(counts, [
      ['status', 1024],
      ['status', 76],
      ['confirm', 1024],
      ['confirm', 76],
      ['unopenable', 64],
      ['unopenable', 1],
    ]);
    for (const { id, request } of theirs.asked) {
      if (request.op === 'status') theirs.reply(answer(id, { op: 'status', states: request.ids.map(() => 1) }));
      else theirs.reply(answer(id, { op: 'confirm' }));
    }
    const [states, , , , codes] = await asked;
    assert.deepEqual([states.length, new Set(states), codes], [1_100, new Set([1]), []]);
  });

  it('says by what the relay answers whether trying again may help', async (t) => {
    const { requests, theirs } = await meet(t);
    const cases: readonly (readonly [code: number, retry: number, expected: string, passing: boolean])[] = [
      [1, 0, 'relay-refused', false],
      [2, 0, 'not-a-member', false],
      [3, 0, 'invite-unknown', false],
      [4, 0, 'invite-used', false],
      [5, 0, 'invite-expired', false],
      [6, 0, 'name-invalid', false],
      [7, 0, 'name-taken', false],
      [8, 0, 'name-unknown', false],
      [9, 0, 'account-unknown', false],
      [10, 0, 'relay-refused', false],
      [11, 0, 'prekeys-missing', false],
      [12, 0, 'account-unknown', false],
      [13, 700, 'mailbox-full', true],
      [14, 700, 'too-fast', true],
      [14, 0, 'too-fast', false],
      [15, 0, 'relay-unavailable', true],
      [16, 5_000, 'relay-unavailable', true],
      [17, 0, 'relay-refused', false],
      [99, 0, 'relay-refused', false],
    ];
    for (const [at, [code, retry, expected, passing]] of cases.entries()) {
      const asked = requests.receive();
      await theirs.until(({ asked: { length } }) => length === at + 1);
      theirs.reply({ kind: 'refusal', id: at + 1, code, retry });
      await assert.rejects(asked, (error: unknown) => {
        assert.ok(error instanceof RelayFailure);
        assert.deepEqual([error.code, error.passing, error.retry, error.refusal], [expected, passing, retry, code]);
        assert.ok(error.message.length > 10 && error.next.length > 10);
        return true;
      });
    }
  });

  it('does not send what would end the channel', async (t) => {
    const { requests, theirs } = await meet(t);
    await assert.rejects(requests.join(new Uint8Array(15)));
    await assert.rejects(requests.put([envelopeOf(1, 1024), envelopeOf(1, 1024)]));
    await assert.rejects(requests.put([{ ...envelopeOf(1, 1024), outer: new Uint8Array(7) }]));
    await assert.rejects(requests.claim('@alice'), failsWith('name-invalid', false));
    await assert.rejects(requests.resolve('Alice'), failsWith('name-invalid', false));
    const asked = requests.receive();
    await theirs.until(({ asked: { length } }) => length === 1);
    assert.equal(theirs.asked[0]?.id, 1);
    theirs.reply(answer(1, { op: 'receive' }));
    await asked;
  });

  it('gives news as it comes, ignores what it does not know, and answers pings', async (t) => {
    const { requests, theirs, news } = await meet(t);
    theirs.reply({ kind: 'event', event: { event: 'entries', left: 20 } });
    theirs.body(0, 77, 'of a later version');
    theirs.reply({ kind: 'event', event: { event: 'signal', outer: new Uint8Array(1104) } });
    theirs.say({ kind: 'ping' });
    await theirs.until(({ said }) => said.includes('pong'));
    assert.deepEqual(news, ['entries', 'signal']);
    const asked = requests.receive();
    await theirs.until(({ asked: { length } }) => length === 1);
    theirs.reply(answer(1, { op: 'receive' }));
    await asked;
  });

  it('takes 256 envelopes that are not confirmed, and ends with a relay that delivers one more', async (t) => {
    const { requests, theirs, news, ended } = await meet(t);
    let last = 0;
    const deliver = (count: number): void => {
      const envelopes = Array.from({ length: count }, () => envelopeOf(++last, 1024));
      theirs.reply({ kind: 'event', event: { event: 'deliver', envelopes } });
    };
    const asked = [requests.receive()];
    for (const count of [64, 64, 64, 64]) deliver(count);
    const ids = Array.from({ length: 64 }, (_, n) => envelopeOf(n + 1, 1024).id);
    while (news.length < 4) await requestsSettle();
    asked.push(requests.confirm(ids.slice(0, 40)), requests.unopenable(ids.slice(40)));
    await theirs.until(({ asked: { length } }) => length === 3);
    deliver(64);
    while (news.length < 5) await requestsSettle();
    asked.push(requests.receive()); // begins anew: what was delivered comes again
    await theirs.until(({ asked: { length } }) => length === 4);
    for (const count of [64, 64, 64, 64, 1]) deliver(count);
    for (const one of asked) await assert.rejects(one, failsWith('connection-cut', true));
    const error = await ended;
    assert.ok(isPassing(error));
    assert.equal(error.code, 'relay-flood');
    assert.equal(news.length, 9);
    await theirs.until((channel) => channel.ended !== undefined);
  });

  const id = new Uint8Array(16);
  const faults: Readonly<Record<string, (theirs: ScriptedChannel) => void>> = {
    'an answer to nothing': (theirs) => theirs.body(9, 0),
    'a second answer': (theirs) => {
      theirs.body(1, 0, [1, 1]);
      theirs.body(1, 0, [1, 1]);
    },
    'an answer of another shape': (theirs) => theirs.body(1, 0),
    'fewer states than ids': (theirs) => theirs.body(1, 0, [1]),
    'a state that is none': (theirs) => theirs.body(1, 0, [1, 4]),
    'a refusal without its retry': (theirs) => theirs.body(1, 14),
    'a second welcome': (theirs) => theirs.body(0, 0, 1, new Uint8Array(0), 0, 0, 0),
    'a delivery of another shape': (theirs) => theirs.body(0, 1, [[id]]),
    'a delivery of a size that is none': (theirs) => theirs.body(0, 1, [[id, new Uint8Array(100)]]),
    'no number at all': (theirs) => theirs.body('1', 0),
    'a flight': (theirs) => theirs.say({ kind: 'envelope', envelope: new Uint8Array(10) }),
    'an acknowledgement': (theirs) => theirs.say({ kind: 'accepted', seq: 0 }),
    'a close that counts flights': (theirs) => theirs.say({ kind: 'close', lastSeq: 1 }),
    'a message after the goodbye': (theirs) => {
      theirs.body(0, 5, 1, 100);
      theirs.body(1, 0, [1, 1]);
    },
    'bytes that are no record': (theirs) => void theirs.socket.write(new Uint8Array(64).fill(1)),
  };
  for (const [what, fault] of Object.entries(faults)) {
    it(`refuses ${what}: the reject frame, and a passing failure for whatever is under way`, async (t) => {
      const { requests, theirs, ended } = await meet(t);
      const asked = requests.status([id, new Uint8Array(16).fill(1)]);
      await theirs.until(({ asked: { length } }) => length === 1);
      if (what !== 'a second answer') void asked.catch(() => undefined);
      fault(theirs);
      const error = await ended;
      assert.ok(isPassing(error));
      assert.equal(error.code, 'connection-cut');
      if (what === 'a second answer') assert.deepEqual(await asked, [1, 1]);
      else await assert.rejects(asked, failsWith('connection-cut', true));
      await theirs.until((channel) => channel.ended !== undefined);
      assert.equal(theirs.ended, 'rejected');
      await assert.rejects(requests.receive(), failsWith('connection-cut', true), 'and nothing can be asked after it');
    });
  }

  const strangers: Readonly<Record<string, (channel: ScriptedChannel) => void>> = {
    'a direct peer': (channel) => channel.say({ kind: 'accepted', seq: 0 }),
    'a relay that forgets its welcome': (channel) => channel.body(0, 4, 20),
    'a welcome with a name nobody can claim': (channel) => channel.body(0, 0, 1, Buffer.from('@alice'), 0, 0, 0),
    'a relay that ends at once': (channel) => channel.socket.end(),
    'a record that does not open': (channel) => void channel.socket.write(Buffer.from('000000110a', 'hex')),
  };
  for (const [who, greet] of Object.entries(strangers)) {
    it(`is not made with ${who}`, async (t) => {
      const relay = await scriptedRelay(t, (channel: ScriptedChannel) => {
        greet(channel);
        if (who === 'a record that does not open') channel.socket.write(new Uint8Array(16));
      });
      await assert.rejects(open(relay), failsWith('handshake-failed', true));
    });
  }

  it('is closed in order once everything is answered', async (t) => {
    const { channel, requests, theirs, ended } = await meet(t);
    const asked = requests.receive();
    await theirs.until(({ asked: { length } }) => length === 1);
    const closed = channel.close();
    await assert.rejects(requests.receive(), failsWith('connection-cut', true));
    await requestsSettle();
    assert.deepEqual(theirs.said, []);
    theirs.reply(answer(1, { op: 'receive' }));
    await asked;
    await theirs.until(({ said }) => said.includes('close'));
    theirs.say({ kind: 'close', lastSeq: 0 });
    await closed;
    assert.equal(await ended, undefined);
  });

  it('does not wait for ever for a relay that answers neither requests nor the close', async (t) => {
    const { channel, requests, ended } = await meet(t);
    const asked = requests.receive();
    void asked.catch(() => undefined);
    await channel.close();
    assert.equal(await ended, undefined);
    await assert.rejects(asked, failsWith('connection-cut', true));
  });

  it('is found dead when nothing was heard for 90 seconds, pings included', async (t) => {
    const relay = await scriptedRelay(t);
    t.mock.timers.enable({ apis: ['setInterval'] });
    let time = 0;
    const { channel } = await openRelayChannel({
      relay: relay.address,
      device: bob,
      now: () => NOW,
      signal: new AbortController().signal,
      connection: 1,
      stopwatch: () => time,
    });
    const theirs = await relay.next();
    const ended = channel.run(() => undefined);
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 5) {
        time += 5_000;
        t.mock.timers.tick(5_000);
      }
      await requestsSettle();
    };
    await pass(30);
    await theirs.until(({ said }) => said.length === 1);
    theirs.say({ kind: 'pong' });
    await requestsSettle();
    await pass(85);
    assert.deepEqual(theirs.said, ['ping', 'ping', 'ping'], 'it lives as long as something comes');
    await pass(5);
    const error = await ended;
    assert.match(error?.message ?? '', /silent/);
    assert.ok(isPassing(error));
  });
});

/** Whatever is under way between the two ends of a loopback socket has come. */
async function requestsSettle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
