import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { concat, u32 } from '../src/bytes.ts';
import { isProtocolError } from '../src/errors.ts';
import { encodeFrame, FRAME, type Frame, FrameReader } from '../src/framing/frame-reader.ts';
import { MAX_FRAME, MAX_FRAME_HANDSHAKE } from '../src/limits.ts';
import { cutAt } from './fixtures/connect.ts';

function drain(reader: FrameReader): Frame[] {
  const frames: Frame[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  return frames;
}

const fails =
  (check: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, 'frame') && error.check === check;

suite('frames (§3)', () => {
  test('a frame has its length, its type and its body', () => {
    assert.deepEqual(encodeFrame(FRAME.REJECT, new Uint8Array(0)), Uint8Array.from([0, 0, 0, 1, 0x7f]));
    const bytes = encodeFrame(FRAME.F2, Uint8Array.from([9, 8]));
    assert.deepEqual(bytes, Uint8Array.from([0, 0, 0, 3, 2, 9, 8]));
    const reader = new FrameReader(MAX_FRAME);
    reader.push(bytes);
    assert.deepEqual(drain(reader), [{ type: 2, body: Uint8Array.from([9, 8]), bytes }]);
  });

  test('any chunking of a stream gives the same frames', () => {
    const frames = fc.array(fc.record({ type: fc.integer({ min: 0, max: 255 }), body: fc.uint8Array() }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(frames, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (wanted, places, drainEach) => {
        const stream = concat(...wanted.map(({ type, body }) => encodeFrame(type, body)));
        const reader = new FrameReader(MAX_FRAME);
        const got: Frame[] = [];
        for (const piece of cutAt(stream, places)) {
          reader.push(piece);
          if (drainEach) got.push(...drain(reader));
        }
        got.push(...drain(reader));
        assert.deepEqual(
          got.map(({ type, body }) => ({ type, body: Array.from(body) })),
          wanted.map(({ type, body }) => ({ type, body: Array.from(body) })),
        );
        assert.deepEqual(concat(...got.map((frame) => frame.bytes)), stream);
      }),
      { numRuns: 100 },
    );
  });

  test('random bytes give frames within the limit or a frame error, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), fc.nat(5000), (chunks, limit) => {
        const reader = new FrameReader(limit);
        try {
          for (const chunk of chunks) {
            reader.push(chunk);
            for (const frame of drain(reader)) assert.ok(frame.bytes.length <= limit);
          }
        } catch (error) {
          assert.ok(isProtocolError(error, 'frame'));
          assert.throws(() => reader.next(), { code: 'frame' }, 'a refused length stays refused');
        }
      }),
      { numRuns: 200 },
    );
  });

  for (const limit of [MAX_FRAME_HANDSHAKE, MAX_FRAME]) {
    test(`${limit} bytes pass, one more is refused before it arrives`, () => {
      const largest = encodeFrame(FRAME.RECORD, new Uint8Array(limit - 5));
      assert.equal(largest.length, limit);
      const reader = new FrameReader(limit);
      reader.push(largest);
      assert.equal(reader.next()?.bytes.length, limit);
      const refusing = new FrameReader(limit);
      refusing.push(u32(limit - 3));
      assert.throws(() => refusing.next(), fails('limit'));
    });
  }

  test('length 0 is refused, length 1 is a frame without a body', () => {
    const reader = new FrameReader(MAX_FRAME);
    reader.push(u32(0));
    assert.throws(() => reader.next(), fails('empty'));
    const other = new FrameReader(MAX_FRAME);
    other.push(Uint8Array.from([0, 0, 0, 1, 0x55]));
    assert.deepEqual(drain(other), [
      { type: 0x55, body: new Uint8Array(0), bytes: Uint8Array.from([0, 0, 0, 1, 0x55]) },
    ]);
  });

  test('three bytes of a length say nothing yet', () => {
    const reader = new FrameReader(16);
    reader.push(Uint8Array.from([255, 255, 255]));
    assert.equal(reader.next(), undefined);
    reader.push(Uint8Array.from([255]));
    assert.throws(() => reader.next(), fails('limit'));
  });

  test('a new limit holds for what was pushed and not yet judged', () => {
    const frame = encodeFrame(FRAME.RECORD, new Uint8Array(50));
    const reader = new FrameReader(55);
    reader.push(concat(frame, frame));
    assert.equal(reader.next()?.bytes.length, 55);
    reader.setLimit(54);
    assert.throws(() => reader.next(), fails('limit'));
    reader.setLimit(55);
    assert.equal(reader.next()?.bytes.length, 55);
  });

  test('a frame keeps its bytes when the chunk they came in changes', () => {
    const chunk = encodeFrame(FRAME.RECORD, Uint8Array.from([1, 2, 3]));
    const reader = new FrameReader(MAX_FRAME);
    reader.push(chunk);
    const frame = reader.next();
    chunk.fill(0);
    assert.deepEqual(frame?.body, Uint8Array.from([1, 2, 3]));
  });

  test('a trickle of single bytes costs linear time', () => {
    const time = (size: number): number => {
      const frame = encodeFrame(FRAME.RECORD, new Uint8Array(size - 5));
      const reader = new FrameReader(MAX_FRAME);
      const started = performance.now();
      let got = 0;
      for (let i = 0; i < size; i++) {
        reader.push(frame.subarray(i, i + 1));
        got += drain(reader).length;
      }
      assert.equal(got, 1);
      return performance.now() - started;
    };
    time(MAX_FRAME / 8); // warm
    // Quadratic time would be 64 times as much; factor and attempts leave room for a busy machine.
    const linear = (): boolean => time(MAX_FRAME) < 30 * Math.max(1, time(MAX_FRAME / 8));
    assert.ok(linear() || linear() || linear());
  });
});
