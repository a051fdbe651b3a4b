/** Lab homes: made so, never turned so, and never turned back. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { backupHome, restoreHome } from '../src/home/backup.ts';
import { continueInMemory } from '../src/home/home.ts';
import { lookHome } from '../src/home/look.ts';
import { alice, FAST_SCRYPT, openTestHome, readyKeys, temporaryFolder } from './fixtures/homes.ts';

test('a lab home stays one over every opening, look, rotation and copy', async (t) => {
  const path = join(temporaryFolder(t), 'lab');
  const made = await openTestHome(t, { path, lab: true });
  assert.ok(made.lab);
  await made.rotateDevice();
  made.close();
  const again = await openTestHome(t, { path });
  assert.ok(again.lab);
  const look = await lookHome({ path });
  t.after(() => look.close());
  assert.ok(look.lab);
  const copy = await continueInMemory(again);
  t.after(() => copy.close());
  assert.ok(copy.lab);
});

test('no home becomes a lab home, and none stops being one', async (t) => {
  const path = join(temporaryFolder(t), 'real');
  const real = await openTestHome(t, { path });
  assert.ok(!real.lab);
  assert.throws(() => {
    real.store.settings.set('lab-identity', 'yes');
  }, TypeError);
  real.close();
  await assert.rejects(openTestHome(t, { path, lab: true }), { code: 'home-not-empty' });
  const after = await openTestHome(t, { path });
  assert.ok(!after.lab, 'the attempt changed nothing');
  assert.deepEqual(after.device.bundle.account, alice.bundle.account);

  const lab = await openTestHome(t, { path: join(temporaryFolder(t), 'lab'), lab: true });
  assert.throws(() => {
    lab.store.settings.delete('lab-identity');
  }, TypeError);
});

for (const lab of [true, false]) {
  test(`a restored backup is a lab home ${lab ? 'as its home was' : 'only if its home was'}`, async (t) => {
    const folder = temporaryFolder(t);
    const home = await openTestHome(t, { path: join(folder, 'home'), lab });
    const path = join(folder, 'backup.age');
    await backupHome({ home, path, passphrase: 'red wing', scryptLogN: FAST_SCRYPT });
    const target = { path: join(folder, 'restored'), primitives: readyKeys() };
    const { home: restored } = await restoreHome({ path, passphrase: 'red wing', home: target });
    t.after(() => restored.close());
    assert.equal(restored.lab, lab);
  });
}
