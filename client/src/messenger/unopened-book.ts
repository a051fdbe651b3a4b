/** Envelopes of the mailbox that did not open (§9.4): kept for the doctor, told to the user, in words. */
import { type Bytes, DAY, ENVELOPE_DAYS, type ProtocolError } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';
import type { UnopenedEnvelope } from '../store/unopenable.ts';
import type { OpenedMail } from './opened-mail.ts';
import { type Place, viewAccount } from './place.ts';
import type { Unopenable } from './relay-event.ts';

export class UnopenedBook {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  mail(
    error: ProtocolError | WaxwingError,
    of: { readonly id: Bytes; readonly account: Bytes | undefined },
  ): OpenedMail {
    const place = this.#place;
    const one: UnopenedEnvelope = { ...of, at: place.now(), code: error.code, check: checkOf(error) };
    return {
      commit: () => {
        place.store.unopened.add(one);
      },
      show: () => {
        place.observe({ kind: 'unopenable', unopenable: this.#view(one) });
      },
    };
  }

  tellQuarantine(account: Bytes | undefined): void {
    if (account !== undefined) this.#place.observe({ kind: 'quarantined', peer: viewAccount(this.#place, account) });
  }

  /** Newest first. */
  list(): readonly Unopenable[] {
    return this.#place.store.unopened.list().map((one) => this.#view(one));
  }

  /** What is older than what a relay keeps is of no use to anybody. */
  dropOld(): void {
    this.#place.store.unopened.dropBefore(this.#place.now() - ENVELOPE_DAYS * DAY);
  }

  #view({ id, at, code, check, account }: UnopenedEnvelope): Unopenable {
    const peer = account && viewAccount(this.#place, account);
    const [cause, next] = explain(code, check);
    return { id, at, code, check, peer, cause, next };
  }
}

/** What opens and cannot be kept failed at no check of §9.3. */
function checkOf(error: ProtocolError | WaxwingError): string {
  return error instanceof WaxwingError ? 'kept' : error.check;
}

const SENT_ANEW = 'Nothing: its sender is told, and sends it anew.';

/** The cause and what is done about it, for whoever did not write this program. */
function explain(code: UnopenedEnvelope['code'], check: string): readonly [cause: string, next: string] {
  if (check === 'kept') {
    return [`It opened, and does not fit to what this home keeps (${code}).`, SENT_ANEW];
  }
  if (code === 'outer') {
    return ['It was not sealed for this device, or was changed on its way.', SENT_ANEW];
  }
  if (code === 'start' && check === 'entry') {
    return ['Its sender was given a one-time key that another had used already.', SENT_ANEW];
  }
  if (code === 'start' && check === 'counter') {
    return ['It was made with keys that are past their time, or were never of this device.', SENT_ANEW];
  }
  if (code === 'start') return [`Its first message makes no session here (${check}).`, SENT_ANEW];
  if (code === 'envelope-0' && check === 'sid') return ['It is of a session that this home does not know.', SENT_ANEW];
  if (code === 'envelope-0' && check === 'skip') return ['Too many messages before it are missing.', SENT_ANEW];
  if (code === 'envelope-0') return [`It has no place in its session (${check}).`, SENT_ANEW];
  if (code === 'envelope-1') return ['It was changed on its way, or is of another session.', SENT_ANEW];
  if (code === 'quote') {
    return [
      `A flight that was given again is not the one that was missing (${check}).`,
      'Run the doctor tomorrow: it is asked for again. If it stays so, ask the peer what runs there.',
    ];
  }
  return [
    `What is inside is not as its signature says (${code}, ${check}).`,
    'Ask the peer what runs there; after eight of these nothing more of it is taken.',
  ];
}
