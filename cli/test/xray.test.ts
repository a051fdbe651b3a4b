/** X-ray: what a trace tells becomes blocks and rows; secrets are marks, rows cannot be forged and keep to the width. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { flipBit } from '../../protocol/test/fixtures/connect.ts';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import { reach } from '../../protocol/test/fixtures/secrets.ts';
import { type End, tracedHandshake, tracedSession } from '../../protocol/test/fixtures/traced-session.ts';
import { foldMessage, widthOf } from '../src/text/fold.ts';
import { sanitiseLines, sanitiseName } from '../src/text/sanitise.ts';
import { makeStyle, PLAIN_STYLE } from '../src/text/style.ts';
import type { ChatScreen } from '../src/terminal/chat-screen.ts';
import type { OwnLines } from '../src/text/own-lines.ts';
import type { Block, Part } from '../src/xray/block.ts';
import { blockRows, XRAY_PREFIX } from '../src/xray/block-rows.ts';
import { SecretMarks } from '../src/xray/secret-mark.ts';
import { Unfolding } from '../src/xray/unfolding.ts';
import { Xray } from '../src/xray/xray.ts';

/** The blocks of everything one end was told. */
function blocksOf({ watcher }: End, lab = false): Block[] {
  const unfolding = new Unfolding(new SecretMarks(lab));
  return watcher.events.flatMap((event) => unfolding.take({ connection: 1, remote: 'here', event }, NOW));
}

const rowsOf = (blocks: readonly Block[], columns = 80): string[] =>
  blocks.flatMap((block) => blockRows(block, { style: PLAIN_STYLE, columns }));

const partsOf = (blocks: readonly Block[]): Part[] => blocks.flatMap(({ rows }) => rows.flatMap(({ parts }) => parts));

const session = await tracedSession(['hello there', 'a second text']);

describe('blocks', () => {
  test('every frame of a session has one, in the order of the wire, and the keys one between', () => {
    const frames = blocksOf(session.server).map(({ direction, frame, title }) => `${direction} ${frame} ${title}`);
    assert.deepEqual(frames, [
      'out F1 hello of the server',
      'in F2 answer of the client',
      'out F3 proof of the server',
      'in F4 proof of the client',
      'here keys the handshake has agreed on',
      'out F5 record 0 [0] ready',
      'out record 1 [6] accepted up to seq 0',
      'in record 0 [6] accepted up to seq 0',
      'in record 1 [1] envelope of 936 B, seq 1',
      'out record 2 [6] accepted up to seq 1',
      'out record 3 [1] envelope of 936 B, seq 1',
      'in record 2 [1] envelope of 936 B, seq 2',
      'in record 3 [5] close, last seq 2',
      'out record 4 [5] close, last seq 1',
    ]);
  });

  test('an envelope is unfolded with the names of the specification and of the original', () => {
    const envelope = blocksOf(session.server).find(({ title }) => title.includes('envelope'));
    const named = partsOf([envelope!]).flatMap((part) =>
      part.kind === 'bytes' && part.layer !== undefined
        ? [`L${part.layer} ${part.name} ${part.original} ${part.size}`]
        : [],
    );
    assert.deepEqual(named, [
      'L2 wrap encrypted_session_key 256',
      'L1 iv iv 16',
      'L1 ct ciphertext 512',
      'L1 kc key commitment 32',
      'L4 tag hmac 32',
      'L3 sig signature 256',
    ]);
    assert.deepEqual(
      envelope!.rows.map(({ name }) => name),
      ['record', 'hdr', '', 'wrap', 'iv', 'ct', 'kc', 'tag', 'P', 'L5', 'sig', 'keys', 'ratchet', 'chain', 'checks'],
    );
    const checks = envelope!.rows.at(-1)!.parts.map((part) => (part.kind === 'check' ? part.name : ''));
    assert.deepEqual(checks, ['0 structure', '1 hmac', '2 unwrap', '3 decrypt', '4 freshness', '5 signature']);
  });

  test('equal secrets have equal marks in one run, and other marks in another', () => {
    const mark = (blocks: readonly Block[], name: string, at = 0): string | undefined => {
      const found = partsOf(blocks).filter((part) => part.kind === 'secret' && part.name === name)[at];
      return found?.kind === 'secret' ? found.mark : undefined;
    };
    const once = blocksOf(session.server);
    assert.equal(mark(once, 'record out'), mark(once, 'key'), 'the key of F5 is the one agreed on');
    assert.notEqual(mark(once, 'mk'), mark(once, 'mk', 1));
    assert.notEqual(mark(once, 'root'), mark(blocksOf(session.server), 'root'));
    assert.match(mark(once, 'root') ?? '', /^[0-9a-f]{8}$/);
  });

  test('the ratchet says whether dh is new, and the chain where it goes', () => {
    const states = blocksOf(session.server).flatMap(({ direction, rows }) => {
      const words = (name: string, part: number): string => {
        const found = rows.find((row) => row.name === name)?.parts[part];
        return found?.kind === 'value' ? found.value : '';
      };
      return rows.some(({ name }) => name === 'ratchet')
        ? [`${direction} ${words('ratchet', 0)} ${words('chain', 0)}`]
        : [];
    });
    assert.deepEqual(states, ['in same 0 → 1', 'out same 0 → 1', 'in new 1 → 2']);
  });

  test('what does not pass says its check; what was never opened says so', async () => {
    const { server, client } = await tracedHandshake();
    const seal = async (): Promise<Uint8Array<ArrayBuffer>> =>
      (await client.live.seal({ items: [{ type: 'text/plain', body: new Uint8Array(1) }], now: NOW })).envelope;
    const [first, second] = [await seal(), await seal()];
    const changed = client.channel.seal({ kind: 'envelope', envelope: flipBit(first, 8 * 500) });
    const received = server.channel.receive(
      Buffer.concat([changed, client.channel.seal({ kind: 'envelope', envelope: second })]),
    );
    assert.equal(received.length, 2);
    const [bad] = received;
    await assert.rejects(server.live.open(bad?.kind === 'envelope' ? bad.envelope : first, NOW));
    assert.throws(() => server.channel.receive(new Uint8Array([0, 0, 0, 2, 9, 9])));
    const other = await tracedHandshake();
    assert.throws(() => other.server.channel.receive(new Uint8Array([255, 255, 255, 255])));
    const unfolding = new Unfolding(new SecretMarks(false));
    const take = (event: Parameters<typeof unfolding.take>[0]['event']): Block[] =>
      unfolding.take({ connection: 1, remote: 'here', event }, NOW);
    const blocks = server.watcher.events.flatMap(take);
    blocks.push(...other.server.watcher.of('refused').flatMap(take));
    blocks.push(...take({ kind: 'reject', frame: new Uint8Array([0, 0, 0, 1, 0x7f]) }));
    const rows = rowsOf(blocks).join('\n');
    assert.match(rows, /← record 0 {2}\[1\] envelope of 936 B, REFUSED/);
    assert.match(rows, /✓ 0 structure .*\n?.*✗ envelope-1 hmac: the HMAC does not hold/);
    assert.match(rows, /← record 1 {2}\[1\] envelope of 936 B, not opened/);
    assert.match(rows, /← type 9 {2}REFUSED[\s\S]*✗ record type: /);
    assert.match(rows, /← frame {2}REFUSED · conn 1[\s\S]*✗ frame limit: A frame above/);
    assert.match(rows, /→ reject {2}the one answer to any failure · 5 B/);
  });
});

describe('secrets', () => {
  for (const name of ['server', 'client'] as const) {
    test(`nothing the ${name} shows holds a secret, a text or a piece of one`, () => {
      const { watcher } = session[name];
      const blocks = blocksOf(session[name]);
      const shown =
        JSON.stringify(blocks) +
        rowsOf(blocks, 500)
          .join('\n')
          .replaceAll(/[ …\n]/g, '');
      let looked = 0;
      for (const { kind, bytes } of watcher.events.flatMap((event) => reach(event).secrets)) {
        if (kind === 'RsaPrivateKey') continue; // never told but opaque; the end-to-end test looks for its numbers
        for (let at = 0; at + 8 <= bytes.length; at += 1) {
          const piece = Buffer.from(bytes.subarray(at, at + 8));
          assert.ok(
            !shown.includes(piece.toString('hex')) && !shown.includes(piece.toString('base64').slice(0, 10)),
            kind,
          );
          looked += 1;
        }
      }
      assert.ok(looked > 500);
      for (const text of ['hello there', 'a second text', 'an answer', 'one more']) assert.ok(!shown.includes(text));
    });
  }

  test('a lab identity shows them as they are, and its texts', () => {
    const blocks = blocksOf(session.server, true);
    const rows = rowsOf(blocks).join('\n');
    for (const { kind, bytes } of reach(session.server.channel.handshake.root).secrets) {
      assert.ok(rows.includes(Buffer.from(bytes).toString('hex')), kind);
    }
    for (const name of ['mk', 'k_mac', 'kr', 'K', 'k_aes', 'RK', "CK'", 'root', 'prk']) {
      assert.ok(
        partsOf(blocks).some((part) => part.kind === 'secret' && part.name === name && part.hex?.length === 64),
        name,
      );
    }
    assert.match(rows, /item hello there/);
  });
});

describe('rows', () => {
  test('a message takes 12 to 20 of them at 80 columns, a control record two', () => {
    for (const block of blocksOf(session.server)) {
      const rows = rowsOf([block], 79);
      if (block.title.includes('envelope')) assert.ok(rows.length >= 12 && rows.length <= 20, rows.join('\n'));
      else if (block.frame.startsWith('record') || block.frame === 'F5') assert.equal(rows.length, 2, rows.join('\n'));
    }
  });

  test('each begins with the prefix and keeps to the width, in colour too', () => {
    const style = makeStyle(true);
    for (const lab of [false, true]) {
      for (const columns of [79, 120]) {
        for (const block of blocksOf(session.client, lab)) {
          const plain = blockRows(block, { style: PLAIN_STYLE, columns });
          for (const row of plain) {
            assert.ok(row.startsWith(XRAY_PREFIX), row);
            assert.ok(widthOf(row) <= columns, `${widthOf(row)} > ${columns}: ${row}`);
          }
          assert.deepEqual(blockRows(block, { style, columns }).map(stripVTControlCharacters), plain);
        }
      }
    }
  });

  test('colours tell the layers apart, and there is no escape without colour', () => {
    const envelope = blocksOf(session.server).find(({ title }) => title.includes('envelope'))!;
    const rows = blockRows(envelope, { style: makeStyle(true), columns: 80 });
    const colour = (name: string): string | undefined =>
      /\u001b\[(3[0-9])m/.exec(rows.find((row) => row.includes(`m${name.padEnd(9)}`)) ?? '')?.[1];
    assert.equal(new Set(['hdr', 'wrap', 'ct', 'tag', 'sig'].map(colour)).size, 5);
    assert.equal(colour('iv'), colour('ct'));
    assert.doesNotMatch(rowsOf([envelope]).join(''), /\u001b/);
  });

  test('whatever stands in a block, nothing in its rows acts and none begins otherwise', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('a', ' ', '\n', '\r', '\u001b[2J', '\u202e', '\u2028', '\u0085', '\u0301', '😀', '|', '… '),
      maxLength: 60,
    });
    const part: fc.Arbitrary<Part> = fc.oneof(
      fc.record({ kind: fc.constant('value' as const), name: hostile, value: hostile }),
      fc.record({ kind: fc.constant('check' as const), name: hostile, held: fc.boolean(), note: hostile }),
      fc.record({
        kind: fc.constant('bytes' as const),
        name: hostile,
        original: hostile,
        layer: fc.constantFrom(1, 5, undefined),
        size: fc.nat(),
        hex: fc.constantFrom('', 'ab', 'ab'.repeat(300)),
      }),
      fc.record({
        kind: fc.constant('secret' as const),
        name: hostile,
        size: fc.nat(),
        mark: fc.constant('01234567'),
        hex: fc.constantFrom(undefined, 'cd'.repeat(64)),
      }),
    );
    const block = fc.record({
      at: fc.constantFrom(0, NOW, Number.MAX_SAFE_INTEGER),
      connection: fc.nat(),
      direction: fc.constantFrom('in' as const, 'out' as const, 'here' as const),
      frame: hostile,
      size: fc.nat(),
      title: hostile,
      rows: fc.array(fc.record({ name: hostile, parts: fc.array(part, { maxLength: 4 }) }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(block, (one) => {
        for (const row of blockRows(one, { style: PLAIN_STYLE, columns: 80 })) {
          assert.ok(row.startsWith(XRAY_PREFIX));
          assert.doesNotMatch(row, /[\p{Cc}\u202e\u2028]/u);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('no text and no name can begin a row like one of X-ray', () => {
    const forged = `${XRAY_PREFIX}→ F1  hello`;
    for (const columns of [undefined, 20, 80]) {
      for (const row of foldMessage('Message: ', sanitiseLines(`${forged}\n${forged}`), { columns })) {
        assert.doesNotMatch(row, /^xray/);
      }
    }
    assert.equal(sanitiseName('xray'), '“xray”');
    assert.match(sanitiseName('xray| x'), /^“/);
  });
});

describe('X-ray in a chat', () => {
  /** An X-ray with what its screen was told. */
  function xray(): { readonly one: Xray; readonly told: string[] } {
    const told: string[] = [];
    const screen = {
      notice: (text: string) => told.push(text),
      lines: (lines: OwnLines) => told.push(...(typeof lines === 'function' ? lines(80, PLAIN_STYLE) : lines)),
    } as unknown as ChatScreen;
    return { one: new Xray({ screen, role: 'client', lab: false, now: () => NOW }), told };
  }

  const [hello] = session.client.watcher.of('f1');

  test('nobody watches until it is on, nor once it is off again', () => {
    const { one, told } = xray();
    assert.equal(one.watch(), undefined);
    one.show(true);
    one.watch()?.({ connection: 1, remote: 'there', event: hello! });
    assert.ok(told.some((row) => row.startsWith('xray| ← F1')));
    one.show(false);
    assert.equal(one.watch(), undefined);
    assert.equal(told.at(-1), 'X-ray is off.');
  });

  test('a fault of its own is told once, and ends it and not the chat', () => {
    const { one, told } = xray();
    one.show(true);
    one.watch()?.({ connection: 1, remote: 'there', event: { ...hello!, frame: undefined as never } });
    assert.match(told.at(-1) ?? '', /^X-ray failed and is off \(.+\): please report it\. The chat goes on\.$/);
    assert.equal(one.watch(), undefined);
  });
});
