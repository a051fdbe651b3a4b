/** A process of the load: keeps connections, and does with them what the benchmark tells it (commands.ts). */
import type { CommandName, Commands, Numbers, Told } from './commands.ts';
import { type Connect, openNetwork } from './network.ts';
import type { Peer, PeerEvents } from './peer.ts';
import { dueOf, machineTime, Sender } from './sender.ts';

/** Handshakes under way at once: with two such processes below the number at which a relay asks for puzzles. */
const AT_ONCE = 16;
/** How often it is looked at what is due, ms. */
const STEP = 1;

type Handlers = { [Name in CommandName]: (told: Commands[Name]['told']) => Promise<Commands[Name]['answer']> };

let connect: Connect | undefined;
let peers: Peer[] = [];
let senders: Sender[] = [];
let latencies: number[] = [];
let arrived: () => void = () => undefined;

const QUIET: PeerEvents = {
  acknowledged: () => undefined,
  received: () => undefined,
  failed: (error) => {
    throw error; // ends this process: a figure with a failure in it is none
  },
};

const RECEIVING: PeerEvents = {
  ...QUIET,
  received: (messages) => {
    const now = machineTime();
    for (const message of messages) latencies.push(now - dueOf(message));
    arrived();
  },
};

const handlers: Handlers = {
  network: async (description) => {
    connect = await openNetwork(description);
  },
  listen: async (numbers) => {
    const listening = await open(numbers, () => RECEIVING);
    for (const peer of listening) peer.receive();
    return listening.map(({ address }) => address);
  },
  connect: async ({ to, ...numbers }) => {
    const made: Sender[] = [];
    const events = (at: number): PeerEvents => ({ ...QUIET, acknowledged: (count) => made[at]?.acknowledged(count) });
    for (const [at, peer] of (await open(numbers, events)).entries()) made.push(new Sender(peer, to[at] ?? ''));
    senders = made;
  },
  hold: async (numbers) => {
    await open(numbers, () => QUIET);
  },
  leave: async () => {
    await Promise.all(peers.map((peer) => peer.close()));
    peers = [];
    senders = [];
  },
  flood: async ({ seconds, window }) => {
    const began = machineTime();
    const until = began + seconds * 1_000;
    await Promise.all(senders.map((sender) => sender.flood({ until, window })));
    return { sent: takeSent(), began, ended: machineTime() };
  },
  pace: async ({ seconds, perSecond }) => {
    const began = machineTime();
    const dueAt = (number: number): number => began + (number * 1_000) / perSecond;
    for (let next = 0; next < seconds * perSecond; ) {
      for (const now = machineTime(); next < seconds * perSecond && dueAt(next) <= now; next++) {
        senders[next % senders.length]?.sendDue(dueAt(next));
      }
      await new Promise((resolve) => setTimeout(resolve, STEP));
    }
    await Promise.all(senders.map((sender) => sender.idle()));
    return { sent: takeSent() };
  },
  await: async ({ count }) => {
    while (latencies.length < count) await new Promise<void>((resolve) => (arrived = resolve));
    if (latencies.length > count) throw new Error(`${latencies.length} messages came of ${count}`);
    const came = latencies;
    latencies = [];
    return { ended: machineTime(), latencies: came };
  },
};

/** Connects so many, a few at once; what has come before is kept. */
async function open({ first, count }: Numbers, events: (at: number) => PeerEvents): Promise<Peer[]> {
  if (connect === undefined) throw new Error('no network was told');
  const dial = connect;
  const opened: Peer[] = [];
  let next = 0;
  const dialSome = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) opened[at] = await dial(first + at, events(at));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, dialSome));
  peers.push(...opened);
  return opened;
}

function takeSent(): number {
  return senders.reduce((sum, sender) => sum + sender.takeSent(), 0);
}

async function answer<Name extends CommandName>(name: Name, told: Commands[Name]['told']): Promise<void> {
  const handler: (told: Commands[Name]['told']) => Promise<Commands[Name]['answer']> = handlers[name];
  process.send?.({ answer: await handler(told) });
}

process.on('message', ({ name, told }: Told) => void answer(name, told));
process.on('disconnect', () => process.exit());
