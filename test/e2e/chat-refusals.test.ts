/** What the chat says and how it ends when there is nobody to chat with, or not the one expected. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { ChatHomes, historyOf, logOf, startClient, startServer } from './fixtures/chat-homes.ts';
import { ChatProgram } from './fixtures/chat-program.ts';
import { waxwing } from './fixtures/two-homes.ts';

/** A port of 127.0.0.1 that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

suite('refusals of the chat', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob', 'carol'));
  after(() => {
    homes.remove();
  });

  test('another key under a known name is blocked before anything is sent, until it is accepted', async (t) => {
    const { alice, carol } = homes.fingerprints;
    const bob = homes.of('bob');
    const first = await startServer(t, homes.of('alice'), { args: ['--once'], noInput: true });
    const { port } = first;
    assert.equal((await startClient(t, bob, port, { input: 'hello\n' }).exited).code, 0);
    await first.server.exited;

    const second = await startServer(t, homes.of('carol'), { port, noInput: true });
    const blocked = startClient(t, bob, port, { input: 'a secret\n' });
    assert.equal((await blocked.exited).code, 6);
    const said = blocked.out;
    const name = `127.0.0.1:${String(port)}`;
    assert.ok(said.includes(`The key of ${name} has CHANGED: it now shows ${carol}; until now it was ${alice}`), said);
    assert.match(said, /last seen 20[0-9TZ:.-]+\. Nothing was sent\./);
    const accept = /waxwing peers accept (\S+) (SHA256:\S+)/.exec(said);
    assert.deepEqual(accept?.slice(1), [name, carol]);
    assert.match(said, /1 message was not acknowledged: kept/);
    assert.doesNotMatch(said, /Keys exchanged/);
    assert.doesNotMatch(second.server.out, /Keys exchanged|Peer |secret/);
    assert.match((await waxwing(['peers', 'list'], { home: bob })).out, /CHANGED/);

    assert.equal((await waxwing(['peers', 'accept', name, carol], { home: bob })).code, 0);
    const accepted = startClient(t, bob, port, { input: 'now\n' });
    assert.equal((await accepted.exited).code, 0);
    await second.server.line(/^Message: now$/);
    // What was typed for the one expected at the address goes to whoever the user accepted there, once.
    assert.equal(second.server.lines.filter((line) => line === 'Message: a secret').length, 1);
  });

  test('--peer names the only key that may be there, on either side', async (t) => {
    const { alice, bob, carol } = homes.fingerprints;
    const { server, port } = await startServer(t, homes.of('alice'), { args: ['--peer', bob], noInput: true });
    const stranger = startClient(t, homes.of('carol'), port, { input: 'let me in\n' });
    assert.equal((await stranger.exited).code, 5);
    assert.match(stranger.out, /refused this connection\. It does not say why/);
    await server.line(/^The connection with 127\.0\.0\.1 was ended: .* \/why explains\.$/);
    const mistaken = startClient(t, homes.of('bob'), port, { args: ['--peer', carol], input: 'hello carol\n' });
    assert.equal((await mistaken.exited).code, 6);
    assert.ok(mistaken.out.includes(`shows another key than the one you named: ${alice} instead of ${carol}.`));
    const right = startClient(t, homes.of('bob'), port, { args: ['--peer', alice], input: 'hello alice\n' });
    assert.equal((await right.exited).code, 0);
    assert.match(right.out, /^Peer SHA256:\S+ \(verified\)$/m);
    await server.line(/^Peer SHA256:\S+ \(verified\)$/);
    await server.line(/^Message: hello alice$/);
    assert.doesNotMatch(server.out, /let me in|hello carol/);
  });

  test('a second caller is told that the server is busy, a blocked one nothing', async (t) => {
    const alice = homes.of('alice');
    const { server, port } = await startServer(t, alice);
    const bob = startClient(t, homes.of('bob'), port);
    bob.type('first');
    await server.line(/^Security: /);
    const carol = homes.of('carol');
    const second = startClient(t, carol, port, { input: 'second\n' });
    assert.equal((await second.exited).code, 5);
    assert.match(
      second.out,
      new RegExp(`^127\\.0\\.0\\.1:${String(port)} is chatting with another\\.\nTry again later\\.$`, 'm'),
    );
    await server.line(/ \(SHA256:\S+\) tried to connect and was told that you are busy\.$/);
    server.type('/block'); // nobody is asked in line mode
    await server.line(/^Blocked\. To undo: waxwing peers block --undo SHA256:/);
    await bob.exited;
    const again = startClient(t, homes.of('bob'), port, { input: 'again\n' });
    assert.equal((await again.exited).code, 5);
    await server.line(/^A caller was refused: SHA256:\S+ is blocked here\.$/);
    assert.doesNotMatch(server.out, /Message: (second|again)/);
    // The one who was told to wait is let in now, with what was kept.
    assert.equal((await startClient(t, carol, port, { input: '' }).exited).code, 0);
    await server.line(/^Message: second$/);
    assert.ok(logOf(alice).some(({ kind }) => kind === 'turned-away'));
  });

  test('one sentence, one next step and an exit code for each address that does not work', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'), { noInput: true });
    const nobody = String(await freePort());
    const [bob, carol] = [homes.of('bob'), homes.of('carol')];
    const cases: readonly [string, readonly string[], number, RegExp][] = [
      [
        carol,
        ['server', '--port', String(port)],
        4,
        /^Another program already listens on 127\.0\.0\.1:\d+\.\n.*--port\.\n/,
      ],
      [carol, ['server', '--port', '99999'], 2, /^"99999" is no port\.\n/],
      [carol, ['server', '--host', '203.0.113.9', '--port', '0'], 2, /^This machine has no address 203\.0\.113\.9\.\n/],
      [carol, ['server', '--peer', 'SHA256:short'], 2, /^"SHA256:short" is no fingerprint\.\n/],
      [
        bob,
        ['client', `127.0.0.1:${nobody}`],
        4,
        /\nNobody listens on 127\.0\.0\.1:\d+\.\nStart "waxwing server" there first/,
      ],
      [bob, ['client', 'no-such-host.invalid'], 4, /\nThere is no host named no-such-host\.invalid\.\nCheck/],
      [bob, ['client', '127.0.0.1:http'], 2, /.\n/],
    ];
    for (const [home, args, code, words] of cases) {
      const program = new ChatProgram(t, { home, args: [...args, '--plain'], noInput: true });
      assert.deepEqual(await program.exited, { code, signal: null }, args.join(' '));
      assert.match(program.out + program.err, words);
      assert.doesNotMatch(program.out + program.err, / at .*\.[jt]s:/, 'a stack');
    }
    assert.ok(server.running);
  });

  test('a message larger than one may be is refused before it is sent, and its text kept', async (t) => {
    const bob = homes.of('bob');
    const { server, port } = await startServer(t, homes.of('alice'), { args: ['--once'], noInput: true });
    const client = startClient(t, bob, port, { input: `before\n${'x'.repeat(70_000)}\nafter\n` });
    assert.equal((await client.exited).code, 2);
    await server.exited;
    assert.match(client.out, /61,?440/);
    assert.ok(client.lines.includes('Not sent, kept here:') && client.out.includes('x'.repeat(70_000)));
    assert.deepEqual(
      (await historyOf(bob)).map(({ text }) => text),
      ['before', 'after'],
    );
  });
});
