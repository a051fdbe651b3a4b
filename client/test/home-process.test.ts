/** What only other processes can show: the lock, sudden death, a folder that cannot be written. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { bytes, CHAIN, openTestHome, temporaryFolder, textItem } from './fixtures/homes.ts';

const PROGRAM = join(import.meta.dirname, 'fixtures/home-process.ts');
const NOBODY = 65_534;

function start(t: TestContext, task: string, path: string, uid?: number): ChildProcess {
  const options = uid === undefined ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, [PROGRAM, task, path], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function* linesOf(child: ChildProcess): AsyncGenerator {
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface(child.stdout)) yield JSON.parse(line);
}

function isReadableBy(uid: number): boolean {
  return spawnSync(process.execPath, ['--check', PROGRAM], { uid, gid: uid }).status === 0;
}

async function die(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a home belongs to one process, and to nobody once that was killed', async (t) => {
  const path = temporaryFolder(t);
  const other = start(t, 'hold', path);
  assert.equal((await linesOf(other).next()).value, 'open');
  await assert.rejects(openTestHome(t, { path }), {
    code: 'home-locked',
    message: new RegExp(`Process ${String(other.pid)} is using the profile other`),
  });
  await die(other);
  assert.ok(existsSync(join(path, 'owner')), 'it had no time to tidy up');
  const home = await openTestHome(t, { path });
  assert.equal(home.created, false);
});

test('kill -9 in the middle of writing leaves a usable home that holds every commit, whole', async (t) => {
  const path = temporaryFolder(t);
  const writer = start(t, 'write', path);
  let last = 0;
  for await (const seq of linesOf(writer)) {
    last = seq as number;
    if (last >= 25) writer.kill('SIGKILL');
  }
  const home = await openTestHome(t, { path });
  const { sent, received } = home.store.chains.get(CHAIN);
  assert.ok(sent.seq >= last, `seq ${String(last)} was committed, ${String(sent.seq)} is there`);
  assert.deepEqual(sent, received);
  assert.deepEqual(sent.hash, bytes(32, sent.seq % 256));
  assert.deepEqual(home.store.history.counts().messages, 2 * sent.seq, 'no commit is half there');
  assert.equal(home.database.pragma('integrity_check'), 'ok');
  assert.equal(home.store.history.list({ search: `out ${String(last)}` }).length, 1);
  assert.equal(home.store.outbox.requeue(CHAIN).numbers.length, sent.seq);
});

test('a folder that cannot be written is said, and can be read into memory', async (t) => {
  const root = process.getuid?.() === 0; // root may write anywhere: somebody else tries
  if (root && !isReadableBy(NOBODY)) {
    t.skip('the checkout cannot be read by anyone but root');
    return;
  }
  const path = temporaryFolder(t);
  const home = await openTestHome(t, { path });
  home.store.outbox.enqueue({ account: CHAIN.account }, [textItem('kept')]);
  home.close();
  for (const name of ['.', ...readdirSync(path)]) {
    if (root) chownSync(join(path, name), NOBODY, NOBODY);
    chmodSync(join(path, name), name === '.' ? 0o500 : 0o400);
  }
  const reader = start(t, 'read-only', path, root ? NOBODY : undefined);
  const { value } = await linesOf(reader).next();
  chmodSync(path, 0o700);
  assert.deepEqual(value, {
    refusal: 'home-read-only',
    memory: true,
    created: false,
    sameAccount: true,
    sameDevice: false,
    messages: 1,
  });
});
