/** What an attack is, and what came of one. */
import type { CheckName, Stop } from './check.ts';
import type { Lab } from './lab.ts';

/** The five goals of secure messaging, and what an attack on the program itself breaks. */
export type Goal =
  | 'confidentiality'
  | 'integrity'
  | 'authentication'
  | 'non-repudiation'
  | 'freshness'
  | 'availability'
  | 'delivery';

/** One way of trying: what the attacker wanted, and what he got. Both were computed in the run. */
export interface Try {
  /** Which way, where there are several. */
  readonly way?: string;
  /** The secret, or what the victim is to see or not to see, line by line. */
  readonly wanted: readonly string[];
  readonly obtained: readonly string[];
  /** What stopped it; undefined where nothing did. */
  readonly stop: Stop | undefined;
}

export interface Outcome {
  /** Whether any way gave the attacker what he wanted. */
  readonly succeeded: boolean;
  readonly tries: readonly Try[];
}

export interface Attack {
  /** `A01` … `A32`, `M1` … */
  readonly id: string;
  readonly title: string;
  /** What the attacker has to begin with. */
  readonly has: string;
  readonly steps: readonly string[];
  readonly breaks: readonly Goal[];
  /** The catalogue: what falls in the textbook, in words; undefined where there is no textbook half (`textbookReason`). */
  readonly textbookFalls: string | undefined;
  /** The catalogue: the check that must stop it on waxwing. Of several ways, the first one's. */
  readonly stoppedBy: CheckName;
  /** What an attacker with these means can do all the same, as spec/threat-model.md says too. */
  readonly remains?: string;
  /** The victim is the shipped client whole, of which the lab composes no other: it cannot be run without a check. */
  readonly shippedOnly?: true;
  /** Whether it starts processes: its test stands with the slow ones. */
  readonly processes: boolean;
  /** Runs it against the textbook. */
  readonly textbook: ((lab: Lab) => Promise<Outcome>) | undefined;
  /** Runs it against waxwing: the shipped code, or the lab's own composition of its checks with some of them off. */
  readonly waxwing: (lab: Lab) => Promise<Outcome>;
}

/** Succeeded means: exactly what was wanted. */
export function outcome(...tries: readonly Try[]): Outcome {
  return { succeeded: tries.some(hasSucceeded), tries };
}

export function hasSucceeded({ wanted, obtained }: Try): boolean {
  return wanted.length === obtained.length && wanted.every((line, at) => line === obtained[at]);
}

/** The stop of the first way; undefined where that way succeeded or nothing was seen to stop it. */
export function firstStop(result: Outcome): Stop | undefined {
  return result.tries[0]?.stop;
}
