import type { Primitives } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Stop } from '../check.ts';

/** What may be answered; the attacker knows the list, and wants to know which it was. */
const ANSWERS = [
  'yes',
  'no, not before the board has met',
  'ask me again when the three of us are alone, and nobody else can hear it',
];
const TRUTH = 'no, not before the board has met';

export const attack: Attack = {
  id: 'A28',
  title: 'length leak',
  has: 'the length of one message as it passed, and a list of what it may say; no key',
  steps: [
    'seal each answer of the list as the victim would: the length needs no key of his',
    'keep the answers whose length is that of the message',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'the length tells which answer it was',
  stoppedBy: 'padding',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const seen = decodePackage(alice.send(TRUTH, now)).ciphertext.length;
    const guesses = ANSWERS.filter((answer) => decodePackage(bob.send(answer, now)).ciphertext.length === seen);
    return outcome({ wanted: [TRUTH], obtained: guesses, stop: undefined });
  },

  waxwing: async (lab) => {
    const primitives = lab.off('padding') ? unpadded : p;
    const { sender: victim } = await waxwingPair(lab, { primitives });
    const seen = (await victim.seal(flight(TRUTH, lab.now))).envelope.length;
    const { sender: own } = await waxwingPair(lab, { primitives });
    const guesses: string[] = [];
    for (const answer of ANSWERS) {
      const { envelope } = await own.seal(flight(answer, lab.now));
      if (envelope.length === seen) guesses.push(answer);
    }
    const message = `all ${guesses.length} answers have ${seen} bytes`;
    const alike = guesses.length === ANSWERS.length;
    const stop: Stop | undefined = alike ? { check: 'padding', code: undefined, message } : undefined;
    return outcome({ wanted: [TRUTH], obtained: guesses, stop });
  },
};

/** Primitives that encrypt what stands before the padding of §5.3, in as many blocks as that takes. */
const unpadded: Primitives = {
  ...p,
  encryptCbc: (key, iv, padded) => p.encryptCbc(key, iv, padded.subarray(0, padded.lastIndexOf(0x80))),
};
