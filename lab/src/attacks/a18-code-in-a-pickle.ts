import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, toHex } from '@waxwing/protocol';
import { decodePackage } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { WaxwingProgram, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import { dumpsCall } from '../textbook/pickle.ts';
import { PRINTED_SECRET, TextbookPeer } from '../textbook/textbook.ts';
import { RawSocket } from '../wire/raw-socket.ts';

export const attack: Attack = {
  id: 'A18',
  title: 'code in a pickle',
  has: 'a connection to the victim; no key',
  steps: [
    'make a pickle that calls os.system when it is loaded (here it writes a random word into a file)',
    'connect, and send it in the place of a message',
    'waxwing: as an envelope, behind a handshake of one’s own; as the first bytes; and to waxwing server --classic',
    'read the file',
  ],
  breaks: ['confidentiality', 'integrity', 'availability'],
  textbookFalls: 'the command runs as the user whose server it is',
  stoppedBy: 'structure',
  processes: true,

  textbook: async (lab) => {
    const exploit = await makeExploit(lab);
    const { program: server, port } = await TextbookProgram.server(lab, { system: exploit.command });
    const mallory = await introduced(lab, port);
    await server.exchanged();
    mallory.send(exploit.pickle);
    await server.until(() => exploit.written().length > 0);
    return outcome({ wanted: [exploit.word], obtained: exploit.written(), stop: undefined });
  },

  waxwing: async (lab) => {
    // Of classic mode the lab composes nothing: there the shipped program is the only victim.
    const classic = lab.victim === 'shipped' ? [toClassicMode(lab)] : [];
    return outcome(...(await Promise.all([asAnEnvelope(lab), asTheFirstBytes(lab), ...classic])));
  },
};

interface Exploit {
  readonly pickle: Bytes;
  readonly command: string;
  readonly word: string;
  /** What stands in the file. */
  readonly written: () => string[];
}

async function makeExploit(lab: Lab): Promise<Exploit> {
  const file = join(await lab.folder(), 'owned');
  const word = toHex(p.randomBytes(16));
  const command = `echo ${word}> "${file}"`;
  const written = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').split(/\s+/).filter(Boolean) : []);
  return { pickle: dumpsCall('os', 'system', command), command, word, written };
}

function tried(way: string, { word, written }: Exploit, stop: Stop | undefined): Try {
  return { way, wanted: [word], obtained: written(), stop };
}

async function asAnEnvelope(lab: Lab): Promise<Try> {
  const exploit = await makeExploit(lab);
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  const { device } = await lab.people.person('mallory');
  const mallory = await WaxwingEnd.dial(lab, { device, port });
  mallory.send(exploit.pickle);
  await server.until(() => server.stop() !== undefined || exploit.written().length > 0);
  return tried('as an envelope, behind a handshake', exploit, server.stop());
}

async function asTheFirstBytes(lab: Lab): Promise<Try> {
  const exploit = await makeExploit(lab);
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  const mallory = await RawSocket.dial(lab, { port });
  mallory.send(exploit.pickle);
  await server.until(() => server.stop() !== undefined || exploit.written().length > 0);
  return tried('as the first bytes', exploit, server.stop());
}

async function toClassicMode(lab: Lab): Promise<Try> {
  const exploit = await makeExploit(lab);
  const { end: server, port } = await WaxwingProgram.classicServer(lab, PRINTED_SECRET);
  const mallory = await introduced(lab, port);
  await server.until(() => server.connected);
  mallory.send(exploit.pickle);
  const refusal = refusalOf(exploit.pickle);
  const refused = (): boolean => server.lines.some((line) => line.includes(refusal.message));
  await server.until(() => refused() || exploit.written().length > 0);
  return tried('to waxwing server --classic', exploit, refused() ? refusal : undefined);
}

/** A connection on which the textbook's keys have been exchanged. */
async function introduced(lab: Lab, port: number): Promise<RawSocket> {
  const { textbook } = await lab.people.person('mallory');
  const mallory = await RawSocket.dial(lab, { port });
  await mallory.sees(1);
  mallory.send(new TextbookPeer(textbook).pem);
  return mallory;
}

/** What the reader of classic mode says of the pickle. */
function refusalOf(pickle: Bytes): Stop {
  try {
    decodePackage(pickle);
  } catch (error) {
    return stopOf(error);
  }
  throw new Error('the reader of classic mode took it');
}
