import { newestEpoch, PSS_SALT, sameParty, SecretKey } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeMemberFile, unsafeRoomItem, unsafeRoomStatement } from '@waxwing/protocol/unsafe';
import { type RoomMember, roomOf } from '../actors/room-member.ts';
import { type Attack, outcome, type Try } from '../attack.ts';
import type { Lab } from '../lab.ts';

const SECRET = 'among us';

export const attack: Attack = {
  id: 'R20',
  title: 'a silent member in a room',
  has: 'the relay, which carries everything of a room, and an account of his own; no key of its members',
  steps: [
    'make the next state of a room, with oneself among the members, in the name of its admin or in one’s own',
    'send it to a member, with or without a secret',
    'read what is written in the room from then on',
  ],
  breaks: ['confidentiality', 'authentication'],
  textbookFalls: undefined,
  stoppedBy: 'room',
  remains: 'a member can show others what is written in the room: membership is signed, discretion is not',
  shippedOnly: true,
  processes: false,
  textbook: undefined,

  waxwing: async (lab) =>
    outcome(
      await added(lab, 'in the name of the admin, passed on by oneself', 'alice'),
      await added(lab, 'in the name of the admin, as if it came from him', 'alice', true),
      await added(lab, 'in one’s own name', 'mallory'),
    ),
};

/** `asAlice`: as if bob had it over his session with alice, which the relay cannot do in fact. */
async function added(lab: Lab, way: string, by: 'alice' | 'mallory', asAlice = false): Promise<Try> {
  const { alice, others } = await roomOf(lab, 'bob', 'carol');
  const [bob] = others as [RoomMember, RoomMember];
  const { device: mallory } = await lab.people.person('mallory');
  const before = newestEpoch(bob.room.state);
  const own = { account: mallory.bundle.account, device: mallory.bundle.device };
  const maker = by === 'alice' ? alice.party : own;
  const file = unsafeMemberFile.encodeMemberFile(p, [...before.file.members, { ...own, role: 'member' }]);
  const secret = new SecretKey(p.randomBytes(32));
  const statement = unsafeRoomStatement.encodeRoomStatement({
    ...before.says,
    epoch: before.says.epoch + 1,
    prev: before.state,
    by: { account: new Uint8Array(maker.account), device: new Uint8Array(maker.device) },
    change: 'add',
    members: file.hash,
    count: file.members.length,
    secret: unsafeRoomStatement.secretHash(p, secret),
    made: lab.now,
  });
  const signature = await p.signPss(mallory.signKey, statement, PSS_SALT);
  const body = unsafeRoomItem.encodeRoomItem({ statement, signature, file: file.bytes, secret, leaves: [] });
  await bob.take(body, asAlice ? alice.party : own);
  const { copies } = await bob.say(SECRET);
  const his = copies.filter(({ to }) => sameParty(to, own));
  return {
    way,
    wanted: [`a copy of “${SECRET}”`],
    obtained: his.map(() => `a copy of “${SECRET}”`),
    stop: bob.stops[0],
  };
}
