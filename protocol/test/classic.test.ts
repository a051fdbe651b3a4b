import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type Bytes, concat, fromHex, utf8 } from '../src/bytes.ts';
import {
  type ClassicEvent,
  ClassicRefusal,
  ClassicStream,
  decodePem,
  decryptMessage,
  encodePackage,
  encodePem,
  encryptMessage,
} from '../src/classic/index.ts';
import { parsePlain } from '../src/classic/checks.ts';
import { pickle } from '../src/classic/pickler.ts';
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
    for (const text of bad) {
      assert.throws(
        () => decodePem(utf8(text)),
        (error) => {
          assert.ok(isProtocolError(error, 'classic-format') && error.check === 'pem', text);
          // Where the bytes are no PEM at all, that is all; where they are, what is wrong with the key is kept.
          const noPem = text !== bad.at(-1) && !text.includes('MIIC');
          assert.equal(isProtocolError(error.cause) ? error.cause.code : error.cause, noPem ? undefined : 'profile');
          return true;
        },
      );
    }
  });

  test('1,024 bytes, not one more, whatever fills them', async () => {
    const pem = encodePem(alice.publicKey);
    const filled = (size: number): Bytes =>
      concat(pem.subarray(0, 27), new Uint8Array(size).fill(0x0a), pem.subarray(27));
    const room = CLASSIC_MAX_PEM - pem.length;
    assert.deepEqual(decodePem(filled(room)), alice.publicKey);
    assert.throws(() => decodePem(filled(room + 1)), fails('classic-format', 'pem'));
    const { client } = pair();
    client.push(concat(pem.subarray(0, 27), new Uint8Array(CLASSIC_MAX_PEM - 28).fill(0x0a)));
    assert.equal(await client.next(NOW), undefined);
    client.push(Uint8Array.of(0x0a));
    await assert.rejects(client.next(NOW), fails('classic-format', 'pem'));
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

suite('a plain text is a time of 1 to 15 digits, a bar and a text', () => {
  test('and nothing else', () => {
    const parse = (text: string): unknown[] => {
      const plain = parsePlain(utf8(text));
      return plain === undefined ? [] : [plain.stamp, plain.text, plain.textBytes];
    };
    assert.deepEqual(parse('1|x|✓'), [1, 'x|✓', utf8('x|✓')]);
    assert.deepEqual(parse('999999999999999|'), [999_999_999_999_999, '', new Uint8Array(0)]);
    for (const text of [
      '',
      '|x',
      '1800000000',
      '1',
      '1000000000000000|x',
      '-1|x',
      ' 1|x',
      '1 |x',
      '1.0|x',
      '１|x',
      '\n1|x',
      '1\n|x',
    ]) {
      assert.deepEqual(parse(text), [], JSON.stringify(text));
    }
    assert.equal(parsePlain(Uint8Array.of(0x31, 0x7c, 0xff)), undefined);
    assert.equal(parsePlain(Uint8Array.of(0xff, 0x7c, 0x31)), undefined);
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

  test('a failure that is no refusal of the platform passes unchanged', async () => {
    const sealed = await encryptMessage(p, { ...sealing, message: 'x' });
    const broken = (): never => {
      throw new TypeError('not a refusal');
    };
    for (const primitives of [
      { ...p, unwrapOaep: broken },
      { ...p, decryptCbc: broken },
    ]) {
      await assert.rejects(decryptMessage(primitives, { ...opening, package: sealed, now: NOW }), TypeError);
    }
  });

  test('a text too long for one package is refused before anything is sealed', async () => {
    const message = 'x'.repeat(CLASSIC_MAX_PACKAGE + 1);
    await assert.rejects(encryptMessage(p, { ...sealing, message }), fails('limit', 'classic-package'));
    const almost = await encryptMessage(p, { ...sealing, message: 'x'.repeat(CLASSIC_MAX_PACKAGE) });
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

  test('the newline after a PEM may come in a write of its own, in halves, or never', async () => {
    const packages = await (await meet()).server.seal('x', NOW);
    const pem = encodePem(alice.publicKey).slice(0, -1);
    for (const ends of [['\n'], ['', '\n'], ['\r', '\n'], ['\r', '', '\n'], ['']]) {
      const { client } = pair();
      const events = await drain(client, pem);
      for (const end of ends) events.push(...(await drain(client, utf8(end))));
      assert.equal(client.pending, false);
      events.push(...(await drain(client, packages)));
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['key', 'message'],
      );
    }
    // One newline, that is: the next byte is a package's.
    const { client } = pair();
    await drain(client, concat(pem, utf8('\n\n')).slice(0, -1));
    await assert.rejects(drain(client, utf8('\n')), fails('classic-format', 'opcode'));
  });

  test('the server shows its key first, the client answers once', async () => {
    const { server, client } = pair();
    assert.equal(client.hello, undefined);
    const [asked] = await drain(client, server.hello ?? new Uint8Array(0));
    assert.ok(asked?.kind === 'key');
    assert.deepEqual(asked.send, encodePem(bob.publicKey));
    const [answered] = await drain(server, asked.send);
    assert.deepEqual(answered, { kind: 'key', peerKey: bob.publicKey, send: undefined });
  });

  test('a failure of the platform ends it, and is no refusal of a package', async () => {
    const { server } = await meet();
    const verifyPss = (): Promise<never> => Promise.reject(new TypeError('not a refusal'));
    const client = new ClassicStream({ ...p, verifyPss }, { role: 'client', keys: bob, secret });
    await drain(client, server.hello ?? new Uint8Array(0));
    await assert.rejects(drain(client, await server.seal('x', NOW)), TypeError);
  });

  test('nothing is sealed before the key has come; a cut package is seen', async () => {
    const { server } = pair();
    await assert.rejects(server.seal('too early', NOW), fails('classic-format', 'key'));
    const met = await meet();
    await drain(met.client, (await met.server.seal('cut', NOW)).slice(0, 100));
    assert.equal(met.client.pending, true);
  });
});
