/** Questions wait for each other; each is posed when its turn comes and takes the first reply that fits. */
import { sanitiseLine, sanitiseOwn } from '../text/sanitise.ts';
import type { Question } from './chat-screen.ts';

interface Asked {
  readonly lines: readonly string[];
  readonly choices: string;
  /** Takes a reply (undefined: the fallback); false where it is none of the choices. */
  readonly take: (reply: string | undefined) => boolean;
}

export class QuestionQueue {
  readonly #asked: Asked[] = [];
  readonly #pose: (lines: readonly string[]) => void;
  readonly #answered: (label: string) => void;

  /** `pose` prints a question's safe lines; `answered` is told the safe label of what was chosen. */
  constructor(options: {
    readonly pose: (lines: readonly string[]) => void;
    readonly answered: (label: string) => void;
  }) {
    this.#pose = options.pose;
    this.#answered = options.answered;
  }

  /** The choices of the question that waits for a reply, on one safe line. */
  get choices(): string | undefined {
    return this.#asked[0]?.choices;
  }

  ask<Answer extends string>(question: Question<Answer>): Promise<Answer> {
    const choices = question.choices
      .map(({ key, label }) => `[${sanitiseLine(key)}] ${sanitiseLine(label)}`)
      .join('  ');
    return new Promise((resolve) => {
      const take = (reply: string | undefined): boolean => {
        const word = reply?.trim().toLowerCase();
        const chosen = question.choices.find(
          ({ key, label }) => key.toLowerCase() === word || label.toLowerCase() === word,
        );
        if (chosen === undefined && reply !== undefined) return false;
        this.#answered(labelOf(question, chosen?.answer ?? question.fallback));
        resolve(chosen?.answer ?? question.fallback);
        return true;
      };
      this.#asked.push({ lines: sanitiseOwn(question.text), choices, take });
      if (this.#asked.length === 1) this.#next();
    });
  }

  /** Replies to the question that waits; undefined takes its fallback. False: that is none of its choices. */
  reply(reply: string | undefined): boolean {
    if (this.#asked[0]?.take(reply) !== true) return false;
    this.#asked.shift();
    this.#next();
    return true;
  }

  /** Poses the question that waits again. */
  repeat(): void {
    this.#next();
  }

  /** All that wait get their fallback. */
  stop(): void {
    for (const asked of this.#asked.splice(0)) asked.take(undefined);
  }

  #next(): void {
    const [asked] = this.#asked;
    if (asked !== undefined) this.#pose(asked.lines);
  }
}

/** The label of an answer, safe to print. */
export function labelOf<Answer extends string>(question: Question<Answer>, answer: Answer): string {
  return sanitiseLine(question.choices.find((choice) => choice.answer === answer)?.label ?? answer);
}
