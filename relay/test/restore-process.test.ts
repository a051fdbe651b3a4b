import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { holdsRelay, openData, restoreData } from '../src/data-folder.ts';
import { keepIdentity } from '../src/identity.ts';

const NOW = Date.UTC(2026, 10, 26);

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'waxwing-restore-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A backup of a relay that was just made, and the device it had. */
async function backup(t: TestContext): Promise<{ readonly file: string; readonly device: Uint8Array }> {
  const [data, file] = [folder(t), join(folder(t), 'backup')];
  const opened = openData(data, p);
  const { store } = opened;
  const { device } = await keepIdentity(p, store, NOW);
  await opened.backup(file);
  await store.close();
  return { file, device: device.bundle.device };
}

suite('a restore that is cut short', () => {
  test('leaves no relay behind: there is one when it has its new device, and not before', async (t) => {
    const { file, device } = await backup(t);
    const data = folder(t);
    let looked = 0;
    const watching = new Proxy(p, {
      get(target, name): unknown {
        looked += 1;
        assert.ok(!holdsRelay(data), 'whoever ends it now has no relay, and may begin anew');
        return Reflect.get(target, name) as unknown;
      },
    });
    await restoreData(file, data, watching, NOW);
    assert.ok(looked > 0);
    assert.deepEqual(readdirSync(data), ['relay.db']);
    const { store } = openData(data, p);
    const identity = await keepIdentity(p, store, NOW);
    assert.notDeepEqual(identity.device.bundle.device, device);
    await store.close();
  });

  test('what an earlier one left is no hindrance, and what is no backup leaves nothing', async (t) => {
    const data = folder(t);
    for (const rest of ['relay.db.restoring', 'relay.db.restoring-wal', 'relay.db.restoring-shm']) {
      writeFileSync(join(data, rest), 'half');
    }
    const none = join(folder(t), 'none');
    writeFileSync(none, 'no database');
    await assert.rejects(restoreData(none, data, p, NOW), { code: 'relay-backup-damaged' });
    await assert.rejects(restoreData(join(data, 'missing'), data, p, NOW), { code: 'relay-disk' });
    assert.deepEqual(readdirSync(data), []);
    const { file } = await backup(t);
    writeFileSync(join(data, 'relay.db.restoring'), 'half');
    await restoreData(file, data, p, NOW);
    assert.deepEqual(readdirSync(data), ['relay.db']);
  });
});
