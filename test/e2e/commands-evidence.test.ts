/** The real command on real homes: evidence out of the history and back, backup and restore. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { records, TwoHomes, waxwing, waxwingInTerminal } from './fixtures/two-homes.ts';

const openssl = spawnSync('openssl', ['version']);
const PROVING = [
  'account.pub.pem',
  'device.txt',
  'device.sig',
  'message.txt',
  'message.sig',
  'commitments.bin',
  'opening.bin',
  'item.txt',
];

suite('evidence, backup and restore', { concurrency: 2 }, () => {
  const homes = new TwoHomes();
  let passphrase = '';
  before(async () => {
    await homes.chat();
    passphrase = homes.fresh('passphrase');
    writeFileSync(passphrase, 'many good words here\n');
  });
  after(() => {
    homes.remove();
  });

  test('a received and a sent message are exported, and both hold here and under openssl alone', async () => {
    for (const [number, signer] of [
      ['2', homes.aliceFingerprint],
      ['#1', homes.bobFingerprint],
    ] as const) {
      const out = homes.fresh('evidence');
      const exported = await waxwing(['evidence', 'export', number, '--out', out], { home: homes.bob });
      assert.equal(exported.code, 0, exported.err);
      assert.ok(exported.out.includes(`signed by ${signer}`));
      assert.deepEqual(readdirSync(out).sort(), [...PROVING, 'README.txt', 'verify.sh'].sort());
      assert.equal(statSync(join(out, 'verify.sh')).mode & 0o777, 0o755);
      assert.equal(statSync(join(out, 'message.txt')).mode & 0o777, 0o644);
      const verified = await waxwing(['evidence', 'verify', out]);
      assert.equal(verified.code, 0, verified.err);
      assert.match(verified.out, /^This evidence holds\.$/m);
      assert.ok(verified.out.includes(signer));
      assert.match(verified.out, /It does not prove\n {2}- who held that key/);
      const [record] = records(await waxwing(['evidence', 'verify', out, '--json']));
      assert.equal(record?.['holds'], true);
      assert.equal(record['fingerprint'], signer);
      assert.match(String(record['text']), /Hello Alice, red wing!/);
      if (openssl.error !== undefined) continue;
      const script = spawnSync(join(out, 'verify.sh'), { encoding: 'utf8' });
      assert.equal(script.status, 0, script.stdout);
    }
  });

  test('a hostile text stays harmless in the verdict', async () => {
    const out = homes.fresh('evidence');
    await waxwing(['evidence', 'export', '3', '--out', out, '--json'], { home: homes.bob });
    const verified = await waxwing(['evidence', 'verify', out]);
    assert.match(verified.out, /^ {2}\| one\n {2}\| Security: ✓ #9\\x1b\[2J\\x85\\u\{202e\}evil$/m);
  });

  test('tampered, incomplete or missing evidence is refused with the failed check and exit code 8', async () => {
    const out = homes.fresh('evidence');
    await waxwing(['evidence', 'export', '2', '--out', out], { home: homes.bob });
    for (const name of ['item.txt', 'message.txt', 'device.sig', 'commitments.bin']) {
      const path = join(out, name);
      const whole = readFileSync(path);
      const changed = Buffer.from(whole);
      changed[changed.length - 2]! ^= 1;
      writeFileSync(path, changed);
      const { code, out: printed, err } = await waxwing(['evidence', 'verify', out]);
      assert.equal(code, 8);
      assert.equal(printed, '');
      assert.match(err, /^This evidence does NOT hold: .*\n.*\n\[evidence: [a-z. ]+\]\n$/);
      writeFileSync(path, whole);
    }
    rmSync(join(out, 'opening.bin'));
    const [record] = records(await waxwing(['evidence', 'verify', out, '--json']));
    assert.deepEqual(record, { holds: false, check: 'files', message: 'opening.bin is missing' });
    writeFileSync(join(out, 'opening.bin'), Buffer.alloc(1_000_000));
    assert.match((await waxwing(['evidence', 'verify', out])).err, /opening\.bin is no file of an evidence bundle/);
    const nowhere = await waxwing(['evidence', 'verify', homes.fresh('nowhere')]);
    assert.equal(nowhere.code, 8);
    assert.match(nowhere.err, /\[file-missing\]/);
  });

  test('what cannot be exported is said', async () => {
    const home = homes.bob;
    const out = homes.fresh('evidence');
    const queued = await waxwing(['evidence', 'export', '--last', '--out', out], { home });
    assert.equal(queued.code, 8);
    assert.match(queued.err, /#4 was not sent yet.*\n.*\n\[no-evidence\]/);
    assert.match((await waxwing(['evidence', 'export', '99', '--out', out], { home })).err, /\[message-unknown\]/);
    assert.match((await waxwing(['evidence', 'export', '--out', out], { home })).err, /Give its number, or --last/);
    assert.equal((await waxwing(['evidence', 'export', '2'], { home })).code, 2);
    assert.ok(!existsSync(out));
    mkdirSync(out);
    assert.equal((await waxwing(['evidence', 'export', '2', '--out', out], { home })).code, 0);
    const again = await waxwing(['evidence', 'export', '2', '--out', out], { home });
    assert.equal(again.code, 1);
    assert.match(again.err, /is not empty\.\n.*\n\[file-exists\]/);
  });

  test('a backup is restored as a new device of the same account', async () => {
    const file = homes.fresh('backup.age');
    const env = { WAXWING_PASSPHRASE_FILE: passphrase };
    const [backup] = records(await waxwing(['backup', file, '--json'], { home: homes.copy(), env }));
    assert.equal(backup?.['fingerprint'], homes.bobFingerprint);
    assert.equal(backup['messages'], 4);
    assert.equal(backup['peers'], 1);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const home = homes.fresh('restored');
    const restored = await waxwing(['restore', file], { home, env });
    assert.equal(restored.code, 0, restored.err);
    assert.ok(restored.out.includes(`Restored ${homes.bobFingerprint} with 4 messages and 1 peer`));
    assert.match(restored.out, /A new device was made: [0-9a-f]{32} \(in the backup: [0-9a-f]{32}\)/);
    assert.match(restored.out, /waxwing id protect/);
    const [identity] = records(await waxwing(['id', '--json'], { home }));
    assert.equal(identity?.['fingerprint'], homes.bobFingerprint);
    assert.equal(records(await waxwing(['history', '--json', '--search', 'wing'], { home })).length, 2);

    const over = await waxwing(['restore', file], { home, env });
    assert.equal(over.code, 3);
    assert.match(over.err, /--profile NAME\.\n\[home-not-empty\]/);
    const twice = await waxwing(['backup', file], { home, env });
    assert.match(twice.err, /\[backup-exists\]/);
    const wrong = homes.fresh('wrong');
    writeFileSync(wrong, 'some bad words');
    const fresh = homes.fresh('restored');
    const refused = await waxwing(['restore', file], { home: fresh, env: { WAXWING_PASSPHRASE_FILE: wrong } });
    assert.equal(refused.code, 3);
    assert.match(refused.err, /\[passphrase-wrong\]/);
    assert.ok(!existsSync(fresh));
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    const cut = await waxwing(['restore', file], { home: fresh, env });
    assert.equal(cut.code, 8);
    assert.match(cut.err, /\[backup-damaged\]/);
    const missing = await waxwing(['restore', homes.fresh('none')], { home: fresh, env });
    assert.equal(missing.code, 8);
    assert.match(missing.err, /\[backup-missing\]/);
    const unwritable = await waxwing(['backup', join(homes.folder, 'no/where')], { home, env });
    assert.match(unwritable.err, /\[backup-unwritable\]/);
  });

  test('at a terminal a backup’s passphrase is asked twice, and the wait is shown', async (t) => {
    const file = homes.fresh('backup.age');
    const terminal = waxwingInTerminal(['backup', file], { home: homes.copy() });
    t.after(() => {
      terminal[Symbol.dispose]();
    });
    await terminal.shows('New passphrase for this backup');
    terminal.type('many good words here\r');
    await terminal.shows('The same once more');
    terminal.type('many good words here\r');
    await terminal.shows('Writing the backup');
    assert.equal((await terminal.exited).exitCode, 0);
    await terminal.shows('It is under the passphrase you gave');
    assert.ok(statSync(file).size > 1_000);
  });
});
