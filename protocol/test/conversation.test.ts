import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { textOf, toHex, utf8 } from '../src/bytes.ts';
import type { ControlEntry, OpenedFlight, OutgoingItem } from '../src/conversation/flight.ts';
import { newChain } from '../src/conversation/live-conversation.ts';
import { TYPE_STEP } from '../src/labels.ts';
import type { Device } from '../src/keys/device.ts';
import { DAY, MAX_ITEMS, MAX_SAFE_UINT, PQ_STEP_FLIGHTS } from '../src/limits.ts';
import { fails, forgerAndClient, pair, say, textItem, texts } from './fixtures/conversations.ts';
import { alice, bob, NOW } from './fixtures/devices.ts';

suite('a conversation', () => {
  test('goes both ways, and both sides agree on ids, statements and chains', async () => {
    const { server, client } = pair();
    for (const [from, to, text] of [
      [server, client, 'Hello Client!'],
      [client, server, 'Hello Server! ✓'],
      [client, server, ''],
      [server, client, 'again'],
    ] as const) {
      const sealed = await say(from, text);
      const opened = await to.open(sealed.envelope, NOW + 1500);
      assert.equal(opened.outcome, 'accepted');
      assert.deepEqual(texts(opened), [text]);
      assert.deepEqual(opened.items, sealed.items);
      assert.deepEqual(opened.statement, sealed.statement);
      assert.deepEqual(opened.statementHash, sealed.statementHash);
      assert.deepEqual(opened.signature, sealed.signature);
      assert.deepEqual(opened.commitments, sealed.commitments);
      assert.deepEqual([opened.seq, opened.sent, opened.ttl, opened.gap], [sealed.seq, sealed.sent, sealed.ttl, 0]);
      assert.equal(opened.age, 1500);
      assert.deepEqual(from.chain.sent, { seq: sealed.seq, hash: sealed.statementHash });
      assert.deepEqual(to.chain.received, from.chain.sent);
    }
    assert.match(textOf((await say(server, 'x')).statement) ?? '', /^waxwing\/1 message\nconversation: [0-9a-f]{64}\n/);
  });

  test('both may send first, and calls need not wait for each other', async () => {
    const { server, client } = pair();
    const there = await Promise.all(['1', '2', '3'].map((text) => say(server, text)));
    const back = await Promise.all(['4', '5'].map((text) => say(client, text)));
    assert.deepEqual(
      there.map(({ seq }) => seq),
      [1, 2, 3],
    );
    const [opened, answers] = await Promise.all([
      Promise.all(there.map(({ envelope }) => client.open(envelope, NOW))),
      Promise.all(back.map(({ envelope }) => server.open(envelope, NOW))),
    ]);
    assert.deepEqual([...opened, ...answers].flatMap(texts), ['1', '2', '3', '4', '5']);
  });

  test('sealing while a flight is being opened loses nothing of either', async () => {
    const { server, client } = pair();
    for (let round = 0; round < 5; round++) {
      const [a, b] = await Promise.all([say(server, 'a'), say(client, 'b')]);
      const [, c, , d] = await Promise.all([
        client.open(a.envelope, NOW),
        say(client, 'c'),
        server.open(b.envelope, NOW),
        say(server, 'd'),
      ]);
      await server.open(c.envelope, NOW);
      await client.open(d.envelope, NOW);
    }
    assert.equal(server.chain.sent.seq, 10);
    assert.equal(client.chain.received?.seq, 10);
  });

  test('a flight of 64 items keeps their order; the caller may reuse its buffer at once', async () => {
    const { server, client } = pair();
    const buffer = utf8('first');
    const items: OutgoingItem[] = [{ type: 'application/octet-stream', body: buffer }];
    for (let i = 1; i < MAX_ITEMS; i++) items.push(textItem(String(i)));
    const sealing = server.seal({ items, now: NOW });
    buffer.fill(0);
    const opened = await client.open((await sealing).envelope, NOW);
    assert.deepEqual(texts(opened).slice(0, 3), ['first', '1', '2']);
    assert.equal(new Set(opened.items.map(({ id }) => toHex(id))).size, MAX_ITEMS);
  });

  test('an item sent again under its opening has its id; without, it is another', async () => {
    const { server, client } = pair();
    const first = await say(server, 'hello');
    const again = await server.seal({ items: first.items, ctl: [['void', 1, 1]], now: NOW });
    const anew = await say(server, 'hello');
    await client.open(first.envelope, NOW);
    const opened = await client.open(again.envelope, NOW);
    assert.deepEqual(opened.items[0]?.id, first.items[0]?.id);
    assert.deepEqual(opened.voids, [[1, 1]]);
    assert.deepEqual(opened.ctl, [['void', 1, 1]]);
    assert.notDeepEqual(anew.items[0]?.id, first.items[0]?.id);
  });

  test('the proof has one result a check, in the frozen order, with durations from the stopwatch', async () => {
    let time = 0;
    const { server, client } = pair({}, { stopwatch: () => (time += 2) });
    const { envelope, statement } = await say(server, 'hello');
    const { proof } = await client.open(envelope, NOW + 10);
    assert.deepEqual(proof, [
      { check: 'structure', size: 936, took: 2 },
      { check: 'hmac', covered: 902, pn: 0, n: 0, pe: 0, took: 2 },
      { check: 'unwrap', wrapped: 256, wrapKey: 0, took: 2 },
      { check: 'decrypt', ciphertext: 512, plain: 360, items: 1, took: 2 },
      { check: 'freshness', holds: true, seq: 1, gap: 0, age: 10, ttl: 60, took: 2 },
      { check: 'signature', statement: statement.length, signature: 256, serial: 1, took: 2 },
    ]);
    const without = pair();
    const plain = await without.client.open((await say(without.server, 'x')).envelope, NOW);
    assert.ok(plain.proof.every((result) => !('took' in result)));
  });

  test('an old wrap key opens what was wrapped to it, and the proof says which', async () => {
    const { server, client } = pair({}, { device: { ...bob, wrapKeys: [...alice.wrapKeys, ...bob.wrapKeys] } });
    const opened = await client.open((await say(server, 'hello')).envelope, NOW);
    assert.equal(opened.proof[2].wrapKey, 1);
    const lost = pair({}, { device: { ...bob, wrapKeys: alice.wrapKeys } });
    await assert.rejects(lost.client.open((await say(lost.server, 'x')).envelope, NOW), fails('envelope-3'));
    const none = pair({}, { device: { ...bob, wrapKeys: [] } });
    await assert.rejects(none.client.open((await say(none.server, 'x')).envelope, NOW), fails('envelope-3'));
  });

  test('shows no secret, however it is looked at', () => {
    const { server } = pair();
    assert.equal(JSON.stringify(server).includes('secret'), false);
    assert.doesNotMatch(inspect(server, { depth: 9, showHidden: true }), /Uint8Array\(32\)/);
  });
});

suite('time (§5.5)', () => {
  test('the agreed clocks correct a wrong one', async () => {
    const hour = 3_600_000;
    const { server, client } = pair({ clockOffset: -hour }, { clockOffset: hour });
    const opened = await client.open((await say(server, 'hello', NOW + hour)).envelope, NOW + 2000);
    assert.equal(opened.age, 2000);
    const back = await server.open((await say(client, 'hi', NOW)).envelope, NOW + hour + 3000);
    assert.equal(back.age, 3000);
  });

  for (const [age, outcome] of [
    [60_000, 'accepted'],
    [60_001, 'too-old'],
    [-10_000, 'accepted'],
    [-10_001, 'too-old'],
  ] as const) {
    test(`an age of ${age} ms is ${outcome}`, async () => {
      const { server, client } = pair();
      const opened = await client.open((await say(server, 'hello')).envelope, NOW + age);
      assert.equal(opened.outcome, outcome);
      assert.equal(opened.proof[4].holds, outcome === 'accepted');
      assert.equal(opened.items.length, outcome === 'accepted' ? 1 : 0);
    });
  }

  test('a flight too old alone moves the chain on, and the conversation lives', async () => {
    const { server, client } = pair();
    const late = await say(server, 'late');
    const next = await say(server, 'next', NOW + 90_000);
    const refused = await client.open(late.envelope, NOW + 90_000);
    assert.deepEqual([refused.outcome, refused.seq, refused.items, refused.ctl], ['too-old', 1, [], []]);
    assert.deepEqual(client.chain.received, { seq: 1, hash: late.statementHash });
    assert.deepEqual(texts(await client.open(next.envelope, NOW + 90_000)), ['next']);
    assert.equal(client.failuresBehindHmac, 0);
  });

  test('too old and wrongly signed is a failure like any other', async () => {
    const { forger, client } = forgerAndClient();
    const envelope = await forger.forge({ payload: { sent: NOW - 100_000, signature: new Uint8Array(256) } });
    await assert.rejects(client.open(envelope, NOW), fails('envelope-4', 'age'));
    assert.equal(client.failuresBehindHmac, 1);
    assert.equal(client.chain.received, undefined);
  });

  test('failures behind a good HMAC are counted, at every step, and no others', async () => {
    for (const [stop, forgery] of [
      ['envelope-3', { plain: new Uint8Array() }],
      ['envelope-4', { payload: { ttl: 61 } }],
      ['envelope-5', { payload: { signature: new Uint8Array(256) } }],
    ] as const) {
      const { forger, client } = forgerAndClient();
      const envelope = await forger.forge(forgery);
      await assert.rejects(client.open(envelope.subarray(1), NOW), fails('envelope-0'));
      const damaged = envelope.slice();
      damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
      await assert.rejects(client.open(damaged, NOW), fails('envelope-1'));
      assert.equal(client.failuresBehindHmac, 0); // whoever sits on the wire can make these
      await assert.rejects(client.open(envelope, NOW), fails(stop));
      assert.equal(client.failuresBehindHmac, 1);
    }
  });

  test('a certificate that ran out meanwhile is refused', async () => {
    const { server, client } = pair();
    const after = alice.bundle.certificate.notAfter + 1;
    await assert.rejects(
      client.open((await say(server, 'x', after)).envelope, after),
      fails('envelope-5', 'certificate'),
    );
  });
});

suite('the chain (§5.2, §5.4)', () => {
  /** The client of a new channel, after `received` of the one before. */
  async function resumed(seq: number): Promise<{ next: (seq: number, ctl?: ControlEntry[]) => Promise<OpenedFlight> }> {
    const { forger, client } = forgerAndClient({
      chain: { ...newChain(), received: { seq, hash: new Uint8Array(32).fill(9) } },
    });
    forger.prev = new Uint8Array(32).fill(9);
    return {
      next: async (next, ctl = []) => client.open(await forger.forge({ payload: { seq: next, ctl } }), NOW),
    };
  }

  test('a conversation goes on over a new channel', async () => {
    const first = pair();
    await first.client.open((await say(first.server, 'one')).envelope, NOW);
    await first.server.open((await say(first.client, 'two')).envelope, NOW);
    const second = pair({ chain: first.server.chain }, { chain: first.client.chain });
    const opened = await second.client.open((await say(second.server, 'three')).envelope, NOW);
    assert.deepEqual([opened.seq, opened.gap], [2, 0]);
    await second.server.open((await say(second.client, 'four')).envelope, NOW);
    assert.deepEqual(second.server.chain, {
      sent: second.client.chain.received,
      received: second.client.chain.sent,
    });
  });

  test('the first flight of a channel may come after a gap, which is counted', async () => {
    assert.equal((await (await resumed(4)).next(7)).gap, 2);
  });

  test('a later flight may not', async () => {
    const { next } = await resumed(4);
    await next(5);
    await assert.rejects(next(7), fails('envelope-4', 'seq'));
  });

  test('what was received is not received again', async () => {
    for (const seq of [0, 1, 4]) await assert.rejects((await resumed(4)).next(seq), fails('envelope-4', 'seq'));
  });

  for (const [what, voids, gap] of [
    ['covers all', [['void', 5, 9]], 0],
    ['covers some', [['void', 6, 7]], 3],
    [
      'overlaps another',
      [
        ['void', 5, 7],
        ['void', 6, 8],
      ],
      1,
    ],
    [
      'comes in another order',
      [
        ['void', 8, 9],
        ['void', 5, 6],
      ],
      1,
    ],
    ['ended long before', [['void', 1, 2]], 5],
    [
      'comes twice',
      [
        ['void', 5, 5],
        ['void', 5, 5],
      ],
      4,
    ],
    [
      'has absurd ends',
      [
        ['void', 0, MAX_SAFE_UINT],
        ['void', 1, MAX_SAFE_UINT],
      ],
      0,
    ],
    [
      'is before and behind',
      [
        ['void', 1, 4],
        ['void', 10, 99],
      ],
      5,
    ],
    ['is turned round', [['void', 9, 5]], 5],
    ['is malformed', [['void'], ['void', 5], ['void', 5, 9, 0], ['void', '5', 9], ['void', 5, utf8('9')]], 5],
    ['is of another name', [['Void', 5, 9]], 5],
  ] as [string, ControlEntry[], number][]) {
    test(`a void that ${what} leaves a gap of ${gap}`, async () => {
      const opened = await (await resumed(4)).next(10, voids);
      assert.equal(opened.gap, gap);
      assert.ok(opened.voids.every(([from, to]) => from >= 1 && from <= to)); // what is told is a range
    });
  }

  test('a gap of 2^53 is counted like any other', async () => {
    assert.equal((await (await resumed(0)).next(MAX_SAFE_UINT)).gap, MAX_SAFE_UINT - 1);
  });

  test('a wrong prev is refused where the one before is known', async () => {
    const { forger, client } = forgerAndClient();
    forger.prev = new Uint8Array(32).fill(1);
    await assert.rejects(client.open(await forger.forge({}), NOW), fails('envelope-4', 'prev'));
  });
});

suite('healing (§6)', () => {
  test('fifty flights one way, the steps of the listener, and both are in epoch 1', async () => {
    const { server, client } = pair();
    const epochs = new Set<number>();
    for (let i = 0; i < PQ_STEP_FLIGHTS + 3; i++) {
      const opened = await client.open((await say(server, String(i))).envelope, NOW);
      epochs.add(opened.proof[1].pe);
      if (!client.stepDue(NOW)) continue;
      const step = await client.seal({ items: [{ type: TYPE_STEP, body: new Uint8Array() }], now: NOW });
      const heard = await server.open(step.envelope, NOW);
      assert.deepEqual(
        heard.items.map(({ type, body }) => [type, body.length]),
        [[TYPE_STEP, 0]],
      );
    }
    // Whoever's turn it is: at the latest a day later all is answered.
    for (let i = 0; i < 2; i++) {
      await server.open((await say(client, 'x', NOW + DAY)).envelope, NOW + DAY);
      epochs.add((await client.open((await say(server, 'x', NOW + DAY)).envelope, NOW + DAY)).proof[1].pe);
    }
    assert.ok(epochs.has(0) && epochs.has(1));
  });

  test('an offer is answered where its flight is taken, and not where it is too old', async () => {
    const answers = async (device: Device, peer: Device, openedAt: number): Promise<number> => {
      const { server, client } = pair({ device, peer, now: NOW - DAY }, { device: peer, peer: device, now: NOW - DAY });
      await client.open((await say(server, 'whose turn it is, offers')).envelope, openedAt);
      const { ctl } = await server.open((await say(client, 'answer', openedAt)).envelope, openedAt);
      return ctl.filter(([name]) => name === 'ct').length;
    };
    const answersAt = async (openedAt: number): Promise<number> =>
      (await answers(alice, bob, openedAt)) + (await answers(bob, alice, openedAt));
    assert.equal(await answersAt(NOW + 60_000), 1);
    assert.equal(await answersAt(NOW + 60_001), 0);
  });

  test('who has only listened for a day owes a flight', async () => {
    const { server, client } = pair();
    assert.equal(client.stepDue(NOW + DAY), false);
    await client.open((await say(server, 'x')).envelope, NOW);
    assert.equal(client.stepDue(NOW + DAY - 1), false);
    assert.equal(client.stepDue(NOW + DAY), true);
    await say(client, 'x', NOW + DAY);
    assert.equal(client.stepDue(NOW + DAY), false);
  });
});
