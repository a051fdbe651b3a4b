/** Lengths and points of time as people read them. Arguments are milliseconds. */

/** Whole seconds, never below 0 and never rounded up. */
export function ageSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}

/** The largest whole unit: `0 s`, `59 s`, `5 min`, `3 h`, `2 d`. */
export function formatDuration(ms: number): string {
  const seconds = ageSeconds(ms);
  if (seconds < 60) return `${String(seconds)} s`;
  if (seconds < 3600) return `${String(Math.floor(seconds / 60))} min`;
  if (seconds < 86_400) return `${String(Math.floor(seconds / 3600))} h`;
  return `${String(Math.floor(seconds / 86_400))} d`;
}

/** `12:03`, local time. */
export function formatClock(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `2026-11-23 12:03:04`, local time. */
export function formatMoment(at: number): string {
  const date = new Date(at);
  const day = `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${formatClock(at)}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
