/** Lengths and points of time as people read them. Arguments are milliseconds. */

/** Whole seconds, never below 0 and never rounded up. */
export declare function ageSeconds(ms: number): number;
/** `0 s`, `59 s`, `5 min`, `3 h`, `2 d`. */
export declare function formatDuration(ms: number): string;
/** `12:03`, local time. */
export declare function formatClock(at: number): string;
/** `2026-11-23 12:03:04`, local time. */
export declare function formatMoment(at: number): string;
