/** The relay: what the command (or a program of your own) starts, and what an operator may do with it. */
export {
  keyOf,
  type LoadedSettings,
  loadSettings,
  type LoadOptions,
  printSettings,
  variableOf,
} from './config/load.ts';
export { DEFAULTS, type RelaySettings, SETTING_NAMES } from './config/settings.ts';
export type { RelayBackup, RelayControl, RelayInvite, RelayStatus, RelayUser } from './control/control.ts';
export { restoreData as restoreRelay } from './data-folder.ts';
export { isRelayError, RelayError, type RelayErrorCode } from './errors.ts';
export { type LogLevel, openLog } from './log.ts';
export { openControl } from './open-control.ts';
export { Relay, type RelayOptions } from './relay.ts';
export type { Speaker, SpeakThrough } from './session/speaker.ts';
export { type ServeOptions, serveRelay, type ServedRelay } from './serve.ts';
export { openSqlite, type SqliteFile } from './store/sql/sqlite.ts';
export type { Wire } from './wire/wire.ts';
