import { type Bytes, concat } from '@waxwing/protocol';
import { HandshakingClient, HandshakingServer, type Step } from '@waxwing/protocol/channel';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { type Attack, outcome } from '../attack.ts';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';
import { ComposedClient, ComposedServer, type ComposedSide } from '../waxwing/handshake.ts';

/** How many of the six are ground; one more takes ten times as long. */
const DIGITS = 3;
const PATIENCE = 100_000;

interface Side {
  receive(chunk: Uint8Array, now: number): Promise<Step>;
}

export const attack: Attack = {
  id: 'M28',
  title: 'grinding the six digits',
  has: 'the wire between alice and bob, who know no fingerprints and compare the six digits on their screens',
  steps: [
    'dial alice, and see the digits that she will read out',
    'let bob dial, and commit to any r_S',
    'when his F2 is there, look for an r_S with which his digits are the same, and open that one in F3',
    'honest limit: the lab grinds three digits of the six, so that a run takes no time',
  ],
  breaks: ['authentication', 'confidentiality'],
  textbookFalls: undefined,
  stoppedBy: 'commit',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const [alice, bob, mallory] = await lab.people.persons('alice', 'bob', 'mallory');
    const { now } = lab;
    const { device } = mallory;
    const there = new HandshakingServer(p, { device: alice.device, puzzleBits: 0, now });
    const wanted = (await meet(there, new HandshakingClient(p, { device }), now)).slice(0, DIGITS);
    const here = new ComposedServer(p, { device, now, reopen: grinder(wanted) }, () => false);
    const obtained: string[] = [];
    let stop: Stop | undefined;
    try {
      const digits = await meet(here, diallingVictim(lab, { device: bob.device, now }), now);
      obtained.push(digits.slice(0, DIGITS));
    } catch (error) {
      stop = stopOf(error);
    }
    return outcome({ wanted: [wanted], obtained, stop });
  },
};

/** The shipped client, or the composed one, as the lab says. */
function diallingVictim(lab: Lab, side: ComposedSide): Side {
  if (lab.victim === 'shipped') return new HandshakingClient(p, side);
  return new ComposedClient(p, side, (check) => lab.off(check));
}

/** Looks for an r_S whose digits begin with the wanted ones. */
function grinder(wanted: string): (digitsOf: (opening: Bytes) => string) => Bytes {
  return (digitsOf) => {
    let opening = p.randomBytes(32);
    for (let tried = 0; tried < PATIENCE && !digitsOf(opening).startsWith(wanted); tried++) opening = p.randomBytes(32);
    return opening;
  };
}

/** Runs a handshake, and gives the digits on the client's screen. @throws ProtocolError of the side that refuses */
async function meet(server: Side & { readonly hello: Bytes }, client: Side, now: number): Promise<string> {
  const f2 = await client.receive(server.hello, now);
  const f3 = await server.receive(concat(...f2.send), now);
  const f4 = await client.receive(concat(...f3.send), now);
  const f5 = await server.receive(concat(...f4.send), now);
  const { established } = await client.receive(concat(...f5.send), now);
  return established?.handshake.sas ?? '';
}
