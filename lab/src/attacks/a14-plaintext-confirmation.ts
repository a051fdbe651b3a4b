import { constants, createPublicKey, verify } from 'node:crypto';
import { type Bytes, concat, equalBytes, utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeStatement } from '@waxwing/protocol/unsafe';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Stop } from '../check.ts';
import type { Lab } from '../lab.ts';
import { textbookVerify } from '../textbook/textbook.ts';

const TEXT = 'no';
const GUESSES = ['yes', 'no', 'maybe'];
const ZEROS: Bytes = new Uint8Array(32);
const SIGNATURE = 256;

export const attack: Attack = {
  id: 'A14',
  title: 'confirmation of a guessed text',
  has: 'one message as it passed, the public keys of both ends, and a list of texts that it may be; on waxwing also session, place in the chain and time of sending',
  steps: [
    'take the signature off the message; on waxwing, take every 256 bytes in a row for it',
    'for each guess, verify it over what would have been signed',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'the signature in clear says which guess is right: the short answer is read without any key',
  stoppedBy: 'sealed',
  processes: false,

  textbook: async (lab) => {
    const { alice } = await textbookPair(lab);
    const { signature } = decodePackage(alice.send(TEXT, Math.floor(lab.now / 1000)));
    const confirmed = GUESSES.filter((guess) => textbookVerify(alice.keys.publicKey, guess, signature));
    return outcome({ wanted: [TEXT], obtained: confirmed, stop: undefined });
  },

  waxwing: async (lab) => {
    const { sender, victim, sid } = await waxwingPair(lab);
    const opening = lab.off('opening') ? ZEROS : undefined;
    const { envelope, signature } = await sender.seal(flight(TEXT, lab.now, opening));
    const wire = lab.off('sealed') ? concat(envelope, signature) : envelope;
    const windows = Array.from({ length: wire.length - SIGNATURE + 1 }, (_, at) => wire.subarray(at, at + SIGNATURE));
    const confirmed: string[] = [];
    for (const guess of GUESSES) {
      if (await confirms(lab, { sid, guess, windows })) confirmed.push(guess);
    }
    await victim.receive(envelope);
    const arrived = victim.screen.join() === TEXT;
    const inSight = windows.some((window) => equalBytes(window, signature));
    return outcome({
      wanted: [TEXT],
      obtained: confirmed,
      stop: arrived ? stopOf(inSight, windows.length) : undefined,
    });
  },
};

/** Whether a window is alice's signature on the statement of a flight with this guess and an opening of zeros. */
async function confirms(
  lab: Lab,
  { sid, guess, windows }: { readonly sid: Bytes; readonly guess: string; readonly windows: readonly Uint8Array[] },
): Promise<boolean> {
  const [alice, bob] = await lab.people.persons('alice', 'bob');
  const context = unsafeStatement.statementContext(p, { sid, from: alice.device.bundle, to: bob.device.bundle });
  const item = { type: 'text/plain', body: utf8(guess), opening: ZEROS };
  const commitments = [unsafeStatement.commitItem(p, item)];
  const place = { seq: 1, prev: ZEROS, sent: lab.now, ttl: 60 };
  const statement = unsafeStatement.encodeMessageStatement(p, context, { ...place, commitments });
  const spki = Buffer.from(alice.device.bundle.certificate.signKey.spki);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return windows.some((window) => verify('sha256', statement, pss, window));
}

/** The message came to bob's screen as it should; what an eavesdropper lacks is seen in the run. */
function stopOf(inSight: boolean, windows: number): Stop {
  if (!inSight) {
    return {
      check: 'sealed',
      code: undefined,
      message: `none of the ${windows} places on the wire holds the signature`,
    };
  }
  return {
    check: 'opening',
    code: undefined,
    message: 'the signature is in sight, and fits no guess without the 32 random bytes',
  };
}
