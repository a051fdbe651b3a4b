import { encodeFingerprint } from '@waxwing/protocol';
import type { MessengerEnd } from '../actors/messenger-end.ts';
import { keepBack, messengerRoomOf } from '../actors/messenger-room.ts';
import { itemFor, RoomMember, roomOf } from '../actors/room-member.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';

const TEXT = 'without him';
const AGREED = 'as we agreed';

export const attack: Attack = {
  id: 'R21',
  title: 'a split view of a room',
  has: 'the relay; in the second way, an admin of the room as well',
  steps: [
    'keep the state that removes somebody from one of the members, so that it writes on in the old one',
    'or show two members two different next states of one room',
    'see whether anybody is told that they are in different rooms',
  ],
  breaks: ['integrity', 'confidentiality'],
  textbookFalls: undefined,
  stoppedBy: 'room',
  remains:
    'who has not had a removal yet writes to the removed one too; two views of which neither side hears of the other are not noticed',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await keptBack(lab), await twoStates(lab), await amongMessengers(lab)),
};

/** Carol never gets the removal of mallory, and writes on; bob, who has it, reads what she wrote. */
async function keptBack(lab: Lab): Promise<Try> {
  const { alice, others } = await roomOf(lab, 'bob', 'carol', 'mallory');
  const [bob, carol, mallory] = others as [RoomMember, RoomMember, RoomMember];
  const made = await alice.room.change({ change: 'remove', members: [mallory.party] }, lab.now);
  await bob.take(itemFor(made, bob.device), alice.party);
  await carol.open(await alice.say(TEXT)); // it comes before the state that it was written in
  await bob.open(await carol.say(AGREED));
  const told = [...carol.stops.slice(0, 1), ...bob.stops.slice(0, 1)];
  return {
    way: 'a removal that one never gets',
    wanted: ['nobody is told'],
    obtained: told.length === 2 ? [] : ['nobody is told'],
    stop: carol.stops[0],
  };
}

/** Alice makes two states in one place; bob has one, and hears of the other. */
async function twoStates(lab: Lab): Promise<Try> {
  const { alice, others, certificates } = await roomOf(lab, 'bob', 'carol');
  const [bob] = others as [RoomMember, RoomMember];
  const twin = new RoomMember(lab, { device: alice.device, record: alice.room.state, certificates });
  const one = await alice.room.change({ change: 'fresh' }, lab.now);
  const two = await twin.room.change({ change: 'fresh' }, lab.now);
  await bob.take(itemFor(one, bob.device), alice.party);
  await bob.take(itemFor(two, bob.device), alice.party);
  const [alarm] = bob.stops;
  return {
    way: 'two states of one admin',
    wanted: ['nobody is told'],
    obtained: alarm === undefined ? ['nobody is told'] : [],
    stop: alarm,
  };
}

/** Programs at a relay that keeps the removal from carol, and lets through what is said after it: she asks, and is told. */
async function amongMessengers(lab: Lab): Promise<Try> {
  const { relay, room, alice, others } = await messengerRoomOf(lab, 'bob', 'carol', 'mallory');
  const [bob, carol, mallory] = others as [MessengerEnd, MessengerEnd, MessengerEnd];
  const kept = keepBack(relay, alice.account, carol.account);
  await alice.remove(room, encodeFingerprint(mallory.account));
  const bobKnows = await bob.until(() => bob.changes.includes('remove'));
  const isKept = await relay.until(() => kept.withheld() > 0);
  kept.end();
  await alice.sayIn(room, TEXT);
  const told = await carol.until(() => carol.changes.includes('remove') && carol.texts.includes(TEXT));
  await carol.sayIn(room, AGREED);
  const said = await bob.until(() => bob.texts.includes(AGREED));
  const message = 'what was said after it is held, its state is asked for and given, and only then it is shown';
  const read = mallory.texts.filter((text) => text === TEXT || text === AGREED).map((text) => `mallory reads: ${text}`);
  return {
    way: 'a removal kept from one of four programs',
    wanted: ['nobody is told', `mallory reads: ${TEXT}`, `mallory reads: ${AGREED}`],
    obtained: [...(told ? [] : ['nobody is told']), ...read],
    stop: bobKnows && isKept && told && said ? { check: 'room', code: undefined, message } : undefined,
  };
}
