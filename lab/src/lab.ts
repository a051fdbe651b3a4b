/** What an attack runs in: which checks are off, what is to be ended afterwards, and the clock. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckName } from './check.ts';
import { type People, people } from './people.ts';

/** A text of a peer as the lines a screen shows. */
export type View = (text: string) => readonly string[];

export interface LabOptions {
  /** The checks that are off. */
  readonly without?: readonly CheckName[];
  /**
   * `shipped`: the victim is the shipped code. `composed`: it is the lab's own composition of the shipped checks, in the
   * same order, and asks the lab before each. Checks can be off in the latter only.
   */
  readonly victim: 'shipped' | 'composed';
  /** The view of the shipped program, which stands in a package that the lab cannot import. */
  readonly view: View;
}

/** One run of one attack. Whatever an actor starts it hands to `defer`; `close` ends everything, the last first. */
export class Lab {
  readonly victim: 'shipped' | 'composed';
  readonly people: People = people;
  /** Unix milliseconds: the clock of whoever has a true one. */
  readonly now: number = Date.now();
  readonly #without: ReadonlySet<CheckName>;
  readonly #view: View;
  readonly #asked = new Set<CheckName>();
  readonly #endings: (() => unknown)[] = [];

  constructor(options: LabOptions) {
    const { without = [], victim } = options;
    if (victim === 'shipped' && without.length > 0) throw new Error('the shipped code has no check that could be off');
    this.victim = victim;
    this.#without = new Set(without);
    this.#view = options.view;
  }

  /** Whether this check is off. The composed victim asks before each check, so the lab knows which were on the way. */
  off(check: CheckName): boolean {
    this.#asked.add(check);
    return this.#without.has(check);
  }

  /** The checks that stood in the way of the run so far and could be off. */
  get asked(): readonly CheckName[] {
    return [...this.#asked];
  }

  /** The lines of a peer's text on the victim's screen. */
  show(text: string): readonly string[] {
    return this.off('view') ? [text] : this.#view(text);
  }

  defer(end: () => unknown): void {
    this.#endings.push(end);
  }

  /** A temporary folder of its own. */
  async folder(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'waxwing-lab-'));
    this.defer(() => rm(path, { recursive: true, force: true, maxRetries: 5 }));
    return path;
  }

  async close(): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) await end();
  }
}

/** Runs `work` in a lab and ends whatever it started. */
export async function withLab<Result>(options: LabOptions, work: (lab: Lab) => Promise<Result>): Promise<Result> {
  const lab = new Lab(options);
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}
