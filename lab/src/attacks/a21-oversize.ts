import { TextbookProgram } from '../actors/textbook-programs.ts';
import { waxwingClient, waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { deliveredBy, silentLoss } from '../waxwing/silent-loss.ts';
import { RawSocket } from '../wire/raw-socket.ts';

const TEXTS = ['x'.repeat(16_000), 'are you there?'];
/** The head of a frame of 4 GiB. */
const GREEDY = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x10);
const WAITS = 'it waits for 4 GiB';

export const attack: Attack = {
  id: 'A21',
  title: 'oversize',
  has: 'a peer’s right to send text; on waxwing also a bare connection',
  steps: [
    'send a text of 16,000 letters, and then a short one',
    'waxwing: also announce a frame of 4 GiB, and see whether it waits for it',
  ],
  breaks: ['availability', 'delivery'],
  textbookFalls: 'the package is longer than the one recv: the receiving thread is dead, and its prompt lives on',
  stoppedBy: 'frame',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    const client = await TextbookProgram.client(lab, port);
    await server.exchanged();
    client.type(...TEXTS);
    server.type('still here');
    await client.sees(1);
    server.type('and still here');
    await client.sees(2);
    return outcome({ ...silentLoss(TEXTS, { texts: server.texts, stop: () => undefined }), stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const client = await waxwingClient(lab, { who: 'bob', victim: false, port });
    await client.say(...TEXTS);
    await server.until(() => server.texts.length >= TEXTS.length || server.stop() !== undefined);
    const long = { way: 'a long text', ...silentLoss(TEXTS, server), stop: deliveredBy('frame', TEXTS, server) };
    return outcome(long, await announced(lab));
  },
};

async function announced(lab: Lab): Promise<Try> {
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  const mallory = await RawSocket.dial(lab, { port });
  await mallory.sees(1);
  mallory.send(GREEDY);
  await server.until(() => server.stop() !== undefined || mallory.ended);
  const stop = server.stop();
  return {
    way: 'a frame that announces more than any has',
    wanted: [WAITS],
    obtained: stop === undefined && !mallory.ended ? [WAITS] : [],
    stop,
  };
}
