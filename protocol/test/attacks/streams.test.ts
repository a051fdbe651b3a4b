/** A18 A19 A20 A21 A22 A25: what arrives is not what one recv and one pickle.loads take it for. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { type Bytes, concat, utf8 } from '../../src/bytes.ts';
import { HandshakingClient } from '../../src/channel/client-channel.ts';
import { HandshakingServer } from '../../src/channel/server-channel.ts';
import { decodePackage, encodePackage } from '../../src/classic/index.ts';
import { decodeCbor, encodeCbor } from '../../src/codec/cbor.ts';
import { encodeFrame, FRAME, FrameReader } from '../../src/framing/frame-reader.ts';
import { openBundle } from '../../src/keys/bundle.ts';
import { MAX_FRAME, MAX_FRAME_HANDSHAKE } from '../../src/limits.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { alice, bob, NOW } from '../fixtures/devices.ts';
import { meet } from './channel-pair.ts';
import { flight, livePair, shown, stoppedAt } from './live-pair.ts';
import { NOW_SECONDS, textbookPair } from './textbook-actors.ts';
import { dumpsCall } from '../../../lab/src/textbook/pickle.ts';

/** All frames that are whole after these chunks. */
function framesOf(chunks: readonly Uint8Array[], limit = MAX_FRAME): Bytes[] {
  const reader = new FrameReader(limit);
  const bodies: Bytes[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) bodies.push(frame.body.slice());
  }
  return bodies;
}

suite('A18 code in a pickle', () => {
  const exploit = dumpsCall('os', 'system', 'id > /home/victim/owned');

  test('A18 waxwing holds at 0: it is no frame, no CBOR and no envelope; classic mode refuses the opcode', async () => {
    assert.throws(() => framesOf([exploit]), stoppedAt('frame'));
    assert.throws(() => decodeCbor(exploit), stoppedAt('cbor'));
    await assert.rejects(livePair().client.open(exploit, NOW), stoppedAt('envelope-0'));
    assert.throws(() => decodePackage(exploit), stoppedAt('classic-format', 'opcode'));
  });
});

suite('A19 coalescing', () => {
  test('A19 waxwing holds by frames: all three arrive', async () => {
    const { server, client } = livePair();
    const frames: Bytes[] = [];
    for (const text of ['one', 'two', 'three']) {
      frames.push(encodeFrame(FRAME.RECORD, (await server.seal(flight(text))).envelope));
    }
    const seen = [];
    for (const envelope of framesOf([concat(...frames)])) seen.push(...shown(await client.open(envelope, NOW)));
    assert.deepEqual(seen, ['one', 'two', 'three']);
  });
});

suite('A20 segmentation', () => {
  test('A20 waxwing holds by frames: one byte at a time is the same message', async () => {
    const { server, client } = livePair();
    const frame = encodeFrame(FRAME.RECORD, (await server.seal(flight('in many parts'))).envelope);
    const bodies = framesOf([...frame].map((byte) => Uint8Array.of(byte)));
    assert.equal(bodies.length, 1);
    assert.deepEqual(shown(await client.open(bodies[0] ?? frame, NOW)), ['in many parts']);
  });
});

suite('A21 oversize', () => {
  const long = 'x'.repeat(16_000);

  test('A21 waxwing holds by limits: they arrive, and what is too long is refused by its length alone', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight(long));
    assert.deepEqual(shown(await client.open(envelope, NOW)), [long]);
    await assert.rejects(server.seal(flight('x'.repeat(61_441))), stoppedAt('limit', 'body'));
    // Four bytes of length are all that had to arrive.
    assert.throws(() => framesOf([Uint8Array.of(0, 2, 0, 0)]), stoppedAt('frame', 'limit'));
    assert.throws(() => framesOf([Uint8Array.of(0, 0, 0x10, 0)], MAX_FRAME_HANDSHAKE), stoppedAt('frame', 'limit'));
    // Classic mode, whose peer has that one recv, says so before it sends.
    const { encryptedSessionKey, iv, signature, hmac } = decodePackage(textbookPair().alice.send('', NOW_SECONDS));
    const sealed = { encryptedSessionKey, iv, signature, hmac, ciphertext: new Uint8Array(16_000) };
    assert.throws(() => encodePackage(sealed), stoppedAt('limit', 'classic-package'));
  });
});

suite('A22 key and message coalesced', () => {
  test('A22 waxwing holds by frames: a record behind the end of the handshake is kept for the channel', async () => {
    const server = new HandshakingServer(p, { device: alice, puzzleBits: 0, now: NOW });
    const client = new HandshakingClient(p, { device: bob });
    const f2 = await client.receive(server.hello, NOW);
    const f3 = await server.receive(concat(...f2.send), NOW);
    const f4 = await client.receive(concat(...f3.send), NOW);
    const done = await server.receive(concat(...f4.send), NOW);
    assert.ok(done.established !== undefined);
    const together = concat(...done.send, done.established.seal({ kind: 'accepted', seq: 0 }));
    const { established } = await client.receive(together, NOW);
    assert.deepEqual(established?.receive(new Uint8Array(0)), [{ kind: 'accepted', seq: 0 }]);
  });
});

suite('A25 denial by one packet', () => {
  const ed25519 = generateKeyPairSync('ed25519').publicKey;

  test('A25 waxwing holds at H and by rejecting one connection: the next peer is served', async () => {
    const start = (): HandshakingServer => new HandshakingServer(p, { device: alice, puzzleBits: 0, now: NOW });
    await assert.rejects(start().receive(utf8('garbage, eight bytes or more'), NOW), stoppedAt('frame'));
    const badF2 = encodeFrame(FRAME.F2, encodeCbor(['waxwing/1']));
    await assert.rejects(start().receive(badF2, NOW), stoppedAt('handshake-f2'));
    const spki = new Uint8Array(ed25519.export({ format: 'der', type: 'spki' }));
    const { certificateBytes, certificateSignature } = bob.bundle;
    await assert.rejects(
      openBundle(p, encodeCbor([spki, certificateBytes, certificateSignature]), NOW),
      stoppedAt('bundle'),
    );
    const { server, client } = await meet();
    assert.throws(() => server.receive(encodeFrame(FRAME.RECORD, utf8('malformed'))), stoppedAt('record'));
    assert.deepEqual(client.handshake.sid, server.handshake.sid);
    const next = await meet();
    assert.deepEqual(next.server.receive(next.client.seal({ kind: 'ping' })), [{ kind: 'ping' }]);
  });
});
