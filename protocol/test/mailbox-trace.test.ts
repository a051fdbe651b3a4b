/** Watching a conversation through mailboxes: what is told is what happened, and the result is the same unwatched. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { toHex } from '../src/bytes.ts';
import { MailboxConversation } from '../src/conversation/mailbox-conversation.ts';
import { decodeEnvelope } from '../src/envelope/envelope.ts';
import { layerKeys } from '../src/envelope/layer-keys.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { flipBit } from './fixtures/connect.ts';
import { fails } from './fixtures/conversations.ts';
import { NOW } from './fixtures/devices.ts';
import { type Side, sides } from './fixtures/mailboxes.ts';
import { reach } from './fixtures/secrets.ts';
import { Watcher } from './fixtures/traced-session.ts';

function watch(side: Side): Watcher {
  const watcher = new Watcher();
  const { device } = side;
  const { state } = side.conversation;
  side.conversation = new MailboxConversation(p, { device, state, trace: watcher.source });
  return watcher;
}

async function watched(): Promise<{ a: Side; b: Side; out: Watcher; back: Watcher }> {
  const { a, b } = sides();
  await a.start(0);
  return { a, b, out: watch(a), back: watch(b) };
}

suite('a watched conversation through mailboxes', () => {
  test('tells each flight with its keys, its ratchet and its chain, at both ends', async () => {
    const { a, b, out, back } = await watched();
    const sent = await a.say('one');
    await b.receive(sent.inner);
    const [sealed] = out.of('sealed');
    const [opened] = back.of('opened');
    assert.ok(sealed && opened);
    assert.equal(sealed.envelope, sent.inner.envelope, 'the object that goes into the outer sealing');
    assert.equal(opened.envelope, sent.inner.envelope);
    assert.deepEqual(
      opened.steps.map(({ step }) => step),
      ['structure', 'hmac', 'unwrap', 'decrypt', 'freshness', 'signature'],
    );
    const envelope = decodeEnvelope(sealed.envelope);
    const keys = layerKeys(p, { ...sealed.layers, messageKey: sealed.sealing.messageKey });
    assert.deepEqual(p.hmacSha256(keys.macKey.exposeSecretBytes(), envelope.covered), envelope.tag);
    assert.deepEqual([sealed.chain.before.seq, sealed.chain.after.seq], [0, 1]);
    assert.deepEqual([opened.chain.before, opened.chain.after?.seq, opened.fault], [undefined, 1, undefined]);
    assert.notEqual(opened.ratchet.before.root, opened.ratchet.after.root, 'the first one turns it');
    await a.receive((await b.say('two')).inner);
    const [answer] = out.of('opened');
    assert.deepEqual(answer?.steps.length, 6);
  });

  test('tells a late flight without a turn, and one that fails with what held before', async () => {
    const { a, b, back } = await watched();
    const [one, two, three] = [await a.say('one'), await a.say('two'), await a.say('three')];
    await b.receive(one.inner);
    await b.receive(three.inner);
    await b.receive(two.inner);
    const late = back.of('opened')[2];
    assert.ok(late);
    assert.deepEqual([late.chain.before?.seq, late.chain.after?.seq], [3, 3]);
    assert.equal(late.ratchet.before.root, late.ratchet.after.root);
    await assert.rejects(b.receive(two.inner), fails('envelope-0', 'used'));
    const next = await a.say('four');
    await assert.rejects(
      b.conversation.open(flipBit(next.inner.envelope, 8 * (next.inner.envelope.length - 1)), NOW),
      fails('envelope-1', 'hmac'),
    );
    const [copy, changed] = back.of('opened').slice(3);
    assert.deepEqual([copy?.fault?.check, copy?.steps.map(({ step }) => step)], ['used', ['structure']]);
    assert.deepEqual([changed?.fault?.check, changed?.steps.map(({ step }) => step)], ['hmac', ['structure']]);
    assert.equal(changed?.ratchet.before, changed?.ratchet.after, 'nothing moved');
  });

  test('gives no secret away, and nothing once he who watches looks away', async () => {
    const { a, b, out, back } = await watched();
    await b.receive((await a.say('one')).inner);
    await a.receive((await b.say('two')).inner);
    const events = [...out.events, ...back.events];
    assert.equal(events.length, 4);
    for (const event of events) {
      const { secrets, open } = reach(event);
      assert.ok(secrets.length > 0);
      const printed = `${JSON.stringify(event, (_, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value))}${inspect(event, { depth: 20 })}`;
      for (const { kind, bytes } of secrets) {
        if (kind === 'RsaPrivateKey') continue; // PKCS#8 begins with what every RSA key begins with
        assert.ok(!printed.includes(toHex(bytes)), `${event.kind}: ${kind}`);
        for (const each of open) assert.ok(!Buffer.from(each).includes(Buffer.from(bytes)), `${event.kind}: ${kind}`);
      }
    }
    back.on = false;
    await b.receive((await a.say('three')).inner);
    assert.equal(back.events.length, 2);
  });
});
