/** Chooses the screen that fits where the program runs. */
import type { ChatScreen, ScreenOptions } from './chat-screen.ts';
import { LineScreen } from './line-screen.ts';
import { TtyScreen } from './tty-screen.ts';

/** Which screen: line mode without a terminal at both ends, with `--plain`, and on `TERM=dumb`. */
export function screenKind(options: ScreenOptions): 'line' | 'terminal' {
  const { stdin = process.stdin, stdout = process.stdout, env = process.env } = options;
  const terminal = stdin.isTTY && stdout.isTTY && env['TERM'] !== 'dumb';
  return terminal && options.plain !== true ? 'terminal' : 'line';
}

/** Opens it. A terminal is in raw mode from here until `close`, or until the process ends, however it ends. */
export function openScreen(options: ScreenOptions = {}): ChatScreen {
  return screenKind(options) === 'terminal' ? new TtyScreen(options) : new LineScreen(options);
}
