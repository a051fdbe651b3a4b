import type { Bytes } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { relayPair } from '../actors/relay-pair.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import type { Saying } from '../relay/lie.ts';
import { silentLoss } from '../waxwing/silent-loss.ts';

const TEXT = 'as ever';

/** A frame that says it is of this length, and begins. */
function frameOf(length: number): Bytes {
  const bytes = new Uint8Array(64).fill(0x10);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

/** What it says in between. */
const WAYS: Readonly<Record<string, Saying>> = {
  'a frame of 4 GiB': { kind: 'bytes', bytes: frameOf(2 ** 32 - 1) },
  'a record of noise': { kind: 'bytes', bytes: Uint8Array.from([0, 0, 0, 65, 0x10, ...p.randomBytes(64)]) },
  'an answer to what was not asked': { kind: 'answer', id: 4711, answer: { op: 'confirm' } },
  'a delivery of 1,024 envelopes': {
    kind: 'body',
    body: [0, 1, Array.from({ length: 1024 }, () => [new Uint8Array(16), new Uint8Array(1)])],
  },
};

export const attack: Attack = {
  id: 'R12',
  title: 'malformed and huge answers',
  has: 'the relay',
  steps: [
    'say something that no relay says: a frame of four gigabytes, noise, answers that nobody asked for',
    'see whether the client breaks, hangs, or loses a message for it',
  ],
  breaks: ['availability', 'delivery'],
  textbookFalls: undefined,
  stoppedBy: 'frame',
  remains: 'a relay that goes on so serves nobody: its users see “cut”, and what they wrote is kept',
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => {
    const tries: Try[] = [];
    for (const [way, saying] of Object.entries(WAYS)) tries.push(await said(lab, way, saying));
    return outcome(...tries);
  },
};

/** Says it to the victim, and looks whether that reads its mailbox afterwards. */
async function said(lab: Lab, way: string, saying: Saying): Promise<Try> {
  const { relay, other, victim } = await relayPair(lab);
  const before = relay.callers.length;
  relay.callerOf(victim.account).say(saying);
  await relay.until(() => relay.callers.length > before);
  await other.say(victim.account, TEXT);
  await victim.until(() => victim.texts.includes(TEXT));
  const [stop] = victim.stops;
  return { way, ...silentLoss([TEXT], { texts: victim.texts, stop: () => stop }), stop };
}
