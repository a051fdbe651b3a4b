import { generateKeyPairSync } from 'node:crypto';
import { utf8 } from '@waxwing/protocol';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd, type WaxwingPeer } from '../actors/waxwing-end.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { TextbookPeer } from '../textbook/textbook.ts';
import { certifyOther } from '../waxwing/certified-device.ts';
import { RawSocket } from '../wire/raw-socket.ts';

const TEXT = 'hello?';
const NOBODY_SERVED = 'nobody else is served';
const WAYS = ['bytes that are no key', 'a key that cannot encrypt', 'a malformed message'] as const;
const GARBAGE = utf8('no key, and no frame');

export const attack: Attack = {
  id: 'A25',
  title: 'denial by one packet',
  has: 'a connection to the victim; one packet',
  steps: [
    'send bytes that are no key',
    'or an Ed25519 key in the place of the RSA key, and wait until the victim says something',
    'or exchange keys as everybody does, and send bytes that are no message',
    'see whether the victim still serves anybody',
  ],
  breaks: ['availability'],
  textbookFalls: 'the process ends; or it crashes at the first send; or its receiving thread is dead',
  stoppedBy: 'frame',
  processes: true,

  textbook: async (lab) => {
    const tries = [noKey(lab), keyThatCannotEncrypt(lab), malformed(lab)];
    return outcome(...(await Promise.all(tries)));
  },

  waxwing: async (lab) => {
    const { device } = await lab.people.person('mallory');
    const other = await certifyOther(await lab.people.person('mallory'), { wrapKey: ed25519('der') });
    return outcome(
      await served(lab, WAYS[0], async (port) => {
        (await RawSocket.dial(lab, { port })).send(GARBAGE);
      }),
      await served(lab, WAYS[1], async (port) => {
        await WaxwingEnd.dial(lab, { device: other, port });
      }),
      await served(lab, WAYS[2], async (port) => {
        (await WaxwingEnd.dial(lab, { device, port })).send(GARBAGE);
      }),
    );
  },
};

function ed25519(format: 'der' | 'pem'): Uint8Array {
  const { publicKey } = generateKeyPairSync('ed25519');
  if (format === 'der') return new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  return utf8(publicKey.export({ format: 'pem', type: 'spki' }) as string);
}

/** The attacker's call, and then bob's, who is honest. */
async function served(lab: Lab, way: string, attackPort: (port: number) => Promise<void>): Promise<Try> {
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  await attackPort(port);
  await server.until(() => server.stop() !== undefined);
  const stop = server.stop();
  const { device } = await lab.people.person('bob');
  const bob = await WaxwingEnd.dial(lab, { device, port });
  if (bob.connected) await bob.say(TEXT);
  await bob.until(() => server.texts.length > 0);
  return { ...notServed(way, server), stop };
}

function notServed(way: string, { texts }: Pick<WaxwingPeer, 'texts'>): Omit<Try, 'stop'> {
  return { way, wanted: [NOBODY_SERVED], obtained: texts.includes(TEXT) ? [] : [NOBODY_SERVED] };
}

async function noKey(lab: Lab): Promise<Try> {
  const { program: server, port } = await TextbookProgram.server(lab);
  (await RawSocket.dial(lab, { port })).send(GARBAGE);
  await server.exited; // a process that has ended serves nobody
  return { ...notServed(WAYS[0], server), stop: undefined };
}

async function keyThatCannotEncrypt(lab: Lab): Promise<Try> {
  const { program: server, port } = await TextbookProgram.server(lab);
  (await RawSocket.dial(lab, { port })).send(ed25519('pem'));
  await server.until(() => server.hasKey);
  server.type('who is there?');
  await server.exited;
  return { ...notServed(WAYS[1], server), stop: undefined };
}

async function malformed(lab: Lab): Promise<Try> {
  const { program: server, port } = await TextbookProgram.server(lab);
  const { textbook } = await lab.people.person('mallory');
  const mallory = await RawSocket.dial(lab, { port });
  const peer = new TextbookPeer(textbook);
  peer.recvKey(await mallory.sees(1));
  mallory.send(peer.pem);
  await server.until(() => server.hasKey);
  mallory.send(GARBAGE);
  server.type('who is there?');
  await mallory.sees(2); // it has read what was there, and its prompt lives on
  mallory.send(peer.send(TEXT, Math.floor(Date.now() / 1000)));
  server.type('nobody?');
  await mallory.sees(3);
  return { ...notServed(WAYS[2], server), stop: undefined };
}
