import { type RoomMember, roomOf } from '../actors/room-member.ts';
import { type Attack, outcome } from '../attack.ts';
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

  waxwing: async (lab) => {
    const { alice, others } = await roomOf(lab, 'bob', 'carol');
    const [bob, carol] = others as [RoomMember, RoomMember];
    await bob.open(await carol.say('let us decide'));
    await bob.open(await alice.say('agreed'));
    await carol.say(OBJECTION); // bob's copy is kept back
    await bob.open(await alice.say('so be it'));
    await bob.open(await carol.say(LATER));
    const [stop] = bob.stops;
    return outcome({ ...silentLoss([OBJECTION], { texts: bob.texts, stop: () => stop }), stop });
  },
};
