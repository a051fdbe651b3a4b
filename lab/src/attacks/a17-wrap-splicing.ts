import { concat, utf8 } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeEnvelope } from '@waxwing/protocol/unsafe';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { textbookDecrypt, textbookDump } from '../textbook/textbook.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const [FIRST, SECOND, THIRD] = ['first', 'second', 'third'] as const;
const MADE_FOR_ANOTHER = 'with every symmetric key of the session, and a wrap made for another envelope';

export const attack: Attack = {
  id: 'A17',
  title: 'wrap splicing',
  has: 'the wire; no key, besides in one way on waxwing every symmetric key of the session',
  steps: [
    'put the wrapped key of one message into another',
    'deliver it',
    'see how far it comes, and what comes after it',
  ],
  breaks: ['integrity', 'availability'],
  textbookFalls: 'it passes the HMAC, dies behind it in the padding, and the receiving thread dies with it',
  stoppedBy: 'hmac',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    const [first, second, third] = [FIRST, SECOND, THIRD].map((text) => alice.send(text, now)) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const { encryptedSessionKey } = decodePackage(first);
    const spliced = { ...decodePackage(second), encryptedSessionKey };
    let refusal = 'none';
    try {
      textbookDecrypt(spliced, bob.keys.privateKey);
    } catch (error) {
      refusal = String(error);
    }
    const passed = refusal.includes('HMAC') ? [] : ['past the HMAC'];
    bob.recv(textbookDump(spliced), now);
    bob.recv(third, now);
    const shown = bob.screen.map(({ text }) => text);
    const lost = shown.includes(THIRD) ? [] : [`lost: ${THIRD}`];
    return outcome({ wanted: ['past the HMAC', `lost: ${THIRD}`], obtained: [...passed, ...lost], stop: undefined });
  },

  waxwing: async (lab) => outcome(await spliceOnTheWire(lab), await wrapForAnother(lab)),
};

async function spliceOnTheWire(lab: Lab): Promise<Try> {
  const { sender, victim } = await waxwingPair(lab);
  const first = await sender.seal(flight(FIRST, lab.now));
  const { wrap } = unsafeEnvelope.decodeEnvelope((await sender.seal(flight(SECOND, lab.now))).envelope);
  await victim.receive(alterEnvelope(first.envelope, () => ({ wrap })));
  return { way: 'on the wire', wanted: [FIRST], obtained: victim.screen, stop: victim.stops[0] };
}

async function wrapForAnother(lab: Lab): Promise<Try> {
  const label = concat(utf8('waxwing/1 wrap\n'), p.randomBytes(32));
  const { sender, victim } = await waxwingPair(lab, {
    primitives: { ...p, wrapOaep: (key, _, secret) => p.wrapOaep(key, label, secret) },
  });
  await victim.receive((await sender.seal(flight(FIRST, lab.now))).envelope);
  return { way: MADE_FOR_ANOTHER, wanted: [FIRST], obtained: victim.screen, stop: victim.stops[0] };
}
