import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, concat } from '../src/bytes.ts';
import { Channel, ChannelError, misplaced, REJECT } from '../src/channel/channel.ts';
import { type Content, decodeContent, encodeContent } from '../src/channel/content.ts';
import { RecordOpener, RecordSealer } from '../src/channel/records.ts';
import { encodeCbor } from '../src/codec/cbor.ts';
import { isProtocolError, ProtocolError } from '../src/errors.ts';
import { encodeFrame, FRAME, type Frame, FrameReader } from '../src/framing/frame-reader.ts';
import { MAX_FRAME, MAX_RECORD_COUNTER, MAX_SAFE_UINT, RECORDS_PER_KEY } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { type Primitives, SecretKey } from '../src/primitives.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { connect, cutAt, flipBit, frameOf } from './fixtures/connect.ts';
import { loadVectors } from './vectors/load.ts';
import { type RecordsFile, runRecords } from './vectors/records.ts';

const EMPTY = new Uint8Array(0);
const key = new SecretKey(Uint8Array.from({ length: 32 }, (_, i) => i));
const iv = Uint8Array.from({ length: 12 }, (_, i) => 200 + i);

/** A record whose content the sealing side would not make, in its place in the stream. */
function forged(channel: Channel, plain: Uint8Array, counter: number): Bytes {
  const { sendKey, sendIv } = channel.handshake.recordKeys;
  return new RecordSealer(p, { key: sendKey, iv: sendIv, counter }).seal(plain);
}

const seq = fc.integer({ min: 0, max: MAX_SAFE_UINT });
const anyContent: fc.Arbitrary<Content> = fc.oneof(
  fc.constantFrom<Content>({ kind: 'ping' }, { kind: 'pong' }),
  fc.uint8Array({ maxLength: 80 }).map((envelope): Content => ({ kind: 'envelope', envelope })),
  seq.map((n): Content => ({ kind: 'accepted', seq: n })),
  seq.map((n): Content => ({ kind: 'too-old', seq: n })),
  fc
    .array(fc.oneof(seq, fc.string({ unit: 'grapheme' }), fc.uint8Array()), { maxLength: 4 })
    .map((body): Content => ({ kind: 'relay', body })),
);

suite('records (§4)', () => {
  const file = loadVectors('records') as RecordsFile;
  for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
    test(`records.json on ${name}`, async () => {
      assert.equal(file.count, 35);
      assert.equal(file.good, 11);
      assert.deepEqual(await runRecords(file, primitives), { ran: 35, good: 11 });
    });
  }

  test('any flipped bit of a record is refused', () => {
    const frame = new RecordSealer(p, { key, iv }).seal(
      encodeContent({ kind: 'envelope', envelope: new Uint8Array(20) }),
    );
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = flipBit(frame, bit);
      // The length as well: whatever body the reader would make of it, the header is authenticated.
      const opener = new RecordOpener(p, { key, iv });
      const received: Frame = { type: changed[4] as number, body: changed.subarray(5), bytes: changed };
      assert.throws(() => opener.open(received), { code: 'record' }, `bit ${bit}`);
      assert.deepEqual(opener.open(frameOf(frame)).length, 23, 'a failed record changes nothing');
    }
  });

  test('the key steps before every multiple of 2^20, on both sides', () => {
    const start = { key, iv, counter: 2 * RECORDS_PER_KEY - 2 };
    const sealer = new RecordSealer(p, start);
    const opener = new RecordOpener(p, start);
    const plain = Uint8Array.of(1);
    const frames = Array.from({ length: 4 }, () => sealer.seal(plain));
    for (const frame of frames) assert.deepEqual(opener.open(frameOf(frame)), plain);
    const unstepped = new RecordOpener(p, { key, iv, counter: 2 * RECORDS_PER_KEY });
    assert.throws(() => unstepped.open(frameOf(frames[2] as Bytes)), { code: 'record', check: 'open' });
    new RecordOpener(p, { key, iv, counter: 2 * RECORDS_PER_KEY - 1 }).open(frameOf(frames[1] as Bytes));
  });

  test('the first key has no step at 0', () => {
    const frame = new RecordSealer(p, { key, iv, counter: 0 }).seal(EMPTY);
    assert.deepEqual(frame.subarray(5), p.sealGcm(key.exposeSecretBytes(), iv, frame.subarray(0, 5), EMPTY));
  });

  test('the counter has an end', () => {
    const last = { key, iv, counter: MAX_RECORD_COUNTER - 1 };
    const sealer = new RecordSealer(p, last);
    const opener = new RecordOpener(p, last);
    const frame = frameOf(sealer.seal(EMPTY));
    assert.throws(() => sealer.seal(EMPTY), { code: 'reuse', check: 'counter' });
    opener.open(frame);
    assert.throws(() => opener.open(frame), { code: 'reuse', check: 'counter' });
  });

  test('a plaintext that makes a frame of 131,072 bytes, and not one byte more', () => {
    const most = MAX_FRAME - 5 - 16;
    const sealer = new RecordSealer(p, { key, iv });
    assert.throws(() => sealer.seal(new Uint8Array(most + 1)), { code: 'limit', check: 'frame' });
    const frame = sealer.seal(new Uint8Array(most));
    assert.equal(frame.length, MAX_FRAME);
    assert.equal(new RecordOpener(p, { key, iv }).open(frameOf(frame)).length, most, 'the refusal used up no counter');
  });

  test('a failure that is no refusal of the primitive passes unchanged', () => {
    const broken: Primitives = {
      ...p,
      openGcm: () => {
        throw new TypeError('not a refusal');
      },
    };
    const frame = frameOf(new RecordSealer(p, { key, iv }).seal(EMPTY));
    assert.throws(() => new RecordOpener(broken, { key, iv }).open(frame), TypeError);
  });
});

suite('contents (§4)', () => {
  test('each kind has its one encoding', () => {
    const envelope = Uint8Array.of(7);
    const known: [Content, Uint8Array][] = [
      [{ kind: 'ready' }, encodeCbor([0])],
      [{ kind: 'envelope', envelope }, encodeCbor([1, envelope])],
      [{ kind: 'relay', body: [] }, encodeCbor([2])],
      [{ kind: 'relay', body: ['put', 5, [envelope]] }, encodeCbor([2, 'put', 5, [envelope]])],
      [{ kind: 'ping' }, encodeCbor([3])],
      [{ kind: 'pong' }, encodeCbor([4])],
      [{ kind: 'close', lastSeq: 0 }, encodeCbor([5, 0])],
      [{ kind: 'accepted', seq: 12 }, encodeCbor([6, 12])],
      [{ kind: 'too-old', seq: 13 }, encodeCbor([7, 13])],
      [{ kind: 'busy' }, encodeCbor([8])],
    ];
    for (const [content, encoded] of known) {
      assert.deepEqual(encodeContent(content), encoded);
      assert.deepEqual(decodeContent(encoded), content);
    }
  });

  test('unknown kinds and wrong fields', () => {
    const bytes = Uint8Array.of(1);
    const wrong = [
      [0, 0],
      [1],
      [1, 5],
      [1, 'a'],
      [1, bytes, bytes],
      [3, 1],
      [4, bytes],
      [5],
      [5, bytes],
      [5, 1, 2],
      [6],
      [6, 'x'],
      [7],
      [7, [7]],
      [8, 8],
    ];
    for (const value of wrong) {
      assert.throws(() => decodeContent(encodeCbor(value)), { code: 'record', check: 'shape' }, JSON.stringify(value));
    }
    for (const value of [[], [9], [9, 1], ['0'], [bytes], [[0]], [MAX_SAFE_UINT]]) {
      assert.throws(() => decodeContent(encodeCbor(value)), { code: 'record', check: 'kind' }, JSON.stringify(value));
    }
    for (const encoded of [
      EMPTY,
      encodeCbor(3),
      encodeCbor('x'),
      Uint8Array.of(0x81, 0x18, 3),
      Uint8Array.of(0x81, 3, 0),
    ]) {
      assert.throws(() => decodeContent(encoded), { code: 'record', check: 'encoding' });
    }
  });

  test('random bytes give a content that encodes to them, or a record error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        try {
          assert.deepEqual(encodeContent(decodeContent(bytes)), Uint8Array.from(bytes));
        } catch (error) {
          assert.ok(isProtocolError(error, 'record'));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('what one encodes decodes to itself', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const again = decodeContent(encodeContent(content));
        assert.equal(again.kind, content.kind);
        assert.deepEqual(encodeContent(again), encodeContent(content));
      }),
      { numRuns: 100 },
    );
  });
});

suite('channel (§4)', () => {
  test('contents arrive in order, over any chunking, both ways', async () => {
    const { server, client } = await connect();
    fc.assert(
      fc.property(fc.array(anyContent, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 6 }), (contents, places) => {
        for (const [from, to] of [
          [server, client],
          [client, server],
        ] as const) {
          const stream = concat(...contents.map((content) => from.seal(content)));
          const received = cutAt(stream, places).flatMap((piece) => to.receive(piece));
          assert.deepEqual(received.map(encodeContent), contents.map(encodeContent));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('records reordered, doubled or left out end the channel; what came before stays good', async () => {
    const { recordKeys } = (await connect()).client.handshake;
    const contents = Array.from({ length: 6 }, (_, i): Content => ({ kind: 'accepted', seq: i }));
    const sealer = new RecordSealer(p, { key: recordKeys.sendKey, iv: recordKeys.sendIv });
    const frames = contents.map((content) => sealer.seal(encodeContent(content)));
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 8 }), (order) => {
        const opener = new RecordOpener(p, { key: recordKeys.sendKey, iv: recordKeys.sendIv });
        for (const [place, index] of order.entries()) {
          const open = (): Bytes => opener.open(frameOf(frames[index] as Bytes));
          if (index === place) assert.deepEqual(open(), encodeContent(contents[index] as Content));
          else {
            assert.throws(open, { code: 'record', check: 'open' });
            return;
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a failure ends the channel for good and hands over what opened before it', async () => {
    const { server, client } = await connect();
    const good = [client.seal({ kind: 'accepted', seq: 1 }), client.seal({ kind: 'ping' })];
    const chunk = concat(...good, flipBit(client.seal({ kind: 'pong' }), 50), client.seal({ kind: 'pong' }));
    assert.throws(
      () => server.receive(chunk),
      (error) => {
        assert.ok(error instanceof ChannelError && isProtocolError(error, 'record'));
        assert.equal(error.check, 'open');
        assert.deepEqual(error.received, [{ kind: 'accepted', seq: 1 }, { kind: 'ping' }]);
        return true;
      },
    );
    assert.throws(() => server.receive(client.seal({ kind: 'ping' })), { code: 'record', check: 'ended' });
    assert.throws(() => server.receive(EMPTY), { check: 'ended' });
    assert.throws(() => server.seal({ kind: 'ping' }), { check: 'ended' });
  });

  test('the reject frame: empty, understood, and refused with a body', async () => {
    assert.deepEqual(REJECT, Uint8Array.of(0, 0, 0, 1, 0x7f));
    const one = await connect();
    assert.throws(() => one.client.receive(REJECT), { code: 'record', check: 'rejected' });
    assert.throws(() => one.server.receive(encodeFrame(FRAME.REJECT, Uint8Array.of(0))), {
      code: 'record',
      check: 'reject body',
    });
  });

  test('a frame that is no record', async () => {
    for (const type of [0, FRAME.F1, FRAME.F4, 0x11, 0xff]) {
      const { client, server } = await connect();
      const frame = client.seal({ kind: 'ping' });
      frame[4] = type;
      assert.throws(() => server.receive(frame), { code: 'record', check: 'type' });
    }
  });

  test('ready has no place after F5, either way, made or received', async () => {
    const { server, client } = await connect();
    assert.throws(() => server.seal({ kind: 'ready' }), { code: 'record', check: 'misplaced' });
    assert.throws(() => client.receive(forged(server, encodeCbor([0]), 1)), { code: 'record', check: 'misplaced' });
    assert.throws(() => server.receive(forged(client, encodeCbor([0]), 0)), { code: 'record', check: 'misplaced' });
  });

  test('a record of an unknown kind ends the channel', async () => {
    const { server, client } = await connect();
    assert.throws(() => server.receive(forged(client, encodeCbor([9]), 0)), { code: 'record', check: 'kind' });
    assert.throws(() => server.seal({ kind: 'pong' }), { check: 'ended' });
    assert.ok(client.seal({ kind: 'pong' }).length > 0);
  });

  test('busy is the first record of a server, or has no place', async () => {
    const one = await connect();
    assert.throws(() => one.client.seal({ kind: 'busy' }), { code: 'record', check: 'misplaced' });
    assert.deepEqual(one.client.receive(one.server.seal({ kind: 'busy' })), [{ kind: 'busy' }]);
    assert.throws(() => one.server.seal({ kind: 'busy' }), { code: 'record', check: 'misplaced' });
    assert.throws(() => one.server.receive(forged(one.client, encodeCbor([8]), 0)), { check: 'misplaced' });
    const two = await connect();
    two.client.receive(two.server.seal({ kind: 'accepted', seq: 0 }));
    assert.throws(() => two.client.receive(forged(two.server, encodeCbor([8]), 2)), { check: 'misplaced' });
  });

  test('after a close no flight and no second close, only acknowledgements', async () => {
    const { server, client } = await connect();
    const flight: Content = { kind: 'envelope', envelope: Uint8Array.of(1) };
    const close: Content = { kind: 'close', lastSeq: 3 };
    assert.deepEqual(server.receive(client.seal(close)), [close]);
    for (const content of [flight, close]) {
      assert.throws(() => client.seal(content), { code: 'record', check: 'misplaced' });
    }
    const after: Content[] = [
      { kind: 'accepted', seq: 5 },
      { kind: 'too-old', seq: 6 },
      { kind: 'ping' },
      { kind: 'pong' },
    ];
    for (const content of after) assert.deepEqual(server.receive(client.seal(content)), [content]);
    assert.deepEqual(client.receive(server.seal(flight)), [flight], 'the other may still finish');
    const other = await connect();
    other.server.receive(other.client.seal(close));
    assert.throws(() => other.server.receive(forged(other.client, encodeContent(flight), 1)), { check: 'misplaced' });
    const third = await connect();
    third.client.receive(third.server.seal(close));
    assert.throws(() => third.client.receive(forged(third.server, encodeContent(close), 2)), { check: 'misplaced' });
  });

  test('every failure is told in a sentence and keeps its cause', async () => {
    const whyNot = async (chunk: (from: Channel) => Uint8Array): Promise<ProtocolError> => {
      const { server, client } = await connect();
      try {
        server.receive(chunk(client));
      } catch (error) {
        assert.ok(error instanceof ProtocolError && error.cause instanceof ProtocolError);
        assert.equal(error.message, error.cause.message);
        return error.cause;
      }
      return assert.fail('it was accepted');
    };
    const failures = [
      await whyNot(() => REJECT),
      await whyNot(() => encodeFrame(FRAME.REJECT, Uint8Array.of(0))),
      await whyNot(() => encodeFrame(FRAME.F1, EMPTY)),
      await whyNot(() => encodeFrame(FRAME.RECORD, EMPTY)),
      await whyNot(() => new Uint8Array(4)),
      await whyNot(() => new Uint8Array(4).fill(0xff)),
      await whyNot((from) => forged(from, encodeCbor([0]), 0)),
      await whyNot((from) => forged(from, encodeCbor([8]), 0)),
      await whyNot((from) => forged(from, encodeCbor([9]), 0)),
      await whyNot((from) => forged(from, encodeCbor([3, 3]), 0)),
      await whyNot((from) => forged(from, encodeCbor(3), 0)),
      await whyNot((from) => forged(from, EMPTY, 0)),
    ];
    for (const { message } of failures) assert.match(message, /^[A-Z].{10,}\.$/);
    assert.equal(new Set(failures.map((failure) => failure.message)).size, failures.length);
    assert.ok(isProtocolError(failures[3]?.cause, 'primitive'));
    assert.ok(isProtocolError(failures[11]?.cause, 'cbor'));
  });

  test('misplaced is a record error for kinds a caller does not know', () => {
    assert.ok(isProtocolError(misplaced('A relay record'), 'record'));
  });

  test('a channel that forgot its handshake goes on without it', async () => {
    const { server, client } = await connect();
    server.forgetHandshake();
    assert.throws(() => server.handshake, { code: 'reuse', check: 'handshake' });
    assert.deepEqual(client.receive(server.seal({ kind: 'ping' })), [{ kind: 'ping' }]);
    assert.deepEqual(server.receive(client.seal({ kind: 'pong' })), [{ kind: 'pong' }]);
    assert.equal(client.handshake.role, 'client');
  });

  test('a content above the frame limit is refused before it is sent, and the channel lives', async () => {
    const { server, client } = await connect();
    assert.throws(() => client.seal({ kind: 'envelope', envelope: new Uint8Array(MAX_FRAME) }), { code: 'limit' });
    assert.deepEqual(server.receive(client.seal({ kind: 'ping' })), [{ kind: 'ping' }]);
  });

  test('random bytes end a channel with a record or frame error and nothing else', async () => {
    const { client } = await connect();
    const { handshake } = client;
    const { receiveKey, receiveIv } = handshake.recordKeys;
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (chunks) => {
        const reader = new FrameReader(MAX_FRAME);
        const opener = new RecordOpener(p, { key: receiveKey, iv: receiveIv });
        const sealer = new RecordSealer(p, { key: receiveKey, iv: receiveIv });
        const channel = new Channel({ handshake, sealer, opener, reader });
        try {
          for (const chunk of chunks) assert.deepEqual(channel.receive(chunk), []);
        } catch (error) {
          assert.ok(isProtocolError(error, 'record', 'frame'));
        }
      }),
      { numRuns: 100 },
    );
  });
});
