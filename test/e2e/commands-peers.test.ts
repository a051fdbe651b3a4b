/** The real command on real homes: what the user decides about peers, what changed when, and the history. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Home, openHome } from '@waxwing/client';
import { decodeFingerprint, encodeFingerprint, QUARANTINE_AFTER } from '@waxwing/protocol';
import { HOSTILE, records, TwoHomes, waxwing, waxwingInTerminal } from './fixtures/two-homes.ts';

const OTHER = encodeFingerprint(new Uint8Array(32).fill(7));

async function within(path: string, change: (home: Home) => void): Promise<void> {
  const home = await openHome({ path });
  try {
    change(home);
  } finally {
    home.close();
  }
}

suite('peers and history', { concurrency: 2 }, () => {
  const homes = new TwoHomes();
  before(() => homes.chat());
  after(() => {
    homes.remove();
  });

  test('peers lists name, fingerprint, state and addresses; --json as records', async () => {
    const { code, out } = await waxwing(['peers'], { home: homes.bob });
    assert.equal(code, 0);
    const [head, state, known] = out.split('\n');
    assert.equal(head, `(no name)  ${homes.aliceFingerprint}`);
    assert.match(state ?? '', /^ {2}first seen 20.*, not compared · last seen 20/);
    assert.equal(known, `  known as ${homes.address}`);
    const [peer, ...more] = records(await waxwing(['peers', '--json'], { home: homes.bob }));
    assert.equal(more.length, 0);
    assert.equal(peer?.['fingerprint'], homes.aliceFingerprint);
    assert.equal(peer['state'], 'first seen');
    assert.deepEqual(peer['pins'], [homes.address]);
    assert.deepEqual(peer['changed'], []);
    assert.equal(peer['blockedAt'], null);
  });

  test('name gives and takes a name; what cannot be one is refused', async () => {
    const home = homes.copy();
    const named = await waxwing(['peers', 'name', homes.address, 'Alice W.'], { home });
    assert.equal(named.out, `${homes.aliceFingerprint} is Alice W. here from now on.\n`);
    assert.match((await waxwing(['peers', 'list'], { home })).out, /^Alice W\. {2}SHA256:/);
    assert.match((await waxwing(['history', '--peer', 'alice w.'], { home })).out, /Alice W\.: You said:/);
    const bad = await waxwing(['peers', 'name', 'alice w.', '\u202eevil'], { home });
    assert.equal(bad.code, 2);
    assert.match(bad.err, /\[name-invalid\]/);
    const unknown = await waxwing(['peers', 'name', 'mallory', 'm'], { home });
    assert.equal(unknown.code, 8);
    assert.match(unknown.err, /No peer is known by this name\.\nSee waxwing peers list\.\n\[name-unknown\]/);
    assert.match((await waxwing(['peers', 'name', 'Alice W.'], { home })).out, /has no name here any more/);
  });

  test('verify: the same sixty digits on both sides, and a fingerprint for scripts', async (t) => {
    const home = homes.copy();
    const mine = await waxwing(['peers', 'verify', homes.address], { home });
    assert.equal(mine.code, 2);
    assert.match(mine.err, /\[confirmation-needed\]/);
    const digits = /^ {2}[0-9]{5}( [0-9]{5}){5}$/gm;
    const theirs = await waxwing(['peers', 'verify', homes.bobFingerprint], { home: homes.copy(homes.alice) });
    assert.equal(mine.out.match(digits)?.length, 2);
    assert.deepEqual(mine.out.match(digits), theirs.out.match(digits));

    const no = waxwingInTerminal(['peers', 'verify', homes.address], { home });
    t.after(() => {
      no[Symbol.dispose]();
    });
    await no.shows('Are all sixty digits equal');
    no.type('n');
    assert.equal((await no.exited).exitCode, 8);

    const wrong = await waxwing(['peers', 'verify', homes.address, '--fingerprint', OTHER], { home });
    assert.equal(wrong.code, 6);
    assert.ok(wrong.err.includes(OTHER) && wrong.err.includes(homes.aliceFingerprint));
    assert.match(wrong.err, /\[fingerprint-differs\]/);
    const garbled = await waxwing(['peers', 'verify', homes.address, '--fingerprint', 'SHA256:x'], { home });
    assert.equal(garbled.code, 2);
    const right = ['peers', 'verify', homes.address, '--fingerprint', homes.aliceFingerprint];
    assert.match((await waxwing(right, { home })).out, /^Verified: SHA256:/);
    assert.equal(records(await waxwing(['peers', '--json'], { home }))[0]?.['verifiedHow'], 'fingerprint');

    const yes = waxwingInTerminal(['peers', 'verify', homes.address], { home });
    t.after(() => {
      yes[Symbol.dispose]();
    });
    await yes.shows('You verified this key on');
    yes.type('y');
    assert.equal((await yes.exited).exitCode, 0);
    assert.equal(records(await waxwing(['peers', '--json'], { home }))[0]?.['verifiedHow'], 'safety-number');
    const unmet = await waxwing(['peers', 'verify', OTHER], { home });
    assert.match(unmet.err, /not met yet/);
  });

  test('a CHANGED key is listed with its date, and accept binds the name to it', async () => {
    const home = homes.copy();
    await waxwing(['peers', 'name', homes.address, 'alice'], { home });
    await within(home, ({ store }) => {
      store.pins.noteChanged(homes.address, decodeFingerprint(OTHER));
      store.pins.noteChanged(homes.address, decodeFingerprint(OTHER));
    });
    const listed = await waxwing(['peers'], { home });
    const way = `waxwing peers accept ${homes.address} ${OTHER}`;
    assert.ok(listed.out.includes(`CHANGED: ${homes.address} answered as ${OTHER} on 20`), listed.out);
    assert.ok(listed.out.includes(way));
    const [attempt] = records(await waxwing(['peers', '--json'], { home }))[0]?.['changed'] as { presented: string }[];
    assert.equal(attempt?.presented, OTHER);
    const log = await waxwing(['peers', 'list', '--changes'], { home });
    assert.match(log.out, new RegExp(`CHANGED: ${homes.address} answered as SHA256`));
    assert.equal(records(await waxwing(['peers', 'log', '--limit', '1', '--json'], { home }))[0]?.['kind'], 'changed');

    const nobody = await waxwing(['peers', 'accept', 'mallory', OTHER], { home });
    assert.equal(nobody.code, 8);
    const accepted = await waxwing(['peers', 'accept', 'alice', OTHER], { home });
    assert.equal(accepted.code, 0, accepted.err);
    assert.match(accepted.out, /alice is SHA256.*\n127.*from now on\.\nIt counts as first seen/);
    const peers = records(await waxwing(['peers', '--json'], { home }));
    const now = peers.find(({ pins }) => (pins as string[]).includes(homes.address));
    assert.equal(now?.['fingerprint'], OTHER);
    assert.equal(now['name'], 'alice');
    assert.deepEqual(now['changed'], []);
    assert.match(
      (await waxwing(['peers', 'log', OTHER], { home })).out,
      /was accepted as alice \(SHA256.*it was SHA256/,
    );
  });

  test('accept ends a quarantine, block and its undo', async () => {
    const home = homes.copy();
    await within(home, ({ store, device }) => {
      const account = decodeFingerprint(homes.aliceFingerprint);
      const [chain] = store.chains.list(account);
      assert.deepEqual(chain?.ownDevice, device.bundle.device);
      for (let failure = 0; failure < QUARANTINE_AFTER; failure++) store.chains.countFailure(chain);
    });
    assert.match((await waxwing(['peers'], { home })).out, /QUARANTINED 20/);
    const accept = ['peers', 'accept', homes.aliceFingerprint];
    assert.match((await waxwing(accept, { home })).out, /no longer quarantined/);
    assert.match((await waxwing(accept, { home })).out, /neither quarantined nor blocked/);
    assert.match((await waxwing(['peers', 'block', homes.address], { home })).out, /is blocked.*--undo SHA256/);
    assert.match((await waxwing(['peers'], { home })).out, /BLOCKED 20/);
    const undo = ['peers', 'block', '--undo', homes.aliceFingerprint];
    assert.match((await waxwing(undo, { home })).out, /no longer blocked/);
    await waxwing(['peers', 'block', homes.address], { home });
    assert.match((await waxwing(accept, { home })).out, /no longer blocked/);
  });

  test('forget asks, and keeps the messages', async () => {
    const home = homes.copy();
    assert.equal((await waxwing(['peers', 'forget', homes.address], { home })).code, 2);
    assert.match((await waxwing(['peers', 'forget', homes.address, '--yes'], { home })).out, /is forgotten/);
    assert.match((await waxwing(['peers'], { home })).out, /^Nobody is known yet/);
    const left = await waxwing(['history', '--peer', homes.aliceFingerprint, '--json'], { home });
    assert.equal(records(left).length, 3);
    assert.match((await waxwing(['history'], { home })).out, /someone forgotten: You said/);
    await waxwing(['peers', 'block', homes.aliceFingerprint], { home });
    const again = await waxwing(['peers', 'forget', homes.aliceFingerprint, '--yes'], { home });
    assert.match(again.out, /is forgotten\. It stays blocked; to let it in: waxwing peers block --undo SHA256:/);
    assert.match((await waxwing(['peers'], { home })).out, /BLOCKED 20/);
  });

  test('history shows every text harmless, and as JSON without a character that acts', async () => {
    const { out } = await waxwing(['history'], { home: homes.bob });
    const lines = out.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^#1 {2}20.* You to SHA256:.*… \(delivered\): Hello Alice, red wing!$/);
    assert.equal(lines[3], String.raw`  | Security: ✓ #9\x1b[2J\x85\u{202e}evil`);
    assert.match(lines[4] ?? '', /^#4 {2}.* You to nowhere:8000 \(waiting to be sent\): Kept for later$/);
    const json = await waxwing(['history', '--json'], { home: homes.bob });
    assert.doesNotMatch(json.out, /[^\P{C}\n]/u);
    assert.ok(json.out.includes(String.raw`\u001b[2J\u0085\u202eevil`));
    const messages = records(json);
    assert.equal(messages[2]?.['text'], HOSTILE);
    assert.deepEqual(
      messages.map(({ number, direction, state }) => [number, direction, state]),
      [
        [1, 'out', 'delivered'],
        [2, 'in', 'shown'],
        [3, 'in', 'shown'],
        [4, 'out', 'queued'],
      ],
    );
  });

  test('history narrows by peer, words and number', async () => {
    const numbers = async (...args: string[]) =>
      records(await waxwing(['history', '--json', ...args], { home: homes.bob })).map(({ number }) => number);
    assert.deepEqual(await numbers('--limit', '1'), [4]);
    assert.deepEqual(await numbers('--peer', homes.address), [1, 2, 3]);
    assert.deepEqual(await numbers('--peer', 'nowhere:8000'), [4]);
    assert.deepEqual(await numbers('--search', 'red wi'), [1, 2]);
    assert.deepEqual(await numbers('--search', 'absent'), []);
    assert.match((await waxwing(['history', '--search', 'absent'], { home: homes.bob })).out, /no such message/);
    assert.equal((await waxwing(['history', '--peer', 'mallory'], { home: homes.bob })).code, 8);
  });

  test('delete and purge', async () => {
    const home = homes.copy();
    const none = await waxwing(['history', 'delete', '1', '99'], { home });
    assert.equal(none.code, 8);
    assert.match(none.err, /\[message-unknown\]/);
    assert.match((await waxwing(['history', 'delete', '#1', '2'], { home })).out, /^#1, #2 are deleted here/);
    const left = records(await waxwing(['history', '--json'], { home }));
    assert.deepEqual(
      left.map(({ number }) => number),
      [3, 4],
    );
    assert.match(
      (await waxwing(['history', 'purge', '--keep', '90d'], { home })).out,
      /^0 messages older than 90 days/,
    );
    assert.equal((await waxwing(['history', 'purge', '--keep', 'long'], { home })).code, 2);
    assert.equal((await waxwing(['history', 'purge'], { home })).code, 2);
  });

  test('proof shows the checks of one message', async () => {
    const received = await waxwing(['proof', '2'], { home: homes.bob });
    assert.match(received.out, /^Proof of #2, from your peer: all five checks hold$/m);
    assert.match(received.out, /5 Signature +✓ Signature verified!/);
    assert.match((await waxwing(['proof', '1'], { home: homes.bob })).out, /^Proof of #1, sent by you \(delivered\)/);
    assert.equal((await waxwing(['proof', '99'], { home: homes.bob })).code, 8);
  });
});
