/** The chat and its home: one process a home, a disk that cannot be written or is full, none at all, and a quick start. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, suite, type TestContext, test } from 'node:test';
import { ChatHomes, historyOf, startClient, startInTerminal, startServer } from './fixtures/chat-homes.ts';
import { ChatProgram, ENTRY, environment } from './fixtures/chat-program.ts';
import { PseudoTerminal } from './pseudo-terminal.ts';

/** A mount namespace of its own, which ends with its process. */
const OWN_MOUNTS = [['-m'], ['-rm']].find(
  (flags) => spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0,
);

/** The home on a disk of so many KiB, `free` of them left; or, without a size, on one that is read-only. */
function diskOf(
  t: TestContext,
  home: string,
  disk: { readonly size?: number; readonly full?: boolean },
): string[] | undefined {
  if (OWN_MOUNTS === undefined) {
    t.skip('this user may not mount (unshare -rm): full and read-only disks cannot be made');
    return undefined;
  }
  const small = `cp -a "$0" "$0.copy" && mount -t tmpfs -o size=${String(disk.size ?? 0)}k none "$0" && cp -a "$0.copy/." "$0"`;
  const fill = 'dd if=/dev/zero of="$0/filler" bs=1k 2>/dev/null;';
  const readOnly = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"';
  const script = `${disk.size === undefined ? readOnly : small}; ${disk.full === true ? fill : ''} exec "$@"`;
  return ['unshare', ...OWN_MOUNTS, 'sh', '-c', script, home];
}

suite('the chat and its home', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  test('two processes on one home are refused, with the number of the other and the way out', async (t) => {
    const alice = homes.of('alice');
    const { server } = await startServer(t, alice, { noInput: true });
    const second = new ChatProgram(t, { home: alice, args: ['server', '--port', '0'], noInput: true });
    assert.equal((await second.exited).code, 3);
    assert.match(second.out, new RegExp(`^Process ${String(server.pid)} is using .*\n.*--profile NAME\\.$`, 'm'));
    server.kill('SIGKILL');
    await server.exited;
    await startServer(t, alice, { noInput: true }); // the lock went with its process
  });

  test('--memory chats and leaves nothing behind', async (t) => {
    const path = homes.empty();
    const { server, port } = await startServer(t, path, { args: ['--memory', '--once'], noInput: true });
    assert.ok(server.lines.includes('Nothing of this run will be kept on disk.'));
    const client = startClient(t, homes.of('bob'), port, { input: 'for your eyes only\n' });
    assert.equal((await client.exited).code, 0);
    assert.equal((await server.exited).code, 0);
    assert.match(server.out, /^Message: for your eyes only\nSecurity: ✓/m);
    assert.ok(!existsSync(path) || readdirSync(path).length === 0);
  });

  test('a read-only home is said, and is not used in memory unless the user agrees', async (t) => {
    const home = homes.of('alice');
    const under = diskOf(t, home, {});
    if (under === undefined) return;
    const piped = new ChatProgram(t, { home, under, args: ['server', '--port', '0'], noInput: true });
    assert.equal((await piped.exited).code, 3);
    assert.match(piped.out, /cannot be written\.[^]*Go on in memory\?[^]*\nNobody can be asked here: no\./);
    const [file, ...args] = [...under, process.execPath, ENTRY, 'server', '--port', '0'];
    for (const [key, words, code] of [
      ['n', 'cannot be written', 3],
      ['y', 'Listening on 127.0.0.1:', 0],
    ] as const) {
      const terminal = new PseudoTerminal({ file, args, columns: 100, rows: 30, env: environment(home) });
      t.after(() => {
        terminal[Symbol.dispose]();
      });
      await terminal.shows('Go on in memory?');
      terminal.type(key);
      await terminal.shows(words);
      if (code === 0) terminal.type('exit\r');
      assert.equal((await terminal.exited).exitCode, code);
    }
  });

  test('a full disk at the start is said', async (t) => {
    const home = homes.of('alice');
    const under = diskOf(t, home, { size: 1_024, full: true });
    if (under === undefined) return;
    const program = new ChatProgram(t, { home, under, args: ['server', '--port', '0'], noInput: true });
    assert.equal((await program.exited).code, 3);
    assert.match(program.out, /^The disk of .* is full/m);
  });

  test('a disk that fills up in a chat: said, nothing is acknowledged that is not kept, the server goes on', async (t) => {
    const home = homes.of('alice');
    const under = diskOf(t, home, { size: 2_048 });
    if (under === undefined) return;
    const { server, port } = await startServer(t, home, { under, noInput: true });
    const bob = homes.of('bob');
    const client = startClient(t, bob, port);
    const texts = Array.from({ length: 60 }, (_, index) => `${String(index)} ${'x'.repeat(50_000)}`);
    client.type('small', ...texts);
    await server.line(/^The disk of .* is full; nothing of this step was kept\.$/);
    await client.line(/was cut|Trying again in/);
    client.kill('SIGTERM');
    assert.equal((await client.exited).code, 7);
    assert.match(client.out, /\d+ messages were not acknowledged: kept/);
    const delivered = (await historyOf(bob)).filter(({ state }) => state === 'delivered').length;
    assert.ok(server.running);
    const shown = server.lines.filter((line) => /^Message: (small|\d+ x)/.test(line)).map((line) => line.slice(9, 20));
    assert.equal(new Set(shown).size, shown.length, 'shown twice');
    assert.ok(delivered > 0 && delivered <= shown.length, 'acknowledged and not kept');
    server.kill('SIGTERM');
    assert.equal((await server.exited).code, 0);
    assert.doesNotMatch(server.err, / at .*\.[jt]s:/, 'a stack');
  });

  test('a text that the disk cannot take is kept on the screen', async (t) => {
    // Nobody answers, so that nothing is on its way out while the disk fills up: it is a typed text that does not fit.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const home = homes.of('bob');
    const under = diskOf(t, home, { size: 1_024 });
    if (under === undefined) return;
    const client = startClient(t, home, port, { under });
    for (let index = 0; index < 40; index++) client.type(`${String(index)} ${'y'.repeat(60_000)}`);
    await client.line(/^The disk of .* is full/);
    await client.line(/^Not sent, kept here:$/);
    client.kill('SIGTERM');
    await client.exited;
    assert.doesNotMatch(client.err, / at .*\.[jt]s:/, 'a stack');
  });

  test('start to Listening, once an identity exists', async (t) => {
    const home = homes.of('alice');
    await startInTerminal(t, homes.of('bob'), ['--version']).exited; // compiled code is in the cache
    const began = performance.now();
    await startServer(t, home, { noInput: true });
    t.diagnostic(`start to Listening took ${String(Math.round(performance.now() - began))} ms`);
  });
});
