/** Colour, as people ask for it: `--color=auto|always|never`, NO_COLOR (https://no-color.org), TERM=dumb. */

export type ColorChoice = 'auto' | 'always' | 'never';

/** Wraps a string, already safe, in a look; each is the identity where colour is off. */
export interface Style {
  readonly enabled: boolean;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly magenta: (text: string) => string;
  readonly cyan: (text: string) => string;
}

export const PLAIN_STYLE: Style = makeStyle(false);

/** Whether to colour: the flag decides over NO_COLOR, NO_COLOR over the terminal. */
export function colorWanted(options: {
  readonly choice?: ColorChoice | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly isTTY: boolean;
}): boolean {
  if (options.choice === 'always') return true;
  if (options.choice === 'never') return false;
  if ((options.env['NO_COLOR'] ?? '') !== '') return false;
  return options.isTTY && options.env['TERM'] !== 'dumb';
}

/** The looks, or their absence. */
export function makeStyle(enabled: boolean): Style {
  const look = (on: number, off: number) => (text: string) =>
    enabled && text !== '' ? `\u001b[${String(on)}m${text}\u001b[${String(off)}m` : text;
  return {
    enabled,
    dim: look(2, 22),
    bold: look(1, 22),
    red: look(31, 39),
    green: look(32, 39),
    yellow: look(33, 39),
    blue: look(34, 39),
    magenta: look(35, 39),
    cyan: look(36, 39),
  };
}
