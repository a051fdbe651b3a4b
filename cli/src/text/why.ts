/** Why something was refused and what to do: a sentence and one next command for every error code. */

export interface Why {
  /** A sentence for people. */
  readonly sentence: string;
  /** One thing to do next, in a few words; a command where there is one. */
  readonly next: string;
}

/** The explanation of an error code; unknown codes get an honest general one. */
export declare function why(code: string): Why;
/** The lines of `/why N` (safe to print). `detail` is the local message of the error. */
export declare function whyReport(refusal: {
  readonly number?: number;
  readonly code: string;
  readonly check?: string;
  readonly detail?: string;
  readonly at?: number;
}): string[];
