import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { concat, toHex, utf8 } from '../src/bytes.ts';
import { DAY, MLKEM_CT_SIZE, MLKEM_EK_SIZE, PQ_STEP_FLIGHTS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { Primitives } from '../src/primitives.ts';
import { acceptControl, type Control, controlToSend, stepDue } from '../src/ratchet/pq.ts';
import { ratchetReceive, ratchetSend } from '../src/ratchet/ratchet.ts';
import type { RatchetState } from '../src/ratchet/ratchet-state.ts';
import { fails, type Message, NOW, other, Talk } from './fixtures/ratchet-talk.ts';

suite('post-quantum steps (§6)', () => {
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

  test('the key of an epoch comes from the one before, the secret and its own number', () => {
    const talk = new Talk();
    for (const [epoch, offering] of [
      [1, 'server'],
      [2, 'client'],
    ] as const) {
      talk.now += DAY;
      const before = talk.sides[offering].pq.key.exposeSecretBytes().slice();
      const { ctl } = talk.send(offering);
      let secret = new Uint8Array(0);
      const overheard: Primitives = {
        ...p,
        mlKemEncapsulate: (key) => {
          const made = p.mlKemEncapsulate(key);
          secret = made.shared.exposeSecretBytes().slice();
          return made;
        },
      };
      const { phase } = acceptControl(overheard, talk.sides[other(offering)], ctl, talk.now).pq;
      assert.ok(phase.kind === 'answering');
      // u16(32) ‖ u8(12) ‖ "waxwing/1 pq" ‖ u8(4) ‖ u32(epoch), by another HKDF than ours
      const info = concat(Uint8Array.of(0, 32, 12), utf8('waxwing/1 pq'), Uint8Array.of(4, 0, 0, 0, epoch));
      const wanted = new Uint8Array(hkdfSync('sha256', secret, before, info, 32));
      assert.equal(toHex(phase.next.exposeSecretBytes()), toHex(wanted));
      talk.drain();
      for (const name of [other(offering), offering, other(offering)]) talk.pass(name);
      assert.deepEqual(talk.epochs(), [epoch, epoch]);
    }
  });

  test('while a step is under way, no epoch but the two of it is taken', () => {
    const talk = new Talk();
    talk.now += DAY;
    talk.pass('server');
    talk.pass('client'); // the client answers and is in 0, the server has moved to 1
    assert.deepEqual(talk.epochs(), [1, 0]);
    const fromServer = talk.send('server').header;
    for (const pe of [2, 3]) {
      assert.throws(() => ratchetReceive(p, talk.sides.client, { ...fromServer, pe }, NOW), fails('envelope-0', 'pe'));
    }
    const fromClient = talk.send('client').header;
    for (const pe of [2, 3]) {
      assert.throws(() => ratchetReceive(p, talk.sides.server, { ...fromClient, pe }, NOW), fails('envelope-0', 'pe'));
    }
    talk.drain();
  });

  test('the last epoch offers no other', () => {
    const talk = new Talk(false);
    const { server } = talk.sides;
    const at = (epoch: number): RatchetState => ({ ...server, pq: { ...server.pq, epoch } });
    // The larger side offers even epochs: 2^32 would be one, 2^32 − 2 is one.
    const offers = (epoch: number): number => controlToSend(ratchetSend(p, at(epoch), NOW + DAY).state).length;
    assert.equal(offers(2 ** 32 - 3), 1);
    assert.equal(offers(2 ** 32 - 1), 0);
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
      ['unknown', 1, answer],
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
