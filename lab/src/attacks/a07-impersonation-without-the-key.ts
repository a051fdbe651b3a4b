import { createPublicKey } from 'node:crypto';
import { textOf } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { flight, signingWith, waxwingPair } from '../actors/waxwing-pair.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import { textbookDump, textbookSealWith } from '../textbook/textbook.ts';
import { Middleman } from '../wire/middleman.ts';
import { RawSocket } from '../wire/raw-socket.ts';

const TEXT = 'meet me at nine';
const DAY = 86_400;

export const attack: Attack = {
  id: 'A07',
  title: 'impersonation without the key',
  has: 'alice’s public key or bundle, and one old message of hers with its signature; not her private key',
  steps: [
    'listen while alice chats, and keep her PEM and one signature, which both go in clear; on waxwing her bundle, and a signature taken from inside an envelope',
    'dial bob’s server a day later, and present her key as one’s own: the textbook asks for no proof',
    'seal the old text for bob anew, with the old signature and the time of now',
  ],
  breaks: ['authentication'],
  textbookFalls: 'an old signed text is shown all green, as alice’s, who is not there',
  stoppedBy: 'peer-signature',
  processes: true,

  textbook: async (lab) => {
    const { program: earlier, port: earlierPort } = await TextbookProgram.server(lab);
    const middleman = await Middleman.between(lab, { to: earlierPort, pieces: 'reads' });
    const alice = await TextbookProgram.client(lab, middleman.port);
    await earlier.exchanged();
    alice.type(TEXT);
    const { bytes: pem } = await middleman.sees('to-server', 1);
    const { signature } = decodePackage((await middleman.sees('to-server', 2)).bytes);
    await earlier.sees(1);

    const { program: bob, port } = await TextbookProgram.server(lab, { clock: DAY });
    const mallory = await RawSocket.dial(lab, { port });
    const recipient = createPublicKey(textOf(await mallory.sees(1)) ?? '');
    mallory.send(pem);
    await bob.exchanged();
    const plain = `${Math.floor(Date.now() / 1000) + DAY}|${TEXT}`;
    mallory.send(textbookDump(textbookSealWith(recipient, { plain, signature })));
    await bob.sees(1);
    return outcome({ wanted: [TEXT], obtained: bob.allGreen ? bob.texts : [], stop: undefined });
  },

  waxwing: async (lab) => {
    const [alice, mallory] = await lab.people.persons('alice', 'mallory');
    const { sender } = await waxwingPair(lab);
    const { signature } = await sender.seal(flight(TEXT, lab.now - DAY * 1000));
    const { end: bob, port } = await waxwingServer(lab, { who: 'bob', pin: alice.device.bundle.account });
    const device = { ...mallory.device, bundle: alice.device.bundle };
    const impostor = await WaxwingEnd.dial(lab, { device, port, primitives: signingWith(signature) });
    if (impostor.connected) await impostor.say(TEXT);
    await bob.until(() => bob.texts.length > 0 || bob.stop() !== undefined);
    return outcome({ wanted: [TEXT], obtained: bob.texts, stop: bob.stop() });
  },
};
