/** `waxwing receive`: prints what lies in the mailbox, and what comes; what was printed counts as shown. */
import type { ConversationView, RelayConversation, RelayMessage, StoredMessage } from '@waxwing/client';
import type { Proof } from '@waxwing/protocol';
import { encodeFingerprint, TYPE_TEXT, textOf, toBase64, toHex } from '@waxwing/protocol';
import { bodyText } from '../chat/message-view.ts';
import { proofOfStored } from '../chat/proof.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { safeJson } from '../output.ts';
import { idOf } from '../relay-chat/places.ts';
import { ExitSignals } from '../terminal/exit-signals.ts';
import { plainMessage } from '../text/message-block.ts';
import { type RelaySession, type RelaySessionFlags, withRelay } from './relay-session.ts';

export interface ReceiveFlags extends RelaySessionFlags {
  readonly from?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Of a message that came in this run more is known than the history keeps. */
type Arrival = Pick<RelayMessage, 'waited' | 'late' | 'remark'>;

/** More that nobody has seen than this is printed in steps. */
const AT_ONCE = 1_000;

export async function receive(flags: ReceiveFlags): Promise<ExitCode> {
  const arrivals = new Map<number, Arrival>();
  let news = Promise.withResolvers<undefined>();
  const stop = flags.follow === true ? untilToldToStop() : new Promise<never>(() => undefined);
  return await withRelay(
    flags,
    async (session) => {
      const only = flags.from === undefined ? undefined : await session.find(flags.from);
      const printer = new Printer(session, flags.json === true, arrivals);
      const printAll = async (): Promise<void> => {
        for (const conversation of unreadOf(session, only)) await printer.printUnread(conversation);
      };
      await printAll();
      const first = await Promise.race([session.inTime(session.messenger.caughtUp()), stop]);
      await printAll();
      if (flags.follow !== true || first === 'stop') return EXIT.ok;
      const ended = session.messenger.ended.then((end) => end);
      for (;;) {
        const what = await Promise.race([news.promise, stop, ended]);
        news = Promise.withResolvers();
        await printAll();
        if (what === 'stop') return EXIT.ok;
        if (what?.how === 'failed') throw what.error;
      }
    },
    (event) => {
      if (event.kind !== 'message' && event.kind !== 'request') return;
      const { number, waited, late, remark } = event.message;
      arrivals.set(number, { waited, late, remark });
      news.resolve(undefined);
    },
  );
}

/** Conversations in which something was not shown yet, the one that was silent longest first. */
function unreadOf({ messenger }: RelaySession, only: RelayConversation | undefined): RelayConversation[] {
  const wanted = only === undefined ? undefined : idOf(only.view.key);
  return messenger
    .conversations()
    .filter(({ unread, key }) => unread > 0 && (wanted === undefined || idOf(key) === wanted))
    .toReversed()
    .map(({ key }) => messenger.conversationOf(key));
}

class Printer {
  readonly #session: RelaySession;
  readonly #json: boolean;
  readonly #arrivals: Map<number, Arrival>;

  constructor(session: RelaySession, json: boolean, arrivals: Map<number, Arrival>) {
    this.#session = session;
    this.#json = json;
    this.#arrivals = arrivals;
  }

  /** Prints what nobody has seen, oldest first, and marks it once the output has taken it. */
  async printUnread(conversation: RelayConversation): Promise<void> {
    const { view } = conversation;
    const messages = unreadMessages(conversation, view.unread);
    for (let at = 0; at < messages.length; at += AT_ONCE) {
      const some = messages.slice(at, at + AT_ONCE);
      await written(some.map((message) => this.#textOf(message, view)).join(''));
      const last = some.at(-1);
      if (last !== undefined) conversation.markRead(last.number);
      for (const { number } of some) this.#arrivals.delete(number);
    }
  }

  #textOf(message: StoredMessage, view: ConversationView): string {
    const { messenger, home } = this.#session;
    const { number, account } = message;
    const peer = account === undefined ? undefined : home.store.peers.get(account);
    const stored = home.store.history.proof(number);
    const arrival = this.#arrivals.get(number);
    const trust = peer?.verifiedAt === undefined ? 'first seen' : 'verified';
    const from = account === undefined ? view.title : messenger.titleOf(account);
    if (!this.#json) {
      const proof = proofOfStored(stored, peer && { ...peer, trust }, peer?.firstSeen);
      const remarks = remarksOf(arrival);
      const lines = plainMessage({
        text: bodyText(message.type, message.body),
        proof: remarks.length === 0 ? proof : { ...proof, remarks },
        at: message.receivedAt ?? message.createdAt,
        from,
        conversation: view.title,
      });
      return lines.map((line) => `${line}\n`).join('');
    }
    const { flight } = stored;
    const text = message.type === TYPE_TEXT ? textOf(message.body) : undefined;
    const checks = flight?.proof === undefined ? [] : (JSON.parse(flight.proof) as Proof);
    return `${safeJson({
      number,
      conversation: view.title,
      room: view.room === undefined ? null : { id: toHex(view.room.id), name: view.room.name },
      from: {
        name: from,
        fingerprint: account === undefined ? null : encodeFingerprint(account),
        trust,
        nick: peer?.nick ?? null,
      },
      request: view.request,
      type: message.type,
      ...(text === undefined ? { body: toBase64(message.body) } : { text }),
      sent: flight?.sent ?? null,
      received: message.receivedAt ?? null,
      age: flight?.age ?? null,
      waited: arrival?.waited ?? null,
      late: arrival === undefined || arrival.late === false ? null : arrival.late,
      remark: arrival?.remark ?? null,
      gap: flight?.gap ?? 0,
      seq: flight?.seq ?? null,
      checks: checks.map(({ check }) => check),
      id: toHex(message.id),
    })}\n`;
  }
}

function remarksOf(arrival: Arrival | undefined): string[] {
  if (arrival === undefined) return [];
  const { late, remark } = arrival;
  return [
    ...(late === false ? [] : [late === 'late' ? 'arrived late' : 'arrived late (quoted)']),
    ...(remark === undefined ? [] : [remark]),
  ];
}

/** Those of a conversation that nobody has seen, oldest first. */
function unreadMessages(conversation: RelayConversation, count: number): StoredMessage[] {
  // Own messages may stand between them: looked at in growing steps until all are there.
  for (let limit = count; ; limit *= 2) {
    const messages = conversation.history({ limit });
    const unread = messages.filter((message) => message.unread);
    if (unread.length >= count || messages.length < limit) return unread;
  }
}

/** Resolves when the output has it. A reader that is gone ends the program, and nothing more is marked. */
function written(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => {
      if (error === null || error === undefined) resolve();
    });
  });
}

async function untilToldToStop(): Promise<'stop'> {
  const { promise, resolve } = Promise.withResolvers<'stop'>();
  new ExitSignals({ onInterrupt: () => false, onLeave: () => resolve('stop'), beforeEnd: () => undefined });
  return await promise;
}
