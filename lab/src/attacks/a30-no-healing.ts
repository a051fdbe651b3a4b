import { textOf } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Stop } from '../check.ts';
import { textbookDecrypt } from '../textbook/textbook.ts';
import { Thief } from '../waxwing/thief.ts';

const DAY = 86_400;
const BEFORE_THE_ANSWER = 'this one he reads';
const LATER = ['we have changed the plan', 'it is on Friday now'];

export const attack: Attack = {
  id: 'A30',
  title: 'no healing after a theft',
  has: 'one look into the victim’s memory: all long-term keys, and on waxwing the ratchet of that moment',
  steps: [
    'copy the memory once, and go away',
    'record what is said from then on',
    'decrypt it; on waxwing the text before the victim’s next answer is read, and those after it are wanted',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'a key that was copied once reads on for ever',
  stoppedBy: 'ratchet',
  processes: false,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const copied = bob.keys.privateKey;
    const now = Math.floor(lab.now / 1000);
    const read = LATER.map((text, day) => {
      const recorded = decodePackage(alice.send(text, now + day * DAY));
      return textOf(textbookDecrypt(recorded, copied))?.split('|').slice(1).join('|') ?? '';
    });
    return outcome({ wanted: LATER, obtained: read, stop: undefined });
  },

  waxwing: async (lab) => {
    const { device } = await lab.people.person('bob');
    const { sender, victim } = await waxwingPair(lab, { inspected: true });
    const wrapKeys = device.wrapKeys.map(({ privateKey }) => privateKey);
    const thief = new Thief({ states: victim.memory(), wrapKeys }, lab.now);
    const says = async (text: string): Promise<readonly string[]> => {
      const { envelope } = await sender.seal(flight(text, lab.now));
      await victim.receive(envelope);
      return await thief.read(envelope);
    };
    const along = await says(BEFORE_THE_ANSWER);
    const texts: string[] = [];
    for (const text of LATER) {
      await sender.open(await victim.say('I see'), lab.now);
      texts.push(...(await says(text)));
    }
    const whole = victim.screen.join() === [BEFORE_THE_ANSWER, ...LATER].join();
    const healed = along.join() === BEFORE_THE_ANSWER && whole && texts.length === 0;
    const message = `the thief read until the answer, and then none of ${thief.tried} keys fitted`;
    const stop: Stop | undefined = healed ? { check: 'ratchet', code: undefined, message } : undefined;
    return outcome({ wanted: LATER, obtained: texts, stop });
  },
};
