/** A room of people with the shipped client, at a relay that lies. */
import { type Bytes, encodeFingerprint, equalBytes, toHex } from '@waxwing/protocol';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { EvilRelay } from '../relay/evil-relay.ts';
import { ofDeliveries } from '../relay/lie.ts';
import { MessengerEnd } from './messenger-end.ts';

export interface MessengerRoom {
  readonly relay: EvilRelay;
  /** The room's id, 32. */
  readonly room: Bytes;
  /** Its admin. */
  readonly alice: MessengerEnd;
  readonly others: readonly MessengerEnd[];
}

/** A room that alice has made and let the others into. All of them agreed to hear each other. */
export async function messengerRoomOf(lab: Lab, ...names: readonly Name[]): Promise<MessengerRoom> {
  const relay = await EvilRelay.start(lab);
  const people = await lab.people.persons('alice', ...names);
  const contacts = people.map(({ device }) => device.bundle.account);
  const ends: MessengerEnd[] = [];
  for (const name of ['alice', ...names] as const)
    ends.push(await MessengerEnd.join(lab, relay.link, name, { contacts }));
  const [alice, ...others] = ends as [MessengerEnd, ...MessengerEnd[]];
  const room = await alice.createRoom('group');
  for (const { account } of others) await alice.invite(room, encodeFingerprint(account));
  for (const end of others) await end.until(() => end.membersOf(room) === ends.length);
  return { relay, room, alice, others };
}

/**
 * From now on what the one puts never reaches the other, and everybody else gets it. `end` lets through what is put later;
 * `withheld` tells how many envelopes were kept from the other so far.
 */
export function keepBack(relay: EvilRelay, from: Bytes, to: Bytes): { end(): void; withheld(): number } {
  const kept = new Set<string>();
  const withheld = new Set<string>();
  let holding = true;
  relay.lies.push(
    {
      hear: (request, { account }) => {
        if (holding && request.op === 'put' && equalBytes(account, from)) {
          for (const { id } of request.envelopes) kept.add(toHex(id));
        }
        return { kind: 'asked', request };
      },
    },
    ofDeliveries(to, (envelopes) => {
      for (const { id } of envelopes) if (kept.has(toHex(id))) withheld.add(toHex(id));
      return envelopes.filter(({ id }) => !kept.has(toHex(id)));
    }),
  );
  return {
    end: () => {
      holding = false;
    },
    withheld: () => withheld.size,
  };
}
