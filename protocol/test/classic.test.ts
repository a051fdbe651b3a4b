import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type Bytes, concat, fromHex, utf8 } from '../src/bytes.ts';
import {
  type ClassicEvent,
  ClassicRefusal,
  ClassicStream,
  decodePackage,
  decodePem,
  decryptMessage,
  encodePackage,
  encodePem,
  encryptMessage,
} from '../src/classic/index.ts';
import { pickle } from '../src/classic/pickler.ts';
import { Unpickler, unpickle } from '../src/classic/unpickler.ts';
import { isProtocolError, type ProtocolErrorCode } from '../src/errors.ts';
import { CLASSIC_MAX_PACKAGE, CLASSIC_MAX_PEM } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { RsaPrivateKey, SecretKey } from '../src/primitives.ts';
import { type ClassicFile, runClassic } from './vectors/classic.ts';
import { loadVectors } from './vectors/load.ts';

const file = loadVectors('classic') as ClassicFile;

const NOW = 1_800_000_000;
const alice = {
  privateKey: new RsaPrivateKey(fromHex(file.sender_key)),
  publicKey: decodePem(utf8(file.sender_public_pem)),
};
const bob = {
  privateKey: new RsaPrivateKey(fromHex(file.recipient_key)),
  publicKey: decodePem(utf8(file.recipient_public_pem)),
};
const secret = new SecretKey(utf8(file.secret));

function vector(name: string): Bytes {
  const found = file.vectors.find((entry) => entry.name === name);
  assert.ok(found !== undefined, name);
  return fromHex(found.bytes);
}

function fails(code: ProtocolErrorCode, check?: string): (error: unknown) => boolean {
  return (error) => isProtocolError(error, code) && (check === undefined || error.check === check);
}

/** Bytes cut at the given places. */
function cut(bytes: Bytes, places: readonly number[]): Bytes[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, i) => bytes.slice(edges[i], edge));
}

async function drain(stream: ClassicStream, chunk: Bytes, now = NOW): Promise<ClassicEvent[]> {
  stream.push(chunk);
  const events: ClassicEvent[] = [];
  for (let event = await stream.next(now); event !== undefined; event = await stream.next(now)) events.push(event);
  return events;
}

function pair(): { server: ClassicStream; client: ClassicStream } {
  return {
    server: new ClassicStream(p, { role: 'server', keys: alice, secret }),
    client: new ClassicStream(p, { role: 'client', keys: bob, secret }),
  };
}

async function meet(): Promise<{ server: ClassicStream; client: ClassicStream }> {
  const { server, client } = pair();
  const [key] = await drain(client, server.hello ?? new Uint8Array(0));
  assert.ok(key?.kind === 'key' && key.send !== undefined);
  await drain(server, key.send);
  return { server, client };
}

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`classic.json on ${name}`, async () => {
    assert.deepEqual([file.count, file.good], [115, 10]);
    assert.deepEqual(await runClassic(file, primitives), { ran: file.count, good: file.good });
  });
}

suite('unpickler', () => {
  test('refuses by name what the one shape does not use', () => {
    const names: Record<string, RegExp> = {
      'hostile: GLOBAL of a harmless name': /GLOBAL/,
      'hostile: STACK_GLOBAL of a harmless name': /SHORT_BINUNICODE/,
      'hostile: BUILD': /EMPTY_DICT/,
      'hostile: PERSID': /PERSID/,
      'hostile: unknown opcode': /0xff/,
      'hostile: DUP': /DUP/,
      'shape: value None': /NONE/,
      'shape: value float': /BINFLOAT/,
    };
    for (const [name, words] of Object.entries(names)) {
      assert.throws(() => unpickle(vector(name)), { code: 'classic-format', message: words }, name);
    }
  });

  test('reads protocols 2 to 5 in any cut, and whatever follows stays for the next', () => {
    const four = ['protocol 2', 'protocol 3', 'protocol 4', 'protocol 5'].map(vector);
    const whole = concat(...four);
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 40 }), (places) => {
        const unpickler = new Unpickler();
        const found = [];
        for (const chunk of cut(whole, places)) {
          unpickler.push(chunk);
          for (let dict = unpickler.next(); dict !== undefined; dict = unpickler.next()) found.push(dict);
        }
        assert.equal(unpickler.pending, false);
        assert.deepEqual(found, four.map(unpickle));
      }),
      { numRuns: 30 },
    );
  });

  test('reads one byte at a time', () => {
    const unpickler = new Unpickler();
    const bytes = vector('protocol 2');
    for (const [i, byte] of bytes.entries()) {
      unpickler.push(Uint8Array.of(byte));
      assert.equal(unpickler.next() !== undefined, i === bytes.length - 1);
    }
  });

  test('no cut pickle is a pickle', () => {
    for (const name of ['protocol 2', 'protocol 3', 'protocol 4']) {
      const bytes = vector(name);
      for (let size = 0; size < bytes.length; size++) {
        assert.throws(() => unpickle(bytes.subarray(0, size)), fails('classic-format'));
      }
    }
  });

  test('whatever the bytes, nothing but its typed error leaves it', () => {
    const good = ['protocol 2', 'protocol 3', 'protocol 4', 'keys in another order'].map(vector);
    const altered = fc
      .tuple(fc.constantFrom(...good), fc.nat(), fc.uint8Array({ maxLength: 8 }))
      .map(([bytes, at, patch]) =>
        concat(bytes.subarray(0, at % bytes.length), patch, bytes.subarray(at % bytes.length)),
      );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), altered), (bytes) => {
        try {
          decodePackage(bytes);
        } catch (error) {
          if (!fails('classic-format')(error)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any one flipped bit is refused or gives another package', () => {
    const bytes = vector('protocol 4');
    const original = decodePackage(bytes);
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      // Protocols 4 and 5 write this dict with the same opcodes: the one bit between them changes no value.
      if (flipped[1] === 5) continue;
      try {
        assert.notDeepEqual(decodePackage(flipped), original);
      } catch (error) {
        if (!fails('classic-format')(error)) throw error;
      }
    }
  });

  test('a length that cannot fit is refused before its bytes arrive', () => {
    for (const name of ['BINBYTES claims 2^32-1', 'FRAME claims 2^63', 'BINBYTES8 claims 2^63-1']) {
      const unpickler = new Unpickler();
      unpickler.push(vector(`hostile: ${name}`));
      assert.throws(() => unpickler.next(), fails('classic-format'), name);
    }
  });
});

suite('pickler', () => {
  test('round trip at the edges of every length form', () => {
    const sizes = [0, 1, 255, 256, 257, 4096];
    const dict = new Map(sizes.map((size) => [`k${size}`, new Uint8Array(size).fill(size)] as const));
    assert.deepEqual([...unpickle(pickle(dict))], [...dict]);
  });

  test('16,384 bytes are written, one more is not', () => {
    const size = (value: number): number => pickle([['k', new Uint8Array(value)]]).length;
    const room = CLASSIC_MAX_PACKAGE - (size(1000) - 1000);
    assert.equal(size(room), CLASSIC_MAX_PACKAGE);
    assert.throws(() => size(room + 1), fails('limit', 'classic-package'));
    assert.throws(() => pickle([['k'.repeat(256), new Uint8Array(1)]]), fails('limit', 'classic-key'));
    const full = pickle([['k', new Uint8Array(room)]]);
    assert.equal(unpickle(full).size, 1);
    assert.throws(() => unpickle(concat(full, Uint8Array.of(0x2e))), fails('classic-format', 'size'));
  });
});

suite('pem', () => {
  test('reads what it writes, and CRLF', () => {
    const pem = encodePem(alice.publicKey);
    assert.deepEqual(decodePem(pem), alice.publicKey);
    assert.deepEqual(decodePem(utf8(file.sender_public_pem.replaceAll('\n', '\r\n'))), alice.publicKey);
    assert.deepEqual(decodePem(pem.subarray(0, -1)), alice.publicKey);
  });

  test('refuses everything else', () => {
    const pem = file.sender_public_pem;
    const bad = [
      '',
      'garbage',
      ` ${pem}`,
      `${pem}x`,
      pem.replace('PUBLIC', 'PRIVATE'),
      pem.replace('MIIB', 'MII='),
      pem.replace('MIIB', 'MIIC'),
      pem.replace('\n', '\n\n').repeat(3),
      pem.replaceAll('A', '\u00e9'),
      // An Ed25519 key (RFC 8410): a public key, but none to wrap to.
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
    ];
    for (const text of bad) assert.throws(() => decodePem(utf8(text)), fails('classic-format', 'pem'), text);
  });

  test('a stream that is no PEM ends at its first wrong byte, an endless one at the limit', async () => {
    const { client } = pair();
    client.push(utf8('GET / HTTP/1.1\r\n'));
    await assert.rejects(client.next(NOW), fails('classic-format', 'pem'));
    const { server } = pair();
    server.push(utf8(`-----BEGIN PUBLIC KEY-----\n${'A'.repeat(CLASSIC_MAX_PEM)}`));
    await assert.rejects(server.next(NOW), fails('classic-format', 'pem'));
  });
});

suite('seal and open', () => {
  const sealing = { recipientPublicKey: bob.publicKey, senderPrivateKey: alice.privateKey, secret, now: NOW };
  const opening = { recipientPrivateKey: bob.privateKey, senderPublicKey: alice.publicKey, secret };

  test('what is sealed opens, with the five checks in words', async () => {
    const message = 'Grüße | ✓ 🕊';
    const sealed = await encryptMessage(p, { ...sealing, message });
    const opened = await decryptMessage(p, { ...opening, package: sealed, now: NOW + 3 });
    assert.equal(opened.message, message);
    assert.deepEqual([opened.sent, opened.age], [NOW, 3]);
    assert.deepEqual(
      opened.checks.map((check) => check.text),
      [
        'HMAC VERIFIED',
        'Session key unwrapped',
        'Message decrypted',
        'Message verified(3s old)',
        'Signature verified!',
      ],
    );
  });

  test('the signature verifies with salt 222 and no other', async () => {
    const sealed = await encryptMessage(p, { ...sealing, message: 'salt' });
    assert.equal(await p.verifyPss(alice.publicKey, utf8('salt'), sealed.signature, 222), true);
    assert.equal(await p.verifyPss(alice.publicKey, utf8('salt'), sealed.signature, 32), false);
  });

  test('a text whose signature failed is nowhere in what the caller gets', async () => {
    const message = 'never to be shown';
    const sealed = await encryptMessage(p, { ...sealing, message, senderPrivateKey: bob.privateKey });
    const refusal: unknown = await decryptMessage(p, { ...opening, package: sealed, now: NOW }).catch(
      (error: unknown) => error,
    );
    assert.ok(refusal instanceof ClassicRefusal);
    assert.equal(refusal.code, 'classic-signature');
    assert.deepEqual(
      refusal.checks.map((check) => check.holds),
      [true, true, true, true, false],
    );
    const everything = inspect(refusal, { depth: Infinity, showHidden: true, getters: true });
    assert.ok(!everything.includes(message) && !everything.includes(inspect(Buffer.from(message))));
  });

  test('a text too long for one package is refused before anything is sealed', async () => {
    const message = 'x'.repeat(CLASSIC_MAX_PACKAGE + 1);
    await assert.rejects(encryptMessage(p, { ...sealing, message }), fails('limit', 'classic-package'));
    const almost = await encryptMessage(p, { ...sealing, message: 'x'.repeat(CLASSIC_MAX_PACKAGE - 100) });
    assert.throws(() => encodePackage(almost), fails('limit', 'classic-package'));
  });
});

suite('classic stream', () => {
  test('keys, then messages both ways', async () => {
    const { server, client } = await meet();
    const [toClient] = await drain(client, await server.seal('Hello Client!', NOW), NOW + 1);
    assert.ok(toClient?.kind === 'message');
    assert.deepEqual([toClient.message, toClient.age], ['Hello Client!', 1]);
    const [toServer] = await drain(server, await client.seal('Hello Server!', NOW));
    assert.ok(toServer?.kind === 'message');
    assert.equal(toServer.message, 'Hello Server!');
  });

  test('key and packages in any cut, joined or split, with every newline after the PEM', async () => {
    const { server } = await meet();
    const texts = ['one', '', 'three'];
    const packages = await Promise.all(texts.map((text) => server.seal(text, NOW)));
    const pem = encodePem(alice.publicKey).slice(0, -1);
    for (const end of ['\n', '\r\n', '']) {
      const whole = concat(pem, utf8(end), ...packages);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 20 }), async (places) => {
          const { client } = pair();
          const events: ClassicEvent[] = [];
          for (const chunk of cut(whole, places)) events.push(...(await drain(client, chunk)));
          const found = events.map((event) => (event.kind === 'message' ? event.message : event.kind));
          assert.deepEqual(found, ['key', ...texts]);
          assert.equal(client.pending, false);
        }),
        { numRuns: 4 },
      );
    }
  });

  test('a refused package leaves the connection standing; no package ends it after what came before', async () => {
    const { server, client } = await meet();
    const late = await server.seal('late', NOW - 61);
    const fine = await server.seal('fine', NOW);
    client.push(concat(late, fine, utf8('no pickle')));
    const first = await client.next(NOW);
    assert.ok(first?.kind === 'refused');
    assert.equal(first.refusal.code, 'classic-age');
    const second = await client.next(NOW);
    assert.ok(second?.kind === 'message');
    await assert.rejects(client.next(NOW), fails('classic-format', 'opcode'));
  });

  test('overlapping calls are answered in order', async () => {
    const { server, client } = await meet();
    client.push(concat(await server.seal('1', NOW), await server.seal('2', NOW)));
    const events = await Promise.all([client.next(NOW), client.next(NOW), client.next(NOW)]);
    assert.deepEqual(
      events.map((event) => (event?.kind === 'message' ? event.message : event)),
      ['1', '2', undefined],
    );
  });

  test('a dict of the wrong shape ends it', async () => {
    const { client } = await meet();
    client.push(pickle([['iv', new Uint8Array(16)]]));
    await assert.rejects(client.next(NOW), fails('classic-format', 'shape'));
  });

  test('nothing is sealed before the key has come; a cut package is seen', async () => {
    const { server } = pair();
    await assert.rejects(server.seal('too early', NOW), fails('classic-format', 'key'));
    const met = await meet();
    await drain(met.client, (await met.server.seal('cut', NOW)).slice(0, 100));
    assert.equal(met.client.pending, true);
  });
});
