/** What a channel is told: sealed in order, with a watch on callers that do not read (§11.6). */
import { type Content, REJECT } from '@waxwing/protocol/channel';
import { encodeReply, MAX_UNWRITTEN, type RelayReply } from '@waxwing/protocol/wire';
import type { Wire } from '../wire/wire.ts';
import type { Speaker } from './speaker.ts';

export class Outbound {
  readonly #wire: Wire;
  readonly #speaker: Speaker;
  #ended = false;

  constructor(wire: Wire, speaker: Speaker) {
    this.#wire = wire;
    this.#speaker = speaker;
  }

  /** More waits to be written than may. */
  get congested(): boolean {
    return this.#wire.unwritten > MAX_UNWRITTEN;
  }

  say(content: Content): void {
    if (!this.#ended) this.#wire.write(this.#speaker.seal(content));
  }

  reply(reply: RelayReply): void {
    this.say({ kind: 'relay', body: encodeReply(reply) });
  }

  /** The authenticated end (§4), and the wire's. */
  close(): void {
    this.say({ kind: 'close', lastSeq: 0 });
    this.#end();
  }

  /** The one outward answer to any failure (§3). */
  refuse(): void {
    if (!this.#ended) this.#wire.write(REJECT);
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#wire.end();
  }
}
