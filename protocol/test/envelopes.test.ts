import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, fromHex, toHex, utf8 } from '../src/bytes.ts';
import { type CborValue, encodeCbor } from '../src/codec/cbor.ts';
import { decodeEnvelope, encodeCovered, encodeEnvelope } from '../src/envelope/envelope.ts';
import { decodeHeader, encodeHeader, KIND_MAILBOX } from '../src/envelope/header.ts';
import { checkMac, decrypt, openEnvelope, readStructure, unwrap } from '../src/envelope/open.ts';
import { decryptPadded, pad, paddedLength, unpad } from '../src/envelope/padding.ts';
import { decodePayload, encodePayload } from '../src/envelope/payload.ts';
import { isProtocolError, ProtocolError, type ProtocolErrorCode } from '../src/errors.ts';
import { MAX_BODY, MAX_FRAME } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { SecretKey } from '../src/primitives.ts';
import { carol } from './fixtures/devices.ts';
import { type EnvelopesFile, expectHeader, recipientOf, runEnvelopes } from './vectors/envelopes.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('envelopes') as EnvelopesFile;
const good = fromHex(file.vectors.find(({ name }) => name === 'one item')?.envelope ?? '');
const messageKey = new SecretKey(fromHex(file.base.mk));

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`envelopes.json: every entry ends as it says (§5), on ${name}`, async () => {
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runEnvelopes(file, primitives), { ran: file.count, good: file.good });
  });
}

suite('structures', () => {
  /** Whatever comes: the typed error, or a value that encodes to the same bytes. */
  function total(code: ProtocolErrorCode, decode: (bytes: Bytes) => Bytes) {
    return (bytes: Uint8Array<ArrayBuffer>): void => {
      let again: Bytes;
      try {
        again = decode(new Uint8Array(bytes));
      } catch (error) {
        assert.ok(isProtocolError(error, code), String(error));
        return;
      }
      assert.deepEqual(again, new Uint8Array(bytes));
    };
  }

  const hdr = decodeEnvelope(good).hdr;
  const near = (bytes: Bytes) =>
    fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => {
      const changed = bytes.slice();
      changed[at] = value;
      return changed;
    });
  const input = (bytes: Bytes) => fc.oneof(fc.uint8Array({ maxLength: 1500 }), near(bytes));

  test('an envelope decodes to what encodes to it, or not at all', () => {
    const decode = (bytes: Bytes): Bytes => {
      const envelope = decodeEnvelope(bytes);
      assert.deepEqual(encodeCovered(envelope), envelope.covered);
      return encodeEnvelope(envelope.covered, envelope.tag);
    };
    fc.assert(fc.property(input(good), total('envelope-0', decode)), { numRuns: 300 });
    assert.deepEqual(decode(good), good);
  });

  test('a header decodes to what encodes to it, or not at all', () => {
    const decode = (bytes: Bytes): Bytes => encodeHeader(decodeHeader(bytes));
    fc.assert(fc.property(input(hdr), total('envelope-0', decode)), { numRuns: 300 });
    assert.deepEqual(decode(hdr), hdr);
  });

  test('a plain text decodes to what encodes to it, or not at all', async () => {
    const { context, structure } = await recipient();
    const { payload } = decrypt(p, structure, await unwrap(p, context, structure, messageKey));
    const decode = (bytes: Bytes): Bytes => encodePayload(decodePayload(bytes));
    const plain = encodePayload(payload);
    fc.assert(fc.property(input(plain), total('envelope-3', decode)), { numRuns: 300 });
    assert.deepEqual(decode(plain), plain);
  });

  test('padding gives back every length, and shows only the length of its class', () => {
    fc.assert(
      fc.property(fc.nat(MAX_BODY), (size) => {
        const plain = new Uint8Array(size).fill(0x80);
        const padded = pad(plain);
        assert.equal(padded.length, paddedLength(size) - 1);
        assert.deepEqual(unpad(padded), plain);
        assert.equal((padded.length + 1) % 16, 0);
        assert.ok(size <= 510 || padded.length - size < 16 + size / 8); // Padmé: at most about 12 % more
      }),
      { numRuns: 100 },
    );
  });

  test('more than a frame holds is refused before it is read', () => {
    const error = (check: string) => (thrown: unknown) =>
      isProtocolError(thrown, 'envelope-0') && thrown.check === check;
    assert.throws(() => decodeEnvelope(new Uint8Array(MAX_FRAME + 1)), error('size'));
    assert.throws(() => decodeEnvelope(new Uint8Array(MAX_FRAME)), error('shape'));
  });
});

suite('refusals are named, in the order of §5.4', () => {
  const named =
    (code: ProtocolErrorCode, check: string, cause?: ProtocolErrorCode) =>
    (error: unknown): boolean =>
      isProtocolError(error, code) &&
      error.check === check &&
      (isProtocolError(error.cause) ? error.cause.code : undefined) === cause;
  const nothing = new Uint8Array(0);

  test('what is not well-formed keeps its cause', () => {
    assert.throws(() => decodeEnvelope(nothing), named('envelope-0', 'shape', 'cbor'));
    assert.throws(() => decodeHeader(nothing), named('envelope-0', 'header', 'cbor'));
    assert.throws(() => decodePayload(nothing), named('envelope-3', 'plain', 'cbor'));
    assert.throws(() => unpad(nothing), named('envelope-3', 'padding'));
    const box = { iv: new Uint8Array(16), ct: nothing };
    assert.throws(() => decryptPadded(p, messageKey, box), named('envelope-3', 'padding', 'primitive'));
  });

  test('a plain text that is well-formed, but no flight', () => {
    const [prev, signature] = [new Uint8Array(32), new Uint8Array(256)];
    const flight = (body: Uint8Array, type = 'text/plain', ctl: CborValue = []): Bytes =>
      encodeCbor([[[type, body, new Uint8Array(32)]], 0, 60, 1, prev, signature, ctl]);
    assert.equal(decodePayload(flight(utf8('x'))).items.length, 1);
    assert.throws(() => decodePayload(flight(Uint8Array.of(0xff))), named('envelope-3', 'plain'));
    for (const entry of [1, [], [1]]) {
      assert.throws(() => decodePayload(flight(utf8('x'), 'a/b', [['x'], entry])), named('envelope-3', 'plain'));
    }
    const half = ['a/b', new Uint8Array(MAX_BODY / 2 + 1), new Uint8Array(32)];
    const large = encodeCbor([[half, half], 0, 60, 1, prev, signature, []]);
    assert.throws(() => decodePayload(large), named('envelope-3', 'plain'));
  });

  test('a ciphertext of no whole blocks', () => {
    const envelope = decodeEnvelope(good);
    for (const more of [1, 8, 15]) {
      const ct = new Uint8Array(envelope.ct.length + more);
      const encoded = encodeEnvelope(encodeCovered({ ...envelope, ct }), envelope.tag);
      assert.throws(() => decodeEnvelope(encoded), named('envelope-0', 'ciphertext size'));
    }
  });

  test('another kind, session or device than ours', async () => {
    const { context } = await recipient();
    const other = new Uint8Array(16).fill(0xee);
    for (const [check, change] of [
      ['kind', { kind: KIND_MAILBOX }],
      ['sid', { sid: other }],
      ['device', { device: other }],
    ] as const) {
      assert.throws(() => readStructure(p, { ...context, ...change }, good), named('envelope-0', check));
    }
  });

  test('a tag, a commitment and a padding that do not hold', async () => {
    const { context, structure } = await recipient();
    const other = new SecretKey(new Uint8Array(32));
    assert.throws(() => checkMac(p, structure, other), named('envelope-1', 'hmac'));
    checkMac(p, structure, messageKey);
    const unwrapped = await unwrap(p, context, structure, messageKey);
    const strange = { ...unwrapped, commitment: new Uint8Array(32) };
    assert.throws(() => decrypt(p, structure, strange), named('envelope-3', 'commitment'));
    const cipher = { ...unwrapped, contentKey: other };
    assert.throws(
      () => decrypt(p, structure, cipher),
      (error) => isProtocolError(error, 'envelope-3') && error.check === 'padding',
    );
    const defect = (): never => {
      throw new TypeError('not a refusal');
    };
    assert.throws(() => decrypt({ ...p, decryptCbc: defect }, structure, unwrapped), TypeError);
  });
});

async function recipient() {
  const context = await recipientOf(file, p);
  return { context, structure: readStructure(p, context, good) };
}

suite('unwrapping', () => {
  const keyOf = async (rejection: SecretKey, wrap?: Bytes): Promise<string> => {
    const { context, structure } = await recipient();
    const { envelope } = structure;
    const asked = wrap === undefined ? structure : { ...structure, envelope: { ...envelope, wrap } };
    return toHex((await unwrap(p, { ...context, rejection }, asked, messageKey)).contentKey.exposeSecretBytes());
  };
  const one = new SecretKey(new Uint8Array(32).fill(1));
  const two = new SecretKey(new Uint8Array(32).fill(2));

  test('a wrap that does not open gives a secret of its own: the same for the same wrap, unlike any other', async () => {
    const bad = new Uint8Array(256).fill(3);
    assert.equal(await keyOf(one, bad), await keyOf(one, bad));
    assert.notEqual(await keyOf(one, bad), await keyOf(two, bad));
    assert.notEqual(await keyOf(one, bad), await keyOf(one, new Uint8Array(256).fill(4)));
    assert.equal(await keyOf(one), await keyOf(two)); // a good wrap has nothing to do with it
  });

  test('a secret of another size than 32 is no secret: as if the wrap did not open', async () => {
    const { context, structure } = await recipient();
    const closed = { ...p, unwrapOaep: () => Promise.reject(new ProtocolError('primitive', 'oaep', 'does not open')) };
    const otherwise = await unwrap(closed, context, structure, messageKey);
    for (const size of [0, 31, 33]) {
      const short = { ...p, unwrapOaep: () => Promise.resolve(new Uint8Array(size)) };
      const found = await unwrap(short, context, structure, messageKey);
      assert.deepEqual(found.contentKey.exposeSecretBytes(), otherwise.contentKey.exposeSecretBytes());
      assert.throws(
        () => decrypt(p, structure, found),
        (error) => isProtocolError(error, 'envelope-3'),
      );
    }
  });

  test('keys are tried newest first, and no more of them than needed', async () => {
    const { context, structure } = await recipient();
    const stranger = carol.wrapKeys.map(({ privateKey }) => privateKey);
    let asked = 0;
    const counting: typeof p = {
      ...p,
      unwrapOaep: (...args) => {
        asked += 1;
        return p.unwrapOaep(...args);
      },
    };
    const wrapKeys = [...stranger, ...context.wrapKeys, ...stranger];
    assert.equal((await unwrap(counting, { ...context, wrapKeys }, structure, messageKey)).wrapKey, 1);
    assert.equal(asked, 2);
  });

  test('what is no refusal of a primitive is passed on, not taken for a bad wrap', async () => {
    const broken = { ...p, unwrapOaep: () => Promise.reject(new TypeError('out of order')) };
    const { context, structure } = await recipient();
    await assert.rejects(unwrap(broken, context, structure, messageKey), TypeError);
    const opening = { encoded: good, now: 1_800_000_001_000, deriveKey: expectHeader(file.base, () => undefined) };
    await assert.rejects(openEnvelope(broken, context, opening), TypeError);
  });
});
