import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { Middleman, type MiddlemanOptions } from '../wire/middleman.ts';

const TEXTS = ['no', 'wait', 'yes'];
/** Which of them are delivered, in this order. */
const ORDER = [2, 0, 0];
const WANTED = ORDER.map((at) => TEXTS[at] ?? '');
/** What the client says before its first message. */
const TEXTBOOK_BEFORE = 1;
const WAXWING_BEFORE = 3;

export const attack: Attack = {
  id: 'A23',
  title: 'reorder, drop, duplicate',
  has: 'the wire; no key',
  steps: ['hold three messages back', 'deliver the third, then the first, then the first again; never the second'],
  breaks: ['integrity', 'delivery'],
  textbookFalls: 'another conversation than the one that was said is shown, all green',
  stoppedBy: 'record',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const middleman = await holding(lab, { to: port, pieces: 'reads' }, TEXTBOOK_BEFORE);
    const client = await TextbookProgram.client(lab, middleman.port);
    await server.exchanged();
    for (const [at, text] of TEXTS.entries()) {
      client.type(text);
      await middleman.sees('to-server', TEXTBOOK_BEFORE + at + 1); // one read each
    }
    for (const [shown, at] of ORDER.entries()) {
      const { bytes } = await middleman.sees('to-server', TEXTBOOK_BEFORE + at + 1);
      middleman.inject('to-server', bytes);
      await server.sees(shown + 1);
    }
    return outcome({ wanted: WANTED, obtained: server.allGreen ? server.texts : [], stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const middleman = await holding(lab, { to: port, pieces: 'frames' }, WAXWING_BEFORE);
    const client = await waxwingClient(lab, { who: 'bob', victim: false, port: middleman.port });
    for (const [at, text] of TEXTS.entries()) {
      await client.say(text);
      await middleman.sees('to-server', WAXWING_BEFORE + at + 1); // one flight each
    }
    for (const [shown, at] of ORDER.entries()) {
      const { bytes } = await middleman.sees('to-server', WAXWING_BEFORE + at + 1);
      middleman.inject('to-server', bytes);
      await server.until(() => server.texts.length > shown || server.stop() !== undefined);
    }
    return outcome({ wanted: WANTED, obtained: server.texts, stop: server.stop() });
  },
};

/** Lets nothing of the client's through behind its first `before` pieces. */
function holding(lab: Lab, options: MiddlemanOptions, before: number): Promise<Middleman> {
  return Middleman.between(lab, {
    ...options,
    pass: ({ direction, number, bytes }) => (direction === 'to-client' || number <= before ? [bytes] : []),
  });
}
