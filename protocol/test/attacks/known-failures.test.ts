/**
 * M3 … M27: what broke other systems, tried here. The numbers are the catalogue's; more of them stand in
 * envelope.test.ts and handshake-and-records.test.ts, the table in catalogue.test.ts.
 */
import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt } from 'node:crypto';
import { suite, test } from 'node:test';
import { type Bytes, toBase64, toHex, utf8 } from '../../src/bytes.ts';
import { HandshakingClient } from '../../src/channel/client-channel.ts';
import { HandshakingServer } from '../../src/channel/server-channel.ts';
import { decodeCbor, encodeCbor } from '../../src/codec/cbor.ts';
import { decodeStatement, encodeStatement } from '../../src/codec/statement.ts';
import { decodeEnvelope, encodeCovered, encodeEnvelope } from '../../src/envelope/envelope.ts';
import { decodeHeader, encodeHeader, type Header } from '../../src/envelope/header.ts';
import { decodeCertificate } from '../../src/keys/certificate.ts';
import * as labels from '../../src/labels.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { type Primitives, SecretKey } from '../../src/primitives.ts';
import { expand } from '../../src/symmetric/expand.ts';
import { alice, aliceSecond, bob, carol, NOW } from '../fixtures/devices.ts';
import { meet } from './channel-pair.ts';
import { flight, livePair, shown, signingWith, stoppedAt } from './live-pair.ts';

/** An envelope with other header bytes: what the tag says of it is not even asked. */
function withHeader(envelope: Bytes, change: (header: Header) => Uint8Array): Bytes {
  const read = decodeEnvelope(envelope);
  const hdr = new Uint8Array(change(decodeHeader(read.hdr)));
  return encodeEnvelope(encodeCovered({ ...read, hdr }), read.tag);
}

suite('identifiers and kinds', () => {
  test('M3 a device id where a key belongs is no certificate', () => {
    const text = new TextDecoder().decode(alice.bundle.certificateBytes);
    const { device } = alice.bundle;
    for (const id of [toHex(device), toBase64(device)]) {
      const confused = text.replace(/^wrap-key: .*$/m, `wrap-key: ${id}`);
      assert.notEqual(confused, text);
      assert.throws(() => decodeCertificate(utf8(confused)), stoppedAt('bundle'));
    }
  });

  test('M4 an envelope of a mailbox or a room is not for a live channel', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('hi'));
    for (const kind of [1, 2]) {
      const other = withHeader(envelope, (header) => encodeHeader({ ...header, kind }));
      await assert.rejects(client.open(other, NOW), stoppedAt('envelope-0', 'kind'));
    }
  });

  test('M5 every purpose has a key of its own', () => {
    const all = Object.entries(labels).filter(([name]) => name.startsWith('LABEL_'));
    const root = new SecretKey(p.randomBytes(32));
    const keys = all.map(([, label]) => toHex(expand(p, root, String(label)).exposeSecretBytes()));
    assert.ok(all.length > 10);
    assert.equal(new Set(keys).size, all.length);
  });

  test('M9 a statement of one kind is none of another, so no signature serves twice', () => {
    const kinds = [labels.KIND_DEVICE, labels.KIND_HANDSHAKE_SERVER, labels.KIND_HANDSHAKE_CLIENT, labels.KIND_MESSAGE];
    const fields = [['transcript', '00'.repeat(32)]] as const;
    for (const signed of kinds) {
      for (const wanted of kinds) {
        const read = (): string[] => decodeStatement(encodeStatement(signed, fields), wanted, ['transcript']);
        if (signed === wanted) assert.deepEqual(read(), [fields[0][1]]);
        else assert.throws(read, stoppedAt('statement'));
      }
    }
  });

  test('M24 one account to verify: each of its devices passes the pin, nobody else does', async () => {
    const clientPin = alice.bundle.account;
    const { client } = await meet({ server: aliceSecond, clientPin });
    assert.deepEqual(client.handshake.peer.device, aliceSecond.bundle.device);
    await assert.rejects(meet({ server: carol, clientPin }), stoppedAt('handshake-f3', 'pin'));
  });
});

suite('handshake', () => {
  test('M19 the key that was compared with the pin is the one that is used', async () => {
    const { client, server } = await meet({ clientPin: alice.bundle.account });
    assert.deepEqual(client.handshake.peer.bytes, alice.bundle.bytes);
    assert.deepEqual(client.handshake.peer.certificate.signKey, alice.bundle.certificate.signKey);
    const talk = livePair({ client: { device: bob }, server: { taken: client.handshake.peer } });
    assert.deepEqual(shown(await talk.client.open((await talk.server.seal(flight('hi'))).envelope, NOW)), ['hi']);
    assert.deepEqual(server.handshake.peer.bytes, bob.bundle.bytes);
  });

  test('M23 a puzzle beyond the limit is refused before any work', async () => {
    const { hello } = new HandshakingServer(p, { device: alice, puzzleBits: 0, now: NOW });
    const greedy = hello.slice();
    assert.equal(greedy.at(-1), 0); // puzzle_bits is the last field
    greedy[greedy.length - 1] = 23;
    const client = new HandshakingClient(p, { device: bob });
    await assert.rejects(client.receive(greedy, NOW), stoppedAt('handshake-f1'));
  });
});

suite('envelope', () => {
  test('M10 seq and prev are signed', async () => {
    const sid = p.randomBytes(16);
    const opening = p.randomBytes(32);
    const { signature } = await livePair({ sid }).server.seal(flight('pizza', NOW, opening));
    for (const sent of [
      { seq: 6, hash: new Uint8Array(32) },
      { seq: 0, hash: p.randomBytes(32) },
    ]) {
      const chain = { sent, received: undefined };
      const { server, client } = livePair({ sid, server: { primitives: signingWith(signature), chain } });
      const { envelope } = await server.seal(flight('pizza', NOW, opening));
      // A first flight with a prev of its own is already refused at 4.
      await assert.rejects(client.open(envelope, NOW), stoppedAt(sent.seq === 6 ? 'envelope-5' : 'envelope-4'));
    }
  });

  test('M11 no memory of past messages is needed to refuse them: a new session opens none', async () => {
    const old = livePair();
    const { envelope } = await old.server.seal(flight('once'));
    await old.client.open(envelope, NOW);
    const restarted = livePair({ client: { chain: old.client.chain } });
    await assert.rejects(restarted.client.open(envelope, NOW), stoppedAt('envelope-0', 'sid'));
  });

  test('M12 nothing is compressed: the size says nothing of the text', async () => {
    const { server } = livePair();
    const even = await server.seal(flight('a'.repeat(8_000)));
    const random = await server.seal(flight(toHex(p.randomBytes(4_000))));
    assert.equal(even.envelope.length, random.envelope.length);
  });

  test('M13 two envelopes that changed places are noticed at the first', async () => {
    const { server, client } = livePair();
    const pizza = await server.seal(flight('pizza: yes or no?'));
    const crime = await server.seal(flight('and the crime?'));
    await assert.rejects(client.open(crime.envelope, NOW), stoppedAt('envelope-0'));
    assert.deepEqual(shown(await client.open(pizza.envelope, NOW)), ['pizza: yes or no?']);
  });

  test('M14 what is sent again is a new flight with the same item ids, and tells nothing else', async () => {
    const { server, client } = livePair();
    const first = await server.seal(flight('again'));
    const again = await server.seal(flight('again', NOW, first.items[0]?.opening));
    const opened = [await client.open(first.envelope, NOW), await client.open(again.envelope, NOW)];
    const [one, two] = opened.map(({ items }) => items[0]?.id);
    assert.deepEqual(one, two);
    const [a, b] = [decodeEnvelope(first.envelope), decodeEnvelope(again.envelope)];
    for (const field of ['wrap', 'iv', 'ct', 'kc', 'tag'] as const) assert.notDeepEqual(a[field], b[field]);
  });

  test('M15 M16 M20 nothing is decrypted before the HMAC, a bad wrap goes on, nothing is shown before the signature', async () => {
    const steps: string[] = [];
    const traced: Primitives = {
      ...p,
      unwrapOaep: (...input) => (steps.push('unwrap'), p.unwrapOaep(...input)),
      decryptCbc: (...input) => (steps.push('decrypt'), p.decryptCbc(...input)),
      verifyPss: (...input) => (steps.push('verify'), p.verifyPss(...input)),
    };
    const { server, client } = livePair({ client: { primitives: traced } });
    const { envelope } = await server.seal(flight('five layers'));
    const turned = envelope.slice();
    turned[turned.length - 1] = (turned.at(-1) as number) ^ 1;
    await assert.rejects(client.open(turned, NOW), stoppedAt('envelope-1'));
    assert.deepEqual(steps, []);
    await client.open(envelope, NOW);
    assert.deepEqual(steps, ['unwrap', 'decrypt', 'verify']);

    const mismatched = livePair({ server: { device: { ...alice, signKey: carol.signKey } } });
    const unsigned = await mismatched.server.seal(flight('five layers'));
    await assert.rejects(mismatched.client.open(unsigned.envelope, NOW), stoppedAt('envelope-5'));

    const badWrap: Primitives = { ...p, wrapOaep: () => Promise.resolve(p.randomBytes(256)) };
    const rejected = livePair({ server: { primitives: badWrap } });
    const { envelope: wrapped } = await rejected.server.seal(flight('five layers'));
    await assert.rejects(rejected.client.open(wrapped, NOW), stoppedAt('envelope-3', 'commitment'));
  });

  test('M17 a wrap in PKCS#1 v1.5 is no wrap', async () => {
    const older: Primitives = {
      ...p,
      wrapOaep: (key, _label, secret) => {
        const publicKey = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
        const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, secret);
        return Promise.resolve(new Uint8Array(wrapped));
      },
    };
    const { server, client } = livePair({ server: { primitives: older } });
    const { envelope } = await server.seal(flight('hi'));
    await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-3'));
  });

  test('M18 a few bytes that announce many are refused as they stand', () => {
    const bombs = [
      '9affffffff', // an array of 2^32 − 1
      '5affffffff00', // a byte string of that size
      '9b001fffffffffffff',
      '5f40ff', // an indefinite length
      '81'.repeat(10_000), // depth
      '9904018000', // 1,025 entries
    ];
    for (const bomb of bombs) assert.throws(() => decodeCbor(Buffer.from(bomb, 'hex')), stoppedAt('cbor'), bomb);
  });

  test('M21 there is one suite, and no field that could name another algorithm', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('hi'));
    const version = withHeader(envelope, (header) => {
      const encoded = encodeHeader(header);
      encoded[1] = 2;
      return encoded;
    });
    await assert.rejects(client.open(version, NOW), stoppedAt('envelope-0', 'header'));
    const named = withHeader(envelope, (header) => {
      const { kind, sid, toDevice, dh, pn, n, pe } = header;
      return encodeCbor([1, kind, sid, toDevice, dh, pn, n, pe, 'none']);
    });
    await assert.rejects(client.open(named, NOW), stoppedAt('envelope-0', 'header'));
  });

  test('M22 a key that comes with a message verifies nothing', async () => {
    const { server, client } = livePair({ server: { device: { ...alice, signKey: carol.signKey } } });
    const ctl = [
      ['jwk', carol.bundle.certificate.signKey.spki],
      ['bundle', carol.bundle.bytes],
    ] as const;
    const { envelope } = await server.seal({ ...flight('trust me'), ctl });
    await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-5', 'signature'));
  });

  test('M27 one ciphertext has one key: a wrap of another key, correctly made, is refused', async () => {
    const two: Primitives = { ...p, wrapOaep: (key, label) => p.wrapOaep(key, label, p.randomBytes(32)) };
    const { server, client } = livePair({ server: { primitives: two } });
    const { envelope } = await server.seal(flight('two faces'));
    await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-3', 'commitment'));
  });
});
