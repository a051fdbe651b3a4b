/** `waxwing join LINK`: becomes a member of a relay. */
import type { JoinedRelay, PeerView } from '@waxwing/client';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { type HomeFlags, withNewHome } from '../known-home.ts';
import { print, printJson } from '../output.ts';
import { sanitiseLine, sanitiseName } from '../text/sanitise.ts';
import { joinAs, readClaimedName, readLink } from './relay-place.ts';

export interface JoinFlags extends HomeFlags {
  readonly name?: string;
  readonly json?: boolean;
}

export async function join(text: string, flags: JoinFlags): Promise<ExitCode> {
  const link = readLink(text);
  const name = flags.name === undefined ? undefined : readClaimedName(flags.name);
  return await withNewHome(flags, async (home) => {
    const joined = await joinAs({ home, link, name }, (taken) => Promise.reject(taken));
    if (flags.json === true) printJson(recordOf(joined));
    else print(...joinedLines(joined));
    return EXIT.ok;
  });
}

/** Whom one has joined, as what, and whom one met by the way; safe to print. */
export function joinedLines({ relay, contact, already }: JoinedRelay): string[] {
  const host = sanitiseLine(/^waxwing:\/\/([^/]+)/u.exec(relay.address)?.[1] ?? relay.address);
  const name = relay.name === undefined ? 'without a name' : `as @${sanitiseLine(relay.name)}`;
  return [
    `${already ? 'You are a member of' : 'Joined'} the relay ${host} ${name}.`,
    `Relay ${relay.fingerprint}`,
    ...(contact === undefined ? [] : [`${contactName(contact)} is verified (by link): ${contact.fingerprint}`]),
  ];
}

function contactName({ petname, nick }: PeerView): string {
  return petname === undefined && nick === undefined ? 'Whose link it was' : sanitiseName(petname ?? `~${nick ?? ''}`);
}

function recordOf({ relay, contact, already }: JoinedRelay): object {
  return {
    relay: relay.fingerprint,
    address: relay.address,
    name: relay.name ?? null,
    already,
    contact: contact === undefined ? null : { fingerprint: contact.fingerprint, trust: contact.trust },
  };
}
