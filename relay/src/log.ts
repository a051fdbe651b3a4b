/** The relay's log: JSON lines of what happened, never whose it was and never what it held. */
import { type DestinationStream, type Logger, pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Fields that may be written; whatever else an entry carries is dropped before it is written. */
export interface LogFields {
  readonly event: string;
  readonly code?: string | undefined;
  readonly check?: string | undefined;
  readonly op?: string | undefined;
  readonly count?: number | undefined;
  readonly port?: number | undefined;
  /** Of something unexpected: name and stack, for a bug report. */
  readonly bug?: { readonly name: string; readonly stack: string } | undefined;
}

export interface RelayLog {
  debug(fields: LogFields): void;
  info(fields: LogFields): void;
  warn(fields: LogFields): void;
  error(fields: LogFields): void;
}

export function openLog(level: LogLevel, to: DestinationStream): RelayLog {
  const logger: Logger = pino({ base: null, level, timestamp: pino.stdTimeFunctions.isoTime }, to);
  return {
    debug: (fields) => logger.debug(allowed(fields)),
    info: (fields) => logger.info(allowed(fields)),
    warn: (fields) => logger.warn(allowed(fields)),
    error: (fields) => logger.error(allowed(fields)),
  };
}

function allowed({ event, code, check, op, count, port, bug }: LogFields): LogFields {
  return { event, code, check, op, count, port, bug: bug && { name: bug.name, stack: placesOf(bug.stack) } };
}

/** A stack's places in the program, without the message before them: that could quote what came in. */
function placesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

/** The fields of a failure: code and check where it is of ours, the places in the program where it is a bug. */
export function failureFields(error: unknown): Pick<LogFields, 'code' | 'check' | 'bug'> {
  if (!(error instanceof Error)) return { code: 'unknown' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const check = 'check' in error && typeof error.check === 'string' ? error.check : undefined;
  return code === undefined ? { bug: { name: error.name, stack: error.stack ?? '' } } : { code, check };
}
