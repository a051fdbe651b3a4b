/** Requests over one channel: long lists go in as many messages as the limits of each op ask for. */
import {
  type Bytes,
  type EnvelopeState,
  isClaimedName,
  MAX_FRAME,
  MAX_IDS,
  MAX_PUTS,
  MAX_UNOPENABLE,
  type PrekeySet,
  type PutEnvelope,
  REFUSAL,
  utf8,
} from '@waxwing/protocol';
import { isState, nameOf } from './relay-answer.ts';
import type { RelayChannel } from './relay-channel.ts';
import { refusalOf } from './relay-failure.ts';
import type { PrekeyUpload, RelayRequests, StoredPage } from './relay-requests.ts';

/** Of a put's frame what is left for envelopes: without its header, tag, and the heads around the list. */
const PUT_ROOM = MAX_FRAME - 64;
/** What an envelope takes beside its blob: mailbox, id, and heads. */
const PUT_HEADS = 64;

export class ChannelRequests implements RelayRequests {
  readonly #channel: RelayChannel;

  constructor(channel: RelayChannel) {
    this.#channel = channel;
  }

  async join(token: Bytes = new Uint8Array(0)): Promise<string | undefined> {
    return nameOf((await this.#channel.ask({ op: 'join', token })).name);
  }

  async claim(name: string): Promise<void> {
    await this.#channel.ask({ op: 'claim', name: claimable(name) });
  }

  async resolve(name: string): Promise<Bytes> {
    return (await this.#channel.ask({ op: 'resolve', name: claimable(name) })).account;
  }

  async invite(tokenHash: Bytes, days: number): Promise<void> {
    await this.#channel.ask({ op: 'invite', tokenHash, days });
  }

  async stored(row: number): Promise<StoredPage> {
    const { rows, next } = await this.#channel.ask({ op: 'stored', row });
    return { rows, next };
  }

  async leave(): Promise<void> {
    await this.#channel.ask({ op: 'leave' });
  }

  async uploadPrekeys(upload: PrekeyUpload): Promise<void> {
    await this.#channel.ask({ op: 'prekeys', ...upload });
  }

  async fetch(account: Bytes, withEntry: boolean): Promise<readonly PrekeySet[]> {
    return (await this.#channel.ask({ op: 'fetch', account, withEntry })).sets;
  }

  async put(envelopes: readonly PutEnvelope[]): Promise<readonly number[]> {
    // All leave one after the other, and none waits for the answer to the one before: the relay keeps their order.
    const answers = await Promise.all(
      putsOf(envelopes).map((part) => this.#channel.ask({ op: 'put', envelopes: part })),
    );
    return answers.flatMap(({ codes }) => codes);
  }

  async receive(): Promise<void> {
    await this.#channel.ask({ op: 'receive' });
  }

  async confirm(ids: readonly Bytes[]): Promise<void> {
    await Promise.all(partsOf(ids, MAX_IDS).map((part) => this.#channel.ask({ op: 'confirm', ids: part })));
  }

  async unopenable(ids: readonly Bytes[]): Promise<void> {
    await Promise.all(partsOf(ids, MAX_UNOPENABLE).map((part) => this.#channel.ask({ op: 'unopenable', ids: part })));
  }

  async status(ids: readonly Bytes[]): Promise<readonly EnvelopeState[]> {
    const answers = await Promise.all(
      partsOf(ids, MAX_IDS).map((part) => this.#channel.ask({ op: 'status', ids: part })),
    );
    return answers.flatMap(({ states }) => states.filter(isState));
  }

  async signal(mailbox: Bytes, outer: Bytes): Promise<void> {
    await this.#channel.ask({ op: 'signal', mailbox, outer });
  }
}

/** A name that is none is not even asked for. @throws RelayFailure `name-invalid` */
function claimable(name: string): Bytes {
  if (!isClaimedName(name)) throw refusalOf(REFUSAL.nameForm, 0);
  return utf8(name);
}

function partsOf<Item>(list: readonly Item[], size: number): (readonly Item[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

/** At most 64 envelopes a message, and no more than a frame takes. */
function putsOf(envelopes: readonly PutEnvelope[]): PutEnvelope[][] {
  const parts: PutEnvelope[][] = [];
  let room = 0;
  for (const envelope of envelopes) {
    const size = envelope.outer.length + PUT_HEADS;
    const part = parts.at(-1);
    if (part === undefined || part.length === MAX_PUTS || size > room) {
      parts.push([envelope]);
      room = PUT_ROOM - size;
    } else {
      part.push(envelope);
      room -= size;
    }
  }
  return parts;
}
