/** Joins what a trace tells into blocks: a flight belongs to the record that carries it, whichever of the two is told first. */
import type { ConnectionTrace, TraceEvent } from '@waxwing/client';
import type { SealedTrace } from '@waxwing/protocol';
import type { RecordTrace } from '@waxwing/protocol/channel';
import type { Block } from './block.ts';
import { openedBlock, sealedBlock, unopenedBlock } from './flight-block.ts';
import { answerBlock, helloBlock, keysBlock, proofBlock } from './handshake-block.ts';
import { controlBlock, refusedBlock, rejectBlock } from './record-block.ts';
import type { SecretMarks } from './secret-mark.ts';

/** So many records may wait for their flights to be opened: what one chunk of a socket holds, and more. */
const MOST_WAITING = 256;

type Unfolded = Omit<Block, 'at' | 'connection'>;

interface Waiting {
  readonly connection: number;
  readonly record: RecordTrace;
}

export class Unfolding {
  readonly #marks: SecretMarks;
  /** Flights of ours on their way into a record. */
  readonly #sealed = new WeakMap<Uint8Array, SealedTrace>();
  /** Received records whose flights are not opened yet, oldest first. */
  readonly #received = new Map<Uint8Array, Waiting>();

  readonly #mailboxes: boolean;

  /** `mailboxes`: flights go through a relay, each in a sealing of its own and none of them in a record. */
  constructor(marks: SecretMarks, mailboxes = false) {
    this.#marks = marks;
    this.#mailboxes = mailboxes;
  }

  /** The blocks that an event completes. */
  take({ connection, event }: ConnectionTrace, at: number): Block[] {
    return this.#unfold(connection, event).map((block) => ({ at, connection, ...block }));
  }

  #unfold(connection: number, event: TraceEvent): Unfolded[] {
    const marks = this.#marks;
    switch (event.kind) {
      case 'f1':
        return [{ direction: event.direction, ...helloBlock(event, marks) }];
      case 'f2':
        return [{ direction: event.direction, ...answerBlock(event, marks) }];
      case 'f3':
      case 'f4':
        return [{ direction: event.direction, ...proofBlock(event, marks) }];
      case 'established':
        return [{ direction: 'here', ...keysBlock(event, marks) }];
      case 'record':
        return this.#record(connection, event);
      case 'sealed':
        if (this.#mailboxes) return [{ direction: 'out', ...sealedBlock(event, { record: undefined, marks }) }];
        this.#sealed.set(event.envelope, event);
        return [];
      case 'opened': {
        const record = this.#received.get(event.envelope)?.record;
        this.#received.delete(event.envelope);
        return [{ direction: 'in', ...openedBlock(event, { record, marks }) }];
      }
      case 'refused':
        return [{ direction: 'in', ...refusedBlock(event) }];
      case 'reject':
        return [...this.#unopened(connection), { direction: 'out', ...rejectBlock(event.frame) }];
    }
  }

  #record(connection: number, record: RecordTrace): Unfolded[] {
    const { content, direction } = record;
    if (content.kind !== 'envelope') return [{ direction, ...controlBlock(record, this.#marks) }];
    if (direction === 'in') {
      this.#received.set(content.envelope, { connection, record });
      const [oldest] = this.#received.keys();
      if (this.#received.size > MOST_WAITING && oldest !== undefined) this.#received.delete(oldest);
      return [];
    }
    const sealed = this.#sealed.get(content.envelope);
    // Watching began between the two.
    if (sealed === undefined) return [{ direction, ...controlBlock(record, this.#marks) }];
    return [{ direction, ...sealedBlock(sealed, { record, marks: this.#marks }) }];
  }

  /** What a connection that ended has received and not opened. */
  #unopened(connection: number): Unfolded[] {
    const blocks: Unfolded[] = [];
    for (const [envelope, { connection: of, record }] of this.#received) {
      if (of !== connection) continue;
      this.#received.delete(envelope);
      blocks.push({ direction: 'in', ...unopenedBlock(record, envelope, this.#marks) });
    }
    return blocks;
  }
}
