import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toHex } from '@waxwing/protocol';
import { alice, bob, carol, NOW } from '../../protocol/test/fixtures/devices.ts';
import { dial } from '../src/direct/dial.ts';
import type { DirectEvent } from '../src/direct/event.ts';
import { listen } from '../src/direct/listen.ts';
import { isWaxwingError } from '../src/errors.ts';
import type { Home } from '../src/home/home.ts';
import { createIdentity } from '../src/identity.ts';
import { call, homeOf, serve, told, wireTo } from './fixtures/direct-pair.ts';
import { openTestHome, temporaryFolder } from './fixtures/homes.ts';

const failsWith = (code: string) => (error: unknown) => isWaxwingError(error) && error.code === code;

/** Texts kept of one direction, in order. */
const kept = (home: Home, direction: 'in' | 'out'): string[] =>
  home.store.history
    .list({ limit: 10_000 })
    .filter((message) => message.direction === direction)
    .map((message) => Buffer.from(message.body).toString());

describe('a direct chat', () => {
  it('tells what a peer calls itself once it is kept, and nothing of a name that is none', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const commit = ours.store.transaction.bind(ours.store);
    let committing = false;
    t.mock.method(ours.store, 'transaction', <T>(run: () => T) => {
      committing = true;
      try {
        return commit(run);
      } finally {
        committing = false;
      }
    });
    const nicks: (readonly [nick: string | undefined, committing: boolean])[] = [];
    const observe = (event: DirectEvent): void => {
      if (event.kind === 'nick') nicks.push([event.peer.nick, committing]);
    };
    const { server } = await serve(t, ours, { observe });
    for (const nick of ['\u{200b}\u{202e}', 'bob', 'bob']) {
      theirs.store.settings.set('nick', nick);
      const { client } = await call(t, theirs, server.address.port);
      await client.conversation.send('hello');
      await client.close();
    }
    assert.deepEqual(nicks, [['bob', false]]);
  });

  it('goes both ways, in order, acknowledged and on disk', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const { client, heard: back } = await call(t, theirs, server.address.port);
    assert.deepEqual(await client.conversation.send('one ✓'), { number: 1, outcome: 'delivered' });
    await server.current?.send('two');
    await client.conversation.send('three');
    assert.deepEqual(heard.texts(), ['one ✓', 'three']);
    assert.deepEqual(back.texts(), ['two']);
    assert.deepEqual(kept(ours, 'in'), ['one ✓', 'three']);
    assert.equal((await heard.until('connected')).peer.trust, 'first seen');
    const shown = (await heard.until('message')).message;
    assert.equal(shown.proof.length, 6);
    assert.equal(shown.gap, 0);
    await client.close();
    assert.equal((await heard.until('left')).missing, 0);
  });

  it('is an async iterator where nobody observes', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const server = await listen({ home: ours, port: 0, now: () => NOW });
    t.after(() => server.close());
    const echo = (async () => {
      for await (const conversation of server) {
        for await (const message of conversation) conversation.post([`echo ${message.text ?? ''}`]);
        return;
      }
    })();
    const client = await dial({ home: theirs, address: server.address, now: () => NOW });
    client.conversation.post(['a', 'b']);
    const got: string[] = [];
    for await (const message of client.conversation) {
      got.push(message.text ?? '');
      if (got.length === 2) break;
    }
    assert.deepEqual(got, ['echo a', 'echo b']);
    await client.close();
    await echo;
  });

  it('does not keep conversations that ended for an iterator nobody asked for', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server } = await serve(t, ours);
    const { client } = await call(t, theirs, server.address.port);
    await client.close();
    await server.current?.ended;
    const first = server[Symbol.asyncIterator]().next();
    const { client: again } = await call(t, theirs, server.address.port);
    assert.equal((await first).value, server.current);
    assert.equal(server.current?.open, true);
    await again.close();
  });

  it('sends what was typed before anyone was there', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server } = await serve(t, ours);
    server.post(['early', 'bird']);
    const { heard } = await call(t, theirs, server.address.port);
    await heard.until('message', ({ message }) => message.text === 'bird');
    assert.deepEqual(heard.texts(), ['early', 'bird']);
  });

  it('carries a flood in flights, complete and in order', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const { client } = await call(t, theirs, server.address.port);
    const texts = Array.from({ length: 700 }, (_, index) => `line ${String(index)}`);
    client.conversation.post(texts);
    assert.equal(await client.conversation.flush(), true);
    assert.deepEqual(heard.texts(), texts);
    assert.ok(
      heard.events.every((event) => event.kind !== 'message' || event.message.seq <= 15),
      '64 share a flight',
    );
  });
});

describe('who may talk', () => {
  it('another key under a pinned name is blocked before anything is sent, until it is accepted', async (t) => {
    const [ours, theirs, others] = [await homeOf(t, 'alice'), await homeOf(t, 'bob'), await homeOf(t, 'carol')];
    const { server } = await serve(t, ours);
    const { port } = server.address;
    const { client } = await call(t, theirs, port);
    await client.close();
    await server.close();
    const { heard } = await serve(t, others, { port });
    await assert.rejects(call(t, theirs, port), (error: unknown) => {
      assert.ok(isWaxwingError(error, 'peer-changed'));
      const name = `127.0.0.1:${String(port)}`;
      const [old, presented] = [
        theirs.store.pins.get(name)?.fingerprint ?? '?',
        /accept \S+ (SHA256:\S+)$/u.exec(error.next)?.[1],
      ];
      assert.match(error.message, new RegExp(old.replace(/[+/]/gu, '\\$&'), 'u'));
      assert.ok(error.message.includes(presented ?? '?'));
      return true;
    });
    assert.ok(!heard.events.some((event) => event.kind === 'connected'));
    assert.equal(theirs.store.events.list({ limit: 1 })[0]?.kind, 'changed');
    theirs.store.pins.accept(`127.0.0.1:${String(port)}`, carol.bundle.account);
    await call(t, theirs, port);
  });

  it('--peer holds on both sides, and who passes it is verified', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const strict = await serve(t, ours, { peer: carol.bundle.account });
    await assert.rejects(call(t, theirs, strict.server.address.port), failsWith('peer-rejected'));
    assert.equal((await strict.heard.until('failed')).detail.check, 'pin');
    const { server } = await serve(t, ours, { peer: bob.bundle.account });
    const { port } = server.address;
    await assert.rejects(call(t, theirs, port, { peer: carol.bundle.account }), failsWith('peer-changed'));
    const { heard } = await call(t, theirs, port, { peer: alice.bundle.account });
    assert.equal((await heard.until('connected')).peer.trust, 'verified');
  });

  it('--peer against the pin is said as what it is, and nobody is called', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const { port } = server.address;
    const { client } = await call(t, theirs, port);
    await client.close();
    const calls = heard.events.length;
    await assert.rejects(call(t, theirs, port, { peer: carol.bundle.account }), (error: unknown) => {
      assert.ok(isWaxwingError(error, 'peer-changed'));
      assert.match(
        error.message,
        /^You named SHA256:\S+ with --peer, but 127\.0\.0\.1:\d+ is SHA256:\S+ here, last seen /u,
      );
      assert.match(error.next, /waxwing peers accept 127\.0\.0\.1:\d+ SHA256:/u);
      return true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(!heard.events.slice(calls).some(({ kind }) => kind === 'exchanging'));
  });

  it('a second caller is told that the server is busy; the one who chats is not disturbed', async (t) => {
    const [ours, theirs, others] = [await homeOf(t, 'alice'), await homeOf(t, 'bob'), await homeOf(t, 'carol')];
    const { server, heard } = await serve(t, ours);
    const { client } = await call(t, theirs, server.address.port);
    await assert.rejects(call(t, others, server.address.port), failsWith('peer-busy'));
    await client.conversation.send('still here');
    assert.equal(toHex((await heard.until('turned-away')).peer.account), toHex(carol.bundle.account));
  });

  it('a peer that is back after a long while is not taken for one that says nothing', async (t) => {
    const [ours, theirs, others] = [await homeOf(t, 'alice'), await homeOf(t, 'bob'), await homeOf(t, 'carol')];
    let passed = 0;
    const clock = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => clock() + passed);
    const { server, heard } = await serve(t, ours);
    const wire = await wireTo(t, server.address.port);
    const { client, heard: back } = await call(t, theirs, wire.port);
    await wire.close();
    await heard.until('cut');
    passed = 3_600_000;
    await wire.open();
    await back.until('connected', ({ again }) => again);
    await assert.rejects(call(t, others, server.address.port), failsWith('peer-busy'));
    await client.conversation.send('still here');
    passed += 600_000; // ten minutes without a word: now it yields, to one of those who come
    const another = await openTestHome(t, { path: temporaryFolder(t), identity: () => createIdentity(NOW) });
    const calls = [others, another].map((home) => call(t, home, server.address.port, { retryFor: 0 }));
    const came = (await Promise.allSettled(calls)).map(({ status }) => status);
    assert.deepEqual(came.sort(), ['fulfilled', 'rejected']);
    assert.deepEqual(heard.texts(), ['still here']);
  });

  it('a server for one peer keeps its place for it while its connection is cut', async (t) => {
    const [ours, theirs, others] = [await homeOf(t, 'alice'), await homeOf(t, 'bob'), await homeOf(t, 'carol')];
    const { server, heard } = await serve(t, ours, { once: true });
    const wire = await wireTo(t, server.address.port);
    const { client, heard: back } = await call(t, theirs, wire.port);
    await client.conversation.send('hello');
    await wire.close();
    await heard.until('cut');
    await assert.rejects(call(t, others, server.address.port), failsWith('peer-busy'));
    assert.deepEqual(server.post(['for bob alone']), [2]);
    await wire.open();
    await back.until('message');
    assert.deepEqual(back.texts(), ['for bob alone']);
  });

  it('a blocked peer is refused without a word, on either side', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    ours.store.peers.verify(bob.bundle.account, 'fingerprint');
    ours.store.peers.block(bob.bundle.account);
    await assert.rejects(call(t, theirs, server.address.port), failsWith('peer-rejected'));
    assert.equal((await heard.until('refused')).error.code, 'peer-blocked');
    ours.store.peers.unblock(bob.bundle.account);
    theirs.store.peers.verify(alice.bundle.account, 'fingerprint');
    theirs.store.peers.block(alice.bundle.account);
    await assert.rejects(call(t, theirs, server.address.port), failsWith('peer-blocked'));
  });

  it('an older copy of a home is recognised by its peer having accepted more', async (t) => {
    const [ours, theirs, copy] = [await homeOf(t, 'alice'), await homeOf(t, 'bob'), await homeOf(t, 'bob')];
    const { server } = await serve(t, ours);
    const { client } = await call(t, theirs, server.address.port);
    await client.conversation.send('the copy knows nothing of this');
    await client.close();
    const heard = told();
    const again = dial({ home: copy, address: server.address, now: () => NOW, observe: heard.observe, retryFor: 0 });
    await assert.rejects(again);
    await heard.until('restored-copy');
  });
});

describe('time', () => {
  it('a message too old on arrival is not shown, its sender is told, and it can be sent again', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    let slept = 0;
    const { server, heard } = await serve(t, ours, { now: () => NOW + slept });
    const { client, heard: back } = await call(t, theirs, server.address.port);
    await client.conversation.send('fresh');
    slept = 61_000;
    assert.deepEqual(await client.conversation.send('stale'), { number: 2, outcome: 'too-old' });
    assert.equal((await heard.until('refused-for-age')).age, 61_000);
    assert.deepEqual((await back.until('too-old')).numbers, [2]);
    slept = 0;
    assert.deepEqual(client.conversation.resend([2]), [2]);
    await heard.until('message', ({ message }) => message.text === 'stale');
    assert.deepEqual(heard.texts(), ['fresh', 'stale']);
  });

  it('an age refusal whose notice got lost is told again on the next channel', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    let slept = 0;
    const { server, heard } = await serve(t, ours, { now: () => NOW + slept });
    const wire = await wireTo(t, server.address.port);
    const { client, heard: back } = await call(t, theirs, wire.port);
    wire.stall('back');
    slept = 61_000;
    client.conversation.post(['stale']);
    await heard.until('refused-for-age');
    wire.cut();
    wire.stall('none');
    slept = 0;
    assert.deepEqual((await back.until('too-old')).numbers, [1]);
    assert.equal(theirs.store.history.get(1).state, 'too-old');
  });

  it('clocks that differ by an hour cost nothing but a sentence', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours, { now: () => NOW + 3_600_000 });
    const { client, heard: back } = await call(t, theirs, server.address.port);
    await client.conversation.send('on time');
    assert.equal((await heard.until('message')).message.age, 0);
    assert.equal((await back.until('connected')).clockOffset, 3_600_000);
  });
});
