import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { type Bytes, concat, textOf, toHex, utf8 } from '../src/bytes.ts';
import { decodeCbor, encodeCbor } from '../src/codec/cbor.ts';
import type { SealedMailboxFlight } from '../src/conversation/mailbox-conversation.ts';
import { encodeMailboxState } from '../src/conversation/mailbox-state.ts';
import { openQuote, placeBetween, type QuoteContext } from '../src/conversation/open-quote.ts';
import { decodeQuote, encodeQuote, type Quote, quoteFlight, type SignedFlight } from '../src/conversation/quote.ts';
import { commitItem, encodeMessageStatement, statementContext } from '../src/envelope/message-statement.ts';
import type { Item } from '../src/envelope/payload.ts';
import { gotOf, type ReceivedChain } from '../src/envelope/received-chain.ts';
import { isProtocolError } from '../src/errors.ts';
import { renewDevice } from '../src/keys/device.ts';
import { signStatement } from '../src/keys/profile.ts';
import { TYPE_QUOTE, TYPE_STEP } from '../src/labels.ts';
import { DAY, MAX_BODY } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { webPrimitives } from '../src/primitives/web.ts';
import { bundleWith } from './fixtures/bundle-with.ts';
import { fails, textItem } from './fixtures/conversations.ts';
import { alice, aliceAccount, aliceSecond, bob, carol, NOW } from './fixtures/devices.ts';
import { type Side, sides } from './fixtures/mailboxes.ts';
import { loadVectors } from './vectors/load.ts';
import { type ReceiptsFile, runReceipts } from './vectors/receipts-and-quotes.ts';

/** What alice's store keeps of a flight. */
const stored = (flight: SealedMailboxFlight): SignedFlight => ({ ...flight, bundle: alice.bundle.bytes });

const quoteOf = (flight: SealedMailboxFlight, items: readonly Item[] = flight.items): Bytes => {
  const item = quoteFlight(p, stored(flight), items);
  assert.ok(item);
  assert.equal(item.type, TYPE_QUOTE);
  return new Uint8Array(item.body);
};

/** Alice has said so many flights; bob has those of these numbers. */
async function talk(
  count: number,
  came: readonly number[],
): Promise<{ a: Side; b: Side; sent: SealedMailboxFlight[] }> {
  const { a, b } = sides();
  await a.start(0);
  const sent: SealedMailboxFlight[] = [];
  for (let n = 1; n <= count; n++) {
    const items = n === 3 ? [textItem('three'), textItem('and more'), textItem('')] : [textItem(`flight ${n}`)];
    sent.push(await a.conversation.seal({ items, now: NOW + n }));
  }
  for (const n of came) await b.receive((sent[n - 1] as SealedMailboxFlight).inner);
  return { a, b, sent };
}

const written = (side: Side): string => toHex(encodeMailboxState(side.conversation.state).chains);

const file = loadVectors('receipts-and-quotes') as ReceiptsFile;
for (const [name, primitives] of Object.entries({ node: p, web: webPrimitives })) {
  test(`receipts-and-quotes.json: every entry ends as it says (§9.6), on ${name}`, async () => {
    assert.equal(file.vectors.length, file.count);
    assert.deepEqual(await runReceipts(file, primitives), { ran: file.count, good: file.good });
  });
}

suite('a quoted flight (§9.6)', () => {
  test('takes its place in the chain, with the ids it would have had', async () => {
    const { b, sent } = await talk(5, [1, 5]);
    assert.deepEqual(gotOf(b.conversation.state.received), { last: 5, ranges: [[2, 4]] });
    const flight = sent[2] as SealedMailboxFlight;
    const quoted = await b.conversation.openQuote(quoteOf(flight), NOW + 9_000);
    assert.deepEqual([quoted.seq, quoted.sent, quoted.age, quoted.ttl], [3, NOW + 3, 8_997, 0]);
    assert.deepEqual(quoted.items, flight.items);
    assert.deepEqual([quoted.statement, quoted.signature], [flight.statement, flight.signature]);
    assert.deepEqual(quoted.commitments, flight.commitments);
    assert.deepEqual(quoted.statementHash, flight.statementHash);
    assert.deepEqual(quoted.bundle, alice.bundle.bytes);
    assert.deepEqual(
      quoted.proof.map(({ check }) => check),
      ['freshness', 'signature'],
    );
    assert.deepEqual(gotOf(b.conversation.state.received), {
      last: 5,
      ranges: [
        [2, 2],
        [4, 4],
      ],
    });
    await b.conversation.openQuote(quoteOf(sent[3] as SealedMailboxFlight), NOW);
    // The envelope itself may still come; then it is there already.
    await b.receive((sent[1] as SealedMailboxFlight).inner);
    assert.deepEqual(gotOf(b.conversation.state.received), { last: 5, ranges: [] });
    await assert.rejects(b.receive(flight.inner), fails('envelope-4', 'seq'));
    await assert.rejects(b.conversation.openQuote(quoteOf(flight), NOW), fails('quote', 'place'));
  });

  test('travels as an item, and may be of any items of its flight', async () => {
    const { a, b, sent } = await talk(4, [1, 4]);
    const flight = sent[2] as SealedMailboxFlight;
    const item = quoteFlight(p, stored(flight), [flight.items[2] as Item, flight.items[0] as Item]);
    assert.ok(item);
    const carried = await b.receive((await a.conversation.seal({ items: [item], now: NOW })).inner);
    const quoted = await b.conversation.openQuote((carried.items[0] as Item).body, NOW);
    assert.deepEqual(quoted.items, [flight.items[0], flight.items[2]]);
    assert.equal(quoted.commitments.length, 3);
  });

  test('is taken where a void covers it, and where the author has renewed its certificate since', async () => {
    const { a, b, sent } = await talk(3, [1]);
    const voids = await a.conversation.seal({ items: [textItem('void')], ctl: [['void', 2, 3]], now: NOW });
    await b.receive(voids.inner);
    assert.deepEqual(gotOf(b.conversation.state.received), { last: 4, ranges: [] });
    const options = { account: aliceAccount, now: NOW, rotateWrapKey: false, newDeviceId: false };
    const renewed = await renewDevice(p, { ...options, device: alice });
    const state = { ...b.conversation.state, peer: renewed.bundle };
    b.conversation = b.from(state);
    assert.equal((await b.conversation.openQuote(quoteOf(sent[1] as SealedMailboxFlight), NOW)).seq, 2);
    assert.equal((await b.conversation.openQuote(quoteOf(sent[2] as SealedMailboxFlight), NOW)).seq, 3);
    assert.deepEqual(b.conversation.state.received.gaps, []);
  });

  test('keeps no step and no quote, and not what would be too large: then there is none', async () => {
    const { a } = await talk(1, [1]);
    const seal = a.conversation.seal.bind(a.conversation);
    const step = await seal({ items: [{ type: TYPE_STEP, body: new Uint8Array(0) }], now: NOW });
    assert.equal(quoteFlight(p, stored(step), step.items), undefined);
    const mixed = await seal({ items: [{ type: TYPE_QUOTE, body: utf8('x') }, textItem('hello')], now: NOW });
    assert.deepEqual(
      decodeQuote(quoteOf(mixed)).items.map(({ index }) => index),
      [1],
    );
    const fits = MAX_BODY - decodeQuoteOverhead();
    for (const [size, there] of [
      [fits, true],
      [fits + 1, false],
    ] as const) {
      const large = await seal({ items: [{ type: 'x/y', body: new Uint8Array(size) }], now: NOW });
      assert.equal(quoteFlight(p, stored(large), large.items) !== undefined, there);
    }
    assert.throws(() => quoteFlight(p, stored(step), mixed.items), fails('limit', 'quote'));
  });

  /** What a quote of one large item has beside its body, measured on one that fits. */
  function decodeQuoteOverhead(): number {
    const commitments = [new Uint8Array(32)];
    const items = [{ index: 0, type: 'x/y', body: new Uint8Array(60_000), opening: new Uint8Array(32) }];
    const statement = new Uint8Array(statementSize);
    const bundle = alice.bundle.bytes;
    return encodeQuote({ bundle, statement, signature: new Uint8Array(256), commitments, items }).length - 60_000;
  }
  let statementSize = 0;
  before(async () => {
    const { sent } = await talk(2, []);
    statementSize = (sent[1] as SealedMailboxFlight).statement.length;
  });
});

/** A quote of alice's second flight to bob, made by hand, so that any part can be wrong. */
interface Parts {
  readonly from?: { readonly account: Bytes; readonly device: Bytes };
  readonly to?: { readonly account: Bytes; readonly device: Bytes };
  readonly seq?: number;
  readonly prev?: Bytes;
  readonly sent?: number;
  readonly items?: readonly Item[];
}

const ITEMS: readonly Item[] = ['one', 'two'].map((text, n) => ({
  type: 'text/plain',
  body: utf8(text),
  opening: new Uint8Array(32).fill(n),
}));

async function madeBy(parts: Parts = {}): Promise<Quote & { readonly hash: Bytes }> {
  const { from = alice.bundle, to = bob.bundle, seq = 2, prev = BEFORE, sent = NOW, items = ITEMS } = parts;
  const commitments = items.map((item) => commitItem(p, item));
  const context = statementContext(p, { sid: new Uint8Array(16), from, to });
  const statement = encodeMessageStatement(p, context, { seq, prev, sent, ttl: 0, commitments });
  const signature = await signStatement(p, alice.signKey, statement);
  const quoted = items.map((item, index) => ({ ...item, index }));
  return { bundle: alice.bundle.bytes, statement, signature, commitments, items: quoted, hash: p.sha256(statement) };
}

const BEFORE = new Uint8Array(32).fill(7);

/** Bob misses flights 2 and 3 of alice's. */
const chainWith = (after: Bytes, to = 3): ReceivedChain => ({
  last: { seq: 5, hash: new Uint8Array(32).fill(5) },
  gaps: [{ from: 2, to, before: BEFORE, after }],
  voids: [],
});

function contextWith(received: ReceivedChain): QuoteContext {
  return {
    author: alice.bundle,
    places: [placeBetween(p, { from: alice.bundle, to: bob.bundle, received })],
    now: NOW,
  };
}

const CONTEXT = contextWith(chainWith(new Uint8Array(32)));

suite('a quote that is refused', () => {
  let good: Quote & { readonly hash: Bytes };
  before(async () => {
    good = await madeBy();
  });
  const refuses = async (quote: Quote | Bytes, check: string, context = CONTEXT): Promise<void> => {
    const body = quote instanceof Uint8Array ? quote : encodeQuote(quote);
    await assert.rejects(openQuote(p, context, body), fails('quote', check));
  };
  const flipped = (bytes: Bytes, at = bytes.length - 1): Bytes =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));

  test('the quote that the others differ from is taken', async () => {
    const opened = await openQuote(p, CONTEXT, encodeQuote(good));
    assert.deepEqual(
      opened.items.map(({ body }) => textOf(body)),
      ['one', 'two'],
    );
    assert.equal(opened.place, CONTEXT.places[0]);
  });

  test('shape: anything but its one encoding', async () => {
    const fields = decodeCbor(encodeQuote(good)) as unknown[];
    const wrong: readonly (readonly [at: number, value: unknown])[] = [
      [0, new Uint8Array(0)],
      [1, new Uint8Array(0)],
      [1, new Uint8Array(2049)],
      [2, good.signature.subarray(1)],
      [3, new Uint8Array(0)],
      [3, concat(...good.commitments).subarray(1)],
      [3, new Uint8Array(32 * 65)],
      [4, []],
      [4, [[0, 'text/plain', utf8('one')]]],
      [4, [[0, 'text plain', utf8('one'), new Uint8Array(32)]]],
      [4, [[0, '', utf8('one'), new Uint8Array(32)]]],
      [4, [[0, 'text/plain', utf8('one'), new Uint8Array(31)]]],
      [4, [[64, 'text/plain', utf8('one'), new Uint8Array(32)]]],
      [4, [[0, 'text/plain', new Uint8Array(MAX_BODY + 1), new Uint8Array(32)]]],
    ];
    for (const [at, value] of wrong) {
      await refuses(encodeCbor(fields.map((field, index) => (index === at ? value : field)) as never), 'shape');
    }
    await refuses({ ...good, items: good.items.toReversed() }, 'shape');
    await refuses({ ...good, items: [good.items[0]!, good.items[0]!] }, 'shape');
    await refuses(concat(encodeQuote(good), new Uint8Array(1)), 'shape');
    await refuses(new Uint8Array(0), 'shape');
    await refuses(encodeCbor(fields.slice(1) as never), 'shape');
  });

  test('author: another account, another device of the account, and what is no bundle at all', async () => {
    for (const { bundle } of [bob, aliceSecond, carol]) await refuses({ ...good, bundle: bundle.bytes }, 'author');
    await refuses({ ...good, bundle: utf8('no bundle') }, 'author');
    // To quote what another wrote is nobody's, however well it is signed.
    await refuses(encodeQuote(good), 'author', { ...CONTEXT, author: carol.bundle });
  });

  test('bundle: not signed by its account, of another sign-key, or not valid at `sent`', async () => {
    await refuses({ ...good, bundle: flipped(alice.bundle.bytes) }, 'bundle');
    const { signKey } = carol.bundle.certificate;
    await refuses({ ...good, bundle: new Uint8Array(await bundleWith({ signKey })) }, 'bundle');
    const { notBefore, notAfter } = alice.bundle.certificate;
    for (const sent of [notBefore - 1, notAfter + 1]) await refuses(await madeBy({ sent }), 'bundle');
    for (const sent of [notBefore, notAfter]) await openQuote(p, CONTEXT, encodeQuote(await madeBy({ sent })));
  });

  test('statement: not of its grammar, of another kind, or of another device', async () => {
    const signed = async (text: string): Promise<Quote> => {
      const statement = utf8(text);
      return { ...good, statement, signature: await signStatement(p, alice.signKey, statement) };
    };
    const text = Buffer.from(good.statement).toString();
    await refuses(await signed(text.replace('seq: 2', 'seq: 02')), 'statement');
    await refuses(await signed(text.replace('seq: 2', 'seq: 0')), 'statement');
    await refuses(await signed(text.replace('count: 2\n', '')), 'statement');
    await refuses(await signed(text.replace('waxwing/1 message', 'waxwing/1 prekeys')), 'statement');
    await refuses(await signed(`${text}note: x\n`), 'statement');
    await refuses(await madeBy({ from: aliceSecond.bundle }), 'statement');
    await refuses(await madeBy({ from: { ...alice.bundle, account: bob.bundle.account } }), 'statement');
  });

  test('recipient: another person, another device, another conversation', async () => {
    await refuses(await madeBy({ to: carol.bundle }), 'recipient');
    await refuses(await madeBy({ to: { account: bob.bundle.account, device: carol.bundle.device } }), 'recipient');
    await refuses(encodeQuote(good), 'recipient', { ...CONTEXT, places: [] });
    const [place] = CONTEXT.places;
    assert.ok(place);
    for (const change of [{ conversation: '00'.repeat(32) }, { to: '00'.repeat(32) }]) {
      await refuses(encodeQuote(good), 'recipient', { ...CONTEXT, places: [{ ...place, ...change }] });
    }
    // One of several: a former device of bob's, say, or a room.
    const former = { ...place, to: '00'.repeat(32) };
    assert.equal((await openQuote(p, { ...CONTEXT, places: [former, place] }, encodeQuote(good))).place, place);
  });

  test('signature: one bit of it, of the statement, or another signer', async () => {
    await refuses({ ...good, signature: flipped(good.signature) }, 'signature');
    const text = Buffer.from(good.statement).toString();
    await refuses({ ...good, statement: utf8(text.replace('seq: 2', 'seq: 3')) }, 'signature');
    await refuses({ ...good, signature: await signStatement(p, carol.signKey, good.statement) }, 'signature');
  });

  test('items: other commitments, another number of them, an item that does not give its own, or cannot be shown', async () => {
    const [first, second] = good.items;
    const [c1, c2] = good.commitments;
    assert.ok(first && second && c1 && c2);
    await refuses({ ...good, commitments: [c2, c1] }, 'items');
    await refuses({ ...good, commitments: [c1] }, 'items');
    await refuses({ ...good, commitments: [c1, c2, c2] }, 'items');
    await refuses({ ...good, items: [{ ...first, body: utf8('One') }] }, 'items');
    await refuses({ ...good, items: [{ ...first, type: 'text/html' }] }, 'items');
    await refuses({ ...good, items: [{ ...first, opening: second.opening }] }, 'items');
    await refuses({ ...good, items: [{ ...first, index: 1 }] }, 'items');
    await refuses({ ...good, items: [{ ...second, index: 2 }] }, 'items');
    const shown = async (type: string, body: Bytes): Promise<Quote> =>
      madeBy({ items: [{ type, body, opening: new Uint8Array(32) }] });
    await refuses(await shown('text/plain', new Uint8Array([0xff])), 'items');
    await refuses(await shown(TYPE_STEP, new Uint8Array(0)), 'items');
    await refuses(await shown(TYPE_QUOTE, encodeQuote(good)), 'items');
    await openQuote(p, CONTEXT, encodeQuote(await shown('application/octet-stream', new Uint8Array([0xff]))));
  });

  test('place: not missing, or not what its neighbours say', async () => {
    for (const seq of [1, 4, 5, 6]) await refuses(await madeBy({ seq }), 'place');
    await refuses(await madeBy({ prev: new Uint8Array(32) }), 'place');
    // At the end of the gap its own hash is known: the prev of flight 4.
    const last = await madeBy({ seq: 3, prev: new Uint8Array(32).fill(1) });
    await refuses(last, 'place');
    assert.equal((await openQuote(p, contextWith(chainWith(last.hash)), encodeQuote(last))).seq, 3);
    const alone = contextWith(chainWith(good.hash, 2));
    await openQuote(p, alone, encodeQuote(good));
    await refuses(await madeBy({ sent: NOW + 1 }), 'place', alone);
  });

  test('of several faults the first in the order', async () => {
    const [first] = good.items;
    assert.ok(first);
    const wrong: Quote = {
      bundle: carol.bundle.bytes,
      statement: utf8('no statement'),
      signature: new Uint8Array(256),
      commitments: [new Uint8Array(32)],
      items: [{ ...first, index: 5 }],
    };
    await refuses(wrong, 'author');
    await refuses({ ...wrong, bundle: flipped(alice.bundle.bytes) }, 'bundle');
    await refuses({ ...wrong, bundle: good.bundle }, 'statement');
    const elsewhere = await madeBy({ to: carol.bundle });
    await refuses({ ...wrong, bundle: good.bundle, statement: elsewhere.statement }, 'recipient');
    const notMissing = await madeBy({ seq: 1 });
    await refuses({ ...wrong, bundle: good.bundle, statement: notMissing.statement }, 'signature');
    await refuses({ ...notMissing, items: wrong.items }, 'items');
    await refuses(notMissing, 'place');
  });

  test('leaves the conversation as it was, and counts against nobody', async () => {
    const { b, sent } = await talk(3, [1, 3]);
    const before = written(b);
    const quote = quoteOf(sent[1] as SealedMailboxFlight);
    for (let at = 0; at < quote.length; at += 97) {
      await assert.rejects(b.conversation.openQuote(flipped(quote, at), NOW), (error) =>
        isProtocolError(error, 'quote'),
      );
    }
    assert.equal(written(b), before);
    assert.equal(b.conversation.failuresBehindHmac, 0);
    await b.conversation.openQuote(quote, NOW + 40 * DAY);
  });
});
