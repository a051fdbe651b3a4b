import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isWaxwingError, WaxwingError } from '../src/errors.ts';
import type { Home } from '../src/home/home.ts';
import { call, homeOf, serve, wireTo } from './fixtures/direct-pair.ts';

const failsWith = (code: string) => (error: unknown) => isWaxwingError(error) && error.code === code;

/** Texts kept of one direction, in order. */
const kept = (home: Home, direction: 'in' | 'out'): string[] =>
  home.store.history
    .list({ limit: 10_000 })
    .filter((message) => message.direction === direction)
    .map((message) => Buffer.from(message.body).toString());

describe('a cut channel', () => {
  it('comes back by itself; nothing is lost, doubled or out of order, and no gap is told', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const wire = await wireTo(t, server.address.port);
    const { client, heard: back } = await call(t, theirs, wire.port);
    await client.conversation.send('before');
    wire.stall('back'); // the peer gets these, and its acknowledgements get lost
    client.conversation.post(['acknowledged into the void']);
    await heard.until('message', ({ message }) => message.text === 'acknowledged into the void');
    wire.stall('there'); // these are sent and never arrive
    client.conversation.post(['lost 1']);
    await back.until('sent', ({ numbers }) => numbers.includes(3));
    wire.cut();
    wire.stall('none');
    client.conversation.post(['after']);
    await heard.until('message', ({ message }) => message.text === 'after');
    assert.equal(await client.conversation.flush(), true);
    assert.deepEqual(heard.texts(), ['before', 'acknowledged into the void', 'lost 1', 'after']);
    assert.deepEqual(kept(ours, 'in'), heard.texts());
    assert.ok(heard.events.every((event) => event.kind !== 'message' || event.message.gap === 0));
    assert.equal((await back.until('cut')).reason, 'ECONNRESET');
    assert.ok(back.events.some((event) => event.kind === 'retrying'));
  });

  it('is taken over by a new connection of the same peer while the old one still seems to live', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    await call(t, theirs, server.address.port);
    const { client } = await call(t, theirs, server.address.port);
    await client.conversation.send('from the new one');
    assert.ok(heard.texts().includes('from the new one'));
    assert.ok(!heard.events.some((event) => event.kind === 'turned-away'));
  });

  it('is taken over by one new connection at a time, however many come at once', async (t) => {
    const ours = await homeOf(t, 'alice');
    const { server, heard } = await serve(t, ours);
    const [first, ...others] = (await Promise.all(Array.from({ length: 5 }, () => homeOf(t, 'bob')))) as [
      Home,
      ...Home[],
    ];
    await call(t, first, server.address.port, { retryFor: 0 });
    server.post(Array.from({ length: 2_000 }, (_, index) => `line ${String(index)}`)); // it is sealing when they come
    await Promise.allSettled(others.map((home) => call(t, home, server.address.port, { retryFor: 0 })));
    const { client } = await call(t, first, server.address.port, { retryFor: 0 });
    await client.conversation.send('from the last of them');
    // Two links at once would seal with the same sequence numbers (§5.2).
    assert.deepEqual(
      heard.events.filter(({ kind }) => kind === 'storage' || kind === 'failed'),
      [],
    );
    assert.deepEqual(heard.texts(), ['from the last of them']);
  });

  it('is not mended while another chats there: the pauses grow, and the time to come back runs out', async (t) => {
    const [ours, theirs, others] = [await homeOf(t, 'alice'), await homeOf(t, 'bob'), await homeOf(t, 'carol')];
    const { server, heard } = await serve(t, ours);
    const wire = await wireTo(t, server.address.port);
    const { client, heard: back } = await call(t, theirs, wire.port, { retryFor: 1_500 });
    await wire.close();
    await heard.until('cut');
    await call(t, others, server.address.port);
    await wire.open();
    const end = await client.ended;
    assert.equal(end.how === 'failed' && end.error.code, 'peer-busy');
    const pauses = back.events.flatMap((event) => (event.kind === 'retrying' ? [event.inMs] : []));
    assert.ok(pauses.length <= 3, `${String(pauses.length)} tries`);
    assert.ok(
      pauses.every((pause, index) => pause >= 0.8 * 250 * 2 ** index),
      String(pauses),
    );
  });

  it('is mended more and more slowly with a server that lets in and cuts', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server } = await serve(t, ours);
    const wire = await wireTo(t, server.address.port);
    const { heard: back } = await call(t, theirs, wire.port);
    for (let times = 1; times <= 3; times++) {
      wire.cut();
      await back.until('connected', () => back.events.filter(({ kind }) => kind === 'connected').length > times);
    }
    const pauses = back.events.flatMap((event) => (event.kind === 'retrying' ? [event.inMs] : []));
    assert.ok(pauses.length === 3 && pauses.every((pause, index) => pause >= 0.8 * 250 * 2 ** index), String(pauses));
  });

  it('keeps what is unacknowledged for the next run', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const first = await serve(t, ours);
    const wire = await wireTo(t, first.server.address.port);
    const { client } = await call(t, theirs, wire.port, { retryFor: 0 });
    wire.stall('there');
    const sending = assert.rejects(client.conversation.send('kept'), failsWith('not-acknowledged'));
    wire.cut();
    const end = await client.ended;
    assert.equal(end.how === 'failed' && end.error.code, 'connection-cut');
    await sending;
    wire.stall('none');
    await call(t, theirs, wire.port);
    await first.heard.until('message', ({ message }) => message.text === 'kept');
    assert.deepEqual(first.heard.texts(), ['kept']);
  });
});

describe('a disk that refuses', () => {
  it('ends the connection; what it could not keep is not acknowledged and arrives later', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const { client } = await call(t, theirs, server.address.port);
    const receive = ours.store.history.receive.bind(ours.store.history);
    let full = true;
    t.mock.method(ours.store.history, 'receive', (...given: Parameters<typeof receive>) => {
      if (full) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
      return receive(...given);
    });
    client.conversation.post(['first refused']);
    assert.equal((await heard.until('storage')).error.code, 'disk-full');
    full = false;
    await heard.until('message');
    assert.deepEqual(heard.texts(), ['first refused']);
  });

  it('is told where the outbox cannot be written as a connection begins, on either side', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const wire = await wireTo(t, server.address.port);
    const { client, heard: back } = await call(t, theirs, wire.port);
    const full = (): never => {
      throw new WaxwingError('disk-full', 'The disk is full.', 'Free some space.');
    };
    const here = t.mock.method(ours.store.outbox, 'adopt', full);
    wire.cut();
    assert.equal((await heard.until('storage')).error.code, 'disk-full');
    here.mock.restore();
    await back.until('connected', ({ again }) => again);
    t.mock.method(theirs.store.outbox, 'adopt', full);
    wire.cut();
    const end = await client.ended;
    assert.equal(end.how === 'failed' && end.error.code, 'disk-full');
  });
});
