/**
 * One of the people of an exchange, as a process that may be killed at any moment: joins by the link where it is no
 * member yet, says so many numbered texts to each of the others, and stays until it is told to go.
 *
 * Each text is `FROM>TO NUMBER …`. What a run has said already is read from its own home, so that a killed process goes on
 * where it was. It prints one JSON line whenever something changed: how much was said, what waits still.
 */
import {
  type Home,
  joinRelay,
  type Messenger,
  openHome,
  openMessenger,
  type RelayConversation,
  type RelayEvent,
} from '@waxwing/client';
import { decodeRelayLink } from '@waxwing/protocol';

interface Plan {
  readonly home: string;
  readonly link: string;
  readonly name: string;
  /** Names of the others, without `@`. */
  readonly peers: readonly string[];
  /** So many texts to each of them. */
  readonly each: number;
  /** Stands in every text, to be looked for where it must not be. */
  readonly mark: string;
}

const plan = JSON.parse(process.argv[2] ?? '') as Plan;

/** Most texts that wait for the relay at a time: the exchange should last, and be cut in the middle. */
const MOST_PENDING = 120;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function say(what: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** How many texts this home has said in a conversation, in this run or an earlier one. */
function saidTo(home: Home, conversation: RelayConversation): number {
  const { peer } = conversation.view;
  if (peer === undefined) throw new Error('a conversation with a person has a peer');
  const newest = home.store.history
    .list({ conversation: { account: peer.account }, limit: 100_000 })
    .findLast(({ direction }) => direction === 'out');
  return newest === undefined ? 0 : Number(/ (\d+) /.exec(new TextDecoder().decode(newest.body))?.[1]) + 1;
}

/** `open` asks the relay for the name; a relay that is away just now is asked again. */
async function meet(messenger: Messenger, name: string): Promise<RelayConversation> {
  for (;;) {
    try {
      return await messenger.open(`@${name}`);
    } catch (error) {
      say({ waiting: name, error: String(error) });
      await sleep(50);
    }
  }
}

async function member(home: Home): Promise<Messenger> {
  const link = decodeRelayLink(plan.link);
  const observe = (event: RelayEvent): void => {
    if (event.kind === 'message') longestWait = Math.max(longestWait, event.message.waited);
    if (TOLD.has(event.kind)) say({ event: event.kind, detail: JSON.stringify(event, redact) });
  };
  for (;;) {
    try {
      if (home.store.settings.get('exchange-joined') !== 'yes') {
        await joinRelay({ home, link, name: plan.name });
        home.store.settings.set('exchange-joined', 'yes');
      }
      return await openMessenger({ home, observe });
    } catch (error) {
      say({ joining: plan.name, error: String(error) });
      await sleep(50);
    }
  }
}

const TOLD = new Set([
  'unopenable',
  'not-delivered',
  'sent-anew',
  'restored-copy',
  'storage',
  'quarantined',
  'weak-start',
]);

function redact(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex').slice(0, 16) : value;
}

/** The longest time that a message waited at the relay, ms, as it is shown. */
let longestWait = 0;

const home = await openHome({ path: plan.home });
const messenger = await member(home);
const conversations = await Promise.all(plan.peers.map((name) => meet(messenger, name)));
const said = conversations.map((conversation) => saidTo(home, conversation));

const speak = async (): Promise<void> => {
  while (said.some((count) => count < plan.each)) {
    for (const [index, conversation] of conversations.entries()) {
      const from = said[index] ?? 0;
      const count = Math.min(1 + Math.floor(Math.random() * 12), plan.each - from);
      if (count === 0 || conversation.pending > MOST_PENDING) continue;
      const peer = plan.peers[index] ?? '';
      conversation.post(
        Array.from({ length: count }, (_, n) => `${plan.name}>${peer} ${String(from + n)} ${plan.mark} text`),
      );
      said[index] = from + count;
    }
    say({ said });
    await sleep(5);
  }
};
await speak();

for (;;) {
  const pending = conversations.reduce((sum, conversation) => sum + conversation.pending, 0);
  const { queued } = home.store.outbox.counts();
  const { messages } = home.store.history.counts();
  say({ pending, queued, messages, longestWait });
  await sleep(100);
}
