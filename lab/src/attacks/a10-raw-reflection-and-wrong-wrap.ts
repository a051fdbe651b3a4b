import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { textbookPair } from '../actors/textbook-pair.ts';
import { flight, waxwingPair } from '../actors/waxwing-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { textbookDump, textbookSealWith } from '../textbook/textbook.ts';
import { alterEnvelope } from '../waxwing/altered-envelope.ts';

const QUESTION = 'are you there?';
const ANSWER = 'yes!';
const ECHO = 'its own packet comes back';
const WRONG_WRAP = 'a key wrapped for somebody else';

export const attack: Attack = {
  id: 'A10',
  title: 'raw reflection and wrong wrap',
  has: 'the wire; no key, besides the secret of the source',
  steps: [
    'send a packet back to its sender; or one whose message key is wrapped for somebody else',
    'let everything after it pass as it comes',
    'see whether the victim still receives',
  ],
  breaks: ['availability'],
  textbookFalls: 'an uncaught ValueError ends the receiving thread: the answer is lost, and nobody is told',
  stoppedBy: 'structure',
  processes: false,

  textbook: async (lab) => {
    const now = Math.floor(lab.now / 1000);
    const { alice, bob } = await textbookPair(lab);
    alice.recv(alice.send(QUESTION, now), now);
    alice.recv(bob.send(ANSWER, now), now);
    const echo = lost(
      ECHO,
      alice.screen.map(({ text }) => text),
    );

    const { alice: other, bob: sender } = await textbookPair(lab);
    const { textbook: carol } = await lab.people.person('carol');
    const signature = p.randomBytes(256);
    const wrong = textbookSealWith(carol.publicKey, { plain: `${now}|hello`, signature });
    other.recv(textbookDump(wrong), now);
    other.recv(sender.send(ANSWER, now), now);
    const wrap = lost(
      WRONG_WRAP,
      other.screen.map(({ text }) => text),
    );
    return outcome({ ...echo, stop: undefined }, { ...wrap, stop: undefined });
  },

  waxwing: async (lab) => outcome(await reflected(lab), await wrappedForCarol(lab)),
};

async function reflected(lab: Lab): Promise<Try> {
  const { sender, victim } = await waxwingPair(lab);
  await victim.receive(await victim.say(QUESTION));
  await victim.receive((await sender.seal(flight(ANSWER, lab.now))).envelope);
  return { ...lost(ECHO, victim.screen), stop: victim.stops[0] };
}

async function wrappedForCarol(lab: Lab): Promise<Try> {
  const { device } = await lab.people.person('carol');
  const { sender, victim } = await waxwingPair(lab);
  const { envelope } = await sender.seal(flight(ANSWER, lab.now));
  const wrap = await p.wrapOaep(device.bundle.certificate.wrapKey, new Uint8Array(0), p.randomBytes(32));
  await victim.receive(alterEnvelope(envelope, () => ({ wrap })));
  await victim.receive(envelope);
  return { ...lost(WRONG_WRAP, victim.screen), stop: victim.stops[0] };
}

/** What the attacker wants is that the answer never comes to the screen. */
function lost(way: string, screen: readonly string[]): Omit<Try, 'stop'> {
  return { way, wanted: [`lost: ${ANSWER}`], obtained: screen.includes(ANSWER) ? [] : [`lost: ${ANSWER}`] };
}
