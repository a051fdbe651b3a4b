/** What an operator may set: every key with its default, its check and its words, in one table. */
import {
  boolean,
  integer,
  type InferOutput,
  maxValue,
  minLength,
  minValue,
  number,
  object,
  optional,
  picklist,
  pipe,
  regex,
  string,
} from 'valibot';
import { MAX_SAFE_UINT } from '@waxwing/protocol/wire';

const count = (least: number, most: number = MAX_SAFE_UINT) =>
  pipe(number(), integer(), minValue(least), maxValue(most));
const HOUR_OF_SECONDS = 3_600;

/** In the order in which `--print-config` shows them. */
export const SETTINGS = object({
  host: pipe(string(), minLength(1)),
  port: count(0, 65_535),
  /** `host:port` that others dial, where it is not where the relay listens: behind a router, for example. */
  address: optional(pipe(string(), regex(/^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):[1-9]\d{0,4}$/, 'host:port in lower case'))),
  data: pipe(string(), minLength(1)),
  open: boolean(),
  log: picklist(['debug', 'info', 'warn', 'error', 'silent']),
  mailboxEnvelopes: count(1),
  mailboxBytes: count(131_072),
  putsPerSecond: count(1, 1_000_000),
  putBurst: count(64, HOUR_OF_SECONDS * 1_000_000),
  bytesPerSecond: count(1),
  byteBurst: count(131_072),
  unansweredPerHour: count(1),
  joinsPerHour: count(1),
});

export type RelaySettings = InferOutput<typeof SETTINGS>;

/** §12's figures. `data` has no default here: the command knows where data lies. */
export const DEFAULTS: Omit<RelaySettings, 'data' | 'address'> = {
  host: '127.0.0.1',
  port: 8100,
  open: false,
  log: 'warn',
  mailboxEnvelopes: 10_000,
  mailboxBytes: 256 * 2 ** 20,
  putsPerSecond: 200,
  putBurst: 2_000,
  bytesPerSecond: 8 * 2 ** 20,
  byteBurst: 64 * 2 ** 20,
  unansweredPerHour: 3_000,
  joinsPerHour: 10,
};

export const SETTING_NAMES = Object.keys(SETTINGS.entries) as readonly (keyof RelaySettings)[];
