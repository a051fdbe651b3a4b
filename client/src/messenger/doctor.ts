/** A look at everything that may be wrong at a relay (§9.4, §9.6, §10.5): what can be mended is, and the rest is said. */
import { CLOCK_WARNING } from '@waxwing/protocol';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { RelayRequests } from '../relay/relay-requests.ts';
import type { DoctorReport, Finding } from './doctor-report.ts';
import { finding } from './doctor-report.ts';
import { examinePeer } from './doctor-peers.ts';
import { examineRooms } from './doctor-rooms.ts';
import type { Place } from './place.ts';
import type { PrekeyHealth, PrekeyKeeper } from './prekey-keeper.ts';
import type { RoomTraffic } from './room-traffic.ts';
import type { Traffic } from './traffic.ts';

/** So many sets of 100 one-time keys within a day are not used by people who begin to write. */
const MANY_SETS = 4;
const MINUTE = 60_000;
const TELL_OPERATOR = 'Tell the operator of the relay: somebody takes them, or the relay says so.';

export interface Patient {
  readonly place: Place;
  readonly keeper: PrekeyKeeper;
  readonly traffic: Traffic;
  readonly rooms: RoomTraffic;
  /** Of the channel that stands. */
  readonly requests: RelayRequests | undefined;
  /** Of the last channel, ms. */
  readonly clockOffset: number | undefined;
}

export async function examine(patient: Patient): Promise<DoctorReport> {
  const { place, keeper, traffic, requests, clockOffset } = patient;
  const findings: Finding[] = [];
  if (requests === undefined) {
    findings.push(
      finding('not-connected', 'The relay is not connected, so nothing could be asked or sent.', {
        repaired: 'It is called again by itself.',
      }),
    );
  } else {
    findings.push(...(await mend(patient, requests)));
  }
  findings.push(...clocks(clockOffset), ...prekeys(keeper.health, requests !== undefined));
  for (const { account } of place.store.contacts.list(place.relay)) {
    findings.push(...(await examinePeer({ place, traffic, connected: requests !== undefined }, account)));
  }
  findings.push(...examineRooms(patient.rooms, { place, connected: requests !== undefined }));
  const unopenable = traffic.unopened.list();
  return { connected: requests !== undefined, clockOffset, prekeys: keeper.health, unopenable, findings };
}

/** What may be done at any time: new prekeys where they are due, a question after old envelopes, another try for what waits. */
async function mend({ place, keeper, traffic, rooms }: Patient, requests: RelayRequests): Promise<Finding[]> {
  const { store, relay } = place;
  const found: Finding[] = [];
  try {
    const counter = keeper.held[0]?.counter ?? 0;
    if (await keeper.refill(requests, { counter, entriesLeft: keeper.health.left })) {
      found.push(
        finding('prekeys-renewed', 'The keys from which others begin to write to you were due.', {
          repaired: 'New ones were left at the relay.',
        }),
      );
    }
    await traffic.lost.review(requests);
  } catch (error) {
    if (!(error instanceof RelayFailure)) throw error;
    found.push(finding('relay', error.message, { code: error.code, next: error.next }));
  }
  for (const { account } of store.contacts.list(relay)) traffic.outgoing.wake(account);
  rooms.askAgain();
  await traffic.tried(); // what is held back, and why, shows by trying
  return found;
}

function clocks(offset: number | undefined): Finding[] {
  if (offset === undefined || Math.abs(offset) <= CLOCK_WARNING) return [];
  const minutes = Math.round(Math.abs(offset) / MINUTE);
  const words = minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
  return [
    finding(
      'clock',
      `The clocks of this machine and of the relay differ by ${words}: the relay's is ${offset > 0 ? 'ahead' : 'behind'}.`,
      { next: 'Check the clock of this machine: ages, and what counts as late, come of it.' },
    ),
  ];
}

function prekeys({ left, today }: PrekeyHealth, connected: boolean): Finding[] {
  if (today >= MANY_SETS) {
    const sentence = `${String(today)} sets of one-time keys were made for this relay within a day, because it said that they were used up.`;
    return [finding('prekeys-taken', sentence, { next: TELL_OPERATOR })];
  }
  if (!connected || left !== 0) return [];
  const sentence =
    'No one-time key is left at the relay: who begins to write to you starts from keys that are not for one use alone.';
  return [finding('prekeys-empty', sentence, { next: TELL_OPERATOR })];
}
