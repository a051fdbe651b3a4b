import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, concat } from '../src/bytes.ts';
import type { Channel } from '../src/channel/channel.ts';
import { HandshakingClient } from '../src/channel/client-channel.ts';
import { HandshakingServer } from '../src/channel/server-channel.ts';
import { decodeF1 } from '../src/handshake/messages.ts';
import { startResponder } from '../src/handshake/responder.ts';
import { createSharedEphemeral } from '../src/handshake/shared-ephemeral.ts';
import { SHARED_EPHEMERAL_LIFE } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { SecretKey } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { connect, cutAt, frameOf, upToF5 } from './fixtures/connect.ts';
import { alice, bob, NOW } from './fixtures/devices.ts';
import { type HandshakeFile, runHandshake } from './vectors/handshake.ts';
import { loadVectors } from './vectors/load.ts';

const EMPTY = new Uint8Array(0);

function secret(key: SecretKey): Bytes {
  return key.exposeSecretBytes();
}

function assertEqualEnds(server: Channel, client: Channel): void {
  const [s, c] = [server.handshake, client.handshake];
  assert.deepEqual(secret(s.root), secret(c.root));
  assert.deepEqual(s.sid, c.sid);
  assert.deepEqual(secret(s.exporter), secret(c.exporter));
  assert.equal(s.sas, c.sas);
  assert.match(s.sas, /^[0-9]{6}$/);
  assert.deepEqual(s.th5, c.th5);
  assert.deepEqual(secret(s.recordKeys.sendKey), secret(c.recordKeys.receiveKey));
  assert.deepEqual(secret(s.recordKeys.receiveKey), secret(c.recordKeys.sendKey));
  assert.notDeepEqual(secret(s.recordKeys.sendKey), secret(s.recordKeys.receiveKey));
  assert.notDeepEqual(s.recordKeys.sendIv, s.recordKeys.receiveIv);
  assert.ok(s.role === 'server' && c.role === 'client');
  assert.deepEqual(s.peerDh, p.x25519PublicKey(c.ownDh));
}

suite('handshake vectors (§3)', () => {
  test('handshake.json on node', async () => {
    const file = loadVectors('handshake') as HandshakeFile;
    assert.equal(file.count, 65);
    assert.equal(file.good, 2);
    assert.deepEqual(await runHandshake(file, p), { ran: 65, good: 2 });
  });
});

suite('handshake (§3)', () => {
  test('both ends hold the same secrets and each other', async () => {
    const { server, client } = await connect({ serverNow: NOW, clientNow: NOW + 250 });
    assertEqualEnds(server, client);
    assert.deepEqual(server.handshake.peer.account, alice.bundle.account);
    assert.deepEqual(client.handshake.peer.account, bob.bundle.account);
    assert.equal(server.handshake.clockOffset, 250);
    assert.equal(client.handshake.clockOffset, -250);
  });

  test('two handshakes share nothing', async () => {
    const [one, two] = [await connect(), await connect()];
    for (const [a, b] of [
      [one.server, two.server],
      [one.client, two.client],
    ] as const) {
      assert.notDeepEqual(secret(a.handshake.root), secret(b.handshake.root));
      assert.notDeepEqual(a.handshake.sid, b.handshake.sid);
      assert.notDeepEqual(a.handshake.th5, b.handshake.th5);
    }
  });

  test('a full run over any chunking ends with equal secrets and open channels', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 8 }), async (places) => {
        const { server, client } = await connect({ wire: (frame) => cutAt(frame, places) });
        assertEqualEnds(server, client);
        assert.deepEqual(server.receive(client.seal({ kind: 'ping' })), [{ kind: 'ping' }]);
        assert.deepEqual(client.receive(server.seal({ kind: 'pong' })), [{ kind: 'pong' }]);
      }),
      { numRuns: 12 },
    );
  });

  test('byte by byte', async () => {
    const bytewise = (frame: Bytes): Uint8Array[] => Array.from(frame, (byte) => Uint8Array.of(byte));
    const { server, client } = await connect({ wire: bytewise });
    assertEqualEnds(server, client);
  });

  test('node and web primitives speak to each other', async () => {
    for (const options of [{ serverPrimitives: webPrimitives }, { clientPrimitives: webPrimitives }]) {
      const { server, client } = await connect(options);
      assertEqualEnds(server, client);
    }
  });

  test('chunks handed over without waiting are worked off in order', async () => {
    const server = new HandshakingServer(p, { device: bob, puzzleBits: 0, now: NOW });
    const client = new HandshakingClient(p, { device: alice });
    const [f2] = (await client.receive(server.hello, NOW)).send;
    assert.ok(f2 !== undefined);
    const steps = await Promise.all(cutAt(f2, [3, 700]).map((piece) => server.receive(piece, NOW)));
    assert.deepEqual(
      steps.map((step) => step.send.length),
      [0, 0, 1],
    );
  });

  test('what comes with F5 in one chunk waits in the channel', async () => {
    const { clientSide, serverChannel, f5 } = await upToF5();
    const envelope = new Uint8Array(90_000);
    const tail = [serverChannel.seal({ kind: 'ping' }), serverChannel.seal({ kind: 'envelope', envelope })];
    const { established: client, send } = await clientSide.receive(concat(f5, ...tail), NOW);
    assert.ok(client !== undefined);
    assert.deepEqual(send, []); // the client's F4 was its last
    const contents = client.receive(EMPTY);
    assert.deepEqual(
      contents.map((content) => content.kind),
      ['ping', 'envelope'],
    );
    assert.deepEqual(serverChannel.receive(client.seal({ kind: 'pong' })), [{ kind: 'pong' }]);
  });

  test('what is handed over while F5 is opened is not lost either', async () => {
    const { clientSide, serverChannel, f5 } = await upToF5();
    const [step, after] = await Promise.all([
      clientSide.receive(f5, NOW),
      clientSide.receive(serverChannel.seal({ kind: 'ping' }), NOW),
    ]);
    assert.deepEqual(after, { send: [] });
    assert.deepEqual(step.established?.receive(EMPTY), [{ kind: 'ping' }]);
  });
});

suite('shared ephemerals (§3)', () => {
  test('one may serve many connections for a second, each with its own commitment', async () => {
    const ephemeral = createSharedEphemeral(p, NOW);
    const start = (now: number): Bytes => startResponder(p, { device: bob, puzzleBits: 0, now, ephemeral }).f1;
    const [one, two] = [decodeF1(frameOf(start(NOW))), decodeF1(frameOf(start(NOW + SHARED_EPHEMERAL_LIFE - 1)))];
    assert.deepEqual(one.dhPublic, two.dhPublic);
    assert.deepEqual(one.mlKemPublic, two.mlKemPublic);
    assert.notDeepEqual(one.commitment, two.commitment);
    assert.throws(() => start(NOW + SHARED_EPHEMERAL_LIFE), { code: 'reuse', check: 'ephemeral' });
    assert.throws(() => start(NOW - 1), { code: 'reuse', check: 'ephemeral' });
    const server = new HandshakingServer(p, { device: bob, puzzleBits: 0, now: NOW, ephemeral });
    const client = new HandshakingClient(p, { device: alice });
    const { send } = await client.receive(server.hello, NOW);
    assert.equal((await server.receive(concat(...send), NOW)).send.length, 1);
  });

  test('without one, each connection has its own', () => {
    const start = (): Bytes =>
      decodeF1(frameOf(startResponder(p, { device: bob, puzzleBits: 0, now: NOW }).f1)).dhPublic;
    assert.notDeepEqual(start(), start());
  });
});
