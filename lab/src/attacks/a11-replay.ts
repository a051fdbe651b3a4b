import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import { Middleman } from '../wire/middleman.ts';

const TEXT = 'transfer 100';
const WANTED = [TEXT, TEXT, TEXT];
/** The client's first message, behind its key; behind F2, F4 and its first record. */
const TEXTBOOK_PIECE = 2;
const WAXWING_PIECE = 4;
/** Long enough for one read each, ms. */
const SPACING = 80;

export const attack: Attack = {
  id: 'A11',
  title: 'replay within a minute',
  has: 'the wire; no key',
  steps: ['take a message off the wire', 'deliver it three times, one after the other'],
  breaks: ['freshness', 'integrity'],
  textbookFalls: 'one order is shown three times, all green',
  stoppedBy: 'record',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const middleman = await Middleman.between(lab, {
      to: port,
      pieces: 'reads',
      spacing: SPACING,
      pass: ({ direction, number, bytes }) =>
        direction === 'to-server' && number === TEXTBOOK_PIECE ? [bytes, bytes, bytes] : [bytes],
    });
    const client = await TextbookProgram.client(lab, middleman.port);
    client.type(TEXT);
    await server.sees(WANTED.length);
    return outcome({ wanted: WANTED, obtained: server.allGreen ? server.texts : [], stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const middleman = await Middleman.between(lab, {
      to: port,
      pieces: 'frames',
      spacing: SPACING,
      pass: ({ direction, number, bytes }) =>
        direction === 'to-server' && number === WAXWING_PIECE ? [bytes, bytes, bytes] : [bytes],
    });
    const client = await waxwingClient(lab, { who: 'bob', victim: false, port: middleman.port });
    await client.say(TEXT);
    await server.until(() => server.texts.length >= WANTED.length || server.stop() !== undefined);
    return outcome({ wanted: WANTED, obtained: server.texts, stop: server.stop() });
  },
};
