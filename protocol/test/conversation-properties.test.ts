import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import {
  clientSide,
  fails,
  forgerAndClient,
  newSession,
  pair,
  say,
  serverSide,
  texts,
} from './fixtures/conversations.ts';
import { alice, bob, NOW } from './fixtures/devices.ts';

test('any permutation, duplication or loss of envelopes is noticed', async () => {
  const count = 6;
  const session = newSession();
  const server = serverSide({ session, device: alice, peer: bob });
  const envelopes = await Promise.all(
    Array.from({ length: count }, async (_, i) => (await say(server, String(i))).envelope),
  );
  const order = fc.array(fc.nat(count - 1), { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(order, async (indices) => {
      const client = clientSide({ session, device: bob, peer: alice });
      const shown: string[] = [];
      for (const index of indices) {
        const expected = shown.length;
        const opening = client.open(envelopes[index] ?? new Uint8Array(), NOW);
        // Only the next one opens; everything else is refused, and changes nothing.
        if (index === expected) shown.push(...(texts(await opening) as string[]));
        else await assert.rejects(opening, fails('envelope-0'));
      }
      assert.deepEqual(
        shown,
        shown.map((_, i) => String(i)),
      );
      assert.equal(client.chain.received?.seq ?? 0, shown.length); // what the peer's [5, last_seq] is held against
    }),
    { numRuns: 25 },
  );
});

test('any one flipped bit of an envelope is refused, and changes no state', async () => {
  const { server, client } = pair();
  await client.open((await say(server, 'before')).envelope, NOW);
  const { envelope } = await say(server, 'the one');
  const before = client.chain;
  for (let at = 0; at < envelope.length; at++) {
    const flipped = envelope.slice();
    flipped[at] = (flipped[at] as number) ^ (1 << ((at * 5 + (at >> 3)) % 8));
    await assert.rejects(client.open(flipped, NOW), (error) => isProtocolError(error, 'envelope-0', 'envelope-1'));
  }
  assert.deepEqual(client.chain, before);
  assert.equal(client.failuresBehindHmac, 0);
  assert.deepEqual(texts(await client.open(envelope, NOW)), ['the one']);
});

test('random bytes only give ProtocolError', async () => {
  const { server, client } = pair();
  const { envelope } = await say(server, 'x');
  const cut = fc.tuple(fc.nat(envelope.length), fc.uint8Array({ maxLength: 40 }), fc.nat(40));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 1200 }),
    cut.map(([at, put, skip]) => Uint8Array.of(...envelope.subarray(0, at), ...put, ...envelope.subarray(at + skip))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (input) => {
      if (toHex(input) === toHex(envelope)) return;
      await assert.rejects(client.open(input, NOW), (error) => isProtocolError(error, 'envelope-0', 'envelope-1'));
    }),
    { numRuns: 300 },
  );
  assert.deepEqual(texts(await client.open(envelope, NOW)), ['x']);
});

test('random plain text behind every key of the session only gives envelope-3', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (plain) => {
      const { forger, client } = forgerAndClient();
      await assert.rejects(client.open(await forger.forge({ plain: new Uint8Array(plain) }), NOW), fails('envelope-3'));
      assert.equal(client.failuresBehindHmac, 1);
    }),
    { numRuns: 25 },
  );
});
