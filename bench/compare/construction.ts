/** The libraries of bench/comparators that seal and open a message, each behind the same two calls. */
import { join } from 'node:path';
import { type Contestant, timed } from '../measure/interleave.ts';
import { versionOf } from '../measure/machine.ts';

/** What jose.js, openpgp.js and libsignal.js are. */
interface Library {
  make(): Promise<Construction>;
}

interface Construction {
  seal(text: string): Promise<unknown>;
  open(sealed: unknown): Promise<string>;
}

const PACKAGES = { jose: 'jose', openpgp: 'openpgp', libsignal: '@signalapp/libsignal-client' } as const;

export type LibraryName = keyof typeof PACKAGES;

export const LIBRARIES = Object.keys(PACKAGES) as readonly LibraryName[];

export function libraryVersion(name: LibraryName): string {
  return versionOf(join(import.meta.dirname, '../comparators/node_modules', PACKAGES[name]));
}

/** Seals and opens the texts that `next` gives. */
export async function libraryContestant(name: LibraryName, next: () => string): Promise<Contestant> {
  const library = (await import(new URL(`../comparators/${name}.js`, import.meta.url).href)) as Library;
  const construction = await library.make();
  return {
    name,
    parts: ['seal', 'open'],
    async sample() {
      const text = next();
      const sealed = await timed(() => construction.seal(text));
      const opened = await timed(() => construction.open(sealed.value));
      if (opened.value !== text) throw new Error(`${name} gave another text`);
      return [sealed.ms, opened.ms];
    },
  };
}
