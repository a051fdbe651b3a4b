import { MAX_UNFINISHED_PER_ADDRESS } from '@waxwing/protocol';
import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Stop } from '../check.ts';
import { RawSocket } from '../wire/raw-socket.ts';

const NOT_SERVED = 'bob is not served';

export const attack: Attack = {
  id: 'A26',
  title: 'slot hogging',
  has: 'connections to the victim; no key, and nothing to say',
  steps: [
    'connect, and say nothing: once in the textbook, seven times on waxwing, where an address has eight places',
    'see whether bob, who comes after that, is served while the idle callers stay',
    'honest limit: that the idle ones are hung up on after five seconds, and a dead peer after ninety, npm test shows',
  ],
  breaks: ['availability'],
  textbookFalls: 'the second caller is never served',
  stoppedBy: 'deadline',
  processes: true,

  textbook: async (lab) => {
    const { port } = await TextbookProgram.server(lab);
    const mallory = await RawSocket.dial(lab, { port });
    await mallory.sees(1);
    // Whether he is let in and hears nothing, or is not let in at all: he sees no key.
    const served = await RawSocket.dial(lab, { port })
      .then((bob) => bob.sees(1))
      .then(
        () => true,
        () => false,
      );
    return outcome({ wanted: [NOT_SERVED], obtained: served ? [] : [NOT_SERVED], stop: undefined });
  },

  waxwing: async (lab) => {
    const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
    const { device } = await lab.people.person('bob');
    const idle = await Promise.all(
      Array.from({ length: MAX_UNFINISHED_PER_ADDRESS - 1 }, () => RawSocket.dial(lab, { port })),
    );
    for (const mallory of idle) await mallory.sees(1).catch(() => undefined);
    const beside = await WaxwingEnd.dial(lab, { device, port });
    const stayed = idle.filter(({ ended }) => !ended).length;
    if (beside.connected) await beside.say('beside the idle ones');
    await beside.until(() => server.texts.length > 0);
    const served = server.texts.length > 0;
    const message = `bob was served while ${stayed} idle callers held their places`;
    const stop: Stop | undefined = served ? { check: 'deadline', code: undefined, message } : server.stop();
    return outcome({ wanted: [NOT_SERVED], obtained: served ? [] : [NOT_SERVED], stop });
  },
};
