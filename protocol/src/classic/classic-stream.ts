/** One classic conversation without its socket: bytes in, events and bytes out (§13). */
import type { Bytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import type { Primitives, RsaKeyPair, RsaPublicKey, SecretKey } from '../primitives.ts';
import { ClassicRefusal } from './checks.ts';
import { type ClassicMessage, decryptMessage } from './open.ts';
import { encodePackage, packageOf } from './package.ts';
import { encodePem, PemReader } from './pem.ts';
import { encryptMessage } from './seal.ts';
import { Unpickler } from './unpickler.ts';

/** What arrived. */
export type ClassicEvent =
  /** The peer's key, proved by nothing. `send`, where there is one, is the client's answer: one write of its own. */
  | { readonly kind: 'key'; readonly peerKey: RsaPublicKey; readonly send: Bytes | undefined }
  | ({ readonly kind: 'message' } & ClassicMessage)
  /** A well-formed package that failed a check; the connection lives. */
  | { readonly kind: 'refused'; readonly refusal: ClassicRefusal };

export interface ClassicStreamOptions {
  readonly role: 'server' | 'client';
  /** Fresh for this run: `await p.generateRsa()`. */
  readonly keys: RsaKeyPair;
  /** The pre-shared HMAC secret. */
  readonly secret: SecretKey;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads keys and packages however the transport cuts or joins them, and seals one package a call. Every `send` and
 * `seal` result is one write; writes keep CLASSIC_WRITE_SPACING between them, because the original takes one recv for
 * one package. After a throw of `next` the connection has to end.
 */
export class ClassicStream {
  readonly #p: Primitives;
  readonly #options: ClassicStreamOptions;
  readonly #pem = new PemReader();
  readonly #unpickler = new Unpickler();
  #peerKey: RsaPublicKey | undefined;
  #afterPem = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(p: Primitives, options: ClassicStreamOptions) {
    this.#p = p;
    this.#options = options;
  }

  /** What to write as soon as the connection stands: the server's key; nothing for a client, which answers. */
  get hello(): Bytes | undefined {
    return this.#options.role === 'server' ? encodePem(this.#options.keys.publicKey) : undefined;
  }

  /** Takes bytes from the transport. Call `next` until it gives undefined before the next push. */
  push(chunk: Uint8Array): void {
    if (this.#peerKey === undefined) this.#pem.push(chunk);
    else this.#pushPickle(chunk);
  }

  /** Whether a package has begun and not ended: a connection that closes now was cut, not left. */
  get pending(): boolean {
    return this.#unpickler.pending;
  }

  /**
   * The next event, or undefined where more bytes are needed. Calls are served in order.
   * @param now own clock, whole unix seconds
   * @throws ProtocolError `classic-format` where the bytes are no key or no package
   */
  next(now: number): Promise<ClassicEvent | undefined> {
    const step = this.#last.then(() => this.#step(now));
    this.#last = step.catch(() => undefined);
    return step;
  }

  /**
   * One package to write.
   * @param now own clock, whole unix seconds
   * @throws ProtocolError `limit` where the text makes more than 16,384 bytes
   */
  async seal(message: string, now: number): Promise<Bytes> {
    const { keys, secret } = this.#options;
    const recipientPublicKey = this.#requirePeerKey();
    const senderPrivateKey = keys.privateKey;
    return encodePackage(await encryptMessage(this.#p, { message, recipientPublicKey, senderPrivateKey, secret, now }));
  }

  #requirePeerKey(): RsaPublicKey {
    if (this.#peerKey === undefined)
      throw new ProtocolError('classic-format', 'key', "The peer's key has not arrived.");
    return this.#peerKey;
  }

  async #step(now: number): Promise<ClassicEvent | undefined> {
    if (this.#peerKey === undefined) return this.#receiveKey();
    const dict = this.#unpickler.next();
    if (dict === undefined) return undefined;
    const { keys, secret } = this.#options;
    const sealed = packageOf(dict);
    try {
      const opened = await decryptMessage(this.#p, {
        package: sealed,
        recipientPrivateKey: keys.privateKey,
        senderPublicKey: this.#peerKey,
        secret,
        now,
      });
      return { kind: 'message', ...opened };
    } catch (error) {
      if (error instanceof ClassicRefusal) return { kind: 'refused', refusal: error };
      throw error;
    }
  }

  #receiveKey(): ClassicEvent | undefined {
    const read = this.#pem.next();
    if (read === undefined) return undefined;
    this.#peerKey = read.key;
    this.#pushPickle(read.rest);
    const send = this.#options.role === 'client' ? encodePem(this.#options.keys.publicKey) : undefined;
    return { kind: 'key', peerKey: read.key, send };
  }

  /** The newline that ends a PEM may come with it, later, or not at all: no package begins with one. */
  #pushPickle(chunk: Uint8Array): void {
    let at = 0;
    while (this.#afterPem && at < chunk.length) {
      if (chunk[at] === CR) at += 1;
      else {
        if (chunk[at] === LF) at += 1;
        this.#afterPem = false;
      }
    }
    this.#unpickler.push(chunk.subarray(at));
  }
}
