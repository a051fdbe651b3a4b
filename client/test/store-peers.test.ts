import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Bundle, renewDevice } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { aliceAccount } from '../../protocol/test/fixtures/devices.ts';
import type { Verdict } from '../src/store/peer.ts';
import { alice, bob, bytes, carol, type Clock, memoryStore, NOW } from './fixtures/homes.ts';

const HOST = '127.0.0.1:8000';
const accounts = { bob: bob.bundle.account, carol: carol.bundle.account };

describe('peers', () => {
  test('meeting a peer keeps who it is and when it was seen', () => {
    const clock: Clock = { time: NOW };
    const { peers } = memoryStore(clock);
    peers.meet(bob.bundle);
    clock.time += 5000;
    const peer = peers.meet(bob.bundle);
    assert.match(peer.fingerprint, /^SHA256:.{43}$/);
    assert.deepEqual([peer.firstSeen, peer.lastSeen], [NOW, NOW + 5000]);
    assert.deepEqual(peer.accountKey, bob.bundle.accountKey.spki);
    assert.deepEqual(peers.get(accounts.bob), peer);
    assert.equal(peers.list().length, 1);
    assert.equal(peers.get(accounts.carol), undefined);
  });

  test('an older or another certificate of the same serial is refused, even of a forgotten peer', async () => {
    const options = { account: aliceAccount, device: alice, now: NOW + 1, rotateWrapKey: false, newDeviceId: false };
    const renewed = await renewDevice(nodePrimitives, options);
    const twin: Bundle = { ...renewed.bundle, certificateHash: bytes(32, 1) };
    const { peers } = memoryStore();
    peers.meet(alice.bundle);
    peers.meet(renewed.bundle);
    for (const bundle of [alice.bundle, twin]) assert.throws(() => peers.meet(bundle), { code: 'peer-rollback' });
    peers.meet(renewed.bundle);
    peers.forget(alice.bundle.account);
    assert.throws(() => peers.meet(alice.bundle), { code: 'peer-rollback' });
    assert.equal(peers.get(alice.bundle.account), undefined, 'a refused bundle leaves no trace');
  });

  test('find takes a petname, a fingerprint, its beginning, or a pinned name', () => {
    const { peers, pins } = memoryStore();
    const fingerprint = peers.meet(bob.bundle).fingerprint;
    peers.meet(carol.bundle);
    pins.pin(HOST, accounts.bob);
    peers.rename(accounts.bob, '  Bo\u0308b ');
    const short = fingerprint.slice('SHA256:'.length, 'SHA256:'.length + 6);
    for (const name of ['Böb', 'BÖB', 'bo\u0308b', fingerprint, `SHA256:${short}`, short, HOST]) {
      assert.deepEqual(peers.find(name).account, accounts.bob, name);
    }
    for (const name of ['nobody', '', 'SHA256:', fingerprint.slice(0, 10), `${short}!`]) {
      assert.throws(() => peers.find(name), { code: 'name-unknown' }, name);
    }
  });

  test('a beginning that two fingerprints share is ambiguous', () => {
    const { peers } = memoryStore();
    for (const last of [1, 2]) peers.verify(Uint8Array.from([...bytes(31, 7), last]), 'link');
    assert.throws(() => peers.find('SHA256:BwcH'), { code: 'name-ambiguous' });
  });

  test('petnames are unique and cannot lie', () => {
    const { peers, pins } = memoryStore();
    peers.meet(bob.bundle);
    peers.meet(carol.bundle);
    pins.pin(HOST, accounts.carol);
    assert.equal(peers.rename(accounts.bob, 'Bob').petname, 'Bob');
    for (const taken of ['Bob', 'bob', 'ＢＯＢ']) {
      assert.throws(() => peers.rename(accounts.carol, taken), { code: 'name-taken' }, taken);
    }
    assert.throws(() => peers.rename(accounts.bob, HOST), { code: 'name-taken' });
    const invalid = [
      '',
      ' ',
      'a\u202Eb',
      'a\u0000',
      'a\u001b[2J',
      'a\u200bb',
      'SHA256:abc',
      '/quit',
      '#1',
      'é'.repeat(65),
    ];
    for (const name of invalid) assert.throws(() => peers.rename(accounts.carol, name), { code: 'name-invalid' }, name);
    assert.equal(peers.rename(accounts.carol, '👩‍🚀 Zoë').petname, '👩‍🚀 Zoë');
    assert.equal(peers.rename(accounts.bob, 'é'.repeat(64)).petname?.length, 64);
    assert.equal(peers.rename(accounts.bob, undefined).petname, undefined);
    assert.equal(peers.rename(accounts.carol, 'Bob').petname, 'Bob');
    assert.throws(() => peers.rename(bytes(32, 1), 'x'), { code: 'name-unknown' });
  });

  test('a claimed nick is made harmless, never refused', () => {
    const { peers } = memoryStore();
    peers.meet(bob.bundle);
    assert.equal(peers.claimNick(accounts.bob, ' \u001b[31mBo\u202Eb\n '), '[31mBob');
    assert.equal(peers.get(accounts.bob)?.nick, '[31mBob');
    assert.equal(peers.claimNick(accounts.bob, 'x'.repeat(100)).length, 64);
    assert.equal(peers.claimNick(accounts.bob, '\u0007'), '');
    assert.equal(peers.get(accounts.bob)?.nick, undefined);
  });

  test('forgetting a peer does not let a blocked one in again', () => {
    const { peers } = memoryStore();
    peers.meet(bob.bundle);
    peers.rename(bob.bundle.account, 'bob');
    peers.verify(bob.bundle.account, 'fingerprint');
    peers.block(bob.bundle.account);
    peers.forget(bob.bundle.account);
    const left = peers.get(bob.bundle.account);
    assert.notEqual(left?.blockedAt, undefined);
    assert.deepEqual([left?.petname, left?.verifiedAt], [undefined, undefined]);
    peers.unblock(bob.bundle.account);
    peers.forget(bob.bundle.account);
    assert.equal(peers.get(bob.bundle.account), undefined);
  });

  test('verify, block, unblock and forget are logged, newest first', () => {
    const { peers, pins, events } = memoryStore();
    peers.meet(bob.bundle);
    pins.pin(HOST, accounts.bob);
    peers.verify(accounts.bob, 'safety-number');
    peers.block(accounts.bob);
    assert.equal(peers.get(accounts.bob)?.blockedAt, NOW);
    assert.equal(pins.verdict(HOST, accounts.bob).blocked, true);
    peers.unblock(accounts.bob);
    const peer = peers.get(accounts.bob);
    assert.deepEqual([peer?.verifiedHow, peer?.verifiedAt, peer?.blockedAt], ['safety-number', NOW, undefined]);
    assert.deepEqual(peer?.pins, [HOST]);
    peers.forget(accounts.bob);
    assert.deepEqual([peers.list(), pins.list()], [[], []]);
    const kinds = events.list({ account: accounts.bob }).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['forgotten', 'unblocked', 'blocked', 'verified', 'pinned']);
    assert.equal(events.list({ limit: 2 }).length, 2);
    assert.equal(events.list({ name: HOST }).length, 1);
    assert.throws(() => peers.forget(accounts.bob), { code: 'name-unknown' });
  });
});

describe('verdicts', () => {
  interface Case {
    readonly title: string;
    readonly name: string | undefined;
    readonly met?: boolean;
    readonly verified?: boolean;
    readonly pinnedTo?: 'bob' | 'carol';
    readonly expect: Pick<Verdict, 'state' | 'firstContact'>;
  }
  const seen = (firstContact: boolean) => ({ state: 'first seen', firstContact }) as const;
  const verified = { state: 'verified', firstContact: false } as const;
  const changed = { state: 'changed', firstContact: false } as const;
  const table: readonly Case[] = [
    { title: 'no name, unknown', name: undefined, expect: seen(true) },
    { title: 'no name, met', name: undefined, met: true, expect: seen(false) },
    { title: 'no name, verified', name: undefined, met: true, verified: true, expect: verified },
    { title: 'name free, unknown', name: HOST, expect: seen(true) },
    { title: 'name free, met elsewhere', name: HOST, met: true, expect: seen(true) },
    { title: 'name free, verified elsewhere', name: HOST, met: true, verified: true, expect: verified },
    { title: 'name pinned to it', name: HOST, met: true, pinnedTo: 'bob', expect: seen(false) },
    { title: 'name pinned to it, verified', name: HOST, met: true, verified: true, pinnedTo: 'bob', expect: verified },
    { title: 'name pinned to another', name: HOST, pinnedTo: 'carol', expect: changed },
    { title: 'name pinned to another, met', name: HOST, met: true, pinnedTo: 'carol', expect: changed },
    { title: 'name pinned to another, verified', name: HOST, verified: true, pinnedTo: 'carol', expect: changed },
  ];
  for (const { title, name, met, verified: isVerified, pinnedTo, expect } of table) {
    test(`${title}: ${expect.state}`, () => {
      const { peers, pins } = memoryStore();
      if (met === true) peers.meet(bob.bundle);
      if (isVerified === true) peers.verify(accounts.bob, 'sas');
      if (pinnedTo !== undefined) pins.pin(HOST, accounts[pinnedTo]);
      const { state, firstContact, pinned, blocked } = pins.verdict(name, accounts.bob);
      assert.deepEqual({ state, firstContact }, expect);
      assert.equal(blocked, false);
      assert.deepEqual(pinned?.account, pinnedTo && accounts[pinnedTo]);
    });
  }

  test('a pin is not moved by meeting another, only by accepting it', () => {
    const clock: Clock = { time: NOW };
    const { peers, pins, events } = memoryStore(clock);
    peers.meet(bob.bundle);
    pins.pin(HOST, accounts.bob);
    clock.time += 1000;
    pins.pin(HOST, accounts.bob);
    assert.deepEqual([pins.get(HOST)?.since, pins.get(HOST)?.lastSeen], [NOW, NOW + 1000]);
    assert.throws(() => pins.pin(HOST, accounts.carol), { code: 'peer-changed', message: /last seen 2027-01-15T/ });
    pins.noteChanged(HOST, accounts.carol);
    assert.equal(pins.verdict(HOST, accounts.carol).state, 'changed');

    const pin = pins.accept(HOST, accounts.carol); // never met: only its fingerprint is known
    assert.deepEqual([pin.account, pin.since], [accounts.carol, NOW + 1000]);
    assert.deepEqual(pins.accept(HOST, accounts.carol), pin, 'accepting twice changes nothing');
    assert.equal(pins.verdict(HOST, accounts.carol).state, 'first seen', 'accepted is not verified');
    assert.equal(pins.verdict(HOST, accounts.bob).state, 'changed');
    const log = events.list({ name: HOST }).map(({ kind, before }) => [kind, before]);
    assert.deepEqual(log, [
      ['accepted', accounts.bob],
      ['changed', accounts.bob],
      ['pinned', undefined],
    ]);
    pins.remove(HOST);
    assert.deepEqual(pins.list(), []);
    assert.equal(pins.verdict(HOST, accounts.bob).state, 'first seen');
  });
});
