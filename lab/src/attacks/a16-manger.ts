import { constants, createDecipheriv, createPublicKey, type JsonWebKey, privateDecrypt } from 'node:crypto';
import { textOf, toHex } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeEnvelope, unsafeLayerKeys } from '@waxwing/protocol/unsafe';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, type Victim, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { bytesOf, manger, messageOfOaep } from '../cryptanalysis/manger.ts';
import { SilentOracleError } from '../cryptanalysis/silent-oracle-error.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const SECRET = 'safe: 31-04-15';
const SIZE = 256;

export const attack: Attack = {
  id: 'A16',
  title: 'Manger’s attack on OAEP',
  has: 'a captured message, and whatever the victim answers to wrapped keys of the attacker’s',
  steps: [
    'multiply the wrapped key by chosen factors, and deliver each product as a wrapped key',
    'look whether the decryption began with a byte other than 0: about 2,200 answers give the message key away',
    'honest limit: node:crypto and pyca give one error for every wrong wrap, so the original tells it by timing alone; here the lab gives the bit, and the attack behind it is the real one',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'simulated: from one bit an answer, the message key and with it the text',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const { encryptedSessionKey, iv, ciphertext } = decodePackage(alice.send(SECRET, now));
    const key = { key: bob.keys.privateKey, padding: constants.RSA_NO_PADDING };
    const encoded = await manger({
      ...modulusOf(bob.keys.publicKey.export({ format: 'jwk' })),
      size: SIZE,
      ciphertext: numberOf(encryptedSessionKey),
      tooLarge: (wrapped) => privateDecrypt(key, bytesOf(wrapped, SIZE))[0] !== 0,
    });
    const cipher = createDecipheriv('aes-256-cbc', messageOfOaep(encoded, SIZE), iv);
    const obtained = Buffer.concat([cipher.update(ciphertext), cipher.final()]);
    return outcome({ wanted: [`${now}|${SECRET}`], obtained: [textOf(obtained) ?? toHex(obtained)], stop: undefined });
  },

  waxwing: async (lab) => {
    const { device } = await lab.people.person('bob');
    const { sender, victim } = await waxwingPair(lab);
    const { envelope } = await sender.seal(flight(SECRET, lab.now));
    const obtained = await recoverWrapped(victim, envelope, device.bundle.certificate.wrapKey.spki);
    const { hdr, wrap } = unsafeEnvelope.decodeEnvelope(envelope);
    const label = unsafeLayerKeys.wrapLabel(p.sha256(hdr));
    const [wrapKey] = device.wrapKeys;
    if (wrapKey === undefined) throw new Error('bob has no wrap key');
    const wanted = [toHex(await p.unwrapOaep(wrapKey.privateKey, label, wrap))];
    return outcome({ wanted, obtained, stop: victim.stops[0] });
  },
};

/** The key in the wrap, if the victim's answers are an oracle: whatever differs from the answer to zeros would be its yes. */
async function recoverWrapped(victim: Victim, envelope: Uint8Array, spki: Uint8Array): Promise<string[]> {
  const ask = (wrap: Uint8Array): Promise<string> =>
    victim.receive(alterEnvelope(envelope, () => ({ wrap: new Uint8Array(wrap) })));
  const usual = await ask(new Uint8Array(SIZE));
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  try {
    const encoded = await manger({
      ...modulusOf(key.export({ format: 'jwk' })),
      size: SIZE,
      ciphertext: numberOf(unsafeEnvelope.decodeEnvelope(envelope).wrap),
      tooLarge: async (wrapped) => (await ask(bytesOf(wrapped, SIZE))) !== usual,
    });
    return [toHex(messageOfOaep(encoded, SIZE))];
  } catch (error) {
    if (!(error instanceof SilentOracleError)) throw error;
    return [];
  }
}

function modulusOf({ n = '', e = '' }: JsonWebKey): { modulus: bigint; exponent: bigint } {
  return { modulus: numberOf(Buffer.from(n, 'base64url')), exponent: numberOf(Buffer.from(e, 'base64url')) };
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}
