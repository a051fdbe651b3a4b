import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';
import { Middleman, type MiddlemanOptions } from '../wire/middleman.ts';

const TEXTS = ['in two parts', 'are you there?'];
const CUT_AT = 500;
/** The client's first message, behind its key; behind F2, F4 and its first record. */
const TEXTBOOK_PIECE = 2;
const WAXWING_PIECE = 4;

export const attack: Attack = {
  id: 'A20',
  title: 'segmentation',
  has: 'the wire, or nothing: a slow network does it by itself',
  steps: [
    'let the first 500 bytes of a message through',
    'wait until the receiver has said something himself',
    'let the rest through, and every message after it',
  ],
  breaks: ['availability', 'delivery'],
  textbookFalls: 'the receiving thread is dead, its prompt lives on, and no message is shown any more',
  stoppedBy: 'frame',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const { middleman, rest } = await splitting(lab, { to: port, pieces: 'reads' }, TEXTBOOK_PIECE);
    const client = await TextbookProgram.client(lab, middleman.port);
    await server.exchanged();
    const [first = '', second = ''] = TEXTS;
    client.type(first);
    await middleman.sees('to-server', TEXTBOOK_PIECE);
    server.type('still here');
    await client.sees(1);
    middleman.inject('to-server', rest());
    client.type(second);
    await middleman.sees('to-server', TEXTBOOK_PIECE + 1);
    server.type('and still here');
    await client.sees(2); // its prompt lives on; whatever it received before is behind it
    const victim = { texts: server.texts, stop: () => undefined };
    return outcome({ ...silentLoss(TEXTS, victim), stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const { middleman, rest } = await splitting(lab, { to: port, pieces: 'frames' }, WAXWING_PIECE);
    const client = await waxwingClient(lab, { who: 'bob', victim: false, port: middleman.port });
    const [first = '', second = ''] = TEXTS;
    await client.say(first);
    await middleman.sees('to-server', WAXWING_PIECE);
    await server.say('still here');
    await client.until(() => client.texts.length > 0);
    middleman.inject('to-server', rest());
    await client.say(second);
    await server.until(() => server.texts.length >= TEXTS.length || server.stop() !== undefined);
    return outcome({ ...silentLoss(TEXTS, server), stop: deliveredBy('frame', TEXTS, server) });
  },
};

/** Cuts one piece of the client's in two, and keeps the second part until it is asked for. */
async function splitting(
  lab: Lab,
  options: MiddlemanOptions,
  cut: number,
): Promise<{ readonly middleman: Middleman; readonly rest: () => Uint8Array }> {
  let kept: Uint8Array = new Uint8Array(0);
  const middleman = await Middleman.between(lab, {
    ...options,
    pass: ({ direction, number, bytes }) => {
      if (direction === 'to-client' || number !== cut) return [bytes];
      kept = bytes.subarray(CUT_AT);
      return [bytes.subarray(0, CUT_AT)];
    },
  });
  return { middleman, rest: () => kept };
}
