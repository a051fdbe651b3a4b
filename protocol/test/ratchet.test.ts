import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../src/errors.ts';
import { DAY, MLKEM_CT_SIZE, MLKEM_EK_SIZE, PQ_STEP_FLIGHTS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { SecretKey, X25519PrivateKey } from '../src/primitives.ts';
import { acceptControl, type Control, controlToSend, stepDue } from '../src/ratchet/pq.ts';
import { ratchetReceive, ratchetSend, startRatchet } from '../src/ratchet/ratchet.ts';
import type { RatchetHeader, RatchetState } from '../src/ratchet/ratchet-state.ts';
import { loadVectors } from './vectors/load.ts';
import { type RatchetFile, runRatchet } from './vectors/ratchet.ts';

const NOW = 1_800_000_000_000;

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`ratchet.json: every entry ends as it says (§6), on ${name}`, async () => {
    const file = loadVectors('ratchet') as RatchetFile;
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runRatchet(file, primitives), { ran: file.count, good: file.good });
  });
}

interface Message {
  readonly header: RatchetHeader;
  readonly key: string;
  readonly ctl: readonly Control[];
}

type Name = 'server' | 'client';

/** Two sides and what is on its way between them, in order. */
class Talk {
  readonly sides: Record<Name, RatchetState>;
  readonly #way: Record<Name, Message[]> = { server: [], client: [] };
  now = NOW;

  /** `server` names the smaller account where `serverSmaller`. */
  constructor(serverSmaller = true) {
    const root = new SecretKey(p.randomBytes(32));
    const ownDh = new X25519PrivateKey(p.randomBytes(32));
    const low = { account: new Uint8Array(32), device: new Uint8Array(16) };
    const high = { account: new Uint8Array(32), device: new Uint8Array(16).fill(1) };
    const [server, client] = serverSmaller ? [low, high] : [high, low];
    this.sides = {
      server: startRatchet(p, {
        role: 'server',
        root,
        peerDh: p.x25519PublicKey(ownDh),
        self: server,
        peer: client,
        now: NOW,
      }),
      client: startRatchet(p, { role: 'client', root, ownDh, self: client, peer: server, now: NOW }),
    };
  }

  send(by: Name): Message {
    const { state, header, messageKey } = ratchetSend(p, this.sides[by], this.now);
    this.sides[by] = state;
    const message = { header, key: toHex(messageKey.exposeSecretBytes()), ctl: controlToSend(state) };
    this.#way[other(by)].push(message);
    return message;
  }

  /** The next one on its way to `to`, opened and, unless it is too old, accepted. */
  receive(to: Name, accepted = true): Message | undefined {
    const message = this.#way[to].shift();
    if (message === undefined) return undefined;
    const { state, messageKey } = ratchetReceive(p, this.sides[to], message.header, this.now);
    assert.equal(toHex(messageKey.exposeSecretBytes()), message.key);
    this.sides[to] = accepted ? acceptControl(p, state, message.ctl, this.now) : state;
    return message;
  }

  pass(by: Name, accepted = true): Message {
    this.send(by);
    const message = this.receive(other(by), accepted);
    assert.ok(message !== undefined);
    return message;
  }

  drain(): void {
    while (this.receive('server') !== undefined || this.receive('client') !== undefined);
  }

  epochs(): [number, number] {
    return [this.sides.server.pq.epoch, this.sides.client.pq.epoch];
  }
}

function other(name: Name): Name {
  return name === 'server' ? 'client' : 'server';
}

function fails(code: ProtocolErrorCode, check: string): (error: unknown) => boolean {
  return (error) => isProtocolError(error, code) && error.check === check;
}

suite('schedules', () => {
  test('whatever the order of talking, both sides have the same keys, through post-quantum steps too', () => {
    const step = fc.constantFrom('server', 'client', 'to server', 'to client', 'to server', 'to client', 'a day');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, smaller) => {
        const talk = new Talk(smaller);
        for (const each of steps) {
          if (each === 'a day') talk.now += DAY;
          else if (each === 'server' || each === 'client') talk.send(each);
          else talk.receive(each === 'to server' ? 'server' : 'client');
        }
        talk.drain();
        for (const name of ['server', 'client', 'server', 'client'] as const) talk.pass(name);
        const [a, b] = talk.epochs();
        assert.ok(Math.abs(a - b) <= 1);
      }),
      { numRuns: 40 },
    );
  });

  test('a key is used once: no two messages of a talk have the same', () => {
    const talk = new Talk();
    const keys = new Set<string>();
    for (let i = 0; i < 60; i++) keys.add(talk.pass(i % 3 === 0 ? 'client' : 'server').key);
    assert.equal(keys.size, 60);
  });

  test('a state stays as it was: the same step from it gives the same again', () => {
    const talk = new Talk();
    const before = talk.sides.client;
    const message = talk.send('server');
    const first = ratchetReceive(p, before, message.header, NOW);
    const again = ratchetReceive(p, before, message.header, NOW);
    assert.equal(toHex(first.messageKey.exposeSecretBytes()), toHex(again.messageKey.exposeSecretBytes()));
    assert.throws(() => ratchetReceive(p, first.state, message.header, NOW), fails('envelope-0', 'n'));
  });

  test('a second new key without an answer between is refused', () => {
    const talk = new Talk();
    talk.pass('server');
    const dh = p.x25519PublicKey(new X25519PrivateKey(p.randomBytes(32)));
    const header = { dh, pn: 1, n: 0, pe: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.client, header, NOW), fails('envelope-1', 'dh'));
  });

  test('a chain ends at 2^32, on either side', () => {
    const talk = new Talk();
    talk.pass('server');
    const { server, client } = talk.sides;
    assert.ok(server.sending.kind === 'ready' && client.receiving !== undefined);
    const n = 2 ** 32;
    const spent: RatchetState = { ...server, sending: { ...server.sending, n } };
    assert.throws(() => ratchetSend(p, spent, NOW), fails('reuse', 'n'));
    const waiting: RatchetState = { ...client, receiving: { ...client.receiving, n } };
    const header = { dh: server.own.publicKey, pn: 0, n, pe: 0 };
    assert.throws(() => ratchetReceive(p, waiting, header, NOW), fails('envelope-0', 'n'));
  });

  test('a first envelope that leaves out some of the chain before is refused', () => {
    const talk = new Talk();
    for (const name of ['client', 'server', 'client'] as const) talk.pass(name);
    const { header } = talk.send('server');
    for (const pn of [header.pn - 1, header.pn + 1]) {
      assert.throws(() => ratchetReceive(p, talk.sides.client, { ...header, pn }, NOW), fails('envelope-0', 'pn'));
    }
    talk.receive('client');
  });

  test('a key that gives no secret is refused, and a defect of the primitives is none of that', () => {
    const talk = new Talk();
    const header = { dh: new Uint8Array(32), pn: 0, n: 0, pe: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.client, header, NOW), fails('envelope-1', 'dh'));
    const defect = (): never => {
      throw new TypeError('not a refusal');
    };
    const message = talk.send('server');
    assert.throws(() => ratchetReceive({ ...p, x25519: defect }, talk.sides.client, message.header, NOW), TypeError);
    talk.now += DAY;
    const [offer] = talk.send('server').ctl;
    assert.ok(offer !== undefined);
    assert.throws(() => acceptControl({ ...p, mlKemEncapsulate: defect }, talk.sides.client, [offer], NOW), TypeError);
  });

  test('the own key coming back is refused', () => {
    const talk = new Talk();
    talk.pass('server');
    const { header } = talk.pass('client');
    const mirrored = { ...header, pn: 1, n: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.client, mirrored, NOW), fails('envelope-0', 'dh'));
  });
});

suite('post-quantum steps', () => {
  const names = (message: Message): unknown[] => message.ctl.map(([name, epoch]) => `${String(name)} ${String(epoch)}`);

  test('after 50 flights the smaller side offers epoch 1, until it is answered and the answer is seen', () => {
    const talk = new Talk();
    for (let i = 0; i < PQ_STEP_FLIGHTS; i++) assert.deepEqual(names(talk.pass('server')), []);
    assert.deepEqual(names(talk.pass('server')), ['ek 1']);
    assert.deepEqual(names(talk.pass('server')), ['ek 1']); // again, until answered
    const answer = talk.pass('client');
    assert.deepEqual([names(answer), answer.header.pe], [['ct 1'], 0]);
    const again = talk.send('client'); // sent before it sees the new epoch
    assert.deepEqual([names(again), again.header.pe], [['ct 1'], 0]);
    const moved = talk.pass('server');
    assert.deepEqual([names(moved), moved.header.pe], [[], 1]);
    talk.receive('server'); // of epoch 0, still taken
    const settled = talk.pass('client');
    assert.deepEqual([names(settled), settled.header.pe], [[], 1]);
    assert.deepEqual(talk.epochs(), [1, 1]);
    // From here epoch 0 is over for both.
    const old = { ...settled.header, n: settled.header.n + 1, pe: 0 };
    assert.throws(() => ratchetReceive(p, talk.sides.server, old, NOW), fails('envelope-0', 'pe'));
  });

  test('the other side offers epoch 2, and never the first', () => {
    const talk = new Talk(false);
    talk.now += DAY;
    assert.deepEqual(names(talk.pass('server')), []);
    assert.deepEqual(names(talk.pass('client')), ['ek 1']);
    talk.pass('server');
    talk.pass('client');
    assert.deepEqual(talk.epochs(), [1, 1]);
    talk.now += DAY;
    assert.deepEqual(names(talk.pass('client')), []);
    assert.deepEqual(names(talk.pass('server')), ['ek 2']);
    talk.pass('client');
    talk.pass('server');
    assert.deepEqual(talk.epochs(), [2, 2]);
  });

  test('flights and time of the next step count from the one before', () => {
    const inEpoch1 = (): Talk => {
      const talk = new Talk();
      talk.now += DAY;
      for (const name of ['server', 'client', 'server', 'client'] as const) talk.pass(name);
      assert.deepEqual(talk.epochs(), [1, 1]);
      return talk;
    };
    const busy = inEpoch1(); // the client has counted two of this epoch
    for (let i = 2; i < PQ_STEP_FLIGHTS - 1; i++) busy.pass('server');
    const early = inEpoch1();
    for (let i = 2; i < PQ_STEP_FLIGHTS - 1; i++) early.pass('server');
    assert.deepEqual(names(early.pass('client')), []);
    busy.pass('server');
    assert.deepEqual(names(busy.pass('client')), ['ek 2']);
    const quiet = inEpoch1();
    quiet.now += DAY - 1;
    assert.deepEqual(names(quiet.pass('client')), []);
    quiet.now += 1;
    assert.deepEqual(names(quiet.pass('client')), ['ek 2']);
    for (const name of ['server', 'client'] as const) quiet.pass(name);
    assert.deepEqual(quiet.epochs(), [2, 2]);
    quiet.now += DAY - 1;
    assert.deepEqual(names(quiet.pass('server')), []);
    quiet.now += 1;
    assert.deepEqual(names(quiet.pass('server')), ['ek 3']);
  });

  test('a step changes the keys even for one who knows every X25519 secret', () => {
    const talk = new Talk();
    talk.now += DAY;
    talk.pass('server');
    talk.pass('client');
    const { pq } = talk.sides.server;
    assert.notEqual(toHex(pq.key.exposeSecretBytes()), toHex(talk.sides.client.pq.key.exposeSecretBytes()));
    talk.pass('server');
    assert.equal(
      toHex(talk.sides.server.pq.key.exposeSecretBytes()),
      toHex(talk.sides.client.pq.key.exposeSecretBytes()),
    );
  });

  test('an offer in a flight that was not accepted counts for nothing, and comes again', () => {
    const talk = new Talk();
    talk.now += DAY;
    assert.deepEqual(names(talk.pass('server', false)), ['ek 1']);
    assert.deepEqual(names(talk.pass('client')), []);
    assert.deepEqual(names(talk.pass('server')), ['ek 1']);
    assert.deepEqual(names(talk.pass('client')), ['ct 1']);
  });

  test('of several offers the first counts', () => {
    const talk = new Talk();
    talk.now += DAY;
    const [offer] = talk.send('server').ctl;
    const another = new Talk();
    another.now += DAY;
    const [stranger] = another.send('server').ctl;
    assert.ok(offer !== undefined && stranger !== undefined);
    const once = acceptControl(p, talk.sides.client, [offer, stranger], NOW);
    assert.equal(acceptControl(p, once, [stranger], NOW), once);
    const back = acceptControl(p, talk.sides.server, controlToSend(once), NOW);
    assert.equal(back.pq.epoch, 1);
  });

  test('what is from the wrong side, for another epoch, of a wrong size or shape is ignored', () => {
    const talk = new Talk();
    talk.now += DAY;
    const [offer] = talk.send('server').ctl;
    const [, , key] = offer as unknown as [string, number, Uint8Array];
    const { server, client } = talk.sides;
    const answer = new Uint8Array(MLKEM_CT_SIZE);
    const ignoredByClient: Control[] = [
      ['ek', 2, key],
      ['ek', 0, key],
      ['ek', '1', key],
      ['ek', 1, key.subarray(1)],
      ['ek', 1, new Uint8Array(MLKEM_EK_SIZE).fill(255)], // no coefficient below the modulus
      ['ek', 1, key, 0],
      ['ek', 1],
      ['ct', 1, answer], // nothing was offered
      ['unknown', 1, key],
      ['ek'],
    ];
    for (const entry of ignoredByClient) assert.equal(acceptControl(p, client, [entry], NOW), client);
    const ignoredByServer: Control[] = [
      ['ek', 1, key],
      ['ct', 2, answer],
      ['ct', 1, answer.subarray(1)],
    ];
    for (const entry of ignoredByServer) assert.equal(acceptControl(p, server, [entry], NOW), server);
    // Before it is due, the right side's own state ignores an answer too.
    assert.equal(acceptControl(p, new Talk().sides.server, [['ct', 1, answer]], NOW).pq.epoch, 0);
  });

  test('an epoch that cannot come is refused before any key is derived', () => {
    const talk = new Talk();
    const { header } = talk.send('server');
    for (const pe of [1, 2, 2 ** 32 - 1]) {
      assert.throws(() => ratchetReceive(p, talk.sides.client, { ...header, pe }, NOW), fails('envelope-0', 'pe'));
    }
  });

  test('a side that only listens owes a step after 50 flights or a day, and none after it spoke', () => {
    const talk = new Talk();
    assert.equal(stepDue(talk.sides.client, NOW + 10 * DAY), false); // nothing heard
    talk.pass('server');
    assert.equal(stepDue(talk.sides.client, NOW + DAY - 1), false);
    assert.equal(stepDue(talk.sides.client, NOW + DAY), true);
    for (let i = 1; i < PQ_STEP_FLIGHTS; i++) talk.pass('server');
    assert.equal(stepDue(talk.sides.client, NOW), true);
    talk.pass('client');
    assert.equal(stepDue(talk.sides.client, NOW + DAY), false);
  });

  test('one-way talk heals: the listener answers in its steps', () => {
    const talk = new Talk(false); // the listening client begins
    for (let i = 0; i < 4 * PQ_STEP_FLIGHTS; i++) {
      talk.pass('server');
      if (stepDue(talk.sides.client, talk.now)) talk.pass('client');
    }
    assert.ok(talk.sides.server.pq.epoch >= 1);
    assert.ok(talk.sides.client.pq.epoch >= 1);
  });
});

test('random headers only give ProtocolError', () => {
  const talk = new Talk();
  for (let i = 0; i < 3; i++) talk.pass(i % 2 === 0 ? 'server' : 'client');
  const u32 = fc.oneof(fc.nat(4), fc.nat(2 ** 31 - 1));
  const dh = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.constantFrom(talk.sides.server.own.publicKey, talk.sides.client.own.publicKey),
  );
  fc.assert(
    fc.property(fc.record({ dh, pn: u32, n: u32, pe: u32 }), (header) => {
      try {
        ratchetReceive(p, talk.sides.client, { ...header, dh: new Uint8Array(header.dh) }, NOW);
      } catch (error) {
        assert.ok(isProtocolError(error, 'envelope-0', 'envelope-1'));
      }
    }),
    { numRuns: 200 },
  );
});
