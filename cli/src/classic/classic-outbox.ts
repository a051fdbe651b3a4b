/** Texts on their way to a classic peer: in order, one package at a time, kept in memory only (§13). */
import { IV_SIZE, SIGNATURE_SIZE, TAG_SIZE, utf8, WRAP_SIZE } from '@waxwing/protocol';
import { encodePackage } from '@waxwing/protocol/classic';
import type { ClassicLink } from './classic-link.ts';

export interface OutgoingText {
  readonly number: number;
  readonly text: string;
}

export interface ClassicOutboxOptions {
  readonly onSent: (sent: OutgoingText) => void;
  /** Everything is written, and a peer is there. */
  readonly onEmpty: () => void;
}

const BLOCK = 16;
const STAMP = '1800000000|'.length; // ten digits until the year 2286

/** @throws ProtocolError `limit` where the text makes a package of more than 16,384 bytes */
export function checkFits(text: string): void {
  const blocks = Math.floor((STAMP + utf8(text).length) / BLOCK) + 1;
  encodePackage({
    encryptedSessionKey: new Uint8Array(WRAP_SIZE),
    iv: new Uint8Array(IV_SIZE),
    ciphertext: new Uint8Array(blocks * BLOCK),
    signature: new Uint8Array(SIGNATURE_SIZE),
    hmac: new Uint8Array(TAG_SIZE),
  });
}

export class ClassicOutbox {
  readonly #options: ClassicOutboxOptions;
  #waiting: OutgoingText[] = [];
  #link: ClassicLink | undefined;
  #sending: Promise<void> | undefined;

  constructor(options: ClassicOutboxOptions) {
    this.#options = options;
  }

  /** How many are not written yet. */
  get size(): number {
    return this.#waiting.length;
  }

  add(text: OutgoingText): void {
    this.#waiting.push(text);
    this.#send();
  }

  /** A peer is there: what waits goes out. */
  open(link: ClassicLink): void {
    this.#link = link;
    this.#send();
  }

  /** Nothing more goes out. */
  shut(): void {
    this.#link = undefined;
  }

  /** What was not written, which is forgotten here: the next peer may be anyone. Close the link first. */
  async takeBack(): Promise<readonly OutgoingText[]> {
    this.shut();
    await this.#sending;
    return this.#waiting.splice(0);
  }

  #send(): void {
    if (this.#sending !== undefined || this.#link === undefined) return;
    this.#sending = this.#sendAll(this.#link).finally(() => {
      this.#sending = undefined;
      if (this.#link !== undefined && this.#waiting.length === 0) this.#options.onEmpty();
    });
  }

  async #sendAll(link: ClassicLink): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#link !== link || !(await link.send(next.text))) return;
      this.#waiting.shift();
      this.#options.onSent(next);
    }
  }
}
