import { TextbookProgram } from '../actors/textbook-programs.ts';
import { WaxwingEnd, type WaxwingPeer } from '../actors/waxwing-end.ts';
import { waxwingServer } from '../actors/waxwing-program.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { RawSocket } from '../wire/raw-socket.ts';

const TEXT = 'who is there?';

export const attack: Attack = {
  id: 'A09',
  title: 'key and messages reflected',
  has: 'a connection to the victim; no key at all',
  steps: [
    'dial the victim’s server',
    'textbook: send back whatever it says, its own key first',
    'waxwing: present its own bundle and send back each envelope; and send back each byte',
  ],
  breaks: ['authentication'],
  textbookFalls: 'the server shows its own words as its peer’s, all green',
  stoppedBy: 'own-device',
  processes: true,

  textbook: async (lab) => {
    const { program: server, port } = await TextbookProgram.server(lab);
    await RawSocket.dial(lab, { port, echo: true });
    await server.exchanged();
    server.type(TEXT);
    await server.sees(1);
    return outcome({ wanted: [TEXT], obtained: server.allGreen ? server.texts : [], stop: undefined });
  },

  waxwing: async (lab) => outcome(...(await Promise.all([withItsBundle(lab), byteByByte(lab)]))),
};

/** Mallory presents the victim's bundle, signs with a key of her own, and looks away from whom she talks to. */
async function withItsBundle(lab: Lab): Promise<Try> {
  const [alice, mallory] = await lab.people.persons('alice', 'mallory');
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  // Another name in her own memory than on the wire: her end does not notice that she meets herself.
  const bundle = { ...alice.device.bundle, device: new Uint8Array(16) };
  const device = { ...mallory.device, bundle };
  const mirror = await WaxwingEnd.dial(lab, { device, port, answer: (envelope) => envelope });
  if (mirror.connected) await server.say(TEXT);
  return await tried(server, 'with the victim’s own bundle');
}

async function byteByByte(lab: Lab): Promise<Try> {
  const { end: server, port } = await waxwingServer(lab, { who: 'alice' });
  await RawSocket.dial(lab, { port, echo: true });
  return await tried(server, 'byte by byte');
}

async function tried(server: WaxwingPeer, way: string): Promise<Try> {
  await server.until(() => server.texts.length > 0 || server.stop() !== undefined);
  return { way, wanted: [TEXT], obtained: server.texts, stop: server.stop() };
}
