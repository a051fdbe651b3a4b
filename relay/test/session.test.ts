import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Channel, Content } from '@waxwing/protocol/channel';
import {
  type Bytes,
  concat,
  DEAD_AFTER,
  decodeReply,
  encodeRequest,
  entryLeaves,
  MAX_UNWRITTEN,
  PING_AFTER,
  type RelayEvent,
  SLOW_READER_AFTER,
} from '@waxwing/protocol/wire';
import { connect } from '../../protocol/test/fixtures/connect.ts';
import { InProcessBus } from '../src/bus/in-process.ts';
import { DEFAULTS } from '../src/config/settings.ts';
import { openLog } from '../src/log.ts';
import { Metrics } from '../src/metrics.ts';
import { Rates } from '../src/rates.ts';
import type { RelayParts } from '../src/session/caller.ts';
import { Session } from '../src/session/session.ts';
import { CommitQueue } from '../src/store/commit-queue.ts';
import type { Wire, WireHandler } from '../src/wire/wire.ts';
import { envelope, mailboxAt } from './fixtures/mail.ts';
import { MemoryStore } from './fixtures/memory-store.ts';
import { alice, NOW, p } from './fixtures/running-relay.ts';

/** A wire whose other end reads as fast as the test says. */
class TestWire implements Wire {
  readonly address = 'test';
  unwritten = 0;
  readonly written: Bytes[] = [];
  reading = true;
  state: 'open' | 'ended' | 'cut' = 'open';
  handler: WireHandler | undefined;

  write(frame: Uint8Array): void {
    this.written.push(new Uint8Array(frame));
  }
  listen(handler: WireHandler): void {
    this.handler = handler;
  }
  pause(): void {
    this.reading = false;
  }
  resume(): void {
    this.reading = true;
  }
  end(): void {
    this.state = 'ended';
  }
  cut(): void {
    this.state = 'cut';
  }
}

/** A session of alice, whose relay is bob, on a clock of its own. */
async function openSession() {
  const { server, client } = await connect();
  const store = new MemoryStore(p);
  const clock = { at: 0 };
  const parts: RelayParts = {
    primitives: p,
    store,
    commits: new CommitQueue(store),
    bus: new InProcessBus(),
    rates: new Rates(DEFAULTS),
    metrics: new Metrics({ channels: () => 1, handshakes: () => 0 }),
    log: openLog('silent', { write: () => undefined }),
    open: true,
    quota: { envelopes: 100, bytes: 2 ** 28 },
    now: () => NOW,
  };
  const wire = new TestWire();
  const relay = new Uint8Array(32);
  const house = {
    parts,
    relay,
    draining: () => false,
    remember: () => undefined,
    ended: () => undefined,
    stopwatch: () => clock.at,
  };
  const session = new Session(house, { wire, speaker: server, name: '1', member: undefined });
  wire.listen(session);
  const peer = new Peer(client, wire);
  // In several turns: on a busy machine one timer may be over before the first thing has happened.
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 3));
  };
  return { session, store, wire, peer, clock, settle, rates: parts.rates, mailbox: mailboxAt(relay, alice) };
}

/** What is said unasked; answers are not looked at. */
function decodeEvents(body: Parameters<typeof decodeReply>[0]): ReturnType<typeof decodeReply> | undefined {
  return body[0] === 0 ? decodeReply(body, () => undefined) : undefined;
}

class Peer {
  readonly #channel: Channel;
  readonly #wire: TestWire;
  #id = 0;

  constructor(channel: Channel, wire: TestWire) {
    this.#channel = channel;
    this.#wire = wire;
  }

  ask(request: Parameters<typeof encodeRequest>[1]): void {
    this.#wire.handler?.receive(this.#channel.seal({ kind: 'relay', body: encodeRequest(++this.#id, request) }));
  }

  /** What was written since the last call. */
  heard(): Content[] {
    return this.#wire.written.splice(0).flatMap((frame) => this.#channel.receive(frame));
  }

  events(): RelayEvent[] {
    return this.heard().flatMap((content) => {
      const reply = content.kind === 'relay' ? decodeEvents(content.body) : undefined;
      return reply?.kind === 'event' && reply.event.event !== 'unknown' ? [reply.event] : [];
    });
  }
}

const keys = Array.from({ length: 100 }, (_, n) => ({ opk: new Uint8Array(32).fill(n), ek: new Uint8Array(1184) }));

describe('a session', () => {
  test('keeps 20,000 ids a day that did not open; others are deleted all the same', async () => {
    const { session, peer, settle, mailbox, store, rates } = await openSession();
    peer.ask({ op: 'join', token: new Uint8Array(0) });
    await settle();
    const envelopes = [1, 2].map((n) => envelope(mailbox, n));
    await store.commit([{ kind: 'put', envelopes, goes: 30_000, quota: { envelopes: 100, bytes: 2 ** 20 } }]);
    await rates.notices.take(session.key, 19_999);
    for (const { id } of envelopes) peer.ask({ op: 'unopenable', ids: [id] });
    await settle();
    assert.deepEqual(await store.states(envelopes.map(({ id }) => id)), [2, 0]);
  });

  test('is told when few entries are left, at every fetch from then on', async () => {
    const { peer, settle, mailbox, store } = await openSession();
    const { account } = alice.bundle;
    peer.ask({ op: 'join', token: new Uint8Array(0) });
    await settle();
    const leaves = concat(...entryLeaves(p, keys));
    const statement = new Uint8Array(9);
    await store.commit([
      { kind: 'prekeys', mailbox, counter: 1, statement, signature: new Uint8Array(256), leaves, keys },
      ...Array.from({ length: 78 }, () => ({ kind: 'fetch', account, want: 'entry' }) as const),
    ]);
    peer.heard();
    peer.ask({ op: 'fetch', account, withEntry: true });
    await settle();
    assert.deepEqual(peer.events(), [], '21 are left');
    for (const left of [20, 19]) {
      peer.ask({ op: 'fetch', account, withEntry: true });
      await settle();
      assert.deepEqual(peer.events(), [{ event: 'entries', left }]);
    }
  });

  test('pings a silent client after 30 s, and cuts it after 90', async () => {
    const { session, wire, peer } = await openSession();
    assert.deepEqual(
      peer.events().map(({ event }) => event),
      ['welcome'],
    );
    session.tick(PING_AFTER - 1);
    assert.deepEqual(peer.heard(), []);
    session.tick(PING_AFTER);
    session.tick(PING_AFTER + 1);
    assert.deepEqual(peer.heard(), [{ kind: 'ping' }]);
    session.tick(DEAD_AFTER - 1);
    assert.equal(wire.state, 'open');
    session.tick(DEAD_AFTER);
    assert.equal(wire.state, 'cut');
  });

  test('stops reading who does not read, goes on when that does, and sends it away after 30 s', async () => {
    const { session, wire, peer, clock, settle, mailbox } = await openSession();
    peer.ask({ op: 'join', token: new Uint8Array(0) });
    await settle();
    peer.ask({ op: 'put', envelopes: [envelope(mailbox, 1)] });
    await settle();
    peer.heard();
    wire.unwritten = MAX_UNWRITTEN + 1;
    peer.ask({ op: 'receive' });
    await settle();
    assert.equal(wire.reading, false);
    assert.deepEqual(peer.events(), [], 'nothing is delivered into a full wire');
    wire.unwritten = MAX_UNWRITTEN;
    session.drained();
    await settle();
    assert.equal(wire.reading, true);
    assert.deepEqual(
      peer.events().map(({ event }) => event),
      ['deliver'],
    );

    wire.unwritten = MAX_UNWRITTEN + 1;
    clock.at = 1_000;
    peer.ask({ op: 'receive' });
    await settle();
    session.tick(1_000 + SLOW_READER_AFTER - 1);
    assert.equal(wire.state, 'open');
    session.tick(1_000 + SLOW_READER_AFTER);
    assert.equal(wire.state, 'ended');
    const said = peer.events();
    assert.deepEqual(said.at(-1), { event: 'goodbye', reason: 3, retry: 1_000 });
  });
});
