/** A05 A10 A11 A23 A24: old packets again, elsewhere, in another order, or not at all. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { bob, carol, NOW } from '../fixtures/devices.ts';
import { meet } from './channel-pair.ts';
import { flight, livePair, shown, signingWith, stoppedAt } from './live-pair.ts';

suite('A05 surreptitious forwarding', () => {
  test('A05 waxwing holds at 5: recipient, session and conversation are in what alice signed', async () => {
    const sid = p.randomBytes(16);
    const opening = p.randomBytes(32);
    const { signature } = await livePair({ sid }).server.seal(flight('I resign', NOW, opening));
    const primitives = signingWith(signature);
    // To carol, who for the sake of the test already takes bob's channel for alice's, even under the same session name.
    const { server: asAlice, client: carolsEnd } = livePair({
      sid,
      server: { primitives },
      client: { device: carol },
    });
    const forwarded = await asAlice.seal(flight('I resign', NOW, opening));
    await assert.rejects(carolsEnd.open(forwarded.envelope, NOW), stoppedAt('envelope-5', 'signature'));
    // As himself he fails all the more.
    const { server: asBob, client } = livePair({ sid, server: { device: bob, primitives }, client: { device: carol } });
    const own = await asBob.seal(flight('I resign', NOW, opening));
    await assert.rejects(client.open(own.envelope, NOW), stoppedAt('envelope-5', 'signature'));
  });
});

suite('A10 raw reflection and wrong wrap', () => {
  test('A10 waxwing holds at 0: the envelope is for another device, and no state has moved', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('hello?'));
    await assert.rejects(server.open(envelope, NOW), stoppedAt('envelope-0', 'device'));
    await client.open(envelope, NOW);
    const answer = await client.seal(flight('yes!'));
    assert.deepEqual(shown(await server.open(answer.envelope, NOW)), ['yes!']);
  });
});

suite('A11 replay within 60 s', () => {
  test('A11 waxwing holds at 0: the counter is used, and its key burnt', async () => {
    const { server, client } = livePair();
    const { envelope } = await server.seal(flight('transfer 100'));
    assert.deepEqual(shown(await client.open(envelope, NOW)), ['transfer 100']);
    await assert.rejects(client.open(envelope, NOW), stoppedAt('envelope-0'));
    // Also when both arrive at once.
    const next = await server.seal(flight('transfer 200'));
    const outcomes = await Promise.allSettled([client.open(next.envelope, NOW), client.open(next.envelope, NOW)]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    // In another session of the same two it is nothing at all.
    await assert.rejects(livePair().client.open(envelope, NOW), stoppedAt('envelope-0', 'sid'));
  });
});

suite('A23 reorder, drop, duplicate', () => {
  test('A23 waxwing holds at 0: only the next one opens, whatever the order', async () => {
    const { server, client } = livePair();
    const sealed = [];
    for (const text of ['no', 'wait', 'yes']) sealed.push((await server.seal(flight(text))).envelope);
    const [one, two, three] = sealed;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    const seen: (string | undefined)[] = [];
    for (const envelope of [three, two, one, one, three, two, three]) {
      await client.open(envelope, NOW).then((opened) => seen.push(...shown(opened)), stoppedAt('envelope-0'));
    }
    assert.deepEqual(seen, ['no', 'wait', 'yes']);
  });

  test('A23 waxwing holds at 4: a sender who skips or forks his own chain is refused, however well he signs', async () => {
    const { server, client } = livePair();
    await client.open((await server.seal(flight('first'))).envelope, NOW);
    // A second end of the same identity that starts its chain anew under fresh keys: seq 1 again.
    const again = livePair();
    const { envelope } = await again.server.seal(flight('first, another'));
    assert.deepEqual(shown(await again.client.open(envelope, NOW)), ['first, another']);
    const kept = livePair({ client: { chain: client.chain } });
    const repeated = await kept.server.seal(flight('seq 1 again'));
    await assert.rejects(kept.client.open(repeated.envelope, NOW), stoppedAt('envelope-4'));
  });
});

suite('A24 truncation', () => {
  test('A24 waxwing holds: leaving is an authenticated record with the last seq; a cut has none', async () => {
    const { server, client } = await meet();
    const sender = livePair().server;
    const frames: Uint8Array[] = [];
    for (const text of ['do it', 'unless it rains']) {
      frames.push(server.seal({ kind: 'envelope', envelope: (await sender.seal(flight(text))).envelope }));
    }
    frames.push(server.seal({ kind: 'close', lastSeq: sender.chain.sent.seq }));
    // Cut after any number of frames: no close has come, so it is shown as cut.
    const [first, second, close] = frames;
    assert.ok(first !== undefined && second !== undefined && close !== undefined);
    const kinds = [first, second].flatMap((frame) => client.receive(frame).map(({ kind }) => kind));
    assert.ok(!kinds.includes('close'));
    assert.deepEqual(client.receive(close), [{ kind: 'close', lastSeq: 2 }]);
    // Made to follow the first frame, the close does not open: nobody can leave in alice's name.
    const other = await meet();
    other.client.receive(other.server.seal({ kind: 'ping' }));
    other.server.seal({ kind: 'ping' });
    const early = other.server.seal({ kind: 'close', lastSeq: 1 });
    assert.throws(() => other.client.receive(early), stoppedAt('record'));
  });
});
