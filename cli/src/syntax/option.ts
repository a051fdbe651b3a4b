/** Options and arguments that several commands share. This folder imports nothing heavy: `--help` reads all of it. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Takes the exit code of the command that ran. */
export type SetExit = (code: number) => void;

export const profileOption = (): Option => new Option('--profile <name>', 'which home to live in');
export const jsonOption = (): Option => new Option('--json', 'one JSON object a line, for scripts');
export const yesOption = (): Option => new Option('--yes', 'do not ask (for scripts)');
export const limitOption = (what: string, limit?: number): Option =>
  new Option('--limit <n>', `at most so many ${what}, the newest`).argParser(readNumber).default(limit);

/** A message's number, with or without `#`; any number from 1. */
export function readNumber(text: string): number {
  const number = Number(/^#?([1-9]\d{0,14})$/u.exec(text)?.[1]);
  if (Number.isNaN(number)) throw new InvalidArgumentError('It is a number from 1.');
  return number;
}

/** Several numbers. */
export function readNumbers(text: string, before: readonly number[] | undefined): readonly number[] {
  return [...(before ?? []), readNumber(text)];
}

/** Ends a command's help with lines that can be typed as they stand. */
export function examples(command: Command, ...lines: readonly string[]): Command {
  const title = lines.length === 1 ? 'Example' : 'Examples';
  return command.addHelpText('after', `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Which home and relay, and how long that has. */
export function relayOptions(command: Command): Command {
  return command
    .addOption(profileOption())
    .option('--relay <address>', 'which relay; the one used last unless given')
    .option('--timeout <seconds>', 'how long the relay, or the recipient, has; 60 unless given', readSeconds);
}

function readSeconds(text: string): number {
  const seconds = Number(/^([1-9]\d{0,5})s?$/u.exec(text)?.[1]);
  if (Number.isNaN(seconds)) throw new InvalidArgumentError('It is a number of seconds from 1.');
  return seconds;
}
