import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import { Middleman } from '../wire/middleman.ts';

const TEXT = 'transfer 100';
const WANTED = [TEXT, TEXT, TEXT];
/** The client's first message, behind its key; behind F2, F4 and its first record. */
const TEXTBOOK_PIECE = 2;
const WAXWING_PIECE = 4;

export const attack: Attack = {
  id: 'A11',
  title: 'replay within a minute',
  has: 'the wire; no key',
  steps: ['copy a message off the wire', 'deliver the copy twice more, each when the one before is on the screen'],
  breaks: ['freshness', 'integrity'],
  textbookFalls: 'one order is shown three times, all green',
  stoppedBy: 'record',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const middleman = await Middleman.between(lab, { to: port, pieces: 'reads' });
    const client = await TextbookProgram.client(lab, middleman.port);
    await server.exchanged();
    client.type(TEXT);
    const { bytes } = await middleman.sees('to-server', TEXTBOOK_PIECE);
    for (let shown = 1; shown < WANTED.length && (await server.sees(shown)); shown++) {
      middleman.inject('to-server', bytes);
    }
    await server.sees(WANTED.length);
    return outcome({ wanted: WANTED, obtained: server.allGreen ? server.texts : [], stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const middleman = await Middleman.between(lab, { to: port, pieces: 'frames' });
    const client = await waxwingClient(lab, { who: 'bob', victim: false, port: middleman.port });
    await client.say(TEXT);
    const { bytes } = await middleman.sees('to-server', WAXWING_PIECE);
    const shows = (count: number): Promise<boolean> =>
      server.until(() => server.texts.length >= count || server.stop() !== undefined);
    for (let shown = 1; shown < WANTED.length && (await shows(shown)) && server.stop() === undefined; shown++) {
      middleman.inject('to-server', bytes);
    }
    await shows(WANTED.length);
    return outcome({ wanted: WANTED, obtained: server.texts, stop: server.stop() });
  },
};
