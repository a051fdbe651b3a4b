import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../src/bytes.ts';
import type { CborValue } from '../src/codec/cbor.ts';
import { decodeContent, encodeContent } from '../src/channel/content.ts';
import { isProtocolError } from '../src/errors.ts';
import { MAX_FRAME, OUTER_LENGTHS } from '../src/limits.ts';
import { mailboxOf } from '../src/relay-messages/mailbox.ts';
import { decodeReply, encodeReply, type RelayReply } from '../src/relay-messages/reply.ts';
import { decodeRequest, encodeRequest, type RelayOp, type RelayRequest } from '../src/relay-messages/request.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { loadVectors } from './vectors/load.ts';
import { type RelayMessagesFile, runRelayMessages } from './vectors/relay-messages.ts';

for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`relay-messages.json: every entry ends as it says (§11.2, §11.4), on ${name}`, async () => {
    const file = loadVectors('relay-messages') as RelayMessagesFile;
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runRelayMessages(file, primitives), { ran: file.count, good: file.good });
  });
}

const bytes = (size: number, fill = 7): Uint8Array<ArrayBuffer> => new Uint8Array(size).fill(fill);
const malformed = (error: unknown): boolean => isProtocolError(error, 'record') && error.check === 'relay message';

/** What was said, after a record carried it. */
function carried(body: readonly CborValue[]): readonly CborValue[] {
  const plain = encodeContent({ kind: 'relay', body });
  assert.ok(plain.length + 21 <= MAX_FRAME, 'one message fits one frame');
  const content = decodeContent(plain);
  assert.ok(content.kind === 'relay');
  return content.body;
}

const keys = Array.from({ length: 100 }, () => ({ opk: bytes(32), ek: bytes(1184) }));
const REQUESTS: readonly RelayRequest[] = [
  { op: 'join', token: bytes(0) },
  { op: 'join', token: bytes(16) },
  { op: 'claim', name: utf8('alice') },
  { op: 'resolve', name: utf8('alice') },
  { op: 'prekeys', statement: bytes(2048), signature: bytes(256), keys },
  { op: 'fetch', account: bytes(32), withEntry: true },
  { op: 'fetch', account: bytes(32), withEntry: false },
  { op: 'put', envelopes: [{ mailbox: bytes(32), id: bytes(16), outer: bytes(114_768) }] },
  {
    op: 'put',
    envelopes: Array.from({ length: 64 }, (_, i) => ({ mailbox: bytes(32), id: bytes(16, i), outer: bytes(1104) })),
  },
  { op: 'receive' },
  { op: 'confirm', ids: Array.from({ length: 1024 }, () => bytes(16)) },
  { op: 'unopenable', ids: [bytes(16)] },
  { op: 'status', ids: [bytes(16)] },
  { op: 'signal', mailbox: bytes(32), outer: bytes(1104) },
  { op: 'invite', tokenHash: bytes(32), days: 30 },
  { op: 'invite', tokenHash: bytes(32), days: 0 },
  { op: 'stored', row: 0 },
  { op: 'leave' },
];

const set = {
  bundle: bytes(1500),
  statement: bytes(2000),
  signature: bytes(256),
  entry: bytes(1222),
  path: [bytes(32)],
};
const REPLIES: readonly (readonly [RelayOp | undefined, RelayReply])[] = [
  ['join', { kind: 'answer', id: 1, answer: { op: 'join', name: utf8('alice') } }],
  ['claim', { kind: 'answer', id: 1, answer: { op: 'claim' } }],
  ['resolve', { kind: 'answer', id: 1, answer: { op: 'resolve', account: bytes(32) } }],
  ['fetch', { kind: 'answer', id: 1, answer: { op: 'fetch', sets: [set] } }],
  [
    'fetch',
    {
      kind: 'answer',
      id: 1,
      answer: { op: 'fetch', sets: [{ ...set, statement: bytes(0), signature: bytes(0), entry: bytes(0), path: [] }] },
    },
  ],
  ['put', { kind: 'answer', id: 9, answer: { op: 'put', codes: [0, 12, 13] } }],
  ['status', { kind: 'answer', id: 9, answer: { op: 'status', states: [0, 1, 2, 3] } }],
  [
    'stored',
    {
      kind: 'answer',
      id: 2,
      answer: {
        op: 'stored',
        rows: [
          {
            table: utf8('accounts'),
            columns: [
              [utf8('joined'), 5],
              [utf8('name'), bytes(3)],
            ],
          },
        ],
        next: 7,
      },
    },
  ],
  ['leave', { kind: 'answer', id: 3, answer: { op: 'leave' } }],
  ['put', { kind: 'refusal', id: 3, code: 14, retry: 1000 }],
  [
    undefined,
    {
      kind: 'event',
      event: { event: 'welcome', member: true, name: utf8('a'), prekeyCounter: 3, entriesLeft: 99, waiting: 2 },
    },
  ],
  [undefined, { kind: 'event', event: { event: 'deliver', envelopes: [{ id: bytes(16), outer: bytes(1104) }] } }],
  [undefined, { kind: 'event', event: { event: 'signal', outer: bytes(1104) } }],
  [undefined, { kind: 'event', event: { event: 'status', notices: [{ id: bytes(16), state: 2 }] } }],
  [undefined, { kind: 'event', event: { event: 'entries', left: 20 } }],
  [undefined, { kind: 'event', event: { event: 'goodbye', reason: 1, retry: 5000 } }],
];

describe('requests (§11.4)', () => {
  test('go both ways in one frame', () => {
    for (const [at, request] of REQUESTS.entries()) {
      assert.deepEqual(decodeRequest(carried(encodeRequest(at + 1, request))), { id: at + 1, request });
    }
    assert.equal(new Set(REQUESTS.map(({ op }) => op)).size, 14);
  });

  test('an unknown op is told apart from a malformed one', () => {
    assert.deepEqual(decodeRequest([5, 15, bytes(1)]), { id: 5, request: { op: 'unknown' } });
    for (const body of [[], [1], [0, 7], [1, 0], [bytes(1), 7], [1, bytes(1)], ['1', 7]]) {
      assert.throws(() => decodeRequest(body), malformed);
    }
  });

  test('each is refused with a field too many, too few, or of another kind', () => {
    for (const request of REQUESTS) {
      const body = encodeRequest(1, request);
      assert.throws(() => decodeRequest([...body, 0]), malformed, request.op);
      for (let at = 2; at < body.length; at++) {
        assert.throws(() => decodeRequest(body.toSpliced(at, 1)), malformed, request.op);
        assert.throws(() => decodeRequest(body.with(at, 'text')), malformed, request.op);
      }
    }
  });

  test('the limits hold at their edges', () => {
    const put = (count: number, size = 1104): readonly CborValue[] => [
      1,
      6,
      Array.from({ length: count }, (_, i) => [bytes(32), bytes(16, i), bytes(size)]),
    ];
    for (const length of OUTER_LENGTHS) {
      decodeRequest(put(1, length + 80));
      assert.throws(() => decodeRequest(put(1, length + 79)), malformed);
      assert.throws(() => decodeRequest(put(1, length + 81)), malformed);
    }
    decodeRequest(put(64));
    assert.throws(() => decodeRequest(put(65)), malformed);
    const twice = [bytes(32), bytes(16), bytes(1104)];
    assert.throws(() => decodeRequest([1, 6, [twice, twice]]), malformed, 'ids differ within a message');
    assert.throws(() => decodeRequest(put(0)), malformed);
    const list = (op: number, count: number): readonly CborValue[] => [
      1,
      op,
      Array.from({ length: count }, () => bytes(16)),
    ];
    for (const [op, max] of [
      [8, 1024],
      [9, 64],
      [10, 1024],
    ] as const) {
      decodeRequest(list(op, max));
      assert.throws(() => decodeRequest(list(op, max + 1)), malformed);
      assert.throws(() => decodeRequest(list(op, 0)), malformed);
    }
    decodeRequest([1, 12, bytes(32), 30]);
    assert.throws(() => decodeRequest([1, 12, bytes(32), 31]), malformed);
    assert.throws(() => decodeRequest([1, 11, bytes(32), bytes(2128)]), malformed, 'a signal has one size');
    assert.throws(() => decodeRequest([1, 1, bytes(15)]), malformed);
    assert.throws(() => decodeRequest([1, 5, bytes(32), 2]), malformed);
    const [statement, signature, list99] = [bytes(2000), bytes(256), keys.slice(1).map(({ opk, ek }) => [opk, ek])];
    assert.throws(() => decodeRequest([1, 4, statement, signature, list99]), malformed);
  });

  test('whatever comes is either a request that says the same again, or malformed', () => {
    const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        fc.nat(40),
        fc.constantFrom(bytes(0), bytes(16), bytes(32), bytes(256), bytes(1104)),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), (body) => {
        try {
          const { id, request } = decodeRequest(body);
          if (request.op !== 'unknown') assert.deepEqual(encodeRequest(id, request), body);
        } catch (error) {
          assert.ok(malformed(error), String(error));
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('replies (§11.4)', () => {
  test('go both ways in one frame', () => {
    for (const [op, reply] of REPLIES) {
      assert.deepEqual(
        decodeReply(carried(encodeReply(reply)), () => op),
        reply,
      );
    }
  });

  test('each is refused with a field too many, too few, or of another kind', () => {
    for (const [op, reply] of REPLIES) {
      const body = encodeReply(reply);
      assert.throws(() => decodeReply([...body, 0], () => op), malformed);
      assert.throws(() => decodeReply(body.with(1, 'text'), () => op), malformed);
      for (let at = 2; at < body.length; at++) {
        assert.throws(() => decodeReply(body.toSpliced(at, 1), () => op), malformed);
        assert.throws(() => decodeReply(body.with(at, 'text'), () => op), malformed);
      }
    }
  });

  test('an unknown event is ignored, an answer to nothing is not', () => {
    assert.deepEqual(
      decodeReply([0, 6, bytes(1)], () => undefined),
      { kind: 'event', event: { event: 'unknown' } },
    );
    assert.throws(() => decodeReply([4, 0], () => undefined), malformed);
    assert.throws(() => decodeReply([bytes(1), 0], () => 'leave'), malformed);
    assert.throws(() => decodeReply([1], () => 'leave'), malformed);
    assert.throws(() => encodeReply({ kind: 'event', event: { event: 'unknown' } }), TypeError);
  });
});

test('a mailbox is named by relay, account and device (§11.3)', () => {
  const owner = { relay: bytes(32, 1), account: bytes(32, 2), device: bytes(16, 3) };
  const expected = p.sha256(
    Buffer.concat([Buffer.from('waxwing/1 mailbox\n'), owner.relay, owner.account, owner.device]),
  );
  assert.deepEqual(mailboxOf(p, owner), expected);
});
