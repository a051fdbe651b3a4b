/** A07 A08 A10 A11 A24 A25 A26 A27, M8 M21 M22 M28: what the channel alone stops, at every place of the handshake. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { suite, test } from 'node:test';
import { type Bytes, concat } from '../../src/bytes.ts';
import { HandshakeGate, type HandshakeTicket } from '../../src/channel/handshake-gate.ts';
import { HandshakingServer } from '../../src/channel/server-channel.ts';
import { encodeCbor } from '../../src/codec/cbor.ts';
import { encodeFrame, FRAME } from '../../src/framing/frame-reader.ts';
import type { HandshakeDevice } from '../../src/handshake/handshake-result.ts';
import { decodeF1 } from '../../src/handshake/messages.ts';
import { createSharedEphemeral } from '../../src/handshake/shared-ephemeral.ts';
import { encodeBundle } from '../../src/keys/bundle.ts';
import { encodeCertificate } from '../../src/keys/certificate.ts';
import { signStatement } from '../../src/keys/profile.ts';
import { HANDSHAKE_DEADLINE } from '../../src/limits.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { type Primitives, RsaPrivateKey, RsaPublicKey } from '../../src/primitives.ts';
import { connect, failureOf, FRAME_NAMES, frameOf, recorded, type FrameName } from '../fixtures/connect.ts';
import { alice, bob, carol, carolAccount, NOW } from '../fixtures/devices.ts';
import { memoized } from '../fixtures/memoized.ts';

/** Carol's device is mallory's: she has an identity, only not the one she claims. */
const mallory = carol;

/** A device whose certificate holds these RSA keys, whatever they are, well signed by mallory's account. */
async function deviceWith(spki: Uint8Array, signKey: RsaPrivateKey): Promise<HandshakeDevice> {
  const { accountKey, certificate } = mallory.bundle;
  const certificateBytes = encodeCertificate({ ...certificate, signKey: new RsaPublicKey(spki) });
  const certificateSignature = await signStatement(p, carolAccount.privateKey, certificateBytes);
  const bytes = encodeBundle({ accountKey, certificateBytes, certificateSignature });
  return { bundle: { ...mallory.bundle, bytes, hash: p.sha256(bytes) }, signKey };
}

suite('A07 impersonation by what was recorded', () => {
  test('A07 a frame of another handshake opens in none', async () => {
    const old = await recorded();
    const wanted: Record<FrameName, string> = {
      F1: 'client handshake-f3 open',
      F2: 'client handshake-f3 open',
      F3: 'client handshake-f3 open',
      F4: 'server handshake-f4 open',
      F5: 'client handshake-f5 open',
    };
    for (const name of FRAME_NAMES) {
      assert.equal(await failureOf({ wire: (frame, at) => [at === name ? old[name] : frame] }), wanted[name]);
    }
  });

  test('A07 the whole recorded server, played again, is not the server', async () => {
    const old = await recorded();
    assert.equal(await failureOf({ wire: (_, at) => [old[at]] }), 'client handshake-f3 open');
  });
});

suite('A08 a middleman who passes identities on', () => {
  test('A08 a bundle and its signature do not move into another handshake', async () => {
    // Mallory answers alice with bob's bundle and makes bob's own server sign: over another transcript than alice's.
    let bobsSignature: Bytes | undefined;
    const overheard: Primitives = {
      ...p,
      signPss: async (key, message, salt) => (bobsSignature = await p.signPss(key, message, salt)),
    };
    await connect({ server: bob, client: mallory, serverPrimitives: overheard });
    const replaying: Primitives = { ...p, signPss: () => Promise.resolve(bobsSignature ?? new Uint8Array(256)) };
    const failure = await failureOf({ server: { ...mallory, bundle: bob.bundle }, serverPrimitives: replaying });
    assert.equal(failure, 'client handshake-f3 signature');
  });
});

suite('A10 A11 A24 records', () => {
  test('A10 a record sent back to its sender opens in neither direction', async () => {
    for (const side of ['server', 'client'] as const) {
      const channel = (await connect())[side];
      const frame = channel.seal({ kind: 'accepted', seq: 1 });
      assert.throws(() => channel.receive(frame), { code: 'record', check: 'open' });
    }
  });

  test('A11 a record opens once, and in no other channel', async () => {
    const { server, client } = await connect();
    const other = await connect();
    const frame = client.seal({ kind: 'accepted', seq: 1 });
    assert.throws(() => other.server.receive(frame), { code: 'record', check: 'open' });
    assert.equal(server.receive(frame).length, 1);
    assert.throws(() => server.receive(frame), { code: 'record', check: 'open' });
  });

  test('A24 a stream cut anywhere has no close in it; one that was ended has', async () => {
    const { server, client } = await connect();
    const records = [client.seal({ kind: 'accepted', seq: 0 }), client.seal({ kind: 'close', lastSeq: 0 })];
    const stream = concat(...records);
    const kinds = server.receive(stream.subarray(0, stream.length - 1)).map((content) => content.kind);
    assert.deepEqual(kinds, ['accepted']);
    assert.deepEqual(server.receive(stream.subarray(stream.length - 1)), [{ kind: 'close', lastSeq: 0 }]);
    // Nor can anyone without the keys make one.
    const { server: another } = await connect();
    assert.throws(() => another.receive(encodeFrame(FRAME.RECORD, encodeCbor([5, 0]))), { code: 'record' });
  });
});

suite('A25 A26 a listener under attack', () => {
  test('A25 garbage in any place ends that handshake only', async () => {
    const garbage = [new Uint8Array(0), new Uint8Array(300).fill(0xff), new TextEncoder().encode('GET / HTTP/1.1\r\n')];
    for (const bytes of garbage) {
      const server = new HandshakingServer(p, { device: bob, puzzleBits: 0, now: NOW });
      await assert.rejects(server.receive(encodeFrame(FRAME.F2, bytes), NOW), { code: 'handshake-f2' });
      assert.equal(
        await failureOf({ wire: (f, at) => [at === 'F4' ? encodeFrame(FRAME.F4, bytes) : f] }),
        'server handshake-f4 open',
      );
    }
    const http = new HandshakingServer(p, { device: bob, puzzleBits: 0, now: NOW });
    await assert.rejects(http.receive(garbage[2] ?? new Uint8Array(0), NOW), { code: 'frame', check: 'limit' });
    await connect();
  });

  test('A25 a key of another kind in a bundle is refused with the bundle', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const device = await deviceWith(publicKey.export({ type: 'spki', format: 'der' }), mallory.signKey);
    assert.equal(await failureOf({ server: device }), 'client handshake-f3 bundle');
    assert.equal(await failureOf({ client: device }), 'server handshake-f4 bundle');
  });

  test('A26 idle callers of one address hold 8 places for 5 seconds, and others come in meanwhile', () => {
    const gate = new HandshakeGate();
    const idle: HandshakeTicket[] = [];
    for (let i = 0; i < 1_000; i++) {
      const admission = gate.admit('192.0.2.1', NOW);
      if (admission.admitted) idle.push(admission.ticket);
    }
    assert.equal(idle.length, 8);
    const honest = gate.admit('192.0.2.2', NOW + 1);
    assert.ok(honest.admitted);
    assert.equal(honest.ticket.puzzleBits, 0);
    gate.finish(honest.ticket);
    assert.deepEqual(gate.expire(NOW + HANDSHAKE_DEADLINE), idle);
    assert.equal(gate.unfinished, 0);
  });

  test('A26 callers of many addresses must work, and an idle one is asked before any key operation', async () => {
    const gate = new HandshakeGate();
    for (let i = 0; i < 65; i++) gate.admit(`192.0.2.${i}`, NOW);
    const admission = gate.admit('198.51.100.1', NOW);
    assert.ok(admission.admitted && admission.ticket.puzzleBits === 12);
    const keyless: Primitives = { ...p, x25519: () => assert.fail('a key operation') };
    const { F2 } = await recorded();
    const { puzzleBits } = admission.ticket;
    const failure = await failureOf({ serverPrimitives: keyless, puzzleBits, wire: (f, at) => [at === 'F2' ? F2 : f] });
    assert.equal(failure, 'server handshake-f2 puzzle');
  });
});

suite('A27 weak key', () => {
  test('A27 RSA-1024 as device key is refused by either side before it verifies anything', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const signKey = new RsaPrivateKey(weak.privateKey.export({ type: 'pkcs8', format: 'der' }));
    const device = await deviceWith(weak.publicKey.export({ type: 'spki', format: 'der' }), signKey);
    // The signature a 1024-bit key makes would not even have the right size: mallory's own stands in for it.
    const forging: Primitives = { ...p, signPss: (_, message, salt) => p.signPss(mallory.signKey, message, salt) };
    await connect({ server: await deviceWith(mallory.bundle.certificate.signKey.spki, mallory.signKey) });
    assert.equal(await failureOf({ server: device, serverPrimitives: forging }), 'client handshake-f3 bundle');
    assert.equal(await failureOf({ client: device, clientPrimitives: forging }), 'server handshake-f4 bundle');
  });
});

suite('M8 signatures authenticate, no key agreement does', () => {
  test("M8 alice's X25519 key and wrap keys, and a handshake's ephemeral secrets, do not make anyone alice", async () => {
    const stolen = { ...alice, signKey: mallory.signKey };
    assert.equal(await failureOf({ server: bob, client: stolen }), 'server handshake-f4 signature');
    // With every secret of an earlier handshake known and used again, the client's fresh values still ask for a signature.
    const known = memoized(p);
    await connect({ serverPrimitives: known.p });
    known.rewind();
    const withoutKey: HandshakeDevice = { bundle: bob.bundle, signKey: mallory.signKey };
    const failure = await failureOf({ server: withoutKey, serverPrimitives: known.p });
    assert.equal(failure, 'client handshake-f3 signature');
  });
});

suite('M21 M22 algorithms and keys are never read from a message', () => {
  test('M21 a suite that was not offered, and an offer without suite 1', async () => {
    const swapped = (name: FrameName, at: number, value: number): Promise<string> =>
      failureOf({
        wire: (frame, which) => {
          const copy = new Uint8Array(frame);
          if (which === name) copy[at] = value;
          return [copy];
        },
      });
    // F1: header 5, array head, "waxwing/1" with its head 10, list head; F2: header 5, array head.
    assert.equal(await swapped('F1', 17, 2), 'client handshake-f1 suite');
    assert.equal(await swapped('F2', 6, 2), 'server handshake-f2 suite');
  });

  test('M22 the key that verifies is the certificate’s, and the certificate is the account’s', async () => {
    const { certificateBytes, certificateSignature } = bob.bundle;
    const bytes = encodeBundle({ accountKey: mallory.bundle.accountKey, certificateBytes, certificateSignature });
    const device = { bundle: { ...mallory.bundle, bytes, hash: p.sha256(bytes) }, signKey: mallory.signKey };
    assert.equal(await failureOf({ server: device }), 'client handshake-f3 bundle');
  });
});

suite('M28 grinding the short authentication string', () => {
  test('M28 nothing a side can still choose after F2 changes it', async () => {
    // Same randomness up to F2, other boxes and signatures from there on.
    const sasOf = async (server: Primitives, client: Primitives): Promise<{ sas: string; th5: Bytes }> => {
      const { client: channel } = await connect({ serverPrimitives: server, clientPrimitives: client });
      return channel.handshake;
    };
    const one = memoized(p);
    const two = memoized(p);
    const first = await sasOf(one.p, two.p);
    one.rewind();
    two.rewind();
    const sign: Primitives['signPss'] = (key, message, salt) => p.signPss(key, message, salt);
    let server = 0;
    let client = 0;
    const again = await sasOf(
      // The server draws x_s, seed, r_S, then F3's iv; the client n_C, x_c, then F4's iv. Signatures are salted anew.
      { ...one.p, signPss: sign, randomBytes: (size) => (++server > 3 ? p : one.p).randomBytes(size) },
      { ...two.p, signPss: sign, randomBytes: (size) => (++client > 2 ? p : two.p).randomBytes(size) },
    );
    assert.notDeepEqual(again.th5, first.th5);
    assert.equal(again.sas, first.sas);
  });

  test('M28 r_S, which decides it, cannot be chosen after F2 was seen', async () => {
    let drawn = 0;
    // The server commits to one value and opens another: the value it draws for the commitment is swapped in F3.
    const swapping: Primitives = {
      ...p,
      randomBytes: (size) => {
        drawn += 1;
        const bytes = p.randomBytes(size);
        if (drawn === 3) queueMicrotask(() => (bytes[0] = (bytes[0] as number) ^ 1));
        return bytes;
      },
    };
    assert.equal(await failureOf({ serverPrimitives: swapping }), 'client handshake-f3 commit');
  });

  test('M28 with a shared ephemeral too, every connection commits to a value of its own', async () => {
    const ephemeral = createSharedEphemeral(p, NOW);
    const commitments = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { hello } = new HandshakingServer(p, { device: bob, puzzleBits: 0, now: NOW, ephemeral });
      commitments.add(decodeF1(frameOf(hello)).commitment.join());
    }
    assert.equal(commitments.size, 20);
  });
});
