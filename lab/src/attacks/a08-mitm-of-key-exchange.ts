import { createPublicKey, type KeyObject } from 'node:crypto';
import { textOf } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { TextbookPeer, textbookDump, textbookOpen, textbookSeal } from '../textbook/textbook.ts';
import { Middleman } from '../wire/middleman.ts';

const SAID = 'meet at 5';
const REPLACED = 'meet at 9';
const WANTED = [`mallory reads: ${SAID}`, `alice reads: ${REPLACED}`];

export const attack: Attack = {
  id: 'A08',
  title: 'man in the middle of the key exchange',
  has: 'the wire between a server and a client, from the first byte on; keys of his own',
  steps: [
    'listen as the server, and dial the true one as a client',
    'textbook: put one’s own PEM in the place of both',
    'waxwing: come as oneself; and come with the bundle of the true server, without its key',
    'read what passes, and pass on another text',
  ],
  breaks: ['confidentiality', 'integrity', 'authentication', 'non-repudiation'],
  textbookFalls: 'the text is read, then replaced; unmodified client and server show all green',
  stoppedBy: 'pin',
  processes: true,

  textbook: async (lab) => {
    const { textbook: mallory } = await lab.people.person('mallory');
    const read: string[] = [];
    const theirs: { server?: KeyObject; client?: KeyObject } = {};
    const { program: alice, port } = await TextbookProgram.server(lab);
    const own = new TextbookPeer(mallory).pem;
    const middleman = await Middleman.between(lab, {
      to: port,
      pieces: 'reads',
      pass: ({ direction, number, bytes }) => {
        const from = direction === 'to-client' ? 'server' : 'client';
        if (number === 1) {
          theirs[from] = createPublicKey(textOf(bytes) ?? '');
          return [own];
        }
        const recipient = theirs[from === 'server' ? 'client' : 'server'];
        const sender = theirs[from];
        if (recipient === undefined || sender === undefined) return [bytes];
        const now = Math.floor(Date.now() / 1000);
        const { text } = textbookOpen(decodePackage(bytes), { recipient: mallory.privateKey, sender, now });
        read.push(`mallory reads: ${text}`);
        const changed = text.replace(SAID, REPLACED);
        return [textbookDump(textbookSeal(changed, { recipient, sender: mallory.privateKey, now }))];
      },
    });
    const bob = await TextbookProgram.client(lab, middleman.port);
    await alice.exchanged();
    bob.type(SAID);
    await alice.sees(1);
    const seen = alice.allGreen ? alice.texts.map((text) => `alice reads: ${text}`) : [];
    return outcome({ wanted: WANTED, obtained: [...read, ...seen], stop: undefined });
  },

  waxwing: async (lab) => outcome(...(await Promise.all([asOneself(lab), withHerBundle(lab)]))),
};

/** Mallory is a proper end with an identity of her own, on both sides. Bob expects alice's account. */
async function asOneself(lab: Lab): Promise<Try> {
  const [alice, mallory] = await lab.people.persons('alice', 'mallory');
  const { end: aliceEnd, port: alicePort } = await waxwingServer(lab, { who: 'alice', victim: false });
  const { end: there, port } = await WaxwingEnd.listen(lab, { device: mallory.device });
  const onwards = await WaxwingEnd.dial(lab, { device: mallory.device, port: alicePort });
  const bob = await waxwingClient(lab, { who: 'bob', pin: alice.device.bundle.account, port });
  if (bob.connected) await bob.say(SAID);
  await there.until(() => there.texts.length > 0);
  for (const text of there.texts) await onwards.say(text.replace(SAID, REPLACED));
  if (there.texts.length > 0) await aliceEnd.until(() => aliceEnd.texts.length > 0);
  return {
    way: 'with an identity of her own',
    wanted: WANTED,
    obtained: [
      ...there.texts.map((text) => `mallory reads: ${text}`),
      ...aliceEnd.texts.map((text) => `alice reads: ${text}`),
    ],
    stop: bob.stop(),
  };
}

/** Mallory shows bob alice's bundle, which she saw as a caller of alice's, and signs with her own key; then she speaks. */
async function withHerBundle(lab: Lab): Promise<Try> {
  const [alice, mallory] = await lab.people.persons('alice', 'mallory');
  const device = { ...mallory.device, bundle: alice.device.bundle };
  const { end, port } = await WaxwingEnd.listen(lab, { device });
  const bob = await waxwingClient(lab, { who: 'bob', pin: alice.device.bundle.account, port });
  if (end.connected) await end.say(REPLACED);
  await bob.until(() => bob.texts.length > 0 || bob.stop() !== undefined);
  return {
    way: 'with alice’s bundle, and without her key',
    wanted: [REPLACED],
    obtained: bob.texts,
    stop: bob.stop(),
  };
}
