/** Records (§4): AES-256-GCM frames under a key that steps, one sealer and one opener a direction. */
import { type Bytes, concat } from '../bytes.ts';
import { encodeFrameHeader, FRAME, FRAME_HEADER_SIZE, type Frame } from '../codec/frame.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { LABEL_RECORD_NEXT } from '../labels.ts';
import { GCM_TAG_SIZE, MAX_FRAME, MAX_RECORD_COUNTER, RECORDS_PER_KEY } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { expand } from '../symmetric/expand.ts';

/** Where a direction begins: the key in force at `counter`, any step already taken. */
export interface RecordStart {
  readonly key: SecretKey;
  /** 12 bytes */
  readonly iv: Bytes;
  /** 0 unless a test begins elsewhere */
  readonly counter?: number;
}

/** Where a record stands in its direction: key and nonce are used for it alone. */
export interface RecordPlace {
  readonly counter: number;
  readonly key: SecretKey;
  /** 12 bytes: iv XOR (u32(0) ‖ u64(counter)) */
  readonly nonce: Bytes;
}

/** Key, nonce and counter of one direction; `advance` is the only way on, so that no nonce can serve twice. */
class RecordKey {
  readonly #p: Primitives;
  readonly #iv: Bytes;
  #key: SecretKey;
  #counter: number;

  constructor(p: Primitives, start: RecordStart) {
    this.#p = p;
    this.#key = start.key;
    this.#iv = start.iv;
    this.#counter = start.counter ?? 0;
  }

  get key(): Bytes {
    return this.#key.exposeSecretBytes();
  }

  /** @throws ProtocolError `reuse` at the counter's end */
  get place(): RecordPlace {
    return { counter: this.#counter, key: this.#key, nonce: this.nonce() };
  }

  /**
   * §4: iv XOR (u32(0) ‖ u64(counter))
   * @throws ProtocolError `reuse` at the counter's end
   */
  nonce(): Bytes {
    if (this.#counter >= MAX_RECORD_COUNTER) {
      throw new ProtocolError('reuse', 'counter', 'The record counter has reached its end: a new handshake is due.');
    }
    const nonce = new Uint8Array(this.#iv);
    for (let at = nonce.length - 1, rest = this.#counter; rest > 0; at--, rest = Math.floor(rest / 256)) {
      (nonce[at] as number) ^= rest % 256; // its lowest byte
    }
    return nonce;
  }

  advance(): void {
    this.#counter += 1;
    // §4: the step comes before the record whose counter is a multiple; taken at once, the old key is gone sooner.
    if (this.#counter % RECORDS_PER_KEY === 0) this.#key = expand(this.#p, this.#key, LABEL_RECORD_NEXT);
  }
}

/** Seals the records of one direction, in order. */
export class RecordSealer {
  readonly #p: Primitives;
  readonly #state: RecordKey;

  constructor(p: Primitives, start: RecordStart) {
    this.#p = p;
    this.#state = new RecordKey(p, start);
  }

  /** Of the next record. @throws ProtocolError `reuse` at the counter's end */
  get place(): RecordPlace {
    return this.#state.place;
  }

  /**
   * The whole frame of the next record.
   * @throws ProtocolError `limit` above 131,072 bytes (nothing is used up), `reuse` at the counter's end
   */
  seal(plain: Uint8Array): Bytes {
    const bodySize = plain.length + GCM_TAG_SIZE;
    if (FRAME_HEADER_SIZE + bodySize > MAX_FRAME) {
      throw new ProtocolError('limit', 'frame', `A record would be above the limit of ${String(MAX_FRAME)} bytes.`);
    }
    const nonce = this.#state.nonce();
    const header = encodeFrameHeader(FRAME.RECORD, bodySize);
    const box = this.#p.sealGcm(this.#state.key, nonce, header, plain);
    this.#state.advance();
    return concat(header, box);
  }
}

/** Opens the records of one direction, in order. */
export class RecordOpener {
  readonly #p: Primitives;
  readonly #state: RecordKey;

  constructor(p: Primitives, start: RecordStart) {
    this.#p = p;
    this.#state = new RecordKey(p, start);
  }

  /** Of the next record. @throws ProtocolError `reuse` at the counter's end */
  get place(): RecordPlace {
    return this.#state.place;
  }

  /**
   * The plain content of the next record. A failure changes nothing here, but ends the channel (§4).
   * @throws ProtocolError `record` (checks `rejected`, `reject body`, `type`, `open`), `reuse` at the counter's end
   */
  open(frame: Frame): Bytes {
    if (frame.type === FRAME.REJECT) throw rejected(frame);
    if (frame.type !== FRAME.RECORD) {
      throw new ProtocolError('record', 'type', 'A frame of another type than a record was received.');
    }
    const nonce = this.#state.nonce();
    const header = frame.bytes.subarray(0, FRAME_HEADER_SIZE);
    try {
      const plain = this.#p.openGcm(this.#state.key, nonce, header, frame.body);
      this.#state.advance();
      return plain;
    } catch (cause) {
      if (!isProtocolError(cause, 'primitive')) throw cause;
      throw new ProtocolError('record', 'open', 'A record does not open.', { cause });
    }
  }
}

function rejected(frame: Frame): ProtocolError {
  if (frame.body.length > 0)
    return new ProtocolError('record', 'reject body', 'A reject frame with a body was received.');
  return new ProtocolError('record', 'rejected', 'The peer ended the channel: something it received failed a check.');
}
