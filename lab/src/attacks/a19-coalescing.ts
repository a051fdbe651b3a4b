import { concat } from '@waxwing/protocol';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { Middleman, type MiddlemanOptions } from '../wire/middleman.ts';

const TEXTS = ['one', 'two', 'three', 'four'];
/** The second and the third are lost, and nobody is told. */
const WANTED = ['one', 'four'];
const TOGETHER = 3;
/** What the client says before its first message: its key; F2, F4 and its first record. */
const TEXTBOOK_BEFORE = 1;
const WAXWING_BEFORE = 3;

export const attack: Attack = {
  id: 'A19',
  title: 'coalescing',
  has: 'the wire, or nothing: a busy network does it by itself',
  steps: ['hold the first three messages back', 'write them at once', 'let the fourth pass as it comes'],
  breaks: ['delivery', 'integrity'],
  textbookFalls: 'the first is shown, two are silently lost, and the fourth is shown as if nothing had been',
  stoppedBy: 'frame',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const middleman = await coalesce(lab, { to: port, pieces: 'reads' }, TEXTBOOK_BEFORE);
    const client = await TextbookProgram.client(lab, middleman.port);
    await server.exchanged();
    for (const [at, text] of TEXTS.entries()) {
      client.type(text);
      await middleman.sees('to-server', TEXTBOOK_BEFORE + at + 1);
      if (at >= TOGETHER - 1) await server.sees(at - 1);
    }
    return outcome({ wanted: WANTED, obtained: server.texts, stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const middleman = await coalesce(lab, { to: port, pieces: 'frames' }, WAXWING_BEFORE);
    const client = await waxwingClient(lab, { who: 'bob', victim: false, port: middleman.port });
    for (const [at, text] of TEXTS.entries()) {
      await client.say(text);
      await middleman.sees('to-server', WAXWING_BEFORE + at + 1);
    }
    await server.until(() => server.texts.at(-1) === 'four' || server.stop() !== undefined);
    const { texts } = server;
    const whole = texts.join() === TEXTS.join();
    const message = `${texts.length} messages of ${TEXTS.length} arrived, in order`;
    const stop = whole ? ({ check: 'frame', code: undefined, message } as const) : server.stop();
    return outcome({ wanted: WANTED, obtained: texts, stop });
  },
};

/** Holds the client's first three messages back until all are there, and lets everything else pass. */
function coalesce(lab: Lab, options: MiddlemanOptions, before: number): Promise<Middleman> {
  const held: Uint8Array[] = [];
  return Middleman.between(lab, {
    ...options,
    pass: ({ direction, number, bytes }) => {
      if (direction === 'to-client' || number <= before || number > before + TOGETHER) return [bytes];
      held.push(bytes);
      return held.length < TOGETHER ? [] : [concat(...held)];
    },
  });
}
