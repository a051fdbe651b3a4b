/**
 * Attacks from inside: a peer who completed the handshake, or has stolen all its secrets, makes envelopes whose HMAC
 * holds. What then stops it is the rest of the list (§5.4). The same attacks from outside stand in the other files.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Bytes, concat, equalBytes, utf8 } from '../../src/bytes.ts';
import { encodeCbor } from '../../src/codec/cbor.ts';
import { encodeStatement } from '../../src/codec/statement.ts';
import { KIND_LIVE, KIND_MAILBOX, KIND_ROOM } from '../../src/envelope/header.ts';
import { commitItem, encodeMessageStatement, statementContext } from '../../src/envelope/message-statement.ts';
import type { ProtocolErrorCode } from '../../src/errors.ts';
import { KIND_HANDSHAKE_SERVER } from '../../src/labels.ts';
import { CBC_BLOCK_SIZE } from '../../src/limits.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import type { Primitives } from '../../src/primitives.ts';
import {
  clientSide,
  fails,
  Forger,
  type Forgery,
  forgerAndClient,
  newSession,
  pair,
  say,
  texts,
} from '../fixtures/conversations.ts';
import { alice, aliceAccount, aliceSecond, bob, carol, NOW } from '../fixtures/devices.ts';

/** A text of alice's, and what she signs for it as the first flight of a session. */
const WORDS = { type: 'text/plain', body: utf8('pay bob 5'), opening: new Uint8Array(32).fill(7) };

function signedBy(
  sid: Bytes,
  to = bob,
  changes: Partial<{ seq: number; prev: Bytes; sent: number; ttl: number }> = {},
) {
  const context = statementContext(p, { sid, from: alice.bundle, to: to.bundle });
  const flight = { seq: 1, prev: new Uint8Array(32), sent: NOW, ttl: 60, ...changes };
  return encodeMessageStatement(p, context, { ...flight, commitments: [commitItem(p, WORDS)] });
}

/** The bytes with one bit of one of them turned. */
function turn(bytes: Bytes, at: number): Bytes {
  const turned = bytes.slice();
  turned[at] = (turned[at] as number) ^ 1;
  return turned;
}

/** Primitives that write down which operations on secrets ran. */
function watched(): { readonly primitives: Primitives; readonly ran: string[] } {
  const ran: string[] = [];
  return {
    ran,
    primitives: {
      ...p,
      unwrapOaep: (...args) => {
        ran.push('unwrap');
        return p.unwrapOaep(...args);
      },
      decryptCbc: (...args) => {
        ran.push('decrypt');
        return p.decryptCbc(...args);
      },
      verifyPss: (...args) => {
        ran.push('verify');
        return p.verifyPss(...args);
      },
    },
  };
}

interface Insider {
  readonly attack: string;
  readonly forgery: (sid: Bytes) => Forgery;
  /** Honest flights before it; none where absent. */
  readonly after?: number;
  readonly stop: ProtocolErrorCode;
  readonly check?: string;
}

const INSIDERS: readonly Insider[] = [
  {
    attack: 'A01 the IV rewritten',
    forgery: () => ({ iv: (iv) => turn(iv, 3) }),
    stop: 'envelope-3',
  },
  {
    attack: 'A05 words that alice signed for another session',
    forgery: () => ({ items: [WORDS], statement: signedBy(new Uint8Array(16)) }),
    stop: 'envelope-5',
  },
  {
    attack: 'A05 words that alice signed for carol',
    forgery: (sid) => ({ items: [WORDS], statement: signedBy(sid, carol) }),
    stop: 'envelope-5',
  },
  {
    attack: 'A06 an old signed text under a new time',
    forgery: (sid) => ({ items: [WORDS], statement: signedBy(sid, bob, { sent: NOW - 3_600_000 }) }),
    stop: 'envelope-5',
  },
  {
    attack: 'A06 another ttl than the signed one',
    forgery: (sid) => ({ items: [WORDS], statement: signedBy(sid, bob, { ttl: 61 }) }),
    stop: 'envelope-5',
  },
  {
    attack: 'A06 a life of a day, signed',
    forgery: () => ({ payload: { ttl: 86_400 } }),
    stop: 'envelope-4',
    check: 'ttl',
  },
  {
    attack: 'A12 a time that is text',
    forgery: () => ({ plain: encodeCbor([[['text/plain', utf8('x'), WORDS.opening]], '1800000000000', 60, 1]) }),
    stop: 'envelope-3',
  },
  {
    attack: 'A13 a signature of zeros',
    forgery: () => ({ payload: { signature: new Uint8Array(256) } }),
    stop: 'envelope-5',
  },
  {
    attack: "A13 a signature of the account's key",
    forgery: () => ({ signKey: aliceAccount.privateKey }),
    stop: 'envelope-5',
  },
  {
    attack: 'A13 a signature of another device of the account',
    forgery: () => ({ signKey: aliceSecond.signKey }),
    stop: 'envelope-5',
  },
  {
    attack: 'A17 a wrap made for another envelope',
    forgery: () => ({ label: concat(utf8('waxwing/1 wrap\n'), new Uint8Array(32)) }),
    stop: 'envelope-3',
  },
  {
    attack: 'A17 a wrap without a label',
    forgery: () => ({ label: new Uint8Array() }),
    stop: 'envelope-3',
  },
  {
    attack: 'A18 a pickle where the plain text belongs',
    forgery: () => ({ plain: utf8("cos\nsystem\n(S'id'\ntR.") }),
    stop: 'envelope-3',
  },
  {
    attack: 'A23 a flight left out in the middle',
    forgery: () => ({ payload: { seq: 3 } }),
    after: 1,
    stop: 'envelope-4',
    check: 'seq',
  },
  {
    attack: 'A23 M10 a chain forked',
    forgery: () => ({ payload: { prev: new Uint8Array(32).fill(1) } }),
    stop: 'envelope-4',
    check: 'prev',
  },
  {
    attack: 'A28 more padding than is due, to mark a message',
    forgery: () => ({ padded: concat(utf8('x'), Uint8Array.of(0x80), new Uint8Array(1021)) }),
    stop: 'envelope-3',
    check: 'padding',
  },
  {
    attack: 'M4 an envelope of a mailbox',
    forgery: () => ({ header: { kind: KIND_MAILBOX } }),
    stop: 'envelope-0',
    check: 'kind',
  },
  {
    attack: 'M4 an envelope of a room',
    forgery: () => ({ header: { kind: KIND_ROOM } }),
    stop: 'envelope-0',
    check: 'kind',
  },
  {
    attack: 'M9 a signature over a statement of the handshake',
    forgery: () => ({ statement: encodeStatement(KIND_HANDSHAKE_SERVER, [['th', '00'.repeat(32)]]) }),
    stop: 'envelope-5',
  },
  {
    attack: 'M22 a key that comes with the message',
    forgery: () => ({ payload: { ctl: [['key', carol.bundle.certificate.signKey.spki]] }, signKey: carol.signKey }),
    stop: 'envelope-5',
  },
  {
    attack: 'M27 a commitment to another key',
    forgery: () => ({ kc: (kc) => turn(kc, 31) }),
    stop: 'envelope-3',
    check: 'commitment',
  },
];

suite('behind a good HMAC', () => {
  for (const { attack, forgery, after = 0, stop, check } of INSIDERS) {
    test(`${attack}: stopped at ${stop}, and nothing of it is told or kept`, async () => {
      const session = newSession();
      const forger = new Forger({ session, device: alice, peer: bob });
      const client = clientSide({ session, device: bob, peer: alice });
      for (let i = 0; i < after; i++) await client.open(await forger.forge({ text: 'an honest one' }), NOW);
      const before = client.chain;
      await assert.rejects(client.open(await forger.forge(forgery(session.sid)), NOW), (error) => {
        fails(stop, check)(error);
        assert.doesNotMatch(String(error), /pay bob|honest/);
        return true;
      });
      assert.deepEqual(client.chain, before);
      assert.equal(client.failuresBehindHmac, stop === 'envelope-0' ? 0 : 1);
    });
  }

  test('the forger is no straw man: changing nothing, it is heard', async () => {
    const { forger, client } = forgerAndClient();
    assert.deepEqual(texts(await client.open(await forger.forge({ text: 'hello' }), NOW)), ['hello']);
  });

  test('A02 A12 dated a century ahead: signed and whole, its words are not shown all the same', async () => {
    const { forger, client } = forgerAndClient();
    const opened = await client.open(await forger.forge({ payload: { sent: NOW + 3_155_760_000_000 } }), NOW);
    assert.deepEqual([opened.outcome, opened.items], ['too-old', []]);
  });

  test('A05 a flight of alice to bob, opened by bob, is nothing he can show carol as said to her', async () => {
    const honest = pair();
    const sealed = await say(honest.server, 'pay bob 5');
    const opened = await honest.client.open(sealed.envelope, NOW);
    // Bob has everything the flight held. Between alice and carol it takes alice's key, which he has not.
    const session = newSession();
    const impostor = new Forger({ session, device: alice, peer: carol });
    const victim = clientSide({ session, device: carol, peer: alice });
    const envelope = await impostor.forge({
      items: opened.items,
      payload: { signature: opened.signature, sent: opened.sent, seq: opened.seq },
    });
    await assert.rejects(victim.open(envelope, NOW), fails('envelope-5', 'signature'));
    // And in his own name it is his statement, not hers.
    const own = newSession();
    const bobAsBob = new Forger({ session: own, device: bob, peer: carol });
    const listener = clientSide({ session: own, device: carol, peer: bob });
    const claimed = await bobAsBob.forge({ items: opened.items, payload: { signature: opened.signature } });
    await assert.rejects(listener.open(claimed, NOW), fails('envelope-5', 'signature'));
  });

  test('A11 M11 a key that failed is burnt too: the same envelope, mended or not, is not asked twice', async () => {
    const { forger, client } = forgerAndClient();
    const envelope = await forger.forge({ payload: { signature: new Uint8Array(256) } });
    await assert.rejects(client.open(envelope, NOW), fails('envelope-5'));
    await assert.rejects(client.open(envelope, NOW), fails('envelope-0', 'n'));
  });

  test('A15 A16 M16 wrap, commitment, cipher, padding and plain text fail as one, with the same work up to there', async () => {
    const wrong: Forgery[] = [
      { wrap: new Uint8Array(256) },
      { wrap: new Uint8Array(256).fill(255) }, // not below the modulus
      { wrapKey: carol.bundle.certificate.wrapKey },
      { wrap: p.randomBytes(256) },
    ];
    for (const forgery of wrong) {
      const { primitives, ran } = watched();
      const { forger, client } = forgerAndClient({ p: primitives });
      await assert.rejects(client.open(await forger.forge(forgery), NOW), fails('envelope-3', 'commitment'));
      assert.deepEqual(ran, ['unwrap']); // one question to the RSA key for each message key, whatever the answer
    }
    for (const forgery of [
      { ct: (ct: Bytes) => turn(ct, ct.length - CBC_BLOCK_SIZE - 1) },
      { plain: new Uint8Array() },
    ]) {
      const { primitives, ran } = watched();
      const { forger, client } = forgerAndClient({ p: primitives });
      await assert.rejects(client.open(await forger.forge(forgery), NOW), fails('envelope-3'));
      assert.deepEqual(ran, ['unwrap', 'decrypt']);
    }
  });

  test('M15 M20 the order is frozen: of many faults the first in the list is named, and nothing behind it runs', async () => {
    const everything: Forgery = {
      header: { kind: KIND_LIVE },
      kc: (kc) => turn(kc, 0),
      payload: { ttl: 1, signature: new Uint8Array(256) },
    };
    const { primitives, ran } = watched();
    const { forger, client } = forgerAndClient({ p: primitives });
    const envelope = await forger.forge(everything);
    await assert.rejects(client.open(turn(envelope, envelope.length - 1), NOW), fails('envelope-1', 'hmac'));
    assert.deepEqual(ran, []);
    await assert.rejects(client.open(envelope, NOW), fails('envelope-3', 'commitment'));
    assert.deepEqual(ran, ['unwrap']);
    const { kc: _, ...withoutCommitment } = everything;
    const next = forgerAndClient({ p: primitives });
    await assert.rejects(next.client.open(await next.forger.forge(withoutCommitment), NOW), fails('envelope-4', 'ttl'));
    assert.deepEqual(ran, ['unwrap', 'unwrap', 'decrypt']);
  });

  test('A14 A04 M5 two flights of the same words have no byte string in common but what is public', async () => {
    const { server } = pair();
    const first = (await say(server, 'no')).envelope;
    const second = (await say(server, 'no')).envelope;
    const HEADER = 2 + 2 + 74; // both heads and hdr: session, device and key of the ratchet are the same
    for (let at = HEADER; at + 8 <= first.length; at++) {
      assert.ok(!equalBytes(first.subarray(at, at + 8), second.subarray(at, at + 8)), `the same at ${String(at)}`);
    }
  });
});
