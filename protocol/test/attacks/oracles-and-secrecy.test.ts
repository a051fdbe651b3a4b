/** A14 A15 A16 A28 A29 A30: what can be learnt without a key, from answers, from sizes, and with a key that came too late. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { concat, equalBytes, textOf, toHex, utf8 } from '../../src/bytes.ts';
import { decodeEnvelope, encodeCovered, encodeEnvelope } from '../../src/envelope/envelope.ts';
import { contentKey, keyCommitment, wrapLabel } from '../../src/envelope/layer-keys.ts';
import { isProtocolError } from '../../src/errors.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { type Primitives, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import type { RatchetState } from '../../src/ratchet/ratchet-state.ts';
import { ratchetReceive, ratchetSend, startRatchet } from '../../src/ratchet/ratchet.ts';
import { alice, bob, NOW } from '../fixtures/devices.ts';
import { flight, livePair, type LivePair, stoppedAt } from './live-pair.ts';

suite('A14 confirmation of a guessed text', () => {
  const guesses = ['yes', 'no', 'maybe', 'tomorrow'];

  test('A14 waxwing holds: no signature is in sight, and even with statement and signature no guess is confirmed', async () => {
    const { server } = livePair();
    const { envelope, statement, signature, items } = await server.seal(flight('no'));
    assert.ok(!toHex(envelope).includes(toHex(signature)));
    const signed = textOf(statement) ?? '';
    const confirms = (opening: Uint8Array, guess: string): boolean => {
      const commitment = p.sha256(concat(opening, utf8(`text/plain\n${guess}`)));
      return signed.includes(toHex(p.sha256(commitment)));
    };
    // Every opening an eavesdropper could read off the wire.
    for (let at = 0; at + 32 <= envelope.length; at++) {
      const opening = envelope.subarray(at, at + 32);
      assert.deepEqual(
        guesses.filter((guess) => confirms(opening, guess)),
        [],
      );
    }
    // The test can tell: whoever is given the opening is convinced.
    const [item] = items;
    assert.ok(item !== undefined);
    assert.deepEqual(
      guesses.filter((guess) => confirms(item.opening, guess)),
      ['no'],
    );
  });
});

/** How often an end did what only the holder of the keys may be made to do. */
function counting(): { primitives: Primitives; counts: { unwrap: number; decrypt: number } } {
  const counts = { unwrap: 0, decrypt: 0 };
  const primitives: Primitives = {
    ...p,
    unwrapOaep: (...input) => {
      counts.unwrap += 1;
      return p.unwrapOaep(...input);
    },
    decryptCbc: (...input) => {
      counts.decrypt += 1;
      return p.decryptCbc(...input);
    },
  };
  return { primitives, counts };
}

suite('A15 CBC padding oracle', () => {
  test('A15 waxwing holds at 1: every question has the same answer, and nothing is unwrapped or decrypted for it', async () => {
    const { primitives, counts } = counting();
    const { server, client } = livePair({ client: { primitives } });
    const { envelope } = await server.seal(flight('the safe opens at 31-04-15'));
    const read = decodeEnvelope(envelope);
    const answers = new Set<string>();
    for (let value = 0; value < 256; value += 5) {
      const iv = new Uint8Array(16).fill(value);
      const covered = encodeCovered({ ...read, iv });
      for (const tag of [read.tag, p.hmacSha256(read.kc, covered)]) {
        const error: unknown = await client.open(encodeEnvelope(covered, tag), NOW).catch((caught: unknown) => caught);
        answers.add(isProtocolError(error) ? `${error.code} ${error.check} ${error.message}` : String(error));
      }
    }
    assert.equal(answers.size, 1);
    assert.ok([...answers][0]?.startsWith('envelope-1 '));
    assert.deepEqual(counts, { unwrap: 0, decrypt: 0 });
  });

  test('A15 waxwing holds behind a good HMAC: bad wrap and bad padding are one error, and a key answers once', async () => {
    const badWrap: Primitives = { ...p, wrapOaep: () => Promise.resolve(p.randomBytes(256)) };
    const shortKey: Primitives = { ...p, wrapOaep: (key, label) => p.wrapOaep(key, label, new Uint8Array(16)) };
    const badPadding: Primitives = {
      ...p,
      encryptCbc: (key, iv, plain) => {
        const ciphertext = p.encryptCbc(key, iv, plain);
        ciphertext[ciphertext.length - 17] = (ciphertext[ciphertext.length - 17] as number) ^ 2;
        return ciphertext;
      },
    };
    for (const primitives of [badWrap, shortKey, badPadding]) {
      const { server, client }: LivePair = livePair({ server: { primitives } });
      const { envelope } = await server.seal(flight('a question'));
      await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-3'));
      await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-0')); // the key is burnt
      assert.equal(client.failuresBehindHmac, 1);
    }
  });
});

suite('A16 Manger on OAEP', () => {
  test('A16 waxwing holds at 1: no wrap of the attacker’s reaches the RSA key, and a good HMAC buys one question', async () => {
    const { primitives, counts } = counting();
    const { server, client } = livePair({ client: { primitives } });
    const { envelope } = await server.seal(flight('x'));
    const read = decodeEnvelope(envelope);
    for (let i = 0; i < 20; i++) {
      const covered = encodeCovered({ ...read, wrap: p.randomBytes(256) });
      await assert.rejects(client.open(encodeEnvelope(covered, read.tag), NOW), stoppedAt('envelope-1'));
    }
    assert.equal(counts.unwrap, 0);
    await client.open(envelope, NOW);
    for (let i = 0; i < 20; i++) await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-0'));
    assert.equal(counts.unwrap, 1);
  });
});

suite('A28 length leak', () => {
  test('A28 waxwing holds: up to 150 bytes all envelopes have one size, beyond that few', async () => {
    const { server } = livePair();
    const sizes = new Set<number>();
    for (const size of [0, 1, 3, 32, 100, 149, 150]) {
      sizes.add((await server.seal(flight('x'.repeat(size)))).envelope.length);
    }
    assert.equal(sizes.size, 1);
    const larger = new Set<number>();
    for (let size = 4000; size < 4256; size += 16) {
      larger.add((await server.seal(flight('x'.repeat(size)))).envelope.length);
    }
    assert.ok(larger.size <= 4, [...larger].join());
  });
});

/** Two ratchets just after a handshake; every message key can be looked at. */
function ratchetPair(): { server: RatchetState; client: RatchetState } {
  const root = new SecretKey(p.randomBytes(32));
  const ownDh = new X25519PrivateKey(p.randomBytes(32));
  const names = {
    server: { account: alice.bundle.account, device: alice.bundle.device },
    client: { account: bob.bundle.account, device: bob.bundle.device },
  };
  const peerDh = p.x25519PublicKey(ownDh);
  return {
    server: startRatchet(p, { root, role: 'server', self: names.server, peer: names.client, now: NOW, peerDh }),
    client: startRatchet(p, { root, role: 'client', self: names.client, peer: names.server, now: NOW, ownDh }),
  };
}

function sameSecret(a: SecretKey, b: SecretKey): boolean {
  return equalBytes(a.exposeSecretBytes(), b.exposeSecretBytes());
}

suite('A29 no forward secrecy', () => {
  test('A29 waxwing holds: every RSA key and the ratchet of now open nothing of before', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('one'));
    await client.open(envelope, NOW);
    const read = decodeEnvelope(envelope);
    const headerHash = p.sha256(read.hdr);
    const [wrapKey] = bob.wrapKeys;
    assert.ok(wrapKey !== undefined);
    // The stolen wrap key does open layer 2 …
    const wrapped = new SecretKey(await p.unwrapOaep(wrapKey.privateKey, wrapLabel(headerHash), read.wrap));
    assert.equal(wrapped.exposeSecretBytes().length, 32);
    // … and with every other secret bob's device still has, it is not enough for layer 1.
    const stolen = [bob.dhKey, bob.signKey, wrapKey.privateKey].map((key) => new SecretKey(key.exposeSecretBytes()));
    for (const key of stolen) {
      const commitment = keyCommitment(p, contentKey(p, key, wrapped), headerHash);
      assert.ok(!equalBytes(commitment, read.kc));
    }
  });

  test('A29 waxwing holds in the ratchet: the state after a message does not give its key again', () => {
    const { server, client } = ratchetPair();
    const sent = ratchetSend(p, server, NOW);
    const received = ratchetReceive(p, client, sent.header, NOW);
    assert.ok(sameSecret(received.messageKey, sent.messageKey));
    assert.throws(() => ratchetReceive(p, received.state, sent.header, NOW), stoppedAt('envelope-0'));
    // Both ends as they are now, made to run on by hand: other keys, never that one.
    let [theirs, ours] = [sent.state, received.state];
    for (let i = 0; i < 5; i++) {
      const next = ratchetSend(p, theirs, NOW);
      const opened = ratchetReceive(p, ours, next.header, NOW);
      [theirs, ours] = [next.state, opened.state];
      assert.ok(sameSecret(opened.messageKey, next.messageKey));
      assert.ok(!sameSecret(opened.messageKey, sent.messageKey));
    }
  });
});

suite('A30 no healing after compromise', () => {
  test('A30 waxwing holds: one answer and one more after it, and the stolen state knows the keys no longer', () => {
    const { server, client } = ratchetPair();
    const stolen = client; // immutable: a copy of everything bob's ratchet holds
    const before = ratchetSend(p, server, NOW);
    const readAlong = ratchetReceive(p, stolen, before.header, NOW);
    assert.ok(sameSecret(readAlong.messageKey, before.messageKey)); // the thief does read this one

    const received = ratchetReceive(p, client, before.header, NOW);
    const answer = ratchetSend(p, received.state, NOW);
    const answered = ratchetReceive(p, before.state, answer.header, NOW);
    const after = ratchetSend(p, answered.state, NOW);
    assert.ok(sameSecret(ratchetReceive(p, answer.state, after.header, NOW).messageKey, after.messageKey));
    // The thief tries from the state he has, and from where his own step would have led.
    for (const state of [readAlong.state, ratchetSend(p, readAlong.state, NOW).state]) {
      const derived = ((): SecretKey | undefined => {
        try {
          return ratchetReceive(p, state, after.header, NOW).messageKey;
        } catch {
          return undefined;
        }
      })();
      assert.ok(derived === undefined || !sameSecret(derived, after.messageKey));
    }
  });
});
