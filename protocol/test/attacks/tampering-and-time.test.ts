/** A01 A02 A03 A04 A06 A12 A13 A17: what the MAC does not cover, what the signature does not cover, and what nobody bounds. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Bytes, toHex, utf8 } from '../../src/bytes.ts';
import { type ClassicPackage, decodePackage } from '../../src/classic/index.ts';
import { decodeEnvelope, encodeCovered, encodeEnvelope } from '../../src/envelope/envelope.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import type { Primitives } from '../../src/primitives.ts';
import { alice, carol, NOW } from '../fixtures/devices.ts';
import { flight, livePair, shown, signingWith, stoppedAt } from './live-pair.ts';
import { NOW_SECONDS, textbookKeys, textbookPair } from './textbook-actors.ts';
import { textbookDump, textbookMac, textbookSealWith, textbookSign } from '../../../lab/src/textbook/textbook.ts';

const HOUR = 3600;
/** 31 years, as in the catalogue: far beyond any clock error. */
const YEARS = 31 * 365 * 24 * HOUR;

/** The IV that turns `from` into `to`, which begin at `at` of the first block of the plaintext. */
function turnIv(iv: Bytes, at: number, { from, to }: { from: string; to: string }): Bytes {
  assert.equal(from.length, to.length);
  assert.ok(at + to.length <= iv.length);
  const turned = iv.slice();
  for (let i = 0; i < to.length; i++) {
    turned[at + i] = (turned[at + i] as number) ^ from.charCodeAt(i) ^ to.charCodeAt(i);
  }
  return turned;
}

/** A package as it was captured, with some of its fields replaced. */
function altered(captured: Uint8Array, change: (sealed: ClassicPackage) => Partial<ClassicPackage>): Bytes {
  const sealed = decodePackage(captured);
  return textbookDump({ ...sealed, ...change(sealed) });
}

/** An envelope with its IV turned as above; the tag is left as it was. */
function withIv(envelope: Bytes, change: (iv: Bytes) => Bytes): Bytes {
  const read = decodeEnvelope(envelope);
  return encodeEnvelope(encodeCovered({ ...read, iv: change(read.iv) }), read.tag);
}

suite('A01 IV flip refreshes the timestamp', () => {
  test('A01 textbook falls: an hour-old message is all green and 0 s old', () => {
    const { alice: sender, bob } = textbookPair();
    const captured = sender.send('attack at dawn', NOW_SECONDS);
    const later = NOW_SECONDS + HOUR;
    const times = { from: String(NOW_SECONDS), to: String(later) };
    bob.recv(
      altered(captured, ({ iv }) => ({ iv: turnIv(iv, 0, times) })),
      later,
    );
    assert.deepEqual(bob.screen, [{ text: 'attack at dawn', age: 0n, signed: true }]);
    // What the flip was needed for: as captured it is too old.
    const { bob: other } = textbookPair();
    other.recv(captured, later);
    assert.deepEqual(other.screen, []);
  });

  test('A01 waxwing holds at 1: the IV is under the HMAC', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('attack at dawn'));
    for (let i = 0; i < 16; i++) {
      const flipped = withIv(envelope, (iv) => iv.map((byte, at) => (at === i ? byte ^ 1 : byte)));
      await assert.rejects(client.open(flipped, NOW), stoppedAt('envelope-1'));
    }
    assert.deepEqual(shown(await client.open(envelope, NOW)), ['attack at dawn']);
  });
});

suite('A02 IV flip to the far future', () => {
  test('A02 textbook falls: the message stays green for 250 years', () => {
    const { alice: sender, bob } = textbookPair();
    const captured = sender.send('yes', NOW_SECONDS);
    const times = { from: String(NOW_SECONDS), to: '9999999999' };
    bob.recv(
      altered(captured, ({ iv }) => ({ iv: turnIv(iv, 0, times) })),
      NOW_SECONDS + YEARS,
    );
    const [seen] = bob.screen;
    assert.ok(seen?.signed);
    assert.ok(seen.age < -7_000_000_000n);
  });

  test('A02 waxwing holds at 1, and at 4 where the sender himself dates it so', async () => {
    const { server, client } = livePair();
    const honest = await server.seal(flight('yes'));
    const flipped = withIv(honest.envelope, (iv) => turnIv(iv, 0, { from: String(NOW), to: '9999999999999' }));
    await assert.rejects(client.open(flipped, NOW), stoppedAt('envelope-1'));
    await client.open(honest.envelope, NOW);
    const dated = await server.seal(flight('yes', 9_999_999_999_999));
    const opened = await client.open(dated.envelope, NOW);
    assert.deepEqual([opened.outcome, shown(opened)], ['too-old', []]);
  });
});

suite('A03 IV flip rewrites text', () => {
  test('A03 textbook falls: the rewritten text is displayed', () => {
    const { alice: sender, bob } = textbookPair();
    const captured = sender.send('pay bob 5', NOW_SECONDS);
    const at = `${NOW_SECONDS}|`.length;
    const iv = (sealed: ClassicPackage): Bytes => turnIv(sealed.iv, at, { from: 'pay b', to: 'pay e' });
    bob.recv(
      altered(captured, (sealed) => ({ iv: iv(sealed) })),
      NOW_SECONDS,
    );
    assert.deepEqual(bob.screen, [{ text: 'pay eob 5', age: 0n, signed: false }]);
  });

  test('A03 waxwing holds at 1: no bit of iv, wrap, ct, kc or tag can be turned', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('pay bob 5'));
    const { covered } = decodeEnvelope(envelope);
    // Behind the header, whose every bit has its own check in front; 37 is no divisor of any field.
    const hdrEnd = covered.length - 256 - 512 - 16 - 32;
    for (let at = hdrEnd; at < envelope.length; at += 37) {
      const turned = envelope.slice();
      turned[at] = (turned[at] as number) ^ 0x10;
      await assert.rejects(client.open(turned, NOW), (error: unknown) => {
        const { code } = error as { code: string };
        return code === 'envelope-1' || code === 'envelope-0'; // 0: a length byte
      });
    }
    assert.deepEqual(shown(await client.open(envelope, NOW)), ['pay bob 5']);
  });
});

suite('A04 the MAC secret is known', () => {
  test("A04 textbook falls: anyone's ciphertext says HMAC VERIFIED", () => {
    const { alice: sender, bob } = textbookPair();
    const captured = sender.send('from alice', NOW_SECONDS);
    // Mallory knows no private key: she makes a package of her own under bob's key, with the constant of the source.
    const forged = textbookSealWith(textbookKeys.bob.publicKey, {
      plain: `${NOW_SECONDS}|from mallory`,
      signature: decodePackage(captured).signature,
    });
    assert.deepEqual(forged.hmac, textbookMac(forged.ciphertext));
    bob.recv(textbookDump(forged), NOW_SECONDS);
    assert.deepEqual(
      bob.screen.map(({ text }) => text),
      ['from mallory'],
    );
  });

  test('A04 waxwing holds at 1: no key in the source or on the wire makes a tag', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('from alice'));
    const read = decodeEnvelope(envelope);
    const guesses = [utf8('a_secret_that_stands_in_the_source'), new Uint8Array(32), read.kc, read.tag, read.hdr];
    for (const key of guesses) {
      const covered = encodeCovered({ ...read, ct: read.ct.map((byte) => byte ^ 1) });
      await assert.rejects(
        client.open(encodeEnvelope(covered, p.hmacSha256(key, covered)), NOW),
        stoppedAt('envelope-1'),
      );
    }
  });
});

suite('A06 forged timestamp', () => {
  test('A06 textbook falls: an old signed text is new again', () => {
    const { alice: sender, bob } = textbookPair();
    const old = decodePackage(sender.send('the door is open', NOW_SECONDS - 24 * HOUR));
    const renewed = textbookSealWith(textbookKeys.bob.publicKey, {
      plain: `${NOW_SECONDS}|the door is open`,
      signature: old.signature,
    });
    bob.recv(textbookDump(renewed), NOW_SECONDS);
    assert.deepEqual(bob.screen, [{ text: 'the door is open', age: 0n, signed: true }]);
  });

  test('A06 waxwing holds at 5: the time is signed, even against one who has every symmetric key', async () => {
    const yesterday = NOW - 24 * HOUR * 1000;
    const sid = p.randomBytes(16);
    const opening = p.randomBytes(32);
    const { signature } = await livePair({ sid }).server.seal(flight('the door is open', yesterday, opening));
    // The same session, place in the chain and items: only the time is another, then only the text's opening.
    for (const changed of [flight('the door is open', NOW, opening), flight('the door is open', yesterday)]) {
      const { server: forger, client } = livePair({ sid, server: { primitives: signingWith(signature) } });
      const { envelope } = await forger.seal(changed);
      await assert.rejects(client.open(envelope, changed.now), stoppedAt('envelope-5', 'signature'));
    }
    const { server: same, client } = livePair({ sid, server: { primitives: signingWith(signature) } });
    const { envelope } = await same.seal(flight('the door is open', yesterday, opening));
    assert.equal((await client.open(envelope, yesterday)).outcome, 'accepted');
  });
});

suite('A12 future-dated message and odd numbers', () => {
  const stamps: Record<string, string> = {
    '31 years ahead': String(NOW_SECONDS + YEARS),
    'a plus sign': `+${NOW_SECONDS}`,
    spaces: `  ${NOW_SECONDS} `,
    underscores: '1_800_000_000',
    'full-width digits': '１８０００００００００',
    'twenty digits': '9'.repeat(20),
  };

  test('A12 textbook falls: all of them are accepted, signed and never too old', () => {
    for (const [name, stamp] of Object.entries(stamps)) {
      const { bob } = textbookPair();
      const signature = textbookSign(textbookKeys.alice.privateKey, 'hi');
      const sealed = textbookSealWith(textbookKeys.bob.publicKey, { plain: `${stamp}|hi`, signature });
      bob.recv(textbookDump(sealed), NOW_SECONDS);
      assert.equal(bob.screen[0]?.signed, true, name);
    }
  });

  test('A12 waxwing holds at 4: more than ten seconds ahead is not shown; a time is a number and has one form', async () => {
    const { server, client } = livePair();
    for (const [ahead, outcome] of [
      [10_000, 'accepted'],
      [10_001, 'too-old'],
      [YEARS * 1000, 'too-old'],
    ] as const) {
      const opened = await client.open((await server.seal(flight('hi', NOW + ahead))).envelope, NOW);
      assert.deepEqual([opened.outcome, shown(opened)], [outcome, outcome === 'accepted' ? ['hi'] : []]);
    }
  });
});

suite('A13 unsigned message displayed', () => {
  test('A13 textbook falls: 256 random bytes for a signature, and the text is on the screen', () => {
    const { alice: sender, bob } = textbookPair();
    const captured = sender.send('not signed by anyone', NOW_SECONDS);
    bob.recv(
      altered(captured, () => ({ signature: p.randomBytes(256) })),
      NOW_SECONDS,
    );
    assert.deepEqual(bob.screen, [{ text: 'not signed by anyone', age: 0n, signed: false }]);
  });

  test('A13 waxwing holds at 5: the refusal carries no text', async () => {
    for (const device of [{ ...alice, signKey: carol.signKey }, alice]) {
      const primitives = device === alice ? signingWith(p.randomBytes(256)) : p;
      const { server, client } = livePair({ server: { device, primitives } });
      const { envelope } = await server.seal(flight('not signed by alice'));
      const error: unknown = await client.open(envelope, NOW).catch((caught: unknown) => caught);
      stoppedAt('envelope-5', 'signature')(error);
      assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('not signed'));
      assert.equal(client.chain.received, undefined);
    }
  });
});

suite('A17 wrap splicing', () => {
  test("A17 textbook falls: another package's key passes the HMAC and dies behind it", () => {
    const { alice: sender, bob } = textbookPair();
    const first = decodePackage(sender.send('first', NOW_SECONDS));
    const spliced = altered(sender.send('second', NOW_SECONDS), () => ({
      encryptedSessionKey: first.encryptedSessionKey,
    }));
    const { ciphertext, hmac } = decodePackage(spliced);
    assert.equal(toHex(textbookMac(ciphertext)), toHex(hmac));
    bob.recv(spliced, NOW_SECONDS);
    assert.deepEqual([bob.screen, bob.threadAlive], [[], false]);
  });

  test('A17 waxwing holds at 1, before any RSA operation', async () => {
    let unwrapped = 0;
    const counting: Primitives = {
      ...p,
      unwrapOaep: (...input) => {
        unwrapped += 1;
        return p.unwrapOaep(...input);
      },
    };
    const { server, client } = livePair({ client: { primitives: counting } });
    const first = decodeEnvelope((await server.seal(flight('first'))).envelope);
    const { envelope } = await server.seal(flight('second'));
    const spliced = encodeEnvelope(encodeCovered({ ...first, wrap: decodeEnvelope(envelope).wrap }), first.tag);
    await assert.rejects(client.open(spliced, NOW), stoppedAt('envelope-1'));
    assert.equal(unwrapped, 0);
  });
});
