import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listProfiles } from '../src/home/location.ts';
import { homeExists, lookHome } from '../src/home/look.ts';
import { protectHome } from '../src/home/protection.ts';
import { alice, FAST_SCRYPT, openTestHome, temporaryFolder, text } from './fixtures/homes.ts';

/** Names, sizes and contents of a folder's files. */
function state(folder: string): unknown {
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);
}

/** Gives copies a place of their own while the test runs; the result lists what is in it. */
function watchScratch(t: TestContext): () => string[] {
  const folder = temporaryFolder(t);
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  return () => readdirSync(folder);
}

test('a home in use is seen as it stands, and nothing of it changes', async (t) => {
  const path = join(temporaryFolder(t), 'home');
  const home = await openTestHome(t, { path });
  const say = (body: string) =>
    home.store.outbox.enqueue({ address: 'nowhere:1' }, [{ type: 'text/plain', body: text(body) }]);
  say('first words');
  const before = state(path);
  const look = await lookHome({ path, profileLabel: 'default' });
  assert.deepEqual(look.device.bundle.bytes, alice.bundle.bytes);
  assert.equal(look.protection, 'key-file');
  assert.equal(look.profileLabel, 'default');
  say('second words');
  assert.equal(look.store.history.list({ search: 'words' }).length, 1);
  look.store.settings.set('nick', 'lost');
  look.close();
  assert.equal(home.store.settings.get('nick'), undefined);
  const again = await lookHome({ path });
  assert.equal(again.store.history.list().length, 2);
  again.close();
  assert.deepEqual(
    (before as unknown[][]).map(([name]) => name),
    readdirSync(path),
  );
});

test('a look at a closed home writes nothing and leaves no copy behind', async (t) => {
  const path = join(temporaryFolder(t), 'home');
  const home = await openTestHome(t, { path });
  home.close();
  const [before, changed] = [state(path), statSync(path).mtimeMs];
  const scratch = watchScratch(t);
  const look = await lookHome({ path });
  if (process.platform === 'linux') assert.equal(scratch().length, 1);
  look.store.history.list({ search: 'anything' });
  look.close();
  assert.deepEqual(state(path), before);
  assert.equal(statSync(path).mtimeMs, changed);
  assert.deepEqual(scratch(), []);
});

test('where there is no home none is made', async (t) => {
  const path = join(temporaryFolder(t), 'home');
  await assert.rejects(lookHome({ path }), { code: 'home-missing' });
  mkdirSync(path);
  await assert.rejects(lookHome({ path }), { code: 'home-missing' });
  assert.equal(homeExists(path), false);
  assert.deepEqual(readdirSync(path), []);
});

test('a protected home asks for its passphrase, and a keyless one says so', async (t) => {
  const path = join(temporaryFolder(t), 'home');
  const home = await openTestHome(t, { path });
  await protectHome(home, 'right', { scryptLogN: FAST_SCRYPT });
  const scratch = watchScratch(t);
  await assert.rejects(lookHome({ path }), { code: 'passphrase-needed' });
  await assert.rejects(lookHome({ path, passphrase: async () => 'wrong' }), { code: 'passphrase-wrong' });
  const look = await lookHome({ path, passphrase: async () => 'right' });
  assert.equal(look.protection, 'passphrase');
  look.close();
  home.close();
  rmSync(join(path, 'key.age'));
  await assert.rejects(lookHome({ path }), { code: 'home-key-missing' });
  assert.deepEqual(scratch(), []);
});

test('profiles are the folders that hold a home', { skip: process.platform !== 'linux' }, async (t) => {
  const data = temporaryFolder(t);
  const env = { XDG_DATA_HOME: data };
  assert.deepEqual(listProfiles(env), []);
  mkdirSync(join(data, 'waxwing/profiles/empty'), { recursive: true });
  await openTestHome(t, { path: join(data, 'waxwing/profiles/work') });
  assert.deepEqual(listProfiles(env), ['work']);
});
