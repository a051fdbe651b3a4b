import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toHex } from '../src/bytes.ts';
import type { SealedMailboxFlight } from '../src/conversation/mailbox-conversation.ts';
import { decodeMailboxState, encodeMailboxState, type StoredMailbox } from '../src/conversation/mailbox-state.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { SecretKey } from '../src/primitives.ts';
import { fails, texts } from './fixtures/conversations.ts';
import { reach } from './fixtures/secrets.ts';
import { type Side, sides } from './fixtures/mailboxes.ts';

const rows = ({ bundles, chains, sessions, skipped }: StoredMailbox): string =>
  [...bundles, chains, ...sessions, ...skipped].map(toHex).join('\n');

const stored = (side: Side): StoredMailbox => encodeMailboxState(side.conversation.state);

/** Bob with one flight opened and two that are missing. */
async function withGap(): Promise<{ a: Side; b: Side; sent: SealedMailboxFlight[] }> {
  const { a, b } = sides();
  await a.start(0);
  const sent = [await a.say('0'), await a.say('1'), await a.say('2'), await a.say('3')];
  await b.receive((sent[2] as SealedMailboxFlight).inner);
  return { a, b, sent };
}

suite('a mailbox conversation at rest (§9.5)', () => {
  test('a key that was used, or skipped over, is in no row any more', async () => {
    const { b, sent } = await withGap();
    const { session, keys } = secretsOf(b);
    assert.ok(keys.length === 2 && keys.every((key) => rows(stored(b)).includes(key)), 'the test finds stored keys');
    assert.deepEqual(texts(await b.receive((sent[1] as SealedMailboxFlight).inner)), ['1']);
    assert.ok(rows(stored(b)).includes(keys[0] as string));
    assert.ok(!rows(stored(b)).includes(keys[1] as string));
    await b.receive((sent[3] as SealedMailboxFlight).inner);
    await b.say('answer'); // a new pair: with it the one that opened all of this goes
    const now = rows(stored(b));
    for (const secret of session) assert.ok(!now.includes(secret));
  });

  /** Receiving chain and own ratchet key of the session, and its skipped keys, as they would be written. */
  function secretsOf(side: Side): { session: string[]; keys: string[] } {
    const [one] = side.conversation.state.sessions;
    if (one?.ratchet.receiving === undefined) throw new Error('nothing has come');
    const written = (key: SecretKey): string => toHex(key.exposeSecretBytes());
    const own = toHex(one.ratchet.own.privateKey.exposeSecretBytes());
    return { session: [own, written(one.ratchet.receiving.chain)], keys: one.skipped.map(({ key }) => written(key)) };
  }

  test('secrets of a state redact themselves: none can be read but by asking for it', async () => {
    const { b } = await withGap();
    const { secrets, open } = reach(b.conversation.state);
    assert.equal(secrets.length, 8);
    for (const { bytes } of secrets) {
      for (const visible of open) assert.ok(visible.length < 16 || !toHex(visible).includes(toHex(bytes)));
    }
    assert.ok(JSON.stringify(b.conversation.state).includes('redacted'));
  });

  test('rows that are damaged are refused', async () => {
    const { b } = await withGap();
    const good = stored(b);
    const cut = (bytes: Uint8Array | undefined): Uint8Array => (bytes ?? new Uint8Array(0)).subarray(1);
    await assert.rejects(decodeMailboxState(p, { ...good, bundles: [] }), fails('bundle'));
    await assert.rejects(decodeMailboxState(p, { ...good, bundles: [cut(good.bundles[0])] }), fails('bundle'));
    await assert.rejects(decodeMailboxState(p, { ...good, chains: cut(good.chains) }), fails('cbor'));
    await assert.rejects(decodeMailboxState(p, { ...good, sessions: [cut(good.sessions[0])] }), fails('cbor'));
    await assert.rejects(decodeMailboxState(p, { ...good, skipped: [cut(good.skipped[0])] }), fails('cbor'));
    assert.equal(rows(encodeMailboxState(await decodeMailboxState(p, good))), rows(good));
  });
});
