/** The local log: why a connection or a handshake ended, as JSON lines beside the home. Never a text, never a key. */
import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectEvent, Home, RelayEvent, WaxwingError } from '@waxwing/client';
import { isProtocolError, toHex } from '@waxwing/protocol';
import { destination, type Logger, pino } from 'pino';

const LOG_FILE = 'waxwing.log';
/** Above this the log is put aside (one older file is kept), bytes: callers without end must not fill the disk. */
const LARGEST = 1_000_000;

/** What may be written of an event: no message, no text, no number of them. */
export function directRecord(event: DirectEvent): object | undefined {
  switch (event.kind) {
    case 'message':
    case 'sent':
    case 'delivered':
    case 'waiting':
      return undefined;
    case 'too-old':
      return { kind: event.kind, count: event.numbers.length };
    case 'retrying':
      return { kind: event.kind, code: event.error.code, message: event.error.message, ...failureOf(event.error) };
    case 'storage':
      return { kind: event.kind, code: event.error.code, message: event.error.message };
    case 'refused':
      return { kind: event.kind, remote: event.remote, code: event.error.code, message: event.error.message };
    case 'connected':
      return {
        kind: event.kind,
        peer: event.peer.fingerprint,
        trust: event.peer.trust,
        clockOffset: event.clockOffset,
      };
    case 'failed':
      return { kind: event.kind, remote: event.remote, peer: event.peer?.fingerprint, ...event.detail };
    case 'listening':
    case 'connecting':
      return { kind: event.kind, ...event.address };
    case 'exchanging':
      return { kind: event.kind, remote: event.remote };
    case 'left':
      return { kind: event.kind, peer: event.peer.fingerprint, missing: event.missing };
    case 'cut':
      return { kind: event.kind, peer: event.peer.fingerprint, reason: event.reason };
    case 'refused-for-age':
      return { kind: event.kind, peer: event.peer.fingerprint, seq: event.seq, age: event.age };
    default:
      return { kind: event.kind, peer: event.peer.fingerprint };
  }
}

/** What may be written of an event at a relay: also no name, and of rooms nothing at all. */
export function relayRecord(event: RelayEvent): object | undefined {
  switch (event.kind) {
    case 'message':
    case 'request':
    case 'sent':
    case 'delivered':
    case 'read':
    case 'typing':
    case 'room':
      return undefined;
    case 'connecting':
      return { kind: event.kind, relay: event.relay.fingerprint };
    case 'connected':
      return { kind: event.kind, relay: event.relay.fingerprint, again: event.again };
    case 'caught-up':
      return { kind: event.kind };
    case 'sent-anew':
      return { kind: event.kind, count: event.numbers.length };
    case 'requests-full':
      return { kind: event.kind, count: event.turnedAway };
    case 'fork':
      return { kind: event.kind, alarm: event.alarm };
    case 'unopenable': {
      const { id, code, check, peer } = event.unopenable;
      return { kind: event.kind, id: toHex(id), code, check, peer: peer?.fingerprint };
    }
    case 'held-back':
    case 'not-delivered':
      return { kind: event.kind, count: event.numbers.length, code: event.error.code };
    case 'changed':
      return { kind: event.kind, code: event.error.code };
    case 'cut':
    case 'retrying':
    case 'storage':
      return { kind: event.kind, code: event.error.code, message: event.error.message, ...failureOf(event.error) };
    default:
      return { kind: event.kind, peer: event.peer?.fingerprint };
  }
}

/** The single check that failed, which is told to nobody else. */
function failureOf({ cause }: WaxwingError): object {
  return isProtocolError(cause) ? { failure: { code: cause.code, check: cause.check } } : {};
}

/** A log of events in the home's folder; a home in memory keeps none. A disk that refuses must not end the chat. */
export function openLog<Event>(home: Home, recordOf: (event: Event) => object | undefined): (event: Event) => void {
  if (home.memory) return () => undefined;
  const path = join(home.path, LOG_FILE);
  let log: OpenLog | undefined;
  return (event) => {
    const record = recordOf(event);
    if (record === undefined) return;
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LARGEST) {
        renameSync(path, `${path}.1`);
        log?.file.destroy();
        log = undefined;
      }
      log ??= openFile(path);
      log.logger.info(record);
    } catch {
      // The log is a convenience: a full or read-only disk is told where something is lost by it.
    }
  };
}

interface OpenLog {
  readonly file: ReturnType<typeof destination>;
  readonly logger: Logger;
}

function openFile(path: string): OpenLog {
  const file = destination({ dest: path, sync: true, mode: 0o600 });
  file.on('error', () => undefined);
  return { file, logger: pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, file) };
}
