/** What a classic session remembers of its messages, in memory only: their numbers and their proofs. */
import { utf8 } from '@waxwing/protocol';
import type { ClassicCheck, ClassicCheckName, ClassicMessage, ClassicRefusal } from '@waxwing/protocol/classic';
import type { CheckView, ChecksView, ProofView } from '../text/proof-view.ts';

/** So many are remembered. */
const REMEMBERED = 1_000;

/** The steps of §13 under the names that the proof line gives them. */
const VIEWS: Readonly<Record<ClassicCheckName, keyof ChecksView>> = {
  hmac: 'hmac',
  unwrap: 'unwrap',
  decrypt: 'decrypt',
  age: 'freshness',
  signature: 'signature',
};

export class ClassicProofs {
  readonly #proofs = new Map<number, ProofView>();
  #fingerprint: string | undefined;
  #newest = 0;

  /** From now on messages come from the holder of this key, whoever that is. */
  setPeer(fingerprint: string): void {
    this.#fingerprint = fingerprint;
  }

  /** The number of the next message, sent, received or refused. */
  nextNumber(): number {
    this.#newest += 1;
    return this.#newest;
  }

  get(number: number | 'last'): ProofView | undefined {
    return number === 'last' ? [...this.#proofs.values()].at(-1) : this.#proofs.get(number);
  }

  received(message: ClassicMessage, at: number): ProofView {
    return this.#keep({
      number: this.nextNumber(),
      direction: 'received',
      checks: checksOf(message.checks),
      age: message.age * 1_000,
      sent: message.sent * 1_000,
      received: at,
      sizes: { body: utf8(message.message).length },
    });
  }

  refused(refusal: ClassicRefusal, at: number): ProofView {
    return this.#keep({
      number: this.nextNumber(),
      direction: 'received',
      checks: checksOf(refusal.checks),
      age: 0,
      received: at,
    });
  }

  /** Nobody acknowledges in classic: written is all that is known. */
  sent(number: number, text: string, at: number): ProofView {
    const check: CheckView = { result: 'held' };
    return this.#keep({
      number,
      direction: 'sent',
      checks: { hmac: check, unwrap: check, decrypt: check, freshness: check, signature: check },
      age: 0,
      sent: at,
      sizes: { body: utf8(text).length },
      delivery: 'sent',
    });
  }

  #keep(proof: Omit<ProofView, 'protocol' | 'peer'>): ProofView {
    const fingerprint = this.#fingerprint === undefined ? {} : { fingerprint: this.#fingerprint };
    const whole: ProofView = { ...proof, protocol: 'classic', peer: { ...fingerprint, keyState: 'unverifiable' } };
    this.#proofs.set(whole.number, whole);
    for (const oldest of this.#proofs.keys()) {
      if (this.#proofs.size <= REMEMBERED) break;
      this.#proofs.delete(oldest);
    }
    return whole;
  }
}

/** Checks that an earlier failure kept from running are `not-run`. */
function checksOf(checks: readonly ClassicCheck[]): ChecksView {
  const notRun: CheckView = { result: 'not-run' };
  const views: Record<keyof ChecksView, CheckView> = {
    hmac: notRun,
    unwrap: notRun,
    decrypt: notRun,
    freshness: notRun,
    signature: notRun,
  };
  for (const { check, holds, text } of checks) {
    const detail = check === 'age' ? 'more than 60 s old' : text;
    views[VIEWS[check]] = holds ? { result: 'held' } : { result: 'failed', detail };
  }
  return views;
}
