import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd } from '../actors/waxwing-end.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome } from '../attack.ts';
import type { Stop } from '../check.ts';
import type { Lab } from '../lab.ts';
import { Middleman } from '../wire/middleman.ts';

const FIRST = 'do it';

export const attack: Attack = {
  id: 'A24',
  title: 'truncation',
  has: 'the wire; no key',
  steps: [
    'let the first message through: “do it”',
    'cut the connection before “unless it rains” is said',
    'look whether the screen differs from that of a conversation that was left after “do it”',
  ],
  breaks: ['integrity', 'delivery'],
  textbookFalls: 'a conversation that was cut looks like one that was left',
  stoppedBy: 'close',
  processes: true,

  textbook: async (lab) => {
    const left = await textbookScreen(lab, (client) => {
      client.end();
    });
    const cut = await textbookScreen(lab, (_, middleman) => {
      middleman.cut();
    });
    return outcome({ wanted: left, obtained: cut, stop: undefined });
  },

  waxwing: async (lab) => {
    const [left, cut] = await Promise.all([
      waxwingScreen(lab, (client) => {
        client.leave();
      }),
      waxwingScreen(lab, (_, middleman) => {
        middleman.cut();
      }),
    ]);
    const differ = left.at(0) === cut.at(0) && left.at(-1) !== cut.at(-1);
    const message = `where the other leaves, the screen says “${String(left.at(-1))}”, and here “${String(cut.at(-1))}”`;
    const stop: Stop | undefined = differ ? { check: 'close', code: undefined, message } : undefined;
    return outcome({ wanted: left, obtained: cut, stop });
  },
};

/** What the server shows of a conversation that `end` ends behind its first message. */
async function waxwingScreen(
  lab: Lab,
  end: (client: WaxwingEnd, middleman: Middleman) => void,
): Promise<readonly string[]> {
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  const middleman = await Middleman.between(lab, { to: port, pieces: 'frames' });
  const { device } = await lab.people.person('bob');
  const client = await WaxwingEnd.dial(lab, { device, port: middleman.port });
  await client.say(FIRST);
  await server.until(() => server.texts.length > 0);
  end(client, middleman);
  await server.until(() => server.parting !== undefined);
  return [...server.texts, `and then: ${String(server.parting)}`];
}

/** What the server shows of a conversation that `end` ends behind its first message, and the code it exits with. */
async function textbookScreen(
  lab: Lab,
  end: (client: TextbookProgram, middleman: Middleman) => void,
): Promise<readonly string[]> {
  const { program: server, port } = await TextbookProgram.server(lab);
  const middleman = await Middleman.between(lab, { to: port, pieces: 'reads' });
  const client = await TextbookProgram.client(lab, middleman.port);
  await server.exchanged();
  client.type(FIRST);
  await server.sees(1);
  end(client, middleman);
  const code = await server.exited;
  // The first line has the port; the age is that of the message, whoever ends the conversation.
  const shown = server.lines.slice(1).map((line) => line.replace(/\d+s old/, 'n s old'));
  return [...shown, ...(server.err === '' ? [] : [server.err]), `exit ${String(code)}`];
}
