/** Cables that break and processes that die in the middle of a flood: nothing is lost, doubled or out of order. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cable } from './fixtures/cable.ts';
import { ChatHomes, historyOf, type Kept, startClient, startServer } from './fixtures/chat-homes.ts';
import type { ChatProgram } from './fixtures/chat-program.ts';

/** Resolves when the server has shown so many messages. */
async function shown(server: ChatProgram, count: number): Promise<void> {
  const end = Date.now() + 20_000;
  while (messages(server).length < count) {
    if (Date.now() > end || !server.running) throw new Error(`only ${server.out}`);
    await sleep(2);
  }
}

function messages(program: ChatProgram): string[] {
  return program.lines.filter((line) => line.startsWith('Message: ')).map((line) => line.slice('Message: '.length));
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `line ${String(index + 1)}`);
}

const texts = (kept: readonly Kept[]): string[] => kept.map(({ text }) => text);

suite('faults', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  test('a cut cable: the client comes back, and everything arrives once and in order', async (t) => {
    const alice = homes.of('alice');
    const { server, port } = await startServer(t, alice, { noInput: true, args: ['--once'] });
    const cable = await Cable.lay(t, port);
    const all = numbers(9_000); // more than can be under way at once, so that the last cut is no cut of the goodbye
    const client = startClient(t, homes.of('bob'), cable.port, { input: `${all.join('\n')}\n` });
    for (const count of [1, 700, 1_500]) {
      await shown(server, count);
      cable.cut();
    }
    assert.deepEqual(await client.exited, { code: 0, signal: null });
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.ok(cable.connections >= 2, client.out);
    assert.match(client.out, /cut \(ECONNRESET\).*\n.*Trying again in 0\.\d s\.\.\./);
    assert.deepEqual(messages(server), all);
    assert.deepEqual(texts(await historyOf(alice)), all);
  });

  test('a client lost without a word takes its own place when it comes back', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'));
    const cable = await Cable.lay(t, port);
    const client = startClient(t, homes.of('bob'), cable.port);
    client.type('one');
    await shown(server, 1);
    cable.loseClient(); // the server believes it is still there
    server.type('into the void?');
    client.type('two');
    await shown(server, 2);
    await client.line(/^Message: into the void\?$/);
    client.type('three', 'exit');
    assert.equal((await client.exited).code, 0);
    await server.line(/ left\.$/);
    assert.deepEqual(messages(server), ['one', 'two', 'three']);
    assert.deepEqual(messages(client), ['into the void?']);
    assert.doesNotMatch(server.out, /busy/);
  });

  test('a server that is gone for a while gets everything when it is back', async (t) => {
    const alice = homes.of('alice');
    const first = await startServer(t, alice, { noInput: true });
    const bob = homes.of('bob');
    const client = startClient(t, bob, first.port);
    client.type('before');
    await shown(first.server, 1);
    first.server.kill('SIGKILL');
    await client.line(/Trying again in/);
    client.type('during');
    await client.line(/^Nobody listens on .* Trying again in/);
    const second = await startServer(t, alice, { port: first.port, noInput: true });
    await shown(second.server, 1);
    client.type('after', 'exit');
    assert.equal((await client.exited).code, 0);
    assert.deepEqual(messages(second.server), ['during', 'after']);
  });

  test('a server killed in the middle of a flood, twice: nothing acknowledged is lost, nothing shown twice', async (t) => {
    const [alice, bob] = [homes.of('alice'), homes.of('bob')];
    const all = numbers(6_000); // enough that the flood outlives two kills on a fast machine
    let { server, port } = await startServer(t, alice, { noInput: true });
    const seen: string[] = [];
    const client = startClient(t, bob, port, { input: `${all.join('\n')}\n` });
    for (const count of [1, 600]) {
      await shown(server, count);
      server.kill('SIGKILL');
      await server.exited;
      seen.push(...messages(server));
      const [sent, received] = await Promise.all([historyOf(bob), historyOf(alice)]);
      const delivered = sent.filter(({ state }) => state === 'delivered').length;
      const kept = texts(received);
      assert.deepEqual(kept, all.slice(0, kept.length));
      assert.ok(kept.length >= delivered, `${String(delivered)} acknowledged, ${String(kept.length)} kept`);
      assert.ok(kept.length >= seen.length, 'shown before it was kept');
      ({ server, port } = await startServer(t, alice, { port, noInput: true }));
    }
    assert.deepEqual(await client.exited, { code: 0, signal: null });
    server.kill('SIGTERM');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    seen.push(...messages(server));
    assert.deepEqual(texts(await historyOf(alice)), all);
    assert.equal(new Set(seen).size, seen.length, 'shown twice');
    assert.deepEqual(
      seen,
      all.filter((text) => seen.includes(text)),
    );
  });

  test('a client killed in the middle of a flood, twice: what it kept arrives once and in order', async (t) => {
    const [alice, bob] = [homes.of('alice'), homes.of('bob')];
    const { server, port } = await startServer(t, alice, { noInput: true });
    const all = numbers(3_000);
    for (const [from, count] of [
      [0, 1],
      [1_500, 1_800],
    ] as const) {
      const client = startClient(t, bob, port, { input: `${all.slice(from, from + 1_500).join('\n')}\n` });
      await shown(server, count);
      client.kill('SIGKILL');
      await client.exited;
      if (from === 0) {
        // What was read from the pipe is on disk; what was not is not: the rest is typed again, as a person would.
        const kept = texts(await historyOf(bob));
        assert.deepEqual(kept, all.slice(0, kept.length));
        const rest = startClient(t, bob, port, {
          input: all
            .slice(kept.length, 1_500)
            .map((line) => `${line}\n`)
            .join(''),
        });
        assert.deepEqual(await rest.exited, { code: 0, signal: null });
      }
    }
    assert.deepEqual(await startClient(t, bob, port, { input: '' }).exited, { code: 0, signal: null });
    const [sent, received] = await Promise.all([historyOf(bob), historyOf(alice)]);
    assert.ok(sent.every(({ state }) => state === 'delivered'));
    assert.deepEqual(texts(received), texts(sent));
    assert.deepEqual(
      received.map(({ id }) => id),
      sent.map(({ id }) => id),
    );
    assert.deepEqual(messages(server), texts(sent));
  });
});
