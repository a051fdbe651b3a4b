import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, concat, u32 } from '../src/bytes.ts';
import { REJECT } from '../src/channel/channel.ts';
import { HandshakingClient } from '../src/channel/client-channel.ts';
import { HandshakingServer } from '../src/channel/server-channel.ts';
import { encodeCbor } from '../src/codec/cbor.ts';
import { encodeFrame, FRAME } from '../src/framing/frame-reader.ts';
import { isProtocolError } from '../src/errors.ts';
import { startInitiator } from '../src/handshake/initiator.ts';
import { decodeF1, decodeF2, encodeF1, encodeF2 } from '../src/handshake/messages.ts';
import { PinMismatchError } from '../src/handshake/pin-mismatch-error.ts';
import { startResponder } from '../src/handshake/responder.ts';
import { createSharedEphemeral } from '../src/handshake/shared-ephemeral.ts';
import { MAX_FRAME, MAX_FRAME_HANDSHAKE } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import type { Primitives } from '../src/primitives.ts';
import {
  connect,
  failureOf,
  flipBit,
  FRAME_NAMES,
  type FrameName,
  tryConnect,
  frameOf,
  recorded,
  upToF5,
} from './fixtures/connect.ts';
import { alice, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';

const EMPTY = new Uint8Array(0);

suite('what a handshake refuses (§3)', () => {
  test('a frame whose type is not the next one', async () => {
    for (const [index, name] of FRAME_NAMES.entries()) {
      const code = `handshake-${name.toLowerCase()}`;
      const side = index % 2 === 0 ? 'client' : 'server';
      for (const type of [0, 1, 2, 3, 4, 5, 0x10, 0x11, 0x7f, 0xff]) {
        const replaced = await failureOf({
          wire: (frame, at) => [at === name ? encodeFrame(type, frame.subarray(5)) : frame],
        }).catch(() => 'accepted');
        const right = type === [1, 2, 3, 4, 0x10][index];
        const check = type === FRAME.REJECT ? 'reject body' : 'type';
        assert.equal(replaced, right ? 'accepted' : `${side} ${code} ${check}`, `${name} as ${type}`);
      }
    }
  });

  test('the reject frame ends it, at every frame, and says so', async () => {
    for (const [index, name] of FRAME_NAMES.entries()) {
      const failure = await failureOf({ wire: (frame, at) => [at === name ? REJECT : frame] });
      assert.equal(failure, `${index % 2 === 0 ? 'client' : 'server'} handshake-${name.toLowerCase()} rejected`);
    }
  });

  test('frames above 4,096 bytes before the end, at once', async () => {
    for (const name of FRAME_NAMES) {
      const failure = await failureOf({ wire: (frame, at) => [at === name ? u32(MAX_FRAME_HANDSHAKE - 3) : frame] });
      assert.match(failure, / frame limit$/);
    }
  });

  test('the limit changes exactly when the handshake ends', async () => {
    const envelope = new Uint8Array(MAX_FRAME - 5 - 16 - 7);
    const { clientSide, serverChannel, f5 } = await upToF5();
    const large = serverChannel.seal({ kind: 'envelope', envelope });
    const { established: client } = await clientSide.receive(concat(f5, large), NOW);
    assert.ok(client !== undefined);
    assert.equal(client.receive(EMPTY).length, 1);
    assert.equal(serverChannel.receive(client.seal({ kind: 'envelope', envelope })).length, 1);
    assert.throws(() => client.receive(u32(MAX_FRAME - 3)), { code: 'frame', check: 'limit' });
  });

  test('anything but the ready record as F5', async () => {
    const { clientSide, serverChannel } = await upToF5();
    // The server's record 1 in the place of its record 0.
    await assert.rejects(
      clientSide.receive(serverChannel.seal({ kind: 'ping' }), NOW),
      (error) =>
        isProtocolError(error, 'handshake-f5') && error.check === 'open' && isProtocolError(error.cause, 'record'),
    );
    for (const kind of [3, 4, 6]) {
      const content = kind === 6 ? [0x82, 6, 0] : [0x81, kind];
      const sealReady: Primitives = {
        ...p,
        sealGcm: (key, nonce, aad, plain) =>
          p.sealGcm(key, nonce, resized(aad, content.length), plain.length === 2 ? Uint8Array.from(content) : plain),
      };
      const failure = await failureOf({
        serverPrimitives: sealReady,
        wire: (frame, at) => [
          at === 'F5' ? concat(resized(frame.subarray(0, 5), content.length), frame.subarray(5)) : frame,
        ],
      });
      assert.equal(failure, 'client handshake-f5 ready');
    }
  });

  test('any failure is final, and says reuse from then on', async () => {
    const server = new HandshakingServer(p, { device: bob, puzzleBits: 0, now: NOW });
    await assert.rejects(server.receive(encodeFrame(FRAME.F4, EMPTY), NOW), { code: 'handshake-f2', check: 'type' });
    await assert.rejects(server.receive(EMPTY, NOW), { code: 'reuse', check: 'handshake' });
    const client = new HandshakingClient(p, { device: alice });
    await assert.rejects(client.receive(u32(0), NOW), { code: 'frame' });
    await assert.rejects(client.receive(server.hello, NOW), { code: 'reuse' });
  });

  test('random bodies make every state fail with its own code, and nothing else', async () => {
    const ephemeral = createSharedEphemeral(p, NOW);
    const real = await recorded();
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // Real frames, cut or changed somewhere.
      fc.tuple(fc.constantFrom(...FRAME_NAMES), fc.nat(), fc.nat(255)).map(([name, at, value]) => {
        const copy = real[name].slice(5);
        copy[at % copy.length] = value;
        return at % 3 === 0 ? copy.subarray(0, at % copy.length) : copy;
      }),
    );
    const only = async (code: string, run: () => Promise<unknown>): Promise<void> => {
      await run().catch((error: unknown) => assert.ok(isProtocolError(error) && error.code === code, String(error)));
    };
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const f1 = frameOf(encodeFrame(FRAME.F1, bytes));
        const easy = bytes.at(-1) === undefined || (bytes.at(-1) as number) <= 8 || (bytes.at(-1) as number) >= 23;
        if (easy) await only('handshake-f1', () => startInitiator(p, { device: alice }).receiveF1(f1, NOW));
        const { state, f1: sent } = startResponder(p, { device: bob, puzzleBits: 0, now: NOW, ephemeral });
        await only('handshake-f2', () => state.receiveF2(frameOf(encodeFrame(FRAME.F2, bytes)), NOW));
        const fresh = startResponder(p, { device: bob, puzzleBits: 0, now: NOW, ephemeral });
        const { next: awaitingF3 } = await startInitiator(p, { device: alice }).receiveF1(frameOf(sent), NOW);
        await only('handshake-f3', () => awaitingF3.receiveF3(frameOf(encodeFrame(FRAME.F3, bytes)), NOW));
        const { next: awaitingF4 } = await fresh.state.receiveF2(frameOf(real.F2), NOW);
        await only('handshake-f4', () => awaitingF4.receiveF4(frameOf(encodeFrame(FRAME.F4, bytes)), NOW));
      }),
      { numRuns: 60 },
    );
  });

  test('a server of another protocol, or without our suite', async () => {
    const saying =
      (protocol: string, suites: number[]) =>
      (frame: Bytes, at: FrameName): Bytes[] => {
        if (at !== 'F1') return [frame];
        const { commitment, dhPublic, mlKemPublic, time, puzzleBits } = decodeF1(frameOf(frame));
        const fields = [protocol, suites, commitment, dhPublic, mlKemPublic, time, puzzleBits];
        return [encodeFrame(FRAME.F1, encodeCbor(fields))];
      };
    assert.equal(await failureOf({ wire: saying('waxwing/2', [1]) }), 'client handshake-f1 protocol');
    assert.equal(await failureOf({ wire: saying('waxwing/1', [2, 3]) }), 'client handshake-f1 suite');
  });

  test('a key that no secret can be agreed with, of either kind', async () => {
    const zeros = new Uint8Array(32);
    // Coefficients of an ML-KEM key are below 3,329: FF FF FF holds two of 4,095.
    for (const [bad, check] of [
      [{ dhPublic: zeros }, 'x25519'],
      [{ mlKemPublic: new Uint8Array(1184).fill(0xff) }, 'mlkem'],
    ] as const) {
      const wire = (frame: Bytes, at: FrameName): Bytes[] => [
        at === 'F1' ? encodeF1({ ...decodeF1(frameOf(frame)), ...bad }) : frame,
      ];
      assert.equal(await failureOf({ wire }), `client handshake-f1 ${check}`);
    }
    const wire = (frame: Bytes, at: FrameName): Bytes[] => [
      at === 'F2' ? encodeF2({ ...decodeF2(frameOf(frame)), dhPublic: zeros }) : frame,
    ];
    assert.equal(await failureOf({ wire }), 'server handshake-f2 x25519');
  });

  test('a box that opens to something else than a proof', async () => {
    // The box of F3 and of F4 is the one thing a side encrypts this way during its handshake.
    const boxing = (...plain: number[]): Primitives => ({
      ...p,
      encryptCbc: (key, iv) => p.encryptCbc(key, iv, Uint8Array.from(plain)),
    });
    for (const plain of [[], [0x80], [0x83, 0x40, 0x40, 0x40]]) {
      assert.equal(await failureOf({ serverPrimitives: boxing(...plain) }), 'client handshake-f3 encoding');
      assert.equal(await failureOf({ clientPrimitives: boxing(...plain) }), 'server handshake-f4 encoding');
    }
  });

  test('a failure keeps what it came from', async () => {
    const opened = await tryConnect({ wire: (frame, at) => [at === 'F3' ? flipBit(frame, 999) : frame] });
    assert.ok(isProtocolError(opened.failure?.error, 'handshake-f3'));
    assert.ok(isProtocolError(opened.failure.error.cause, 'etm'));
    const judged = await tryConnect({ clientNow: bob.bundle.certificate.notAfter + 1 });
    assert.ok(isProtocolError(judged.failure?.error, 'handshake-f3'));
    assert.ok(isProtocolError(judged.failure.error.cause, 'bundle'));
    assert.equal(judged.failure.error.cause.check, 'time');
  });

  test('states are single-use, whether their frame was good or bad', async () => {
    const { f1, state } = startResponder(p, { device: bob, puzzleBits: 0, now: NOW });
    const initiator = startInitiator(p, { device: alice });
    const { f2, next: awaitingF3 } = await initiator.receiveF1(frameOf(f1), NOW);
    await assert.rejects(initiator.receiveF1(frameOf(f1), NOW), { code: 'reuse', check: 'state' });
    const { f3, next: awaitingF4 } = await state.receiveF2(frameOf(f2), NOW);
    await assert.rejects(state.receiveF2(frameOf(f2), NOW), { code: 'reuse' });
    await assert.rejects(awaitingF3.receiveF3(frameOf(flipBit(f3, 99)), NOW), { code: 'handshake-f3' });
    await assert.rejects(awaitingF3.receiveF3(frameOf(f3), NOW), { code: 'reuse' });
    await assert.rejects(awaitingF4.receiveF4(frameOf(f2), NOW), { code: 'handshake-f4', check: 'type' });
    await assert.rejects(awaitingF4.receiveF4(frameOf(f2), NOW), { code: 'reuse' });
  });

  test('another account than the pinned one, on either side, showing what it presented', async () => {
    for (const options of [{ serverPin: carol.bundle.account }, { clientPin: carol.bundle.account }]) {
      const { failure, client, server } = await tryConnect(options);
      assert.ok(failure?.error instanceof PinMismatchError);
      assert.equal(failure.error.check, 'pin');
      const byClient = 'serverPin' in options;
      assert.equal(failure.side, byClient ? 'client' : 'server');
      assert.deepEqual(failure.error.presented.account, (byClient ? bob : alice).bundle.account);
      assert.equal(client ?? server, undefined);
    }
    await connect({ serverPin: bob.bundle.account, clientPin: alice.bundle.account });
    assert.equal(await failureOf({ serverPin: bob.bundle.account.subarray(0, 31) }), 'client handshake-f3 pin');
  });

  test('the own device, but not another device of the own account', async () => {
    assert.equal(await failureOf({ server: alice, client: alice }), 'client handshake-f3 own device');
    const { server } = await connect({ server: alice, client: aliceSecond });
    assert.deepEqual(server.handshake.peer.account, alice.bundle.account);
  });

  test('a certificate that is not valid by the own clock, ends included', async () => {
    const { notBefore, notAfter } = bob.bundle.certificate;
    const { notBefore: clientFrom, notAfter: clientTo } = alice.bundle.certificate;
    await connect({ clientNow: notBefore });
    await connect({ clientNow: notAfter });
    await connect({ serverNow: clientFrom });
    await connect({ serverNow: clientTo });
    assert.equal(await failureOf({ clientNow: notBefore - 1 }), 'client handshake-f3 bundle');
    assert.equal(await failureOf({ clientNow: notAfter + 1 }), 'client handshake-f3 bundle');
    assert.equal(await failureOf({ serverNow: clientFrom - 1 }), 'server handshake-f4 bundle');
    assert.equal(await failureOf({ serverNow: clientTo + 1 }), 'server handshake-f4 bundle');
  });

  test('the client shows its identity to nobody but the authenticated server', async () => {
    const seen: FrameName[] = [];
    await tryConnect({
      serverPin: carol.bundle.account,
      wire: (frame, name) => {
        seen.push(name);
        return [frame];
      },
    });
    assert.deepEqual(seen, ['F1', 'F2', 'F3'], 'no F4');
  });

  test('a failure that is no refusal of a primitive passes unchanged', async () => {
    const broken = (name: 'x25519' | 'decryptCbc' | 'openGcm' | 'verifyPss'): Primitives => ({
      ...p,
      [name]: () => {
        throw new TypeError('not a refusal');
      },
    });
    await assert.rejects(tryConnect({ clientPrimitives: broken('x25519') }), TypeError);
    await assert.rejects(tryConnect({ serverPrimitives: broken('x25519') }), TypeError);
    await assert.rejects(tryConnect({ clientPrimitives: broken('decryptCbc') }), TypeError);
    await assert.rejects(tryConnect({ clientPrimitives: broken('openGcm') }), TypeError);
    await assert.rejects(tryConnect({ clientPrimitives: broken('verifyPss') }), TypeError);
  });
});

/** Header or AAD bytes whose length says a plaintext of `plainSize` instead of the ready record's 2. */
function resized(header: Uint8Array, plainSize: number): Bytes {
  const copy = new Uint8Array(header);
  if (copy[3] === 1 + 2 + 16) copy[3] += plainSize - 2;
  return copy;
}
