/** A01 A02 A03 A04 A06 A12 A13 A17: what the MAC does not cover, what the signature does not cover, and what nobody bounds. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Bytes, utf8 } from '../../src/bytes.ts';
import { decodeEnvelope, encodeCovered, encodeEnvelope } from '../../src/envelope/envelope.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import type { Primitives } from '../../src/primitives.ts';
import { alice, carol, NOW } from '../fixtures/devices.ts';
import { flight, livePair, shown, signingWith, stoppedAt } from './live-pair.ts';

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

/** An envelope with its IV turned as above; the tag is left as it was. */
function withIv(envelope: Bytes, change: (iv: Bytes) => Bytes): Bytes {
  const read = decodeEnvelope(envelope);
  return encodeEnvelope(encodeCovered({ ...read, iv: change(read.iv) }), read.tag);
}

suite('A01 IV flip refreshes the timestamp', () => {
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
