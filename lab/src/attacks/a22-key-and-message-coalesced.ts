import { concat } from '@waxwing/protocol';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';
import { type Direction, Middleman, type MiddlemanOptions } from '../wire/middleman.ts';

const FIRST = 'the first';
const SECOND = 'the second';

export const attack: Attack = {
  id: 'A22',
  title: 'key and message coalesced',
  has: 'the wire, or nothing: a busy network does it by itself',
  steps: [
    'hold back the last thing that one end says before it may chat: the textbook’s PEM, F5 of waxwing',
    'let it through together with the next thing that this end says',
  ],
  breaks: ['delivery'],
  textbookFalls: 'the first message is swallowed with the key, and the second is shown as if nothing had been',
  stoppedBy: 'frame',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const middleman = await joining(lab, { to: port, pieces: 'reads' }, { direction: 'to-server', number: 1 });
    const client = await TextbookProgram.client(lab, middleman.port);
    client.type(FIRST);
    await server.until(() => server.hasKey);
    client.type(SECOND);
    await server.sees(1);
    const victim = { texts: server.texts, stop: () => undefined };
    return outcome({ ...silentLoss([FIRST], victim), stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice', victim: false, eager: true });
    const middleman = await joining(lab, { to: port, pieces: 'frames' }, { direction: 'to-client', number: 3 });
    const dialling = waxwingClient(lab, { who: 'bob', port: middleman.port });
    await server.until(() => server.connected);
    await server.say(FIRST);
    const client = await dialling;
    await client.until(() => client.texts.length > 0 || client.stop() !== undefined);
    return outcome({ ...silentLoss([FIRST], client), stop: deliveredBy('frame', [FIRST], client) });
  },
};

/** Lets one piece through no sooner than the next one of its direction, and both in one write. */
function joining(
  lab: Lab,
  options: MiddlemanOptions,
  piece: { readonly direction: Direction; readonly number: number },
): Promise<Middleman> {
  let held: Uint8Array | undefined;
  return Middleman.between(lab, {
    ...options,
    pass: ({ direction, number, bytes }) => {
      if (direction !== piece.direction) return [bytes];
      if (number === piece.number) {
        held = bytes;
        return [];
      }
      const before = held;
      held = undefined;
      return [before === undefined ? bytes : concat(before, bytes)];
    },
  });
}
