/** Whoever has copied keys, and reads with them whatever he has recorded or will record. */
import { isProtocolError, type RsaPrivateKey, SecretKey, textOf } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeEnvelope, unsafeHeader, unsafeOpening, unsafeRatchet } from '@waxwing/protocol/unsafe';
import { predictable, type RatchetState } from './conversation.ts';

type Structure = unsafeOpening.Structure;

/** How far he runs a chain on by hand where the header asks for a place that the chain has left behind. */
const FARTHEST = 8;

export interface Stolen {
  /** The ratchet, in each state that he found. */
  readonly states: readonly RatchetState[];
  /** The keys that open layer 2. */
  readonly wrapKeys: readonly RsaPrivateKey[];
}

export class Thief {
  readonly #states: RatchetState[];
  readonly #wrapKeys: readonly RsaPrivateKey[];
  readonly #now: number;
  /** How many message keys he has tried. */
  tried = 0;

  constructor({ states, wrapKeys }: Stolen, now: number) {
    this.#states = [...states];
    this.#wrapKeys = wrapKeys;
    this.#now = now;
  }

  /**
   * The texts of an envelope; none where none of his keys fits layer 4.
   * @throws ProtocolError `envelope-3` where one does, and layer 2 stays closed
   */
  async read(encoded: Uint8Array): Promise<readonly string[]> {
    const envelope = unsafeEnvelope.decodeEnvelope(encoded);
    const structure = {
      envelope,
      header: unsafeHeader.decodeHeader(envelope.hdr),
      headerHash: p.sha256(envelope.hdr),
    };
    for (const messageKey of this.#keysFor(structure)) {
      const keys = { wrapKeys: this.#wrapKeys, rejection: new SecretKey(p.randomBytes(32)) };
      const unwrapped = await unsafeOpening.unwrap(p, keys, structure, messageKey);
      const { payload } = unsafeOpening.decrypt(p, structure, unwrapped);
      return payload.items.map(({ body }) => textOf(body) ?? '');
    }
    return [];
  }

  /** The keys that fit layer 4, which tells of every key whether it is the one. */
  *#keysFor(structure: Structure): Generator<SecretKey> {
    for (const state of [...this.#states]) {
      // As it was found, and as the victim's own next step would leave it if nothing random went into that.
      for (const from of [state, unsafeRatchet.ratchetSend(predictable(p, state), state, this.#now).state]) {
        for (const { state: next, messageKey } of this.#candidates(from, structure)) {
          this.tried += 1;
          if (!fits(structure, messageKey)) continue;
          this.#states.push(next);
          yield messageKey;
        }
      }
    }
  }

  /** What the header leads to; and what the chain has still to give, whatever the header says. */
  *#candidates(from: RatchetState, { header }: Structure): Generator<ReturnType<typeof unsafeRatchet.ratchetReceive>> {
    const asked = receive(from, header, this.#now);
    if (asked !== undefined) yield asked;
    let state = from;
    for (let step = 0; step < FARTHEST && state.receiving !== undefined; step++) {
      const { dh, pn, n } = state.receiving;
      const next = receive(state, { ...header, dh, pn, n }, this.#now);
      if (next === undefined) return;
      yield next;
      state = next.state;
    }
  }
}

function receive(
  state: RatchetState,
  header: Parameters<typeof unsafeRatchet.ratchetReceive>[2],
  now: number,
): ReturnType<typeof unsafeRatchet.ratchetReceive> | undefined {
  try {
    return unsafeRatchet.ratchetReceive(p, state, header, now);
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return undefined;
  }
}

function fits(structure: Structure, messageKey: SecretKey): boolean {
  try {
    unsafeOpening.checkMac(p, structure, messageKey);
    return true;
  } catch (error) {
    if (!isProtocolError(error, 'envelope-1')) throw error;
    return false;
  }
}
