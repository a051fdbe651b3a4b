import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DAY, decodeRelayLink, GOODBYE, inviteToken, REFUSAL, utf8 } from '@waxwing/protocol/wire';
import { DEFAULTS } from '../src/config/settings.ts';
import { openLog } from '../src/log.ts';
import { Relay } from '../src/relay.ts';
import { openSqlite } from '../src/store/sql/sqlite.ts';
import type { RelayStore } from '../src/store/store.ts';
import { envelope, idOf, mailboxAt, signedPrekeys } from './fixtures/mail.ts';
import { RelayClient, refusedWith } from './fixtures/relay-client.ts';
import { alice, aliceSecond, bob, carol, NOW, p, runRelay } from './fixtures/running-relay.ts';

const NOBODY = new Uint8Array(32).fill(9);

describe('a relay refuses (§11.4)', () => {
  it('1: an op it does not know, and goes on', async (t) => {
    const client = await (await runRelay(t)).member(alice);
    await assert.rejects(client.askUnknown(), refusedWith(REFUSAL.unknownOp));
    await client.ask({ op: 'receive' });
  });

  it('2: whoever is no member, whatever is asked', async (t) => {
    const relay = await runRelay(t);
    const client = await relay.call(alice);
    const welcome = await client.event('welcome');
    assert.deepEqual(welcome, {
      event: 'welcome',
      member: false,
      name: new Uint8Array(0),
      prekeyCounter: 0,
      entriesLeft: 0,
      waiting: 0,
    });
    const mailbox = mailboxAt(relay.account, alice);
    const requests = [
      { op: 'claim', name: utf8('a') },
      { op: 'resolve', name: utf8('a') },
      await signedPrekeys(alice, { now: NOW }),
      { op: 'fetch', account: NOBODY, withEntry: true },
      { op: 'put', envelopes: [envelope(mailbox, 1)] },
      { op: 'receive' },
      { op: 'confirm', ids: [idOf(1)] },
      { op: 'unopenable', ids: [idOf(1)] },
      { op: 'status', ids: [idOf(1)] },
      { op: 'signal', mailbox, outer: envelope(mailbox, 1).outer },
      { op: 'invite', tokenHash: NOBODY, days: 1 },
      { op: 'stored', row: 0 },
      { op: 'leave' },
    ] as const;
    for (const request of requests) {
      await assert.rejects(client.ask(request), refusedWith(REFUSAL.noMember), request.op);
    }
  });

  it('3, 4, 5: invites that are unknown, used up, at their end', async (t) => {
    let now = NOW;
    const relay = await runRelay(t, { now: () => now });
    const client = await relay.call(alice);
    await assert.rejects(client.ask({ op: 'join', token: new Uint8Array(16) }), refusedWith(REFUSAL.inviteUnknown));
    await assert.rejects(client.ask({ op: 'join', token: new Uint8Array(0) }), refusedWith(REFUSAL.inviteUnknown));
    const token = await relay.token();
    await (await relay.call(bob)).ask({ op: 'join', token });
    await assert.rejects(client.ask({ op: 'join', token }), refusedWith(REFUSAL.inviteUsedUp));
    const late = await relay.token();
    now += 8 * DAY;
    await assert.rejects(client.ask({ op: 'join', token: late }), refusedWith(REFUSAL.inviteEnded));
  });

  it('6, 7, 8: names of a wrong form, taken, unknown', async (t) => {
    const relay = await runRelay(t);
    const [one, two] = [await relay.member(alice), await relay.member(bob)];
    for (const name of ['', 'Alice', '-a', 'a@b', 'x'.repeat(33), 'a\n']) {
      await assert.rejects(one.ask({ op: 'claim', name: utf8(name) }), refusedWith(REFUSAL.nameForm), name);
    }
    await one.ask({ op: 'claim', name: utf8('alice') });
    await assert.rejects(two.ask({ op: 'claim', name: utf8('alice') }), refusedWith(REFUSAL.nameTaken));
    await assert.rejects(two.ask({ op: 'resolve', name: utf8('bob') }), refusedWith(REFUSAL.nameUnknown));
    const found = await two.ask({ op: 'resolve', name: utf8('alice') });
    assert.deepEqual(found.account, alice.bundle.account);
    assert.deepEqual((await one.ask({ op: 'join', token: new Uint8Array(0) })).name, utf8('alice'), 'uses nothing');
  });

  it('9, 10, 11: accounts unknown, prekeys that are not good, none there', async (t) => {
    const relay = await runRelay(t);
    const [one, two] = [await relay.member(alice), await relay.member(bob)];
    const fetch = { op: 'fetch', account: alice.bundle.account, withEntry: true } as const;
    await assert.rejects(two.ask({ ...fetch, account: NOBODY }), refusedWith(REFUSAL.accountUnknown));
    for (let n = 0; n < 4; n++) await assert.rejects(two.ask(fetch), refusedWith(REFUSAL.noPrekeys));
    const [bare] = (await two.ask({ ...fetch, withEntry: false })).sets;
    assert.deepEqual([bare?.bundle, bare?.statement.length], [alice.bundle.bytes, 0]);

    const good = await signedPrekeys(alice, { now: NOW });
    const [first, ...rest] = good.keys;
    assert.ok(first !== undefined);
    for (const bad of [
      await signedPrekeys(bob, { now: NOW }), // another device's
      { ...good, signature: new Uint8Array(256) },
      { ...good, keys: [...rest, first] }, // not those of its root
      await signedPrekeys(alice, { now: NOW + 2 * DAY }), // made the day after tomorrow
      await signedPrekeys(alice, { now: NOW - 8 * DAY }), // over already
    ]) {
      await assert.rejects(one.ask(bad), refusedWith(REFUSAL.prekeysRefused));
    }
    await one.ask(good);
    await assert.rejects(one.ask(good), refusedWith(REFUSAL.prekeysRefused), 'the same counter');
    assert.equal((await two.ask(fetch)).sets[0]?.entry.length, 1223, 'who asked in vain has had none');
  });

  it('12, 13, 17: mailboxes unknown, full, ids taken, each envelope for itself', async (t) => {
    const relay = await runRelay(t, { mailboxEnvelopes: 2 });
    const [one] = [await relay.member(alice), await relay.member(bob)];
    const mailbox = mailboxAt(relay.account, bob);
    const envelopes = [envelope(NOBODY, 1), envelope(mailbox, 2), envelope(mailbox, 3), envelope(mailbox, 4)];
    const { codes } = await one.ask({ op: 'put', envelopes });
    assert.deepEqual(codes, [REFUSAL.mailboxUnknown, 0, 0, REFUSAL.mailboxFull]);
    const other = { ...envelope(mailbox, 2), outer: envelope(mailbox, 9).outer };
    assert.deepEqual((await one.ask({ op: 'put', envelopes: [other, envelope(mailbox, 3)] })).codes, [
      REFUSAL.idTaken,
      0,
    ]);
  });

  it('14: too many, too fast, saying when', async (t) => {
    const relay = await runRelay(t, { putBurst: 64, unansweredPerHour: 3, joinsPerHour: 3 });
    const [one, two] = [await relay.member(alice), await relay.member(bob)];
    const [mailbox, own] = [mailboxAt(relay.account, bob), mailboxAt(relay.account, alice)];
    const put = (...numbers: number[]) => one.ask({ op: 'put', envelopes: numbers.map((n) => envelope(mailbox, n)) });
    assert.deepEqual((await put(1, 2, 3)).codes, [0, 0, 0]);
    assert.deepEqual((await put(4)).codes, [REFUSAL.tooMany], 'into a mailbox that does not write back');
    assert.deepEqual((await two.ask({ op: 'put', envelopes: [envelope(own, 50)] })).codes, [0]);
    assert.deepEqual((await put(4)).codes, [0], 'it wrote back');
    for (let n = 60; n < 64; n++) {
      const { codes } = await one.ask({ op: 'put', envelopes: [envelope(NOBODY, n)] });
      assert.deepEqual(codes, [REFUSAL.mailboxUnknown], 'of what is not there nothing is counted, or kept in memory');
    }
    const flood = put(...Array.from({ length: 60 }, (_, n) => n + 100));
    await assert.rejects(
      flood,
      (error) => refusedWith(REFUSAL.tooMany)(error) && (error as { retry: number }).retry > 0,
    );

    const invite = (n: number) => one.ask({ op: 'invite', tokenHash: new Uint8Array(32).fill(n), days: 1 });
    for (let n = 1; n <= 20; n++) await invite(n);
    await assert.rejects(invite(21), refusedWith(REFUSAL.tooMany));
    await one.ask({ op: 'invite', tokenHash: new Uint8Array(32).fill(1), days: 0 });
    await invite(21);

    const stranger = await relay.call(carol);
    await assert.rejects(stranger.ask({ op: 'join', token: NOBODY.slice(16) }), refusedWith(REFUSAL.inviteUnknown));
    await assert.rejects(stranger.ask({ op: 'join', token: await relay.token() }), refusedWith(REFUSAL.tooMany));
    for (let n = 0; n < 60; n++) await one.ask({ op: 'resolve', name: utf8('a') }).catch(() => undefined);
    await assert.rejects(one.ask({ op: 'resolve', name: utf8('a') }), refusedWith(REFUSAL.tooMany));
    const signal = { op: 'signal', mailbox, outer: envelope(mailbox, 1).outer } as const;
    for (let n = 0; n < 5; n++) await one.ask(signal);
    await assert.rejects(one.ask(signal), refusedWith(REFUSAL.tooMany));
  });

  it('15, 16: what the disk does not take, and new requests while it drains', async (t) => {
    const disk = { fails: false, gate: Promise.resolve() };
    const { store: kept } = openSqlite(':memory:', p);
    const store = new Proxy<RelayStore>(kept, {
      get(target, name) {
        if (name !== 'commit') return (target[name as keyof RelayStore] as () => unknown).bind(target);
        return async (changes: Parameters<RelayStore['commit']>[0]) => {
          await disk.gate;
          if (disk.fails) throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
          return await target.commit(changes);
        };
      },
    });
    const settings = { ...DEFAULTS, data: 'nowhere', open: true, port: 0 };
    const log = openLog('silent', process.stderr);
    const relay = await Relay.start({ primitives: p, settings, store, log, now: () => NOW });
    const client = await RelayClient.connect({ port: relay.port, device: alice, relay: relay.account, now: () => NOW });
    t.after(() => client.cut());
    await client.ask({ op: 'join', token: new Uint8Array(0) });
    const envelopes = [envelope(mailboxAt(relay.account, alice), 1)];
    disk.fails = true;
    assert.deepEqual((await client.ask({ op: 'put', envelopes })).codes, [REFUSAL.cannotStore]);
    await assert.rejects(client.ask({ op: 'claim', name: utf8('a') }), refusedWith(REFUSAL.cannotStore));
    disk.fails = false;
    assert.deepEqual((await client.ask({ op: 'put', envelopes })).codes, [0], 'nothing was lost by it');

    const { promise, resolve } = Promise.withResolvers<undefined>();
    disk.gate = promise.then(() => undefined);
    const underWay = client.ask({ op: 'claim', name: utf8('a') });
    await new Promise((done) => setTimeout(done, 50));
    const drained = relay.drain();
    await assert.rejects(client.ask({ op: 'receive' }), refusedWith(REFUSAL.draining));
    resolve(undefined);
    assert.deepEqual(await underWay, { op: 'claim' }, 'what is under way is answered');
    const goodbye = await client.event('goodbye');
    assert.equal(goodbye.reason, GOODBYE.draining);
    assert.equal(await client.end(), 'closed');
    await drained;
  });
});

describe('a relay ends a channel', () => {
  const malformed = async (t: Parameters<typeof runRelay>[0], say: (client: RelayClient) => void): Promise<string> => {
    const client = await (await runRelay(t)).member(alice);
    say(client);
    return await client.end();
  };

  it('that carries anything but its messages', async (t) => {
    for (const content of [
      { kind: 'envelope', envelope: new Uint8Array(900) },
      { kind: 'accepted', seq: 0 },
      { kind: 'close', lastSeq: 1 },
      { kind: 'relay', body: [] },
      { kind: 'relay', body: [0, 7] },
      { kind: 'relay', body: [9, 7] }, // out of its turn
      { kind: 'relay', body: [2, 6, []] },
    ] as const) {
      assert.equal(await malformed(t, (client) => client.say(content)), 'rejected', JSON.stringify(content));
    }
    assert.equal(await malformed(t, (client) => client.raw(new Uint8Array(64).fill(1))), 'rejected');
  });

  it('in order where the client says so', async (t) => {
    assert.equal(await malformed(t, (client) => client.say({ kind: 'close', lastSeq: 0 })), 'closed');
  });

  it('5: with more than 64 requests unanswered', async (t) => {
    const relay = await runRelay(t);
    const client = await relay.member(alice);
    for (let n = 0; n < 2_100; n++) client.ask({ op: 'status', ids: [idOf(n)] }).catch(() => undefined);
    assert.equal((await client.event('goodbye')).reason, GOODBYE.tooMany);
    assert.equal(await client.end(), 'closed');
  });

  it('2: of a device that calls again, 4: of one that is removed', async (t) => {
    const relay = await runRelay(t);
    const [first, second] = [await relay.member(alice), await relay.member(alice)];
    assert.equal((await first.event('goodbye')).reason, GOODBYE.replaced);
    assert.equal(await first.end(), 'closed');
    const { fingerprint } = await relay.served.control.remove(
      (await relay.served.control.users())[0]?.fingerprint ?? '',
    );
    assert.match(fingerprint, /^SHA256:/);
    assert.equal((await second.event('goodbye')).reason, GOODBYE.removed);
    await second.end();
    assert.equal((await (await relay.call(alice)).event('welcome')).member, false);
  });

  it('4: of a device whose account has a new one, which needs no token', async (t) => {
    const relay = await runRelay(t);
    const [old, other] = [await relay.member(alice), await relay.member(bob)];
    await old.ask({ op: 'claim', name: utf8('alice') });
    const mailbox = mailboxAt(relay.account, alice);
    await other.ask({ op: 'put', envelopes: [envelope(mailbox, 1)] });
    const next = await relay.call(aliceSecond);
    const welcome = await next.event('welcome');
    assert.deepEqual([welcome.member, welcome.name], [false, utf8('alice')]);
    assert.deepEqual((await next.ask({ op: 'join', token: new Uint8Array(0) })).name, utf8('alice'));
    assert.equal((await old.event('goodbye')).reason, GOODBYE.removed);
    assert.deepEqual(await other.event('status'), { event: 'status', notices: [{ id: idOf(1), state: 3 }] });
    assert.deepEqual((await other.ask({ op: 'put', envelopes: [envelope(mailbox, 2)] })).codes, [
      REFUSAL.mailboxUnknown,
    ]);
  });

  it('whose account leaves, once it has its answer', async (t) => {
    const relay = await runRelay(t);
    const client = await relay.member(alice);
    assert.deepEqual(await client.ask({ op: 'leave' }), { op: 'leave' });
    assert.equal((await client.event('goodbye')).reason, GOODBYE.removed);
    assert.deepEqual(await relay.served.control.users(), []);
  });
});

describe('an invite', () => {
  it('lets in exactly as many as it says, however many try at once', async (t) => {
    const relay = await runRelay(t);
    const { link } = await relay.served.control.invite({ uses: 2, days: 1 });
    const token = inviteToken(p, decodeRelayLink(link).secret ?? new Uint8Array(0));
    const clients = await Promise.all([alice, bob, carol].map((device) => relay.call(device)));
    const outcomes = await Promise.allSettled(clients.map((client) => client.ask({ op: 'join', token })));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.ok(refusedWith(REFUSAL.inviteUsedUp)(outcome.reason));
    }
    assert.equal((await relay.served.control.users()).length, 2);
  });
});
