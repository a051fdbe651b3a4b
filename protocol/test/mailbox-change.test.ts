import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toHex } from '../src/bytes.ts';
import type { SealedMailboxFlight } from '../src/conversation/mailbox-conversation.ts';
import { mailboxChange } from '../src/conversation/mailbox-change.ts';
import {
  decodeMailboxState,
  encodeMailboxState,
  type MailboxState,
  withLostSession,
} from '../src/conversation/mailbox-state.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { NOW } from './fixtures/devices.ts';
import { sides } from './fixtures/mailboxes.ts';

/** Rows as a store keeps them, written change by change. */
class Rows {
  readonly sessions = new Map<string, string>();
  readonly skipped = new Map<string, string>();
  #bundles = '';
  #chains = '';
  #state: MailboxState | undefined;

  /** Writes what changed; how many rows of skipped keys that touched. */
  write(state: MailboxState): number {
    const change = mailboxChange(this.#state, state);
    this.#state = state;
    this.#bundles = change.bundles?.map(toHex).join() ?? this.#bundles;
    this.#chains = toHex(change.chains);
    for (const { sid, row } of change.sessions) this.sessions.set(toHex(sid), toHex(row));
    for (const key of change.spent) this.skipped.delete(`${toHex(key.sid)} ${toHex(key.dh)} ${key.n}`);
    for (const key of change.skipped) this.skipped.set(`${toHex(key.sid)} ${toHex(key.dh)} ${key.n}`, toHex(key.row));
    for (const sid of [...change.ended, ...change.forgotten]) {
      this.sessions.delete(toHex(sid));
      for (const name of this.skipped.keys()) if (name.startsWith(toHex(sid))) this.skipped.delete(name);
    }
    return change.skipped.length + change.spent.length;
  }

  /** They are what writing all of the state would have made. */
  areWhole(): void {
    assert.ok(this.#state);
    const { bundles, chains, sessions, skipped } = encodeMailboxState(this.#state);
    assert.equal(this.#bundles, bundles.map(toHex).join());
    assert.equal(this.#chains, toHex(chains));
    assert.deepEqual([...this.sessions.values()].sort(), sessions.map(toHex).sort());
    assert.deepEqual([...this.skipped.values()].sort(), skipped.map(toHex).sort());
  }
}

suite('what a step changes in a mailbox (§9.5)', () => {
  test('written one after the other the changes are the state, and a flight writes no key twice', async () => {
    const { a, b } = sides();
    const rows = new Rows();
    await a.start(0);
    const sent: SealedMailboxFlight[] = [];
    for (let n = 0; n < 12; n++) sent.push(await a.say(String(n)));
    const inner = (n: number) => (sent[n] as SealedMailboxFlight).inner;
    await b.receive(inner(0));
    assert.equal(rows.write(b.conversation.state), 0);
    await b.receive(inner(9));
    assert.equal(rows.write(b.conversation.state), 8, 'eight were skipped');
    rows.areWhole();
    await b.receive(inner(10));
    assert.equal(rows.write(b.conversation.state), 0, 'none is written again');
    await b.receive(inner(4));
    assert.equal(rows.write(b.conversation.state), 1, 'one is spent');
    rows.areWhole();
    await b.restart();
    rows.write(b.conversation.state);
    rows.areWhole();
  });

  test('a session that was given up leaves its sid, and later nothing', async () => {
    const { a } = sides();
    const rows = new Rows();
    for (let index = 0; index < 10; index++) await a.start(index);
    rows.write(a.conversation.state);
    assert.equal(rows.sessions.size, 8);
    const later = NOW + 100 * 86_400_000;
    await a.start(20, later).catch(() => undefined);
    const { state } = a.conversation;
    const after = { ...state, gone: [], sessions: state.sessions.slice(-1) };
    const change = mailboxChange(state, after);
    assert.equal(change.forgotten.length, state.gone.length + state.sessions.length - 1);
    assert.deepEqual(change.ended, []);
  });

  test('of a session that was lost another one takes the place, and at last none', async () => {
    const { a } = sides();
    for (let index = 0; index < 3; index++) await a.start(index, NOW + index);
    let { state } = a.conversation;
    const lost: Uint8Array[] = [];
    for (let left = 3; left > 0; left--) {
      const present = state.sessions.find(({ ended }) => ended === 0);
      assert.ok(present, `${left} are left`);
      assert.ok(!lost.includes(present.sid));
      state = withLostSession(state, { sid: present.sid, lost, now: NOW + 10 });
      lost.push(present.sid);
    }
    assert.equal(state.sessions.filter(({ ended }) => ended === 0).length, 0);
    assert.equal(state.sessions.length, 3, 'what is under way on them still opens');
    assert.equal(withLostSession(state, { sid: lost[0] as Uint8Array, lost, now: NOW }), state);
    assert.ok((await decodeMailboxState(p, encodeMailboxState(state))).sessions.length === 3);
  });
});
