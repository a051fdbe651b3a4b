import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decodeRoomGot, decodeRoomQuestion, encodeRoomGot, encodeRoomQuestion } from '../src/rooms/room-control.ts';

suite('what is said of a room in ctl (§10.3, §10.5)', () => {
  const room = new Uint8Array(32).fill(7);
  const sid = new Uint8Array(16).fill(8);

  test('is read back as it was written', () => {
    const got = {
      room,
      last: 9,
      ranges: [
        [1, 1],
        [3, 5],
      ] as [number, number][],
    };
    assert.deepEqual(encodeRoomGot(got), ['room-got', room, 9, got.ranges]);
    assert.deepEqual(encodeRoomQuestion({ room, sid }), ['room-state', room, sid]);
    assert.deepEqual(decodeRoomGot(encodeRoomGot(got)), got);
    assert.deepEqual(decodeRoomQuestion(encodeRoomQuestion({ room, sid })), { room, sid });
  });

  test('is ignored where it is another entry, or malformed', () => {
    const gots = [
      ['got', room, 1, []],
      ['room-got', room, 1],
      ['room-got', sid, 1, []],
      ['room-got', room, 1, [], 0],
      ['room-got', room, 9, [[0, 1]]],
      ['room-got', room, 9, [[2, 1]]],
      [
        'room-got',
        room,
        9,
        [
          [1, 2],
          [3, 3],
        ],
      ],
      [
        'room-got',
        room,
        9,
        [
          [4, 4],
          [1, 1],
        ],
      ],
      ['room-got', room, 9, [[8, 9]]],
      ['room-got', room, 900, Array.from({ length: 65 }, (_, at) => [3 * at + 1, 3 * at + 1])],
    ] as const;
    for (const entry of gots) assert.equal(decodeRoomGot(entry), undefined, JSON.stringify(entry));
    for (const entry of [
      ['room-state', room],
      ['room-state', room, room],
      ['room-got', room, sid],
      ['room-state', room, sid, 1],
    ] as const) {
      assert.equal(decodeRoomQuestion(entry), undefined);
    }
  });
});
