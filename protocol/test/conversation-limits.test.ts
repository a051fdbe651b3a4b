import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { utf8 } from '../src/bytes.ts';
import { encodeContent } from '../src/channel/content.ts';
import { RecordSealer } from '../src/channel/records.ts';
import type { ControlEntry, OutgoingItem } from '../src/conversation/flight.ts';
import { newChain } from '../src/conversation/live-conversation.ts';
import type { Item } from '../src/envelope/payload.ts';
import { checkSealable, FRAME_ROOM } from '../src/envelope/seal.ts';
import { isProtocolError } from '../src/errors.ts';
import { DAY, MAX_BODY, MAX_CTL, MAX_FRAME, MAX_ITEMS, MAX_SAFE_UINT } from '../src/limits.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { SecretKey } from '../src/primitives.ts';
import { fails, pair, say, textItem, texts } from './fixtures/conversations.ts';
import { NOW } from './fixtures/devices.ts';

suite('limits, before anything changes (§5.1, §12)', () => {
  const item = (type: string, body: Uint8Array = new Uint8Array(), opening?: Uint8Array): OutgoingItem => ({
    type,
    body,
    opening,
  });
  const deep: ControlEntry = ['deep', [[[0]]]];
  const refused: [
    what: string,
    check: string,
    flight: { items: OutgoingItem[]; ctl?: ControlEntry[]; now?: number },
  ][] = [
    ['no item', 'items', { items: [] }],
    ['65 items', 'items', { items: new Array<OutgoingItem>(MAX_ITEMS + 1).fill(textItem('x')) }],
    ['a body of one byte too many', 'body', { items: [item('a/b', new Uint8Array(MAX_BODY + 1))] }],
    ['bodies of one byte too many', 'body', { items: [item('a/b', new Uint8Array(MAX_BODY)), textItem('x')] }],
    ['a text that is not UTF-8', 'body', { items: [item('text/plain', Uint8Array.of(0xff))] }],
    ['a text that is a lone surrogate', 'body', { items: [item('text/plain', Uint8Array.of(0xed, 0xa0, 0x80))] }],
    ['no media type', 'media type', { items: [item('')] }],
    ['a media type of 65', 'media type', { items: [item('x'.repeat(65))] }],
    ['a media type with a space', 'media type', { items: [item('text/ plain')] }],
    ['a media type with a line feed at its end', 'media type', { items: [item('text/x\n')] }],
    ['a media type beyond ASCII', 'media type', { items: [item('text/é')] }],
    ['an opening of 31', 'opening', { items: [item('text/plain', utf8('x'), new Uint8Array(31))] }],
    ['too many ctl entries', 'ctl', { items: [textItem('x')], ctl: new Array<ControlEntry>(MAX_CTL).fill(['x']) }],
    ['an unnamed ctl entry', 'ctl', { items: [textItem('x')], ctl: [[] as unknown as ControlEntry] }],
    ['a ctl entry named in bytes', 'ctl', { items: [textItem('x')], ctl: [[utf8('x')] as unknown as ControlEntry] }],
    ['ctl nested too deeply', 'ctl', { items: [textItem('x')], ctl: [deep] }],
    ['ctl that is no CBOR of ours', 'ctl', { items: [textItem('x')], ctl: [['x', -1]] }],
    ['ctl that no frame holds', 'frame', { items: [textItem('x')], ctl: [['x', new Uint8Array(MAX_FRAME)]] }],
    ['a time that is none', 'sent', { items: [textItem('x')], now: 0.5 }],
    ['a time before 1970', 'sent', { items: [textItem('x')], now: -1 }],
  ];

  for (const [what, check, flight] of refused) {
    test(`${what} is refused`, async () => {
      const { server, client } = pair();
      await assert.rejects(server.seal({ now: NOW, ...flight }), fails('limit', check));
      assert.deepEqual(server.chain, newChain());
      assert.deepEqual(texts(await client.open((await say(server, 'after')).envelope, NOW)), ['after']);
    });
  }

  test('everything at its edge at once is taken, and fits a frame', async () => {
    const { server, client } = pair({ now: NOW - DAY }, { now: NOW - DAY });
    await server.open((await say(client, 'x')).envelope, NOW); // whichever side offers, its key is on board
    const size = MAX_BODY / MAX_ITEMS;
    const items = Array.from({ length: MAX_ITEMS }, () => item('a/'.padEnd(64, 'b'), new Uint8Array(size)));
    const ctl = new Array<ControlEntry>(MAX_CTL - 1).fill(['x', [['deep']]]);
    const sealed = await server.seal({ items, ctl, now: NOW });
    assert.ok(sealed.envelope.length < MAX_FRAME - 64);
    assert.equal((await client.open(sealed.envelope, NOW)).items.length, MAX_ITEMS);
  });

  test('1970 is a time', async () => {
    assert.equal((await say(pair().server, 'x', 0)).sent, 0);
  });

  test('the largest flight that is taken fits a frame, and fills it as far as padding lets it', async () => {
    const full = { ...item('text/plain', new Uint8Array(MAX_BODY)), opening: new Uint8Array(32) } as Item;
    const ctl = (size: number): ControlEntry[] => [['x', new Uint8Array(size)]];
    let [most, tooMuch] = [0, MAX_FRAME];
    while (tooMuch - most > 1) {
      const size = (most + tooMuch) >> 1;
      try {
        checkSealable([full], ctl(size), FRAME_ROOM);
        most = size;
      } catch (error) {
        fails('limit', 'frame')(error);
        tooMuch = size;
      }
    }
    const { server } = pair();
    await assert.rejects(server.seal({ items: [full], ctl: ctl(tooMuch), now: NOW }), fails('limit', 'frame'));
    const { envelope } = await server.seal({ items: [full], ctl: ctl(most), now: NOW });
    const channel = new RecordSealer(p, { key: new SecretKey(new Uint8Array(32)), iv: new Uint8Array(12) });
    const frame = channel.seal(encodeContent({ kind: 'envelope', envelope }));
    assert.ok(frame.length <= MAX_FRAME && frame.length + 2048 > MAX_FRAME, String(frame.length));
  });

  test('sixteen ctl entries travel, not seventeen, and what cannot be encoded keeps its cause', () => {
    const items = [{ ...textItem('x'), opening: new Uint8Array(32) }] as Item[];
    const entries = new Array<ControlEntry>(MAX_CTL).fill(['x']);
    checkSealable(items, entries, FRAME_ROOM);
    assert.throws(() => checkSealable(items, [...entries, ['x']], FRAME_ROOM), fails('limit', 'ctl'));
    assert.throws(
      () => checkSealable(items, [['x', -1]], FRAME_ROOM),
      (error) => isProtocolError(error, 'limit') && isProtocolError(error.cause, 'cbor'),
    );
  });

  test('a chain at its end is not continued', async () => {
    const chain = { ...newChain(), sent: { seq: MAX_SAFE_UINT, hash: new Uint8Array(32) } };
    await assert.rejects(say(pair({ chain }).server, 'x'), fails('reuse', 'seq'));
  });

  test('a flight that could not be signed ends the sending side: its place is lost', async () => {
    let broken = true;
    const signPss: typeof p.signPss = (...args) =>
      broken ? Promise.reject(new Error('the platform refused')) : p.signPss(...args);
    const { server } = pair({ p: { ...p, signPss } });
    await assert.rejects(say(server, 'x'), /the platform refused/);
    broken = false;
    await assert.rejects(say(server, 'x'), fails('reuse', 'seal'));
    assert.equal(server.chain.sent.seq, 1); // skipped, never repeated
  });
});
