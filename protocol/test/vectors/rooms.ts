/** rooms.json (§10): member files, items that bring a state, chains, and copies of messages. */
import { fromHex, toHex, utf8 } from '../../src/bytes.ts';
import { readMailboxHeader } from '../../src/conversation/mailbox-conversation.ts';
import { RoomConversation } from '../../src/conversation/room-conversation.ts';
import { newRoomRecord, type RoomRecord, withState } from '../../src/conversation/room-record.ts';
import { encodeRoomRecord } from '../../src/conversation/stored-room.ts';
import { decodeEnvelope } from '../../src/envelope/envelope.ts';
import { decodeHeader, encodeHeader, KIND_ROOM } from '../../src/envelope/header.ts';
import { wrapLabel } from '../../src/envelope/layer-keys.ts';
import type { Party } from '../../src/envelope/message-statement.ts';
import { readBundle } from '../../src/keys/bundle.ts';
import type { Device } from '../../src/keys/device.ts';
import { type Primitives, RsaPrivateKey, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import { forkHash } from '../../src/rooms/fork.ts';
import { decodeMemberFile, encodeMemberFile } from '../../src/rooms/member-file.ts';
import { type Certificates, openRoomItem } from '../../src/rooms/open-room-item.ts';
import { decodeParty, encodeParty, sameParty } from '../../src/rooms/party.ts';
import { decodeRoomItem, encodeRoomItem } from '../../src/rooms/room-item.ts';
import { decodeRoomStatement, encodeRoomStatement, roomIdOf, secretHash } from '../../src/rooms/room-statement.ts';
import { firstHalf, readRoomState, roomAddress, type RoomState } from '../../src/rooms/room-state.ts';
import { senderChains, sendPlace } from '../../src/rooms/sender-chain.ts';
import {
  equal,
  equalHex,
  expectFailureOf,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type Letter = 'A' | 'B' | 'C';

interface Keys {
  readonly account: string;
  readonly device: string;
  readonly sign_key: string;
  readonly wrap_key: string;
  readonly dh_key: string;
  readonly bundle: string;
}

interface RoomsEntry extends VectorEntry {
  readonly check?: string;
  readonly file?: string;
  readonly hash?: string;
  readonly lines?: number;
  readonly body?: string;
  readonly from?: string;
  readonly statement?: string;
  readonly known?: string;
  readonly known_file?: string;
  readonly state?: string;
  readonly sid?: string;
  readonly to_device?: string;
  readonly prev?: string;
  readonly account?: string;
  readonly device?: string;
  readonly fork_hash?: string;
  readonly secret?: string;
  readonly secret_hash?: string;
  readonly chain?: string;
  readonly dh?: string;
  readonly message_keys?: readonly string[];
  readonly me?: Letter;
  readonly hdr?: string;
  readonly wrap_label?: string;
  readonly envelope?: string;
  readonly text?: string;
  readonly id?: string;
  readonly seq?: number;
  readonly n?: number;
  readonly now?: number;
  readonly newest_file?: string;
}

export interface RoomsFile extends VectorFile<RoomsEntry> {
  readonly base: Readonly<Record<Letter, Keys>> & {
    readonly room: string;
    readonly nonce: string;
    readonly statement: string;
    readonly file: string;
    readonly secret: string;
    readonly state: string;
  };
}

/** The three devices, and the state that they all hold. */
interface Cast {
  readonly devices: Readonly<Record<Letter, Device>>;
  readonly certificates: Certificates;
  readonly first: RoomState;
  readonly secret: SecretKey;
}

/** Nothing verifies it: these states are held already. */
const NO_SIGNATURE = new Uint8Array(256);

async function deviceOf(p: Primitives, keys: Keys): Promise<Device> {
  const bundle = await readBundle(p, fromHex(keys.bundle));
  const wrapKey = { privateKey: new RsaPrivateKey(fromHex(keys.wrap_key)), publicKey: bundle.certificate.wrapKey };
  return {
    bundle,
    signKey: new RsaPrivateKey(fromHex(keys.sign_key)),
    dhKey: new X25519PrivateKey(fromHex(keys.dh_key)),
    wrapKeys: [{ ...wrapKey, madeAt: 0 }],
  };
}

function heldState(p: Primitives, statement: string, file: string): RoomState {
  const signed = { statement: utf8(statement), signature: NO_SIGNATURE };
  return readRoomState(p, { ...signed, file: utf8(file), leaves: [] });
}

async function castOf({ base }: RoomsFile, p: Primitives): Promise<Cast> {
  const devices = {
    A: await deviceOf(p, base.A),
    B: await deviceOf(p, base.B),
    C: await deviceOf(p, base.C),
  };
  const first = heldState(p, base.statement, base.file);
  equalHex(first.state, base.state, 'state 1');
  equalHex(roomIdOf(p, { by: devices.A.bundle, prev: fromHex(base.nonce) }), base.room, 'room id');
  const certificates: Certificates = (party) =>
    Object.values(devices).flatMap(({ bundle }) => (sameParty(bundle, party) ? [bundle.certificate] : []));
  return { devices, certificates, first, secret: new SecretKey(fromHex(base.secret)) };
}

export async function runRooms(file: RoomsFile, p: Primitives): Promise<VectorResult> {
  const cast = await castOf(file, p);
  return runEntries(file, async (entry) => {
    if (entry.envelope !== undefined) await checkEnvelope(p, cast, entry);
    else if (entry.body !== undefined) await checkItem(p, cast, entry);
    else if (entry.fork_hash !== undefined) checkForkHash(p, entry);
    else if (entry.chain !== undefined) checkChain(p, entry);
    else await checkFile(p, entry);
  });
}

async function checkFile(p: Primitives, entry: RoomsEntry): Promise<void> {
  const bytes = utf8(entry.file ?? '');
  await expectFailureOf(entry, () => decodeMemberFile(p, bytes));
  if (entry.fails !== undefined) return;
  const file = decodeMemberFile(p, bytes);
  equalHex(file.hash, entry.hash ?? '', 'hash');
  equal(file.members.length, entry.lines, 'lines');
  equalHex(encodeMemberFile(p, file.members.toReversed()).bytes, toHex(bytes), 'file');
}

async function checkItem(p: Primitives, cast: Cast, entry: RoomsEntry): Promise<void> {
  const from = partyOf(entry.from ?? '');
  const { known, known_file: knownFile } = entry;
  const held = known === undefined ? undefined : heldState(p, known, knownFile ?? '');
  const reader = sameParty(from, cast.devices.B.bundle) ? cast.devices.A : cast.devices.B;
  const body = fromHex(entry.body ?? '');
  const context = {
    me: reader.bundle,
    from,
    room: held?.says.room,
    states: held === undefined ? [] : [held],
    newest: held,
    certificates: cast.certificates,
  };
  await expectFailureOf(entry, () => openRoomItem(p, context, body));
  if (entry.fails !== undefined) return;
  const { state, secret } = await openRoomItem(p, context, body);
  equalHex(state.state, entry.state ?? '', 'state');
  equalHex(firstHalf(state.state), entry.sid ?? '', 'sid');
  equalHex(roomAddress(p, state.says.room), entry.to_device ?? '', 'to_device');
  equalHex(state.statement, toHex(utf8(entry.statement ?? '')), 'statement');
  equalHex(encodeRoomStatement(decodeRoomStatement(state.statement)), toHex(state.statement), 'statement again');
  equalHex(encodeRoomItem(decodeRoomItem(body)), toHex(body), 'body');
  if (secret !== undefined) equalHex(secretHash(p, secret), toHex(state.says.secret), 'secret');
}

function checkForkHash(p: Primitives, entry: RoomsEntry): void {
  equalHex(forkHash(p, fromHex(entry.prev ?? ''), partyIn(entry)), entry.fork_hash ?? '', 'fork hash');
}

function checkChain(p: Primitives, entry: RoomsEntry): void {
  const secret = new SecretKey(fromHex(entry.secret ?? ''));
  equalHex(secretHash(p, secret), entry.secret_hash ?? '', 'secret hash');
  const members = [{ ...partyIn(entry), role: 'member' as const }];
  let [chain] = senderChains(p, fromHex(entry.state ?? ''), { members, secret });
  if (chain === undefined) throw new Error('there is no chain');
  equalHex(chain.dh, entry.dh ?? '', 'dh');
  equalHex(chain.chain.exposeSecretBytes(), entry.chain ?? '', 'chain');
  for (const key of entry.message_keys ?? []) {
    const { messageKey, next } = sendPlace(p, chain);
    equalHex(messageKey.exposeSecretBytes(), key, 'message key');
    chain = next;
  }
}

/** State 1 with its secret, and a later state of this file where the entry has one. */
function recordOf(p: Primitives, { first, secret }: Cast, me: Party, newestFile: string | undefined): RoomRecord {
  const record = newRoomRecord(p, { state: first, secret, me, now: first.says.made });
  if (newestFile === undefined) return record;
  const file = decodeMemberFile(p, utf8(newestFile));
  const says = {
    ...first.says,
    epoch: 2,
    prev: first.state,
    change: 'remove' as const,
    members: file.hash,
    count: file.members.length,
  };
  const statement = encodeRoomStatement(says);
  const newest = { state: p.sha256(statement), says, statement, signature: NO_SIGNATURE, file, leaves: [] };
  return withState(p, record, { state: newest, secret: undefined, me, now: says.made });
}

async function checkEnvelope(p: Primitives, cast: Cast, entry: RoomsEntry): Promise<void> {
  const device = cast.devices[entry.me ?? 'A'];
  const { bundle } = device;
  const state = recordOf(p, cast, bundle, entry.newest_file);
  const conversation = new RoomConversation(p, { device, state, certificates: cast.certificates });
  const envelope = fromHex(entry.envelope ?? '');
  const { hdr } = decodeEnvelope(envelope);
  const header = decodeHeader(hdr);
  const now = entry.now ?? 0;
  const open = async () => {
    if (header.kind !== KIND_ROOM) readMailboxHeader(bundle.device, envelope); // no room is looked for
    return conversation.open(envelope, now);
  };
  if (entry.fails !== undefined) {
    await expectFailureOf(entry, open);
    const [before, after] = [state, conversation.state].map((one) => JSON.stringify(encodeRoomRecord(one)));
    equal(after, before, 'state after a failure');
    return;
  }
  const flight = await open();
  const [item] = flight.items;
  equalHex(item?.body ?? new Uint8Array(0), toHex(utf8(entry.text ?? '')), 'text');
  equal(flight.seq, entry.seq, 'seq');
  equal(header.n, entry.n, 'n');
  equal(sameParty(flight.author, bundle), false, 'own author');
  if (entry.id !== undefined) equalHex(item?.id ?? new Uint8Array(0), entry.id, 'id');
  if (entry.statement !== undefined) equalHex(flight.statement, toHex(utf8(entry.statement)), 'statement');
  if (entry.hdr !== undefined) equalHex(encodeHeader(header), entry.hdr, 'hdr');
  if (entry.wrap_label !== undefined) equalHex(wrapLabel(p.sha256(hdr), bundle), entry.wrap_label, 'label');
}

function partyOf(text: string): Party {
  const party = decodeParty(text);
  if (party === undefined || encodeParty(party) !== text) throw new Error('no party');
  return party;
}

function partyIn({ account = '', device = '' }: RoomsEntry) {
  return { account: fromHex(account), device: fromHex(device) };
}
