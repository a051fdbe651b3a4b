/** Temporary homes, empty or with a long history. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Home, openHome } from '@waxwing/client';
import { type Bytes, MAX_ITEMS, TYPE_TEXT, utf8 } from '@waxwing/protocol';

/** Runs `use` with a folder that is gone afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the homes `names` in `folder`, each with an identity. @returns their paths */
export async function makeHomes(folder: string, ...names: readonly string[]): Promise<string[]> {
  return await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      (await openHome({ path })).close();
      return path;
    }),
  );
}

const FLIGHTS_PER_COMMIT = 256;

/** Sizes of what a flight of short messages leaves behind. */
const STATEMENT = 700;
const SIGNATURE = 256;
const BUNDLE = 1_700;

const bytes = (size: number): Bytes => new Uint8Array(randomBytes(size));

/** Adds received messages of a peer who is not there, in flights of 64, through the store's own door. */
export class HistoryFiller {
  readonly #home: Home;
  readonly #chain: { readonly ownDevice: Bytes; readonly account: Bytes; readonly peerDevice: Bytes };
  readonly #bundle = bytes(BUNDLE);
  #seq = 0;
  #count = 0;

  constructor(home: Home) {
    this.#home = home;
    this.#chain = { ownDevice: home.device.bundle.device, account: bytes(32), peerDevice: bytes(16) };
  }

  /** Until there are `count` messages in all. Connections of this process live on meanwhile. */
  async fillTo(count: number): Promise<void> {
    while (this.#count < count) {
      await setImmediate();
      this.#home.store.transaction(() => {
        for (let flight = 0; flight < FLIGHTS_PER_COMMIT && this.#count < count; flight++) this.#addFlight(count);
      });
    }
  }

  #addFlight(count: number): void {
    this.#seq += 1;
    const length = Math.min(MAX_ITEMS, count - this.#count);
    const random = bytes(64 * length); // drawing them one by one would take as long as the rest
    const items = Array.from({ length }, (_, index) => ({
      id: random.subarray(64 * index, 64 * index + 32),
      opening: random.subarray(64 * index + 32, 64 * index + 64),
      type: TYPE_TEXT,
      body: utf8(`message ${String(this.#count + index)} of a long history`),
    }));
    this.#home.store.history.receive(
      {
        chain: this.#chain,
        seq: this.#seq,
        statement: bytes(STATEMENT),
        signature: bytes(SIGNATURE),
        commitments: bytes(32 * items.length),
        bundle: this.#bundle,
        sent: Date.now(),
        outcome: 'accepted',
        age: 0,
        gap: 0,
        proof: '[]',
      },
      items,
    );
    this.#count += items.length;
  }
}
