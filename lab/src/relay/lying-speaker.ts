/** One caller of the evil relay: between its channel and the relay's session, everything goes through the lies. */
import {
  type Bytes,
  concat,
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  type RelayOp,
  type RelayReply,
} from '@waxwing/protocol';
import type { Channel, Content } from '@waxwing/protocol/channel';
import type { Speaker, Wire } from '@waxwing/relay';
import type { Heard, Lie, LiedTo, Saying } from './lie.ts';

/** A request as the caller numbered it. */
interface Asked {
  readonly id: number;
  readonly op: RelayOp;
}

export class LyingSpeaker implements Speaker, LiedTo {
  readonly account: Bytes;
  /** Whether the caller has asked for its mailbox. */
  receiving = false;
  readonly handshake: Channel['handshake'];
  readonly #channel: Channel;
  readonly #wire: Wire;
  readonly #lies: () => readonly Lie[];
  readonly #passed: () => void;
  /** Under the numbers that the session knows: requests that were kept from it have none. */
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;

  constructor(
    { channel, wire }: { readonly channel: Channel; readonly wire: Wire },
    lies: () => readonly Lie[],
    passed: () => void,
  ) {
    this.handshake = channel.handshake;
    this.account = channel.handshake.peer.account;
    this.#channel = channel;
    this.#wire = wire;
    this.#lies = lies;
    this.#passed = passed;
  }

  seal(content: Content): Bytes {
    if (content.kind !== 'relay') return this.#channel.seal(content);
    const reply = this.#renumbered(decodeReply(content.body, (id) => this.#asked.get(id)?.op));
    let sayings: readonly Saying[] = [reply];
    for (const { say } of this.#lies()) {
      if (say !== undefined) sayings = sayings.flatMap((one) => (isReply(one) ? say(one, this) : [one]));
    }
    this.#passed();
    return concat(...sayings.map((saying) => this.#frame(saying)));
  }

  receive(chunk: Uint8Array): readonly Content[] {
    return this.#channel
      .receive(chunk)
      .flatMap((content) => (content.kind === 'relay' ? this.#hear(content) : [content]));
  }

  say(saying: Saying): void {
    this.#wire.write(this.#frame(saying));
  }

  /** The orderly end of its channel. */
  leave(): void {
    this.#wire.write(this.#channel.seal({ kind: 'close', lastSeq: 0 }));
  }

  cut(): void {
    this.#wire.cut();
  }

  #hear(content: Extract<Content, { kind: 'relay' }>): Content[] {
    const { id, request } = decodeRequest(content.body);
    if (request.op === 'unknown') throw new TypeError('no client of the lab asks for what is not in the protocol');
    if (request.op === 'receive') this.receiving = true;
    let heard: Heard = { kind: 'asked', request };
    for (const { hear } of this.#lies()) {
      if (hear !== undefined && heard.kind === 'asked') heard = hear(heard.request, this);
    }
    this.#passed();
    switch (heard.kind) {
      case 'asked':
        this.#lastId += 1;
        this.#asked.set(this.#lastId, { id, op: request.op });
        return [{ kind: 'relay', body: encodeRequest(this.#lastId, heard.request) }];
      case 'answered':
        this.say({ kind: 'answer', id, answer: heard.answer });
        return [];
      case 'refused':
        this.say({ kind: 'refusal', id, code: heard.code, retry: heard.retry });
        return [];
      case 'ignored':
        return [];
    }
  }

  #renumbered(reply: RelayReply): RelayReply {
    if (reply.kind === 'event') return reply;
    const asked = this.#asked.get(reply.id);
    this.#asked.delete(reply.id);
    return { ...reply, id: asked?.id ?? 0 };
  }

  #frame(saying: Saying): Bytes {
    switch (saying.kind) {
      case 'bytes':
        return saying.bytes;
      case 'body':
        return this.#channel.seal({ kind: 'relay', body: saying.body });
      default:
        return this.#channel.seal({ kind: 'relay', body: encodeReply(saying) });
    }
  }
}

function isReply(saying: Saying): saying is RelayReply {
  return saying.kind !== 'body' && saying.kind !== 'bytes';
}
