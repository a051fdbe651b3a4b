/** `waxwing doctor`: looks at everything that may be wrong at a relay, mends what it can, and says the rest. */
import { type DoctorReport, isWaxwingError, type WaxwingError } from '@waxwing/client';
import { toHex } from '@waxwing/protocol';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { print, printJson } from '../output.ts';
import { doctorLines } from '../relay-chat/doctor-lines.ts';
import { type RelaySession, type RelaySessionFlags, withRelay } from './relay-session.ts';

export interface DoctorFlags extends RelaySessionFlags {
  readonly json?: boolean;
}

/**
 * 0 where nothing is left to the user, 1 where something is. Without the relay it tells what this home knows.
 * @throws WaxwingError what kept it from the relay, once the report is printed
 */
export async function doctor(flags: DoctorFlags): Promise<ExitCode> {
  const apart = Promise.withResolvers<WaxwingError>();
  return await withRelay(
    flags,
    async (session) => {
      const trouble = await arrive(session, apart.promise);
      const report = await session.messenger.doctor();
      if (flags.json === true) printJson(asJson(session, report));
      else print(...doctorLines(report));
      if (trouble !== undefined) throw trouble;
      return report.findings.some(({ next }) => next !== undefined) ? EXIT.failure : EXIT.ok;
    },
    (event) => {
      if (event.kind === 'retrying') apart.resolve(event.error);
    },
  );
}

/** Resolves when the mailbox is read empty, or with what is in the way: a relay that cannot be reached is a finding too. */
async function arrive(session: RelaySession, apart: Promise<WaxwingError>): Promise<WaxwingError | undefined> {
  const there = session.inTime(session.messenger.caughtUp()).then(
    () => undefined,
    (error: unknown) => {
      if (isWaxwingError(error)) return error;
      throw error;
    },
  );
  return await Promise.race([there, apart]);
}

function asJson({ messenger }: RelaySession, { unopenable, prekeys, ...report }: DoctorReport): unknown {
  return {
    relay: messenger.relay.fingerprint,
    connected: report.connected,
    clockOffset: report.clockOffset ?? null,
    prekeys: { left: prekeys.left ?? null, made: prekeys.made ?? null, today: prekeys.today },
    unopenable: unopenable.map(({ id, at, code, check, peer, cause, next }) => ({
      id: toHex(id),
      at,
      code,
      check,
      from: peer?.fingerprint ?? null,
      cause,
      next,
    })),
    findings: report.findings.map(({ cause, code, about, sentence, repaired, next }) => ({
      cause,
      code: code ?? null,
      about: about ?? null,
      sentence,
      repaired: repaired ?? null,
      next: next ?? null,
    })),
  };
}
