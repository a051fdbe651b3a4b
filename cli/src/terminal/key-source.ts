/** What a terminal sends, as keys and pastes in their order. */
import { type Key, emitKeypressEvents } from 'node:readline';
import { PassThrough } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PasteSplitter, type TerminalPiece } from './paste-splitter.ts';

const HELD_KEYS_MS = 50; // how long the start of a paste may hesitate between two chunks

export interface KeySourceOptions {
  readonly stdin: NodeJS.ReadStream;
  /** Before anything else, whenever something comes. */
  readonly onAny: () => void;
  readonly onKey: (character: string | undefined, key: Partial<Key>) => void;
  /** A paste, its line ends made `\n`. */
  readonly onPaste: (text: string) => void;
  readonly onEnd: () => void;
}

export class KeySource {
  readonly #options: KeySourceOptions;
  readonly #keys = new PassThrough(); // never written to: it only carries node's key parser
  readonly #decoder = new StringDecoder('utf8');
  readonly #splitter = new PasteSplitter();
  #holding: NodeJS.Timeout | undefined;

  constructor(options: KeySourceOptions) {
    this.#options = options;
    emitKeypressEvents(this.#keys);
    this.#keys.on('keypress', options.onKey);
    options.stdin.on('data', this.#onData).on('end', options.onEnd).on('error', options.onEnd);
    options.stdin.resume();
  }

  close(): void {
    clearTimeout(this.#holding);
    const { stdin, onEnd } = this.#options;
    stdin.off('data', this.#onData).off('end', onEnd).off('error', onEnd);
    stdin.pause();
    stdin.unref();
  }

  readonly #onData = (chunk: Uint8Array | string): void => {
    clearTimeout(this.#holding);
    this.#take(this.#splitter.push(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)));
    if (this.#splitter.holdsKeys) this.#holding = setTimeout(() => this.#take(this.#splitter.flush()), HELD_KEYS_MS);
  };

  #take(pieces: readonly TerminalPiece[]): void {
    for (const piece of pieces) {
      this.#options.onAny();
      if (piece.kind === 'keys') this.#keys.emit('data', piece.text);
      else this.#options.onPaste(piece.text.replace(/\r\n?/g, '\n'));
    }
  }
}
