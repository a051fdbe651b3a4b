/** Settings from flags, then the environment, then a TOML file, then the defaults; checked before anything begins. */
import { readFileSync } from 'node:fs';
import { parse, stringify, TomlError } from 'smol-toml';
import { safeParse } from 'valibot';
import { RelayError } from '../errors.ts';
import { DEFAULTS, type RelaySettings, SETTING_NAMES, SETTINGS } from './settings.ts';

type Raw = Readonly<Partial<Record<keyof RelaySettings, unknown>>>;

export interface LoadOptions {
  readonly flags: Partial<RelaySettings>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A TOML file; undefined: none. */
  readonly file: string | undefined;
  /** Where data lies unless something says otherwise. */
  readonly data: string;
}

/** Where a setting came from. */
export type Origin = 'flag' | 'environment' | 'file' | 'default';

export interface LoadedSettings {
  readonly settings: RelaySettings;
  readonly origins: ReadonlyMap<keyof RelaySettings, Origin>;
}

/** `mailboxBytes` → `WAXWING_RELAY_MAILBOX_BYTES` */
export function variableOf(name: keyof RelaySettings): string {
  return `WAXWING_RELAY_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** `mailboxBytes` → `mailbox-bytes`, as the TOML file has it. */
export function keyOf(name: keyof RelaySettings): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** @throws RelayError `relay-config`, naming what is wrong and where it came from */
export function loadSettings({ flags, env, file, data }: LoadOptions): LoadedSettings {
  const layers: readonly (readonly [Origin, Raw])[] = [
    ['flag', flags],
    ['environment', readEnvironment(env)],
    ['file', file === undefined ? {} : readFile(file)],
    ['default', { ...DEFAULTS, data }],
  ];
  const origins = new Map<keyof RelaySettings, Origin>();
  const chosen: Partial<Record<keyof RelaySettings, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const layer = layers.find(([, values]) => values[name] !== undefined);
    if (layer === undefined) continue;
    origins.set(name, layer[0]);
    chosen[name] = layer[1][name];
  }
  const result = safeParse(SETTINGS, chosen);
  if (result.success) return { settings: result.output, origins };
  const [issue] = result.issues;
  const name = issue.path?.[0].key as keyof RelaySettings;
  throw new RelayError(
    'relay-config',
    `The setting ${keyOf(name)} (${originText(name, origins.get(name), file)}) is not valid: ${issue.message}.`,
    'Correct it; waxwing relay --print-config shows every setting and where it comes from.',
  );
}

function originText(name: keyof RelaySettings, origin: Origin | undefined, file: string | undefined): string {
  if (origin === 'environment') return variableOf(name);
  return origin === 'file' ? (file ?? '') : `--${keyOf(name)}`;
}

function readEnvironment(env: LoadOptions['env']): Raw {
  const found: Partial<Record<keyof RelaySettings, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const text = env[variableOf(name)];
    if (text !== undefined && text !== '') found[name] = fromText(name, text);
  }
  return found;
}

/** Text as the kind of value that the setting has; what does not read stays text, and is refused as such. */
function fromText(name: keyof RelaySettings, text: string): unknown {
  if (name === 'open') return text === 'true' ? true : text === 'false' ? false : text;
  const known: unknown = name in DEFAULTS ? DEFAULTS[name as keyof typeof DEFAULTS] : '';
  return typeof known === 'number' && /^\d+$/.test(text) ? Number(text) : text;
}

function readFile(file: string): Raw {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof TomlError ? `line ${String(error.line)} is not TOML` : 'it cannot be read';
    throw new RelayError(
      'relay-config',
      `The file ${file}: ${why}.`,
      'Correct the file, or name another with --config.',
      {
        cause: error,
      },
    );
  }
  const names = new Map(SETTING_NAMES.map((name) => [keyOf(name), name]));
  const found: Partial<Record<keyof RelaySettings, unknown>> = {};
  for (const [key, value] of Object.entries(table)) {
    const name = names.get(key);
    if (name === undefined) {
      throw new RelayError(
        'relay-config',
        `The file ${file} has a setting ${key}, which there is not.`,
        `The settings are ${[...names.keys()].join(', ')}.`,
      );
    }
    found[name] = value;
  }
  return found;
}

/** The settings as a TOML file that says the same, each with its origin. */
export function printSettings({ settings, origins }: LoadedSettings): string {
  return SETTING_NAMES.map((name) => {
    const value = settings[name];
    const line = value === undefined ? `# ${keyOf(name)} = …` : stringify({ [keyOf(name)]: value }).trimEnd();
    return `${line} # ${value === undefined ? 'not set' : (origins.get(name) ?? 'default')}; ${variableOf(name)}\n`;
  }).join('');
}
