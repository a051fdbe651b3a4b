/** A07 A08 A09 A27 A31: who is at the other end, and what its keys are good for. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Bytes, fromHex, toBase64, utf8 } from '../../src/bytes.ts';
import { decodePem } from '../../src/classic/index.ts';
import { encodeCbor } from '../../src/codec/cbor.ts';
import { PinMismatchError } from '../../src/handshake/pin-mismatch-error.ts';
import { encodeBundle, openBundle } from '../../src/keys/bundle.ts';
import { encodeCertificate } from '../../src/keys/certificate.ts';
import { loadRsaPublicKey, signStatement } from '../../src/keys/profile.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { alice, aliceAccount, bob, carol, NOW } from '../fixtures/devices.ts';
import type { VectorEntry, VectorFile } from '../vectors/vector-file.ts';
import { loadVectors } from '../vectors/load.ts';
import { meet } from './channel-pair.ts';
import { stoppedAt } from './live-pair.ts';

type ProfileFile = VectorFile<VectorEntry & { readonly spki?: string }>;

/** Carol's device is mallory's here: an attacker has an identity, only not the one she claims. */
const mallory = carol;

suite('A07 impersonation without the key', () => {
  test("A07 waxwing holds at H: alice's bundle without her device's key signs no transcript", async () => {
    const impostor = { bundle: alice.bundle, signKey: mallory.signKey };
    await assert.rejects(meet({ server: impostor }), stoppedAt('handshake-f3', 'signature'));
    await assert.rejects(meet({ server: bob, client: impostor }), stoppedAt('handshake-f4', 'signature'));
    // Her pin helps as little as none.
    const clientPin = alice.bundle.account;
    await assert.rejects(meet({ server: impostor, clientPin }), stoppedAt('handshake-f3', 'signature'));
  });
});

suite('A08 a middleman in the key exchange', () => {
  test('A08 waxwing holds at H: with a pin, before the client has said who it is', async () => {
    const sent: number[] = [];
    const attempt = meet({
      server: mallory,
      clientPin: alice.bundle.account,
      onWire: (frame, number) => {
        sent.push(number);
        return frame;
      },
    });
    await assert.rejects(attempt, (error: unknown) => {
      stoppedAt('handshake-f3', 'pin')(error);
      assert.ok(error instanceof PinMismatchError);
      assert.deepEqual(error.presented.account, mallory.bundle.account);
      return true;
    });
    assert.deepEqual(sent, [1, 2, 3]); // F4, which would have named bob, was never made
    await assert.rejects(meet({ client: mallory, serverPin: bob.bundle.account }), stoppedAt('handshake-f4', 'pin'));
  });

  test('A08 waxwing holds at H: keys replaced on the way do not open F3', async () => {
    const other = (await wire())[0];
    const substituted = meet({ onWire: (frame, number) => (number === 1 ? (other ?? frame) : frame) });
    await assert.rejects(substituted, stoppedAt('handshake-f3', 'open'));
    const otherF2 = (await wire())[1];
    const answered = meet({ onWire: (frame, number) => (number === 2 ? (otherF2 ?? frame) : frame) });
    await assert.rejects(answered, stoppedAt('handshake-f3', 'open'));
  });

  test('A08 waxwing holds at H, by the people: without a pin it completes, and the two codes on the screens differ', async () => {
    const toBob = await meet({ server: mallory, client: bob });
    const toAlice = await meet({ server: alice, client: mallory });
    const bobSees = toBob.client.handshake;
    const aliceSees = toAlice.server.handshake;
    assert.notEqual(bobSees.sas, aliceSees.sas); // by chance equal once in a million
    assert.notDeepEqual(bobSees.peer.account, alice.bundle.account);
    assert.notDeepEqual(bobSees.sid, aliceSees.sid);
    const honest = await meet();
    assert.equal(honest.client.handshake.sas, honest.server.handshake.sas);
  });
});

/** The frames of an honest handshake of alice's server with bob. */
async function wire(): Promise<Bytes[]> {
  const frames: Bytes[] = [];
  await meet({
    onWire: (frame) => {
      frames.push(frame);
      return frame;
    },
  });
  return frames;
}

suite('A09 reflection of key and messages', () => {
  test('A09 waxwing holds at H: one’s own device is nobody to talk to, and a frame has one place', async () => {
    await assert.rejects(meet({ client: alice }), stoppedAt('handshake-f3', 'own device'));
    // A client that does not look, as an attacker's would not: the server looks.
    const echo = { ...alice, bundle: { ...alice.bundle, device: new Uint8Array(16) } };
    await assert.rejects(meet({ client: echo }), stoppedAt('handshake-f4', 'own device'));
    const frames: Bytes[] = [];
    const reflecting = meet({
      onWire: (frame, number) => {
        frames.push(frame);
        return number === 2 ? (frames[0] ?? frame) : frame;
      },
    });
    await assert.rejects(reflecting, stoppedAt('handshake-f2', 'type'));
  });
});

suite('A27 weak key', () => {
  test('A27 waxwing holds at H: exactly 2048 bits and 65537, in classic mode too', async () => {
    const { vectors } = loadVectors('profile') as ProfileFile;
    for (const name of ['1024 bits', '3072 bits', 'e = 3', 'even modulus']) {
      const spki = fromHex(vectors.find((entry) => entry.name === name)?.spki ?? '');
      assert.ok(spki.length > 0, name);
      assert.throws(() => loadRsaPublicKey(spki), stoppedAt('profile'), name);
      const { certificateBytes, certificateSignature } = alice.bundle;
      const bundle = encodeCbor([spki, certificateBytes, certificateSignature]);
      await assert.rejects(openBundle(p, bundle, NOW), stoppedAt('bundle'), name);
      const pem = `-----BEGIN PUBLIC KEY-----\n${toBase64(spki)}\n-----END PUBLIC KEY-----\n`;
      assert.throws(() => decodePem(utf8(pem)), stoppedAt('classic-format', 'pem'), name);
    }
  });
});

suite('A31 one key for two purposes', () => {
  test('A31 waxwing holds at H: account, signing and wrapping keys are three, or the bundle is refused', async () => {
    const { certificate, accountKey } = alice.bundle;
    for (const doubled of [
      { ...certificate, wrapKey: certificate.signKey },
      { ...certificate, signKey: accountKey },
      { ...certificate, wrapKey: accountKey },
    ]) {
      const certificateBytes = encodeCertificate(doubled);
      const certificateSignature = await signStatement(p, aliceAccount.privateKey, certificateBytes);
      const bundle = encodeBundle({ accountKey, certificateBytes, certificateSignature });
      await assert.rejects(openBundle(p, bundle, NOW), stoppedAt('bundle'));
    }
  });
});
