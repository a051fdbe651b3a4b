/** Watching: what is told is what happened, secrets come as keys that redact themselves, and nothing depends on it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { equalBytes, toBase64, toHex } from '../src/bytes.ts';
import { decodeEnvelope } from '../src/envelope/envelope.ts';
import { layerKeys } from '../src/envelope/layer-keys.ts';
import { isProtocolError } from '../src/errors.ts';
import { nodePrimitives } from '../src/primitives/node.ts';
import { CheckWatch } from '../src/trace.ts';
import { flipBit } from './fixtures/connect.ts';
import { NOW } from './fixtures/devices.ts';
import { reach } from './fixtures/secrets.ts';
import { pass, say, tracedHandshake, tracedSession, Watcher } from './fixtures/traced-session.ts';

const kinds = ({ events }: Watcher): string[] => events.map(({ kind }) => kind);

describe('a watched session', () => {
  test('each end is told every frame of both directions, in order, and the keys when they are agreed', async () => {
    const { server, client } = await tracedHandshake();
    assert.deepEqual(kinds(server.watcher), ['f1', 'f2', 'f3', 'f4', 'established', 'record']);
    assert.deepEqual(kinds(client.watcher), ['f1', 'f2', 'f3', 'f4', 'established', 'record']);
    for (const kind of ['f1', 'f2', 'f3', 'f4', 'record'] as const) {
      const [sent] = server.watcher.of(kind);
      const [received] = client.watcher.of(kind);
      assert.ok(sent && received);
      assert.ok(equalBytes(sent.frame, received.frame), kind);
      assert.notEqual(sent.direction, received.direction, kind);
    }
  });

  test('both ends are told equal secrets', async () => {
    const { server, client } = await tracedHandshake();
    const [a, b] = [server.watcher, client.watcher];
    const same = (left: { exposeSecretBytes(): Uint8Array }, right: { exposeSecretBytes(): Uint8Array }): void =>
      assert.deepEqual(left.exposeSecretBytes(), right.exposeSecretBytes());
    for (const name of ['dhShared', 'mlKemShared', 'prk'] as const) same(a.of('f2')[0]![name], b.of('f2')[0]![name]);
    for (const kind of ['f3', 'f4'] as const) {
      for (const name of ['key', 'finishKey'] as const) same(a.of(kind)[0]![name], b.of(kind)[0]![name]);
      assert.deepEqual(a.of(kind)[0]!.transcript, b.of(kind)[0]!.transcript);
      assert.deepEqual(a.of(kind)[0]!.bundle.hash, b.of(kind)[0]!.bundle.hash);
    }
    same(a.of('record')[0]!.key, b.of('record')[0]!.key);
    assert.deepEqual(a.of('record')[0]!.nonce, b.of('record')[0]!.nonce);
  });

  test('the checks of a receiver stand in the order of §3, each with its time', async () => {
    const { server, client } = await tracedHandshake();
    const names = (checks: readonly { readonly check: string }[]): string[] => checks.map(({ check }) => check);
    assert.deepEqual(names(client.watcher.of('f3')[0]!.checks), [
      'open',
      'commit',
      'bundle',
      'own device',
      'signature',
      'mac',
    ]);
    assert.deepEqual(names(server.watcher.of('f4')[0]!.checks), ['open', 'bundle', 'own device', 'signature', 'mac']);
    assert.deepEqual(names(server.watcher.of('f2')[0]!.checks), ['encoding', 'puzzle', 'x25519', 'mlkem']);
    assert.deepEqual(names(server.watcher.of('f3')[0]!.checks), []);
    for (const { took } of client.watcher.of('f3')[0]!.checks) assert.equal(took, 1); // the watcher's clock ticks so
  });

  test('a flight is told with the keys that make its tag and its ciphertext, at both ends', async () => {
    const { server, client } = await tracedSession(['one', 'two']);
    const [sealed] = client.watcher.of('sealed');
    const [opened] = server.watcher.of('opened');
    assert.ok(sealed && opened);
    assert.deepEqual(
      opened.steps.map(({ step }) => step),
      ['structure', 'hmac', 'unwrap', 'decrypt', 'freshness', 'signature'],
    );
    for (const { took } of opened.steps) assert.ok(took !== undefined && took >= 0);
    const { layers, sealing } = sealed;
    assert.deepEqual(
      layers.made.map(({ check }) => check),
      ['sign and wrap', 'encrypt', 'mac'],
    );
    const envelope = decodeEnvelope(sealed.envelope);
    const keys = layerKeys(nodePrimitives, { ...layers, messageKey: sealing.messageKey });
    assert.ok(keys.cipherKey);
    assert.deepEqual(nodePrimitives.hmacSha256(keys.macKey.exposeSecretBytes(), envelope.covered), envelope.tag);
    const plain = nodePrimitives.decryptCbc(keys.cipherKey.exposeSecretBytes(), envelope.iv, envelope.ct);
    assert.ok(Buffer.from(plain).includes('two'));
    assert.deepEqual(layers.wrap, envelope.wrap);
    const unwrapped = opened.steps.find((step) => step.step === 'unwrap')?.unwrapped;
    assert.deepEqual(unwrapped?.wrapped.exposeSecretBytes(), layers.wrapped.exposeSecretBytes());
    assert.deepEqual(unwrapped.contentKey.exposeSecretBytes(), layers.contentKey.exposeSecretBytes());
    assert.equal(opened.fault, undefined);
  });

  test('the ratchet and the chain are told before and after', async () => {
    const { server, client } = await tracedSession();
    const [first, second] = server.watcher.of('opened');
    assert.ok(first && second);
    assert.equal(first.chain.before, undefined);
    assert.equal(first.chain.after?.seq, 1);
    assert.deepEqual(second.chain.before, first.chain.after);
    assert.equal(first.ratchet.before.root, first.ratchet.after.root, 'the first client chain takes no step');
    assert.notEqual(second.ratchet.before.root, second.ratchet.after.root, 'an answer turns it');
    const [, answer] = client.watcher.of('sealed');
    assert.equal(answer?.chain.before.seq, 1);
    assert.equal(answer.chain.after.seq, 2);
  });

  test('an envelope in a record is the object that its flight is told with', async () => {
    const { server, client } = await tracedSession();
    for (const [watcher, kind] of [
      [client.watcher, 'sealed'],
      [server.watcher, 'opened'],
    ] as const) {
      const records = watcher
        .of('record')
        .flatMap(({ content }) => (content.kind === 'envelope' ? [content.envelope] : []));
      for (const { envelope } of watcher.of(kind)) assert.ok(records.some((one) => one === envelope));
    }
  });
});

describe('what does not pass', () => {
  test('a changed frame of the handshake is told with its check', async () => {
    for (const [at, check] of [
      [3, 'open'],
      [4, 'open'],
    ] as const) {
      let frames = 0;
      const watchers = [new Watcher(), new Watcher()] as const;
      await assert.rejects(
        tracedHandshake((frame) => {
          frames += 1;
          return frames === at ? flipBit(frame, 8 * 40) : frame;
        }, watchers),
        (error: unknown) => isProtocolError(error) && error.check === check,
      );
      const refused = watchers.flatMap((watcher) => watcher.of('refused'));
      assert.deepEqual(
        refused.map(({ error }) => error.check),
        [check],
      );
    }
  });

  test('a changed record is told, and so is a flight, with the steps that held before', async () => {
    const { server, client } = await tracedHandshake();
    const record = client.channel.seal({ kind: 'ping' });
    assert.throws(() => server.channel.receive(flipBit(record, 50)));
    assert.deepEqual(
      server.watcher.of('refused').map(({ error }) => error.check),
      ['open'],
    );

    const { envelope } = await client.live.seal({ items: [{ type: 'text/plain', body: new Uint8Array(3) }], now: NOW });
    await assert.rejects(server.live.open(flipBit(envelope, 8 * 400), NOW));
    await assert.rejects(server.live.open(new Uint8Array(9), NOW));
    const [changed, garbage] = server.watcher.of('opened');
    assert.deepEqual(
      changed!.steps.map(({ step }) => step),
      ['structure'],
    );
    assert.equal(changed?.fault?.code, 'envelope-1');
    assert.equal(changed.ratchet.before, changed.ratchet.after, 'nothing moved');
    assert.deepEqual(garbage!.steps, []);
    assert.equal(garbage?.fault?.code, 'envelope-0');
  });

  test('a flight refused for its age alone has moved the chain', async () => {
    const { server, client } = await tracedHandshake();
    const { envelope } = await client.live.seal({ items: [{ type: 'text/plain', body: new Uint8Array(3) }], now: NOW });
    await server.live.open(envelope, NOW + 100_000);
    const [old] = server.watcher.of('opened');
    assert.equal(old?.fault?.check, 'age');
    assert.equal(old.steps.length, 6);
    assert.equal(old.chain.after?.seq, 1);
  });
});

describe('whoever watches', () => {
  test('gets no secret by accident: they are in no bytes within reach, and in no print', async () => {
    const { server, client } = await tracedSession();
    for (const { watcher } of [server, client]) {
      for (const event of watcher.events) {
        const { secrets, open } = reach(event);
        const printed = `${JSON.stringify(event, (_, value: unknown) => (value instanceof Uint8Array ? toHex(value) : value))}${inspect(event, { depth: 20 })}`;
        for (const { kind, bytes } of secrets) {
          if (kind === 'RsaPrivateKey') continue; // PKCS#8 begins with what every RSA key begins with
          assert.ok(!printed.includes(toHex(bytes)) && !printed.includes(toBase64(bytes)), event.kind);
          for (const one of open) assert.ok(!Buffer.from(one).includes(Buffer.from(bytes)), `${event.kind}: ${kind}`);
        }
      }
      const all = watcher.events.flatMap((event) => reach(event).secrets);
      assert.ok(all.length > 40, 'there were secrets to look for');
    }
  });

  test('is told nothing once he looks away, and again when he is back', async () => {
    const { server, client } = await tracedHandshake();
    server.watcher.on = false;
    const before = server.watcher.events.length;
    await say(client, server, 'unseen');
    pass(server, client, { kind: 'ping' });
    assert.equal(server.watcher.events.length, before);
    server.watcher.on = true;
    await say(client, server, 'seen');
    assert.deepEqual(kinds(server.watcher).slice(before), ['record', 'opened']);
  });

  test('costs nothing where he is not', () => {
    assert.equal(CheckWatch.of(undefined), undefined);
  });
});
