import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toHex } from '../src/bytes.ts';
import type { ProtocolError } from '../src/errors.ts';
import type { KnownSerial } from '../src/keys/bundle.ts';
import { renewDevice } from '../src/keys/device.ts';
import { signStatement } from '../src/keys/profile.ts';
import { DAY } from '../src/limits.ts';
import {
  decodeHeldPrekeys,
  dropOldPrekeys,
  encodeHeldPrekeys,
  type HeldPrekeys,
  spendPrekeys,
} from '../src/prekeys/held-prekeys.ts';
import { openPrekeySet } from '../src/prekeys/open-prekey-set.ts';
import { encodePrekeyStatement } from '../src/prekeys/prekey-statement.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { ratchetSend } from '../src/ratchet/ratchet.ts';
import { mailboxReceive } from '../src/ratchet/mailbox-ratchet.ts';
import { initiate } from '../src/start/initiate.ts';
import { respond } from '../src/start/respond.ts';
import type { StartedSession } from '../src/start/start-session.ts';
import { decodeStart, encodeStart } from '../src/start/start-message.ts';
import { fails } from './fixtures/conversations.ts';
import { alice, aliceSecond, bob, bobAccount, carol, NOW } from './fixtures/devices.ts';
import { type Fetched, openFetched, prekeysOf, setOf } from './fixtures/prekeys.ts';

const bobs = await prekeysOf(bob);

/** Bob, as a start finds him. */
const atBob = (prekeys: readonly HeldPrekeys[] = [bobs.held]) => ({
  device: bob,
  bundles: [bob.bundle],
  prekeys,
  knownSerial: (): KnownSerial | undefined => undefined,
});

async function begin(index: number | 'last resort', by = alice): Promise<StartedSession> {
  const set = index === 'last resort' ? undefined : index;
  return initiate(p, { device: by, prekeys: await openFetched(bobs, set), now: NOW });
}

suite('a start (§9.2, §9.3)', () => {
  test('makes one session at both ends, and the first key is the same', async () => {
    for (const index of [0, 99, 'last resort'] as const) {
      const session = await begin(index);
      const { start, sid } = session;
      const opened = await respond(p, atBob(), { start, sid, now: NOW });
      assert.equal(opened.weaker, index === 'last resort');
      assert.deepEqual(opened.peer.bytes, alice.bundle.bytes);
      assert.deepEqual(opened.session.typingIn, session.typingOut);
      assert.deepEqual(opened.session.typingOut, session.typingIn);
      assert.equal(opened.session.start.length, 0);
      const sent = ratchetSend(p, session.ratchet, NOW);
      const fresh = { ratchet: opened.session.ratchet, skipped: [], pqKeys: [], pastChains: [] };
      const received = mailboxReceive(p, fresh, sent.header, NOW);
      assert.deepEqual(received.messageKey.exposeSecretBytes(), sent.messageKey.exposeSecretBytes());
      assert.throws(() => ratchetSend(p, opened.session.ratchet, NOW), fails('reuse', 'ratchet'));
      const back = ratchetSend(p, received.state.ratchet, NOW);
      const initiator = { ratchet: sent.state, skipped: [], pqKeys: [], pastChains: [] };
      const answer = mailboxReceive(p, initiator, back.header, NOW);
      assert.deepEqual(answer.messageKey.exposeSecretBytes(), back.messageKey.exposeSecretBytes());
    }
  });

  test('two starts with one set are two sessions', async () => {
    const [one, two] = [await begin(3), await begin(3)];
    assert.notEqual(toHex(one.sid), toHex(two.sid));
  });

  test('does not say who starts', async () => {
    const { start } = await begin(1);
    for (const secret of [alice.bundle.account, alice.bundle.device, alice.bundle.certificate.signKey.spki]) {
      assert.ok(!toHex(start).includes(toHex(secret)));
    }
  });

  test('an entry opens one start: its keys are gone afterwards', async () => {
    const { start, sid } = await begin(5);
    const { use } = await respond(p, atBob(), { start, sid, now: NOW });
    const left = spendPrekeys([bobs.held], use);
    await assert.rejects(respond(p, atBob(left), { start, sid, now: NOW }), fails('start', 'entry'));
    assert.equal(left[0]?.entries.length, 99);
    assert.ok(!toHex(encodeHeldPrekeys(left[0])).includes(keyOf(5)), 'the key is still stored');
    assert.ok(toHex(encodeHeldPrekeys(bobs.held)).includes(keyOf(5)), 'the test looks for the right bytes');
    const other = await begin(6);
    await respond(p, atBob(left), { start: other.start, sid: other.sid, now: NOW });
  });

  const keyOf = (index: number): string => {
    const entry = bobs.held.entries.find((one) => one.index === index);
    return toHex(entry?.opk.exposeSecretBytes() ?? new Uint8Array(0));
  };

  test('a last resort is remembered by its ct: a recording starts nothing, another start does', async () => {
    const { start, sid } = await begin('last resort');
    const { use } = await respond(p, atBob(), { start, sid, now: NOW });
    const left = spendPrekeys([bobs.held], use).map((held) => decodeHeldPrekeys(encodeHeldPrekeys(held)));
    await assert.rejects(respond(p, atBob(left), { start, sid, now: NOW }), fails('start', 'replay'));
    const other = await begin('last resort');
    const second = await respond(p, atBob(left), { start: other.start, sid: other.sid, now: NOW });
    const both = spendPrekeys(left, second.use);
    assert.equal(both[0]?.remembered.length, 2);
    for (const one of [{ start, sid }, other]) {
      const opening = { start: one.start, sid: one.sid, now: NOW };
      await assert.rejects(respond(p, atBob(both), opening), fails('start', 'replay'));
    }
  });

  test('what opens changes nothing by itself, and neither does what is refused', async () => {
    const before = toHex(encodeHeldPrekeys(bobs.held));
    const { start, sid } = await begin(8);
    await respond(p, atBob(), { start, sid, now: NOW });
    await assert.rejects(respond(p, atBob(), { start, sid: new Uint8Array(16), now: NOW }), fails('start', 'sid'));
    assert.equal(toHex(encodeHeldPrekeys(bobs.held)), before);
  });

  test('any changed byte is refused', async () => {
    const { start, sid } = await begin(9);
    for (let at = 0; at < start.length; at += 61) {
      const changed = start.slice();
      changed[at] = (changed[at] as number) ^ 1;
      await assert.rejects(respond(p, atBob(), { start: changed, sid, now: NOW }), fails('start'));
    }
  });

  test('each refusal is named', async () => {
    const { start, sid } = await begin(10);
    const message = decodeStart(start);
    const opens = (change: Partial<typeof message>, context = atBob()) =>
      respond(p, context, { start: encodeStart({ ...message, ...change }), sid, now: NOW });
    const refused = (check: string): ((error: ProtocolError) => true) => fails('start', check);
    await assert.rejects(respond(p, atBob(), { start: start.subarray(1), sid, now: NOW }), refused('shape'));
    const large = { start: new Uint8Array(4097), sid, now: NOW };
    await assert.rejects(respond(p, atBob(), large), refused('shape'));
    await assert.rejects(opens({ counter: 2 }), refused('counter'));
    await assert.rejects(opens({ entry: 101 }), refused('entry'));
    await assert.rejects(opens({ serial: 9 }), refused('serial'));
    await assert.rejects(opens({ ephemeral: new Uint8Array(32) }), refused('key'));
    await assert.rejects(opens({ ciphertext: new Uint8Array(1088) }), refused('sealed'));
    await assert.rejects(opens({ entry: 12 }), refused('sealed'));
    await assert.rejects(opens({ sealed: new Uint8Array(64) }), refused('sealed'));
    const newer = { serial: 2, certificateHash: new Uint8Array(32) };
    await assert.rejects(opens({}, { ...atBob(), knownSerial: () => newer }), refused('bundle serial'));
    const myself = await begin(11, bob);
    const own = { start: myself.start, sid: myself.sid, now: NOW };
    await assert.rejects(respond(p, atBob(), own), refused('own device'));
    await assert.rejects(respond(p, atBob(), { start, sid: myself.sid, now: NOW }), refused('sid'));
  });

  test('another device of one’s own account may start, and the own one may not', async () => {
    const hers = await prekeysOf(alice);
    const prekeys = await openFetched(hers, 0, { by: aliceSecond, account: alice.bundle.account });
    const session = initiate(p, { device: aliceSecond, prekeys, now: NOW });
    const context = { ...atBob([hers.held]), device: alice, bundles: [alice.bundle] };
    const opened = await respond(p, context, { start: session.start, sid: session.sid, now: NOW });
    assert.deepEqual(opened.peer.device, aliceSecond.bundle.device);
  });

  test('a start made for a bundle that was renewed since still opens, within 60 days', async () => {
    const options = { account: bobAccount, device: bob, now: NOW, rotateWrapKey: false, newDeviceId: false };
    const renewed = await renewDevice(p, options);
    const { start, sid } = await begin(13);
    const context = { ...atBob(), device: renewed, bundles: [renewed.bundle, bob.bundle] };
    assert.deepEqual((await respond(p, context, { start, sid, now: NOW })).peer.bytes, alice.bundle.bytes);
    const forgotten = { ...context, bundles: [renewed.bundle] };
    await assert.rejects(respond(p, forgotten, { start, sid, now: NOW }), fails('start', 'serial'));
  });
});

suite('prekeys of a device (§9.1)', () => {
  test('are 100 entries of their own under one signed root, and come back from storage', () => {
    assert.equal(bobs.entries.length, 100);
    assert.equal(new Set(bobs.entries.map(toHex)).size, 100);
    const again = decodeHeldPrekeys(encodeHeldPrekeys(bobs.held));
    assert.deepEqual(encodeHeldPrekeys(again), encodeHeldPrekeys(bobs.held));
    assert.deepEqual(again, bobs.held);
  });

  test('every entry as fetched passes the initiator’s checks', async () => {
    for (const index of [0, 1, 63, 64, 98, 99]) assert.equal((await openFetched(bobs, index)).entry?.index, index);
    assert.equal((await openFetched(bobs, undefined)).entry, undefined);
  });

  test('what a start used up goes from its own statement alone', () => {
    const other = { ...bobs.held, counter: 2 };
    const [first, second] = spendPrekeys([bobs.held, other], { counter: 2, kind: 'entry', index: 7 });
    assert.equal(first, bobs.held);
    assert.deepEqual(
      second?.entries,
      other.entries.filter(({ index }) => index !== 7),
    );
    const hashes = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    let held: readonly HeldPrekeys[] = [bobs.held, other];
    for (const ciphertextHash of hashes) held = spendPrekeys(held, { counter: 1, kind: 'last resort', ciphertextHash });
    assert.deepEqual(held[0] && decodeHeldPrekeys(encodeHeldPrekeys(held[0])).remembered, hashes);
    assert.equal(held[1], other);
  });

  test('are held 40 days from when they were made', () => {
    assert.equal(dropOldPrekeys([bobs.held], NOW + 40 * DAY).length, 1);
    assert.equal(dropOldPrekeys([bobs.held], NOW + 40 * DAY + 1).length, 0);
  });

  test('a key of low order in a good statement starts nothing', async () => {
    const set = setOf(bobs, 0);
    const { statement } = await openFetched(bobs, 0);
    const low = encodePrekeyStatement({ ...statement, signedPrekey: new Uint8Array(32) });
    const signature = await signStatement(p, bob.signKey, low);
    const context = { account: bob.bundle.account, own: alice.bundle, now: NOW };
    const prekeys = await openPrekeySet(p, { ...set, statement: low, signature }, context);
    assert.throws(() => initiate(p, { device: alice, prekeys, now: NOW }), fails('start', 'key'));
  });

  test('of another account than asked for are refused', async () => {
    const fetched: Fetched = { ...bobs, bundle: carol.bundle.bytes };
    await assert.rejects(openFetched(fetched, 0), fails('prekeys', 'bundle'));
  });
});
