import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fromHex, toBase64, utf8 } from '../src/bytes.ts';
import { MAX_NAME_CHARACTERS, MAX_ROOM_MEMBERS, MAX_ROOM_NAME, MAX_SKIP_PER_CHAIN, MAX_U32 } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { SecretKey } from '../src/primitives.ts';
import { decodeMemberFile, encodeMemberFile } from '../src/rooms/member-file.ts';
import { decodeRoomStatement, encodeRoomStatement } from '../src/rooms/room-statement.ts';
import { receivePlace, type SenderChain, sendPlace } from '../src/rooms/sender-chain.ts';
import { fails } from './fixtures/conversations.ts';

const NOW = 1_800_000_000_000;
const account = new Uint8Array(32).fill(7);
const device = new Uint8Array(16).fill(8);
const PARTY = `${'07'.repeat(32)}/${'08'.repeat(16)}`;

suite('a room statement at its bounds (§10.1)', () => {
  const hash = new Uint8Array(32);
  const by = { account, device };
  const says = { room: hash, epoch: 1, prev: hash, by, change: 'create', name: 'x', members: hash, count: 1 } as const;
  const bytesOf = (change: { epoch?: number; count?: number }): Uint8Array =>
    encodeRoomStatement({ ...says, secret: hash, made: NOW, ...change });

  test('epochs are from 1 to 2^32 - 1', () => {
    for (const epoch of [1, MAX_U32]) assert.equal(decodeRoomStatement(bytesOf({ epoch })).epoch, epoch);
    for (const epoch of [0, MAX_U32 + 1]) {
      assert.throws(() => decodeRoomStatement(bytesOf({ epoch })), fails('room', 'grammar'), String(epoch));
    }
  });

  test('a file has 1 to 64 lines', () => {
    for (const count of [1, MAX_ROOM_MEMBERS]) assert.equal(decodeRoomStatement(bytesOf({ count })).count, count);
    for (const count of [0, MAX_ROOM_MEMBERS + 1]) {
      assert.throws(() => decodeRoomStatement(bytesOf({ count })), fails('room', 'grammar'), String(count));
    }
  });

  test('a name has 1 to 64 characters, which may have 256 bytes', () => {
    const named = (name: string): Uint8Array => encodeRoomStatement({ ...says, name, secret: hash, made: NOW });
    const longest = '\u{1f9c7}'.repeat(MAX_NAME_CHARACTERS);
    assert.equal(utf8(longest).length, MAX_ROOM_NAME);
    for (const name of ['x', 'x'.repeat(MAX_NAME_CHARACTERS), longest]) {
      assert.equal(decodeRoomStatement(named(name)).name, name);
    }
    for (const name of ['', 'x'.repeat(MAX_NAME_CHARACTERS + 1), `${longest}x`, 'e\u0301']) {
      assert.throws(() => named(name), fails('room', 'grammar'), name);
      const line = `name: ${name === '' ? '=' : toBase64(utf8(name))}\n`;
      const text = new TextDecoder().decode(bytesOf({})).replace(/name: .*\n/, line);
      assert.throws(() => decodeRoomStatement(utf8(text)), fails('room', 'grammar'), name);
    }
  });
});

suite('a member file at its bounds (§10.1)', () => {
  const admins = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      account,
      device: new Uint8Array(16).fill(at),
      role: 'admin' as const,
    }));

  test('64 lines, and not 65 short ones that are within the size', () => {
    assert.equal(encodeMemberFile(p, admins(MAX_ROOM_MEMBERS)).members.length, MAX_ROOM_MEMBERS);
    assert.throws(() => encodeMemberFile(p, admins(MAX_ROOM_MEMBERS + 1)), fails('room', 'file'));
    assert.throws(() => encodeMemberFile(p, []), fails('room', 'file'));
  });

  test('a line is a device and one of two roles, and ends', () => {
    const decode = (text: string) => decodeMemberFile(p, utf8(text));
    assert.deepEqual(decode(`${PARTY} admin\n`).members, [{ account, device, role: 'admin' }]);
    for (const text of [
      `${PARTY} admin`,
      `${PARTY} admin \n`,
      `${PARTY} admin member\n`,
      `${PARTY} admin again member\n`,
      `${PARTY} Admin\n`,
      `${PARTY}\n`,
      `${PARTY} admin\n\n`,
      `${PARTY} member\n`,
      ' admin\n',
      `${'ff'.repeat(32)}/${'08'.repeat(16)} owner\n${PARTY} admin\n`,
      `${PARTY} admin\n${'ff'.repeat(32)}/${'08'.repeat(16)} owner\n`,
      `${PARTY} admin\n${PARTY} member\n`,
      `${'ff'.repeat(32)}/${'08'.repeat(16)} member\n${PARTY} admin\n`,
      `${PARTY.replace('/', ':')} admin\n`,
      `${PARTY.replace('/', '')} admin\n`,
      `${PARTY.replace('/', '//')} admin\n`,
      `${PARTY}00 admin\n`,
    ]) {
      assert.throws(() => decode(text), fails('room', 'file'), JSON.stringify(text));
    }
    assert.throws(() => decodeMemberFile(p, fromHex('ff0a')), fails('room', 'file'));
  });
});

suite('the chain of a sender at its bounds (§10.3, §10.4)', () => {
  const chainAt = (n: number): SenderChain => ({
    account,
    device,
    dh: new Uint8Array(32),
    chain: new SecretKey(new Uint8Array(32)),
    n,
  });
  const receive = (chain: SenderChain, n: number) => receivePlace(p, { chain, skipped: [] }, { n, now: NOW });

  test('its last place is 2^32 - 2', () => {
    assert.equal(sendPlace(p, chainAt(MAX_U32 - 1)).next.n, MAX_U32);
    assert.throws(() => sendPlace(p, chainAt(MAX_U32)), fails('reuse', 'chain'));
  });

  test('256 places may be missing, wherever the chain stands, and no more', () => {
    for (const next of [0, 200, 1000]) {
      const { skipped, chain } = receive(chainAt(next), next + MAX_SKIP_PER_CHAIN);
      assert.equal(chain.n, next + MAX_SKIP_PER_CHAIN + 1);
      assert.deepEqual([skipped.length, skipped[0]?.n], [MAX_SKIP_PER_CHAIN, next]);
      assert.throws(() => receive(chainAt(next), next + MAX_SKIP_PER_CHAIN + 1), fails('envelope-0', 'skip'));
    }
    assert.deepEqual(receive(chainAt(5), 5).skipped, []);
  });
});
