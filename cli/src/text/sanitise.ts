/** Makes strings from elsewhere safe to show: nothing invisible acts, nothing foreign can look like a line of ours. */

/** Prefix of every further line of a message. */
export const CONTINUATION = '  | ';

/** A foreign text as safe lines (at least one), without prefixes: split at `\n` (and `\r\n`), everything else that acts escaped. */
export declare function sanitiseLines(text: string): string[];
/** A foreign text as one safe line (file names, error details): line breaks escaped too. At most `max` graphemes, then `…`. */
export declare function sanitiseLine(text: string, max?: number): string;
/** A foreign name: one safe line of at most 64 graphemes, quoted where it holds more than letters, digits, ` ._'@-`, or is a word of ours. */
export declare function sanitiseName(name: string): string;
