import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import {
  decodeSession,
  encodeSession,
  encodeSkippedKeys,
  type MailboxSession,
  newSession,
} from '../src/conversation/mailbox-session.ts';
import { isProtocolError } from '../src/errors.ts';
import { DAY, MAX_PAST_CHAINS, MAX_SKIPPED_KEYS } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { X25519PrivateKey, SecretKey } from '../src/primitives.ts';
import { dropOldKeys, mailboxReceive } from '../src/ratchet/mailbox-ratchet.ts';
import { acceptControl, type Control, controlToSend } from '../src/ratchet/pq.ts';
import { ratchetSend } from '../src/ratchet/ratchet.ts';
import type { RatchetHeader } from '../src/ratchet/ratchet-state.ts';
import { startInitiator, startResponder } from '../src/ratchet/start-from-prekeys.ts';
import { fails } from './fixtures/conversations.ts';
import { NOW } from './fixtures/devices.ts';

type Name = 'a' | 'b';
interface Message {
  readonly header: RatchetHeader;
  readonly key: string;
  readonly ctl: readonly Control[];
}

const other = (name: Name): Name => (name === 'a' ? 'b' : 'a');
const names = {
  a: { account: new Uint8Array(32), device: new Uint8Array(16) },
  b: { account: new Uint8Array(32), device: new Uint8Array(16).fill(1) },
};

/** The two ends of a mailbox session without envelopes around their headers; a started with b. */
class Talk {
  readonly sides: Record<Name, MailboxSession>;
  /** To each side: under way, and opened. */
  readonly way: Record<Name, Message[]> = { a: [], b: [] };
  readonly opened: Record<Name, Message[]> = { a: [], b: [] };
  now = NOW;

  constructor() {
    const root = new SecretKey(p.randomBytes(32));
    const spk = new X25519PrivateKey(p.randomBytes(32));
    const signedPrekey = p.x25519PublicKey(spk);
    const common = { sid: p.randomBytes(16), typingOut: long(), typingIn: long(), madeAt: NOW };
    const initiator = startInitiator(p, { root, signedPrekey, self: names.a, peer: names.b, now: NOW });
    const responder = startResponder(p, { root, signedPrekey: spk, self: names.b, peer: names.a, now: NOW });
    this.sides = {
      a: newSession({ ...common, ratchet: initiator, start: p.randomBytes(100) }),
      b: newSession({ ...common, ratchet: responder, start: new Uint8Array(0) }),
    };
  }

  send(by: Name): Message {
    const { state, header, messageKey } = ratchetSend(p, this.sides[by].ratchet, this.now);
    this.sides[by] = { ...this.sides[by], ratchet: state };
    const message = { header, key: toHex(messageKey.exposeSecretBytes()), ctl: controlToSend(state) };
    this.way[other(by)].push(message);
    return message;
  }

  open(to: Name, message: Message): void {
    const { state, messageKey } = mailboxReceive(p, this.sides[to], message.header, this.now);
    assert.equal(toHex(messageKey.exposeSecretBytes()), message.key);
    const ratchet = acceptControl(p, state.ratchet, message.ctl, this.now);
    this.sides[to] = { ...this.sides[to], ...state, ratchet };
    this.opened[to].push(message);
  }

  /** Opens what is under way to `to` at this place. */
  take(to: Name, at = 0): Message | undefined {
    const [message] = this.way[to].splice(at, 1);
    if (message !== undefined) this.open(to, message);
    return message;
  }

  /** The side is read back from what would be stored. */
  restart(name: Name): void {
    const peer = names[other(name)];
    const stored = { session: encodeSession(this.sides[name], peer), skipped: encodeSkippedKeys(this.sides[name]) };
    const { peer: of, ...again } = decodeSession(p, stored);
    assert.deepEqual(of, peer);
    assert.deepEqual(encodeSession(again, peer), stored.session);
    assert.deepEqual(encodeSkippedKeys(again), stored.skipped);
    this.sides[name] = again;
  }

  /** Both have spoken. */
  static answered(): Talk {
    const talk = new Talk();
    talk.send('a');
    talk.take('b');
    talk.send('b');
    talk.take('a');
    return talk;
  }
}

function long(): SecretKey {
  return new SecretKey(p.randomBytes(64));
}

const side = fc.constantFrom<Name>('a', 'b');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant('send' as const), side, at: fc.constant(0) }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('take' as const), side, at: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('copy' as const), side, at: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('lose' as const), side, at: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('day' as const), side, at: fc.constant(0) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('restart' as const), side, at: fc.constant(0) }) },
);

suite('the ratchet of a mailbox (§9.5)', () => {
  test('every order, copy, loss, pause and restart: each key once, and the same at both ends', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (script) => {
        const talk = new Talk();
        for (const { what, side: who, at } of script) {
          const way = talk.way[who];
          const done = talk.opened[who];
          if (what === 'send') {
            if (who === 'b' && talk.opened.b.length === 0) continue; // nothing to answer on
            talk.send(who);
          } else if (what === 'take') talk.take(who, way.length === 0 ? 0 : at % way.length);
          else if (what === 'lose') way.splice(at, 1);
          else if (what === 'day') talk.now += 13 * 3_600_000;
          else if (what === 'restart') talk.restart(who);
          else if (done.length > 0) {
            const before = encodeSession(talk.sides[who], names[other(who)]);
            const copy = done[at % done.length] as Message;
            assert.throws(() => mailboxReceive(p, talk.sides[who], copy.header, talk.now), fails('envelope-0', 'used'));
            assert.deepEqual(encodeSession(talk.sides[who], names[other(who)]), before);
          }
        }
        // Whatever is still under way opens in the end, newest first.
        for (const who of ['a', 'b'] as const) {
          while (talk.way[who].length > 0) talk.take(who, talk.way[who].length - 1);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('256 of one chain may be missing, not 257', () => {
    const talk = Talk.answered();
    const chain = Array.from({ length: 258 }, () => talk.send('a'));
    const [first, , ...rest] = chain as [Message, Message, ...Message[]];
    const far = rest.at(-1) as Message;
    const before = talk.sides.b;
    assert.throws(() => mailboxReceive(p, before, far.header, NOW), fails('envelope-0', 'skip'));
    talk.open('b', first);
    talk.open('b', far);
    assert.equal(talk.sides.b.skipped.length, 256);
    for (const message of rest.slice(0, -1).toReversed()) talk.open('b', message);
    assert.equal(talk.sides.b.skipped.length, 1);
    assert.throws(() => mailboxReceive(p, talk.sides.b, first.header, NOW), fails('envelope-0', 'used'));
  });

  test('256 may be missing in the old chain and 256 in the new one', () => {
    const talk = Talk.answered();
    const old = Array.from({ length: 257 }, () => talk.send('a'));
    talk.open('b', old[0] as Message);
    talk.send('b');
    talk.take('a');
    const fresh = Array.from({ length: 258 }, () => talk.send('a'));
    const at = (n: number): Message => fresh[n] as Message;
    assert.equal(at(256).header.pn, 257);
    const tooFar = [at(257).header, { ...at(256).header, pn: 258 }];
    for (const header of tooFar) {
      assert.throws(() => mailboxReceive(p, talk.sides.b, header, NOW), fails('envelope-0', 'skip'));
    }
    talk.open('b', at(256));
    assert.equal(talk.sides.b.skipped.length, 512);
    assert.throws(() => mailboxReceive(p, talk.sides.b, (old[0] as Message).header, NOW), fails('envelope-0', 'used'));
    for (const message of [old[256], old[1], at(0), at(255)]) talk.open('b', message as Message);
  });

  test('1,000 skipped keys are kept, the oldest go first, and each for 30 days', () => {
    const talk = Talk.answered();
    const lost: Message[] = [];
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 250; i++) lost.push(talk.send('a'));
      talk.open('b', talk.send('a'));
    }
    assert.equal(talk.sides.b.skipped.length, MAX_SKIPPED_KEYS);
    const [oldest, kept] = [lost[249] as Message, lost[250] as Message];
    assert.throws(() => mailboxReceive(p, talk.sides.b, oldest.header, NOW), fails('envelope-0', 'used'));
    mailboxReceive(p, talk.sides.b, kept.header, NOW);
    assert.equal(dropOldKeys(talk.sides.b, NOW + 30 * DAY).skipped.length, MAX_SKIPPED_KEYS);
    const late = dropOldKeys(talk.sides.b, NOW + 30 * DAY + 1);
    assert.deepEqual([late.skipped.length, late.pqKeys.length], [0, 0]);
    assert.throws(() => mailboxReceive(p, late, kept.header, NOW), fails('envelope-0', 'used'));
  });

  test('a chain before cannot have had fewer than came, and none before the first', () => {
    const talk = Talk.answered();
    talk.open('b', talk.send('a'));
    talk.send('b');
    talk.take('a');
    const { header } = talk.send('a');
    for (const pn of [0, header.pn - 1]) {
      assert.throws(() => mailboxReceive(p, talk.sides.b, { ...header, pn }, NOW), fails('envelope-0', 'pn'));
    }
    const fresh = new Talk();
    const first = fresh.send('a').header;
    assert.throws(() => mailboxReceive(p, fresh.sides.b, { ...first, pn: 1 }, NOW), fails('envelope-0', 'pn'));
  });

  test('one’s own key, one of low order and an epoch of another time are refused', () => {
    const talk = Talk.answered();
    const { header } = talk.send('a');
    const own = talk.sides.b.ratchet.own.publicKey;
    assert.throws(() => mailboxReceive(p, talk.sides.b, { ...header, dh: own }, NOW), fails('envelope-0', 'dh'));
    assert.throws(() => mailboxReceive(p, talk.sides.b, { ...header, pe: 1 }, NOW), fails('envelope-0', 'pe'));
    const low = { dh: new Uint8Array(32), pn: 1, n: 0, pe: 0 };
    assert.throws(() => mailboxReceive(p, talk.sides.b, low, NOW), fails('envelope-1', 'dh'));
    const wrong = { ...low, pe: 7 };
    assert.throws(() => mailboxReceive(p, talk.sides.b, wrong, NOW), fails('envelope-0', 'pe'));
  });

  test('what was skipped in one post-quantum epoch opens in the next ones, and not under another epoch', () => {
    const talk = Talk.answered();
    const late = talk.send('a');
    talk.way.b.length = 0;
    for (let round = 0; talk.sides.b.ratchet.pq.epoch < 3; round++) {
      talk.now += 25 * 3_600_000;
      talk.send('a');
      talk.take('b');
      talk.send('b');
      talk.take('a');
      assert.ok(round < 40, 'post-quantum epochs go on');
    }
    assert.equal(late.header.pe, 0);
    for (const pe of [1, 2, 3]) {
      const header = { ...late.header, pe };
      assert.throws(() => mailboxReceive(p, talk.sides.b, header, talk.now), fails('envelope-0', 'pe'));
    }
    assert.ok(talk.sides.b.pqKeys.some(({ epoch }) => epoch === 0));
    talk.restart('b');
    talk.open('b', late);
    assert.deepEqual(talk.sides.b.pqKeys, []);
  });

  test('keys skipped in two post-quantum epochs: each opens under its own, which goes with the last that needs it', () => {
    const talk = Talk.answered();
    const lose = (): Message => {
      const message = talk.send('a');
      talk.way.b.length = 0;
      return message;
    };
    const settled = (name: Name): boolean => {
      const { epoch, phase } = talk.sides[name].ratchet.pq;
      return epoch === 2 && phase.kind === 'settled';
    };
    const early = lose();
    for (let round = 0; !(settled('a') && settled('b')); round++) {
      if (talk.sides.a.ratchet.pq.epoch < 2) talk.now += 25 * 3_600_000;
      talk.send('a');
      talk.take('b');
      talk.send('b');
      talk.take('a');
      assert.ok(round < 40, 'post-quantum epochs go on');
    }
    const late = lose();
    talk.send('a');
    talk.take('b');
    const before = talk.sides.b;
    const kept = (): number[] => talk.sides.b.pqKeys.map(({ epoch }) => epoch);
    assert.deepEqual([early.header.pe, late.header.pe, kept()], [0, 2, [0, 2]]);
    for (const header of [
      { ...early.header, pe: 2 },
      { ...late.header, pe: 0 },
    ]) {
      assert.throws(() => mailboxReceive(p, before, header, talk.now), fails('envelope-0', 'pe'));
    }
    talk.open('b', early);
    assert.deepEqual(kept(), [2]);
    assert.equal(talk.sides.b.ratchet.heard, before.ratchet.heard + 1);
    assert.equal(talk.sides.b.ratchet.pq.flights, before.ratchet.pq.flights + 1);
    talk.sides.b = before;
    talk.open('b', late);
    assert.deepEqual(kept(), [0]);
    talk.open('b', early);
    assert.deepEqual(kept(), []);
  });

  test('what is skipped while an epoch turns opens, of the old epoch and of the new one', () => {
    const talk = Talk.answered();
    talk.now += 25 * 3_600_000;
    talk.send('a'); // with an offer, which b answers
    talk.take('b');
    talk.send('b');
    talk.take('a');
    assert.deepEqual([talk.sides.a.ratchet.pq.epoch, talk.sides.a.ratchet.pq.phase.kind], [1, 'settling']);
    // Until b has heard of it, b goes on in the old epoch.
    const [one, two, three] = [talk.send('b'), talk.send('b'), talk.send('b')];
    talk.open('a', two);
    talk.open('a', one);
    talk.send('a');
    talk.take('b');
    const [four, five] = [talk.send('b'), talk.send('b')];
    assert.deepEqual(
      [one, two, three, four, five].map(({ header }) => header.pe),
      [0, 0, 0, 1, 1],
    );
    talk.open('a', five);
    talk.restart('a');
    for (const message of [four, three]) talk.open('a', message);
    assert.deepEqual([talk.sides.a.skipped, talk.sides.a.pqKeys], [[], []]);
  });

  test('of the last 64 chains a copy is known for one, and of an older one of which a key is stored', () => {
    const talk = Talk.answered();
    const sent: Message[] = [];
    for (let round = 0; round < MAX_PAST_CHAINS + 3; round++) {
      sent.push(talk.send('a'));
      talk.take('b');
      if (round === 1) {
        talk.send('a');
        talk.way.b.length = 0; // lost, so that its key is stored
      }
      talk.send('b');
      talk.take('a');
    }
    assert.equal(talk.sides.b.pastChains.length, MAX_PAST_CHAINS);
    assert.equal(talk.sides.b.skipped.length, 1);
    assert.ok(!talk.sides.b.pastChains.some((dh) => toHex(dh) === toHex(sent[1]?.header.dh ?? assert.fail())));
    for (const { header } of sent.slice(1)) {
      assert.throws(() => mailboxReceive(p, talk.sides.b, header, NOW), fails('envelope-0', 'used'));
    }
    const forgotten = sent[0] as Message;
    assert.throws(
      () => mailboxReceive(p, talk.sides.b, forgotten.header, NOW),
      (error) => isProtocolError(error, 'envelope-0', 'envelope-1'),
    );
  });
});
