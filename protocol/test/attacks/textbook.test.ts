/** The model that the attacks run against behaves as the original program does when nobody attacks it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fromHex, utf8 } from '../../src/bytes.ts';
import { decodePackage, decodePem, decryptMessage, encryptMessage } from '../../src/classic/index.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { SecretKey } from '../../src/primitives.ts';
import { aliceAccount, bobAccount } from '../fixtures/devices.ts';
import type { ClassicFile } from '../vectors/classic.ts';
import { loadVectors } from '../vectors/load.ts';
import { NOW_SECONDS, textbookKeys, textbookPair } from './textbook-actors.ts';
import { loads } from '../../../lab/src/textbook/pickle.ts';
import { PRINTED_SECRET, pythonInt, textbookOpen, TextbookPeer } from '../../../lab/src/textbook/textbook.ts';

suite('the textbook model', () => {
  test('two honest ends chat, all green', () => {
    const { alice, bob } = textbookPair();
    bob.recv(alice.send('Hello Client!', NOW_SECONDS), NOW_SECONDS + 2);
    alice.recv(bob.send('Grüße ✓', NOW_SECONDS), NOW_SECONDS + 60);
    assert.deepEqual(bob.screen, [{ text: 'Hello Client!', age: 2n, signed: true }]);
    assert.deepEqual(alice.screen, [{ text: 'Grüße ✓', age: 60n, signed: true }]);
  });

  test('it talks to classic mode both ways', async () => {
    const { alice, bob } = textbookPair();
    const secret = new SecretKey(utf8(PRINTED_SECRET));
    const opened = await decryptMessage(p, {
      package: decodePackage(alice.send('to classic', NOW_SECONDS)),
      recipientPrivateKey: bobAccount.privateKey,
      senderPublicKey: aliceAccount.publicKey,
      secret,
      now: NOW_SECONDS,
    });
    assert.equal(opened.message, 'to classic');
    const sealed = await encryptMessage(p, {
      message: 'from classic',
      recipientPublicKey: decodePem(alice.pem),
      senderPrivateKey: bobAccount.privateKey,
      secret,
      now: NOW_SECONDS,
    });
    const { privateKey } = textbookKeys.alice;
    const seen = textbookOpen(sealed, { recipient: privateKey, sender: textbookKeys.bob.publicKey, now: NOW_SECONDS });
    assert.deepEqual(seen, { text: 'from classic', age: 0n, signed: true });
    assert.ok(bob.threadAlive);
  });

  test('its pickle reads what Python wrote', () => {
    const file = loadVectors('classic') as ClassicFile;
    const entry = file.vectors.find(({ name }) => name === 'protocol 4');
    const dict = loads(fromHex(entry?.bytes ?? ''), new Map());
    assert.ok(dict instanceof Map);
    assert.deepEqual([...dict.keys()], ['encrypted_session_key', 'iv', 'ciphertext', 'signature', 'hmac']);
  });

  test("its int() is Python's", () => {
    const taken: [string, bigint][] = [
      ['12', 12n],
      ['+12', 12n],
      ['-12', -12n],
      [' 12\n', 12n],
      ['1_2', 12n],
      ['１２', 12n],
      ['012', 12n],
      ['9'.repeat(20), 10n ** 20n - 1n],
    ];
    for (const [text, value] of taken) assert.equal(pythonInt(text), value);
    for (const text of ['', '1__2', '_12', '0x12', '1 2', '1.5', '+ 1']) {
      assert.throws(() => pythonInt(text), /ValueError/, text);
    }
  });

  test('an old message ends its thread, like any other exception', () => {
    const bob = new TextbookPeer(textbookKeys.bob);
    const { alice } = textbookPair();
    bob.recvKey(alice.pem);
    bob.recv(alice.send('late', NOW_SECONDS), NOW_SECONDS + 61);
    assert.deepEqual([bob.screen, bob.threadAlive], [[], false]);
  });
});
