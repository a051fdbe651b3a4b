/** What the processes of a flood say to the benchmark, a line each: `NAME VALUE`. */

export function say(name: string, value: number): void {
  process.stdout.write(`${name} ${String(value)}\n`);
}

/** The processor time of this process from now on. */
export function startProcessorTime(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
}

/** The last lines: how many messages it handled, and the seconds of processor time they took. */
export function endWith(count: number, seconds: number): void {
  say('count', count);
  say('processor', seconds);
}

/** The text of message `number`: short, and another each time. */
export function textOf(number: number): string {
  return `message ${String(number)}`;
}
