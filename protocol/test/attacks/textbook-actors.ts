/** The people of the attack tests, as ends of the original program: alice and bob chat, carol is a third, mallory attacks. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { RsaPrivateKey } from '../../src/primitives.ts';
import { alice, aliceAccount, bobAccount, carolAccount, NOW } from '../fixtures/devices.ts';
import { type Host } from '../../../lab/src/textbook/pickle.ts';
import { type TextbookKeys, TextbookPeer } from '../../../lab/src/textbook/textbook.ts';

/** The original counts in seconds. */
export const NOW_SECONDS = NOW / 1000;

function keysOf(key: RsaPrivateKey): TextbookKeys {
  const der = Buffer.from(key.exposeSecretBytes());
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

export const textbookKeys = {
  alice: keysOf(aliceAccount.privateKey),
  bob: keysOf(bobAccount.privateKey),
  carol: keysOf(carolAccount.privateKey),
  mallory: keysOf(alice.signKey),
};

/** Alice and bob as they are after an undisturbed exchange of keys. */
export function textbookPair(host?: Host): { alice: TextbookPeer; bob: TextbookPeer } {
  const peers = { alice: new TextbookPeer(textbookKeys.alice, host), bob: new TextbookPeer(textbookKeys.bob, host) };
  peers.alice.recvKey(peers.bob.pem);
  peers.bob.recvKey(peers.alice.pem);
  return peers;
}
