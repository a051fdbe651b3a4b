/** The real command on real homes: identity, help, completion, and homes that are missing, locked or protected. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { openHome } from '@waxwing/client';
import { records, TwoHomes, waxwing, waxwingInTerminal } from './fixtures/two-homes.ts';

const ENTRY = join(import.meta.dirname, '../../cli/bin/waxwing.js');
const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

suite('commands on a home', { concurrency: 2 }, () => {
  const homes = new TwoHomes();
  before(() => homes.chat());
  after(() => {
    homes.remove();
  });

  test('id shows fingerprint, device, validity, key and path, and so does id show --json', async () => {
    const plain = await waxwing(['id'], { home: homes.bob });
    assert.equal(plain.code, 0, plain.err);
    assert.equal(plain.out.split('\n')[0], homes.bobFingerprint);
    assert.match(plain.out, /^Device {3}[0-9a-f]{32} \(serial 1\)$/m);
    assert.match(plain.out, /^Valid {4}20\d\d-.* to 20\d\d-/m);
    assert.match(plain.out, /key, a file that only you can read \(0600\)/);
    assert.ok(plain.out.includes(homes.bob));
    assert.doesNotMatch(plain.out, /█/); // no terminal, no QR code
    const [shown, ...more] = records(await waxwing(['id', 'show', '--json'], { home: homes.bob }));
    assert.equal(more.length, 0);
    assert.deepEqual(Object.keys(shown ?? {}), [
      'fingerprint',
      'account',
      'device',
      'serial',
      'notBefore',
      'notAfter',
      'profile',
      'path',
      'databaseKey',
      'nick',
      'lab',
    ]);
    assert.equal(shown?.['fingerprint'], homes.bobFingerprint);
    assert.equal(shown['databaseKey'], 'key-file');
    assert.equal(shown['profile'], null);
  });

  test('a terminal shows the fingerprint as a QR code', async (t) => {
    const terminal = waxwingInTerminal(['id'], { home: homes.bob });
    t.after(() => {
      terminal[Symbol.dispose]();
    });
    assert.equal((await terminal.exited).exitCode, 0);
    await terminal.shows('██ ▄▄▄▄▄ █');
    await terminal.shows('Your peers compare');
  });

  test('id export gives the public identity, to standard output or new files, and never overwrites', async () => {
    const [identity] = records(await waxwing(['id', 'export'], { home: homes.bob }));
    assert.equal(identity?.['fingerprint'], homes.bobFingerprint);
    const json = homes.fresh('me.json');
    const bundle = homes.fresh('me.bundle');
    const { code, out } = await waxwing(['id', 'export', '--out', json, '--bundle', bundle], { home: homes.bob });
    assert.equal(code, 0);
    assert.match(out, /the bundle is in/);
    assert.deepEqual(JSON.parse(readFileSync(json, 'utf8')), identity);
    assert.equal(readFileSync(bundle).toString('base64'), identity['bundle']);
    const again = await waxwing(['id', 'export', '--out', json], { home: homes.bob });
    assert.equal(again.code, 1);
    assert.match(again.err, /exists already\.\nChoose another file name\.\n\[file-exists\]\n$/);
    const nowhere = await waxwing(['id', 'export', '--out', join(homes.folder, 'no/where')], { home: homes.bob });
    assert.match(nowhere.err, /\[file-unwritable\]/);
  });

  test('looking never makes an identity, and says where there is one', async () => {
    const data = homes.fresh('data');
    const env = { XDG_DATA_HOME: data, WAXWING_HOME: '' };
    for (const args of [['id'], ['peers'], ['history'], ['id', 'export'], ['id', 'protect'], ['backup', 'x']]) {
      const { code, out, err } = await waxwing(args, { env });
      assert.equal(code, 3, args.join(' '));
      assert.equal(out, '');
      assert.match(
        err,
        /^There is no identity in the profile default yet\.\nTo make one here: .*\n\[home-missing\]\n$/,
      );
    }
    assert.ok(!existsSync(data));
    const created = await waxwing(['id', 'show', '--create', '--json', '--profile', 'server'], { env });
    assert.equal(created.code, 0, created.err);
    assert.equal(created.err, 'Generating RSA key pair...\n');
    assert.equal(records(created)[0]?.['profile'], 'server');
    const hint = await waxwing(['id'], { env });
    assert.match(hint.err, /There is one in server: add --profile server\./);
    const same = await waxwing(['id', '--create', '--json', '--profile', 'server'], { env });
    assert.equal(records(same)[0]?.['fingerprint'], records(created)[0]?.['fingerprint']);
    const names = await waxwing(['complete', '--', 'id', 'show', '--profile', ''], { env });
    assert.match(names.out, /^server\t/m);
    const bad = await waxwing(['id', '--profile', '../x'], { env });
    assert.equal(bad.code, 2);
    assert.match(bad.err, /\[profile-invalid\]/);
  });

  test('protect and unprotect: asked twice, from a file, refused in words', async (t) => {
    const home = homes.copy();
    const nobody = await waxwing(['id', 'protect'], { home });
    assert.equal(nobody.code, 3);
    assert.match(nobody.err, /WAXWING_PASSPHRASE_FILE=FILE\.\n\[passphrase-needed\]/);

    const differing = waxwingInTerminal(['id', 'protect'], { home });
    t.after(() => {
      differing[Symbol.dispose]();
    });
    await differing.shows('New passphrase for this home');
    differing.type('four good words here\r');
    await differing.shows('The same once more');
    differing.type('another\r');
    assert.equal((await differing.exited).exitCode, 3);
    assert.doesNotMatch(differing.raw, /four good words/);
    assert.ok(existsSync(join(home, 'key')));

    const typed = waxwingInTerminal(['id', 'protect'], { home });
    t.after(() => {
      typed[Symbol.dispose]();
    });
    await typed.shows('New passphrase for this home');
    typed.type('four good words here\r');
    await typed.shows('The same once more');
    typed.type('four good words here\r');
    assert.equal((await typed.exited).exitCode, 0);
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('key')),
      ['key.age'],
    );

    const right = homes.fresh('right');
    writeFileSync(right, 'four good words here\n');
    const wrong = homes.fresh('wrong');
    writeFileSync(wrong, 'four bad words here\n');
    const shown = await waxwing(['id', '--json'], { home, env: { WAXWING_PASSPHRASE_FILE: right } });
    assert.equal(records(shown)[0]?.['databaseKey'], 'passphrase');
    const refused = await waxwing(['history'], { home, env: { WAXWING_PASSPHRASE_FILE: wrong } });
    assert.equal(refused.code, 3);
    assert.match(refused.err, /\[passphrase-wrong\]/);
    const unread = await waxwing(['peers'], { home, env: { WAXWING_PASSPHRASE_FILE: join(homes.folder, 'none') } });
    assert.match(unread.err, /\[passphrase-needed\]/);
    const twice = await waxwing(['id', 'protect'], { home, env: { WAXWING_PASSPHRASE_FILE: right } });
    assert.match(twice.err, /\[already-protected\]/);
    const off = await waxwing(['id', 'unprotect'], { home, env: { WAXWING_PASSPHRASE_FILE: right } });
    assert.equal(off.code, 0, off.err);
    assert.equal(statSync(join(home, 'key')).mode & 0o777, 0o600);
    assert.match((await waxwing(['id', 'unprotect'], { home })).err, /\[not-protected\]/);
  });

  test('rotate asks first; --device keeps the account', async (t) => {
    const home = homes.copy();
    const refused = await waxwing(['id', 'rotate'], { home });
    assert.equal(refused.code, 2);
    assert.match(refused.err, /wholly new keys\?.*CHANGED/);
    assert.match(refused.err, /--yes\.\n\[confirmation-needed\]/);
    const terminal = waxwingInTerminal(['id', 'rotate'], { home });
    t.after(() => {
      terminal[Symbol.dispose]();
    });
    await terminal.shows('wholly new keys?');
    terminal.type('n');
    assert.equal((await terminal.exited).exitCode, 1);
    const device = records(await waxwing(['id', 'rotate', '--device', '--json'], { home }))[0];
    assert.equal(device?.['fingerprint'], homes.bobFingerprint);
    assert.notEqual(device['device'], (device['before'] as { device: string }).device);
    const account = await waxwing(['id', 'rotate', '--yes'], { home });
    assert.equal(account.code, 0, account.err);
    const fingerprint = /^New account (SHA256:\S+)$/m.exec(account.out)?.[1] ?? '';
    assert.match(fingerprint, FINGERPRINT);
    assert.notEqual(fingerprint, homes.bobFingerprint);
    assert.match((await waxwing(['peers', 'log'], { home })).out, /you became SHA256.*\n.*your device became/);
  });

  test('a home in use: looking works, changing names the other process', async (t) => {
    const home = homes.copy(homes.alice);
    const server = spawn(process.execPath, [ENTRY, 'server', '--port', '0', '--plain'], {
      env: { ...process.env, WAXWING_HOME: home },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.after(() => server.kill('SIGKILL'));
    for (let seen = ''; !seen.includes('Listening on'); ) {
      const [chunk] = (await once(server.stdout, 'data')) as [Buffer];
      seen += chunk.toString();
    }
    const shown = await waxwing(['id'], { home });
    assert.equal(shown.code, 0, shown.err);
    assert.equal(shown.out.split('\n')[0], homes.aliceFingerprint);
    assert.equal(records(await waxwing(['history', '--json'], { home })).length, 3);
    const locked = await waxwing(['peers', 'name', homes.bobFingerprint, 'bob'], { home });
    assert.equal(locked.code, 3);
    assert.ok(locked.err.startsWith(`Process ${server.pid} is using the home`), locked.err);
    assert.match(locked.err, /\[home-locked\]/);
    assert.deepEqual(
      readdirSync(home).filter((name) => !/^(waxwing\.(db|db-wal|log)|key|lock|owner)$/.test(name)),
      [],
    );
  });

  test('a reader that stops early is no failure', async () => {
    const home = homes.fresh('long');
    const open = await openHome({ path: home });
    const body = new TextEncoder().encode('x'.repeat(5_000));
    open.store.outbox.enqueue(
      { address: 'nowhere:1' },
      Array.from({ length: 60 }, () => ({ type: 'text/plain', body })),
    );
    open.close();
    const child = spawn(process.execPath, [ENTRY, 'history', '--limit', '60'], {
      env: { ...process.env, WAXWING_HOME: home },
    });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'exit')) as [number];
    assert.equal(err, '');
    assert.equal(code, 0);
  });

  test('completion: a script for each shell, and commands, options, peers by their names', async () => {
    for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
      const { code, out, err } = await waxwing(['completion', shell]);
      assert.equal(code, 0);
      assert.equal(err, '');
      assert.match(out, /waxwing/);
    }
    assert.equal((await waxwing(['completion', 'tcsh'])).code, 2);
    const complete = async (...words: string[]) =>
      (await waxwing(['complete', '--', ...words], { home: named })).out.split('\n').map((line) => line.split('\t')[0]);
    const named = homes.copy();
    await waxwing(['peers', 'name', homes.address, 'alice'], { home: named });
    assert.deepEqual(await complete('ba'), ['backup', ':4', '']);
    assert.deepEqual(await complete('peers', 'ver'), ['verify', ':4', '']);
    assert.deepEqual(await complete('id', 'rotate', '--de'), ['--device', ':4', '']);
    assert.deepEqual(await complete('peers', 'verify', 'al'), ['alice', ':4', '']);
    assert.deepEqual(await complete('history', '--peer', ''), ['alice', homes.address, ':4', '']);
    const missing = await waxwing(['complete', '--', 'peers', 'verify', ''], { home: homes.fresh('none') });
    assert.equal(missing.code, 0);
    assert.equal(missing.err, '');
  });

  test('what cannot be read is refused with exit code 2', async () => {
    for (const args of [['peer'], ['id', 'shwo'], ['history', '--limit', '0'], ['proof', 'x'], ['restore'], []]) {
      const { code, out, err } = await waxwing(args, { home: homes.bob });
      assert.equal(code, 2, args.join(' '));
      assert.equal(out, '');
      assert.notEqual(err, '');
    }
    assert.match((await waxwing(['peer'])).err, /Did you mean peers\?/);
  });

  test('--help and --version load neither protocol nor database', async () => {
    const listing =
      'import { registerHooks } from "node:module";' +
      'registerHooks({ resolve(name, context, next) { process.stderr.write(name + "\\n"); return next(name, context); } });';
    const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(listing)}` };
    for (const args of [
      ['--help'],
      ['--version'],
      ['id', 'rotate', '--help'],
      ['completion', 'bash'],
      ['id', 'shwo'],
    ]) {
      const { err } = await waxwing(args, { env });
      assert.match(err, /^commander$/m);
      assert.doesNotMatch(err, /@waxwing|sqlite/, args.join(' '));
    }
    assert.match((await waxwing(['id'], { env, home: homes.bob })).err, /^@waxwing\/client$/m);
  });

  test('a damaged home says so', async () => {
    const home = homes.copy();
    writeFileSync(join(home, 'waxwing.db'), Buffer.alloc(8_192, 7));
    const { code, err } = await waxwing(['id'], { home });
    assert.equal(code, 3);
    assert.match(err, /\[home-damaged\]/);
    const keyless = homes.fresh('keyless');
    mkdirSync(keyless);
    writeFileSync(join(keyless, 'waxwing.db'), '');
    assert.match((await waxwing(['id'], { home: keyless })).err, /\[home-key-missing\]/);
  });
});
