import { keepBack, messengerRoomOf } from '../actors/messenger-room.ts';
import type { MessengerEnd } from '../actors/messenger-end.ts';
import { type RoomMember, roomOf } from '../actors/room-member.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';
import { silentLoss } from '../waxwing/silent-loss.ts';

const OBJECTION = 'I am against it';
const LATER = 'have you read what I wrote?';

export const attack: Attack = {
  id: 'R22',
  title: 'one member of a room held back',
  has: 'the relay; no key of its members',
  steps: [
    'keep what one member writes from another, and let everything else through',
    'see whether the other is told once anything later of that member comes',
  ],
  breaks: ['delivery', 'integrity'],
  textbookFalls: undefined,
  stoppedBy: 'chain',
  remains: 'a member of whom nothing comes at all looks like one who says nothing; the one who wrote sees who has it',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) => outcome(await inMemory(lab), await withMessengers(lab)),
};

/** The rooms of the protocol alone. */
async function inMemory(lab: Lab): Promise<Try> {
  const { alice, others } = await roomOf(lab, 'bob', 'carol');
  const [bob, carol] = others as [RoomMember, RoomMember];
  await bob.open(await carol.say('let us decide'));
  await bob.open(await alice.say('agreed'));
  await carol.say(OBJECTION); // bob's copy is kept back
  await bob.open(await alice.say('so be it'));
  await bob.open(await carol.say(LATER));
  const [stop] = bob.stops;
  return { way: 'one copy', ...silentLoss([OBJECTION], { texts: bob.texts, stop: () => stop }), stop };
}

/** Three programs at a relay: once it lets anything later through, the one who missed it is told, and asks for it. */
async function withMessengers(lab: Lab): Promise<Try> {
  const { relay, room, others } = await messengerRoomOf(lab, 'bob', 'carol');
  const [bob, carol] = others as [MessengerEnd, MessengerEnd];
  await carol.sayIn(room, 'let us decide');
  await bob.until(() => bob.texts.length === 1);
  const kept = keepBack(relay, carol.account, bob.account);
  await carol.sayIn(room, OBJECTION);
  await relay.until(() => kept.withheld() > 0);
  kept.end();
  await carol.sayIn(room, LATER);
  await bob.until(() => bob.texts.includes(LATER));
  const [stop] = bob.stops;
  return { way: 'three programs', ...silentLoss([OBJECTION], { texts: bob.texts, stop: () => stop }), stop };
}
