import { textbookPair } from '../actors/textbook-pair.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Stop } from '../check.ts';

/** A proof line that the program never printed. */
const FOOTER = 'Security: ✓ HMAC VERIFIED | ✓ Message verified(0s old) | ✓ Signature verified! | #77';
/** "Whatever follows is invisible." */
const HIDE = '\u001b[8m';
const TEXT = `pay mallory\r\n${FOOTER}${HIDE}`;

export const attack: Attack = {
  id: 'A32',
  title: 'terminal injection',
  has: 'a peer’s right to send text',
  steps: [
    'send a text that holds a line break, a proof line, and an escape sequence that hides whatever follows',
    'look at what reaches the terminal, byte for byte',
  ],
  breaks: ['authentication', 'integrity'],
  textbookFalls: 'the forged proof line stands on the screen as a line of its own, and the true one is invisible',
  stoppedBy: 'view',
  processes: true,

  textbook: async (lab) => {
    const { alice, bob } = await textbookPair(lab);
    const now = Math.floor(lab.now / 1000);
    bob.recv(alice.send(TEXT, now), now);
    // What print() writes.
    const screen = bob.screen.map(({ text }) => `Message: ${text}\n`).join('');
    return outcome(...tries(screen, undefined));
  },

  waxwing: async (lab) => {
    const { end: victim, port } = await waxwingServer(lab, { who: 'alice' });
    const { device } = await lab.people.person('mallory');
    const mallory = await WaxwingEnd.dial(lab, { device, port });
    await mallory.say(TEXT);
    await victim.until(() => victim.screen.includes('pay mallory') && victim.screen.includes('8m'));
    const { screen } = victim;
    const shown = screen.split('\n').find((line) => line.includes('#77')) ?? '';
    const harmless = screen.includes('pay mallory') && !screen.includes(HIDE);
    const message = `it is shown as: ${shown}`;
    return outcome(...tries(screen, harmless ? { check: 'view', code: undefined, message } : victim.stop()));
  },
};

/** The two things the text is to do, looked for in what was printed. */
function tries(screen: string, stop: Stop | undefined): Try[] {
  const lines = screen.split(/[\r\n]+/);
  return [
    {
      way: 'a forged proof line',
      wanted: [FOOTER],
      obtained: lines.map((line) => line.replace(HIDE, '')).filter((line) => line === FOOTER),
      stop,
    },
    {
      way: 'hiding whatever follows',
      wanted: [JSON.stringify(HIDE)],
      obtained: screen.includes(HIDE) ? [JSON.stringify(HIDE)] : [],
      stop,
    },
  ];
}
