/** The attack lab as the commands use it. It stands in the repository and is not packed, so it is imported only when asked for. */
import { WaxwingError } from '@waxwing/client';
import type * as Lab from '@waxwing/lab';
import { CONTINUATION, sanitiseLines } from './text/sanitise.ts';
import { colorWanted, makeStyle, type Style } from './text/style.ts';

export interface OpenedLab {
  readonly lab: typeof Lab;
  readonly options: Lab.RunOptions;
}

/** @throws WaxwingError `lab-missing` in an installed package */
export async function openLab(): Promise<OpenedLab> {
  try {
    return { lab: await import('@waxwing/lab'), options: { view } };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    throw new WaxwingError(
      'lab-missing',
      'The attack lab is not part of this package: it attacks, and stands in the repository alone.',
      'Get the repository, run "npm ci" in it, and there "npx waxwing lab list".',
      { cause: error },
    );
  }
}

/** A text as line mode shows it: what the lab's composed victims print. */
function view(text: string): string[] {
  return sanitiseLines(text).map((line, at) => (at === 0 ? line : CONTINUATION + line));
}

/** The looks of what the lab prints. */
export function labStyle(): Style {
  return makeStyle(colorWanted({ env: process.env, isTTY: process.stdout.isTTY }));
}

/** `3 of 9` on standard error while a terminal is there; nothing for scripts. */
export class Progress {
  readonly #shown: boolean;
  readonly #of: number;
  #done = 0;

  constructor(flags: { readonly json?: boolean }, of: number) {
    this.#shown = flags.json !== true && process.stderr.isTTY && of > 1;
    this.#of = of;
    if (this.#shown) process.stderr.write(`0 of ${of} …`);
  }

  /** One more is done. */
  step(id: string): void {
    this.#done += 1;
    if (this.#shown) process.stderr.write(`\r\u001b[K${this.#done} of ${this.#of}: ${id}`);
  }

  end(): void {
    if (this.#shown) process.stderr.write('\r\u001b[K');
  }
}
