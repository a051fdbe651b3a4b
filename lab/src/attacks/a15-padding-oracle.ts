import { concat, textOf, toHex, u8, utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { unsafeEnvelope } from '@waxwing/protocol/unsafe';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import { recoverPlaintext } from '../cryptanalysis/padding-oracle.ts';
import { SilentOracleError } from '../cryptanalysis/silent-oracle-error.ts';
import { textbookDecrypt, textbookMac } from '../textbook/textbook.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const SECRET = 'safe: 31-04-15';
const BLOCK = 16;
/** The first block of a flight with one text: heads, the media type, the head of the text and its first letter. */
const FIRST_BLOCK = concat(Uint8Array.of(0x87, 0x81, 0x83, 0x6a), utf8('text/plain'), u8(0x40 + 14), utf8('s'));

export const attack: Attack = {
  id: 'A15',
  title: 'CBC padding oracle',
  has: 'a captured message, the secret of the source, and whatever the victim answers to messages of the attacker’s',
  steps: [
    'take one block of the captured ciphertext, put an IV of one’s own before it, MAC it, deliver it',
    'look whether the answer says that the padding was wrong',
    'go on byte by byte, from the last to the first: at most 256 questions each',
    'honest limit: over the original’s socket the first wrong padding ends the thread, so the lab reads its status line',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'the whole plaintext, from nothing but the status line',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const captured = decodePackage(alice.send(SECRET, now));
    const plain = await recoverPlaintext(
      (iv, block) => {
        const ciphertext = new Uint8Array(block);
        const query = { ...captured, iv: new Uint8Array(iv), ciphertext, hmac: textbookMac(ciphertext) };
        try {
          textbookDecrypt(query, bob.keys.privateKey);
          return true;
        } catch (error) {
          return !(error instanceof Error && error.message.startsWith('Invalid padding'));
        }
      },
      captured.iv,
      captured.ciphertext,
    );
    const padding = plain.at(-1) ?? 0;
    const obtained = textOf(plain.subarray(0, plain.length - padding)) ?? toHex(plain);
    return outcome({ wanted: [`${now}|${SECRET}`], obtained: [obtained], stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim } = await waxwingPair(lab);
    const { envelope } = await sender.seal(flight(SECRET, lab.now));
    const ask = (iv: Uint8Array, block: Uint8Array): Promise<string> =>
      victim.receive(
        alterEnvelope(envelope, ({ ct }) => ({ ct: concat(ct.subarray(0, ct.length - 2 * BLOCK), iv, block) })),
      );
    // Whatever differs from the answer to a wrong padding would be the oracle's yes.
    const wrong = await ask(new Uint8Array(BLOCK), new Uint8Array(BLOCK));
    const { iv, ct } = unsafeEnvelope.decodeEnvelope(envelope);
    const oracle = async (query: Uint8Array, block: Uint8Array): Promise<boolean> =>
      (await ask(query, block)) !== wrong;
    const obtained: string[] = [];
    try {
      obtained.push(toHex(await recoverPlaintext(oracle, iv, ct.subarray(0, BLOCK))));
    } catch (error) {
      if (!(error instanceof SilentOracleError)) throw error;
    }
    return outcome({ wanted: [toHex(FIRST_BLOCK)], obtained, stop: victim.stops[0] });
  },
};
