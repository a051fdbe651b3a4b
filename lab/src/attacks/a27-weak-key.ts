import { createPublicKey } from 'node:crypto';
import { textOf } from '@waxwing/protocol';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import { carelessKey, factor, modulusOf, privateKeyOf } from '../cryptanalysis/fermat.ts';
import { TextbookPeer, textbookDecrypt, textbookLoad } from '../textbook/textbook.ts';
import { certifyOther } from '../waxwing/certified-device.ts';
import { RawSocket } from '../wire/raw-socket.ts';

const TEXT = 'the key is under the mat';
const BITS = 1024;

export const attack: Attack = {
  id: 'A27',
  title: 'weak key',
  has: 'what passes between alice and bob, whose key is of 1,024 bits and carelessly made: its primes are neighbours',
  steps: [
    'let bob connect with his key, and alice send him a text',
    'factor the key by Fermat’s method: neighbours are found in one step',
    'decrypt what passed',
    'honest limit: waxwing looks at size and form of a key alone, and would take careless primes of the right size',
  ],
  breaks: ['confidentiality'],
  textbookFalls: 'a key of 1,024 bits is a key like any other, all green, and the text is read',
  stoppedBy: 'bundle',
  processes: true,

  textbook: async (lab) => {
    const privateKey = carelessKey(BITS);
    const { program: alice, port } = await TextbookProgram.server(lab);
    const bob = await RawSocket.dial(lab, { port });
    const keys = { privateKey, publicKey: createPublicKey(privateKey) };
    await bob.sees(1);
    bob.send(new TextbookPeer(keys).pem);
    await alice.until(() => alice.hasKey);
    alice.type(TEXT);
    const passed = await bob.sees(2);
    const primes = factor(modulusOf(keys.publicKey));
    const read = primes && textOf(textbookDecrypt(textbookLoad(passed), privateKeyOf(primes)));
    const text = read?.slice(read.indexOf('|') + 1);
    return outcome({ wanted: [TEXT], obtained: text === undefined ? [] : [text], stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: alice, port } = await waxwingServer(lab, { who: 'alice' });
    const wrapKey = createPublicKey(carelessKey(BITS)).export({ format: 'der', type: 'spki' });
    const device = await certifyOther(await lab.people.person('bob'), { wrapKey });
    const bob = await WaxwingEnd.dial(lab, { device, port });
    await alice.until(() => alice.stop() !== undefined || alice.connected);
    if (alice.connected) await alice.say(TEXT);
    await bob.until(() => bob.texts.length > 0);
    return outcome({ wanted: [TEXT], obtained: bob.texts, stop: alice.stop() });
  },
};
