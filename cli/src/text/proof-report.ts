/** The full report of `/proof N`. */
import type { ProofView } from './proof-view.ts';

/** All five checks with ages and sizes, where the key came from, sequence and record: lines, safe to print. */
export declare function proofReport(proof: ProofView): string[];
