/** The two-terminal chat between two real processes, in line mode: the exact words, both ways. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, suite, test } from 'node:test';
import { ChatHomes, historyOf, startClient, startServer } from './fixtures/chat-homes.ts';
import { ChatProgram } from './fixtures/chat-program.ts';
import { waxwing } from './fixtures/two-homes.ts';

const FINGERPRINT = 'SHA256:[A-Za-z0-9+/]{43}';
const PROOF = (number: number): RegExp =>
  new RegExp(
    `^Security: ✓ HMAC VERIFIED \\| ✓ Message verified\\(\\d+s old\\) \\| ✓ Signature verified! \\| #${String(number)}$`,
  );

/** Lines compared with words and patterns. */
function matchLines(lines: readonly string[], expected: readonly (string | RegExp)[]): void {
  assert.equal(lines.length, expected.length, lines.join('\n'));
  lines.forEach((line, index) => {
    const wanted = expected[index];
    if (typeof wanted === 'string') assert.equal(line, wanted);
    else if (wanted !== undefined) assert.match(line, wanted);
  });
}

suite('the chat in line mode', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  test('the words of the two-terminal chat, from new keys to the end', async (t) => {
    const server = new ChatProgram(t, { home: homes.empty('server'), args: ['server', '--port', '0'] });
    const port = await server.port();
    const client = new ChatProgram(t, { home: homes.empty('client'), args: ['client', `127.0.0.1:${String(port)}`] });
    await server.line(/^Peer /);
    await client.line(/^Peer /);
    server.type('Hello Client!');
    await client.line(/^Security: /);
    client.type('Hello Server! ☺ ünïcode');
    await server.line(/^Security: /);
    client.type('exit');
    assert.deepEqual(await client.exited, { code: 0, signal: null });
    await server.line(/ left\.$/);
    server.type('quit');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    matchLines(server.lines, [
      'Generating RSA key pair...',
      `Listening on 127.0.0.1:${String(port)}...`,
      'Connection accepted!',
      'Exchanging keys...',
      'Keys exchanged ✓',
      new RegExp(`^Peer ${FINGERPRINT} \\(first seen\\)$`),
      'Message: Hello Server! ☺ ünïcode',
      PROOF(2),
      /^SHA256:[A-Za-z0-9+/]{8}… left\.$/,
      'Listening for the next one...',
    ]);
    matchLines(client.lines, [
      'Generating RSA key pair...',
      'Connecting to server...',
      'Connected!',
      'Exchanging keys...',
      'Keys exchanged ✓',
      new RegExp(`^Peer ${FINGERPRINT} \\(first seen\\)$`),
      'Message: Hello Client!',
      PROOF(1),
    ]);
    assert.equal(server.err + client.err, '');
  });

  test('what is typed before a peer is there waits for it, and piped lines are messages', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'), { args: ['--once'] });
    server.type('I was early', '/nosuch thing', '//slash');
    await server.line(/nosuch/);
    const client = startClient(t, homes.of('bob'), port, { input: 'one\r\n\n  two\nexit strategy\nlast' });
    assert.equal((await client.exited).code, 0);
    assert.equal((await server.exited).code, 0);
    const said = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('Message: '));
    assert.deepEqual(said(server.lines), ['Message: one', 'Message:   two', 'Message: exit strategy', 'Message: last']);
    // The client may be through before it has everything of the server's: what it has is in order.
    assert.deepEqual(
      said(client.lines),
      ['Message: I was early', 'Message: /slash'].slice(0, said(client.lines).length),
    );
  });

  test('two thousand piped lines arrive complete, in order, with all checks', async (t) => {
    const home = homes.of('alice');
    const { server, port } = await startServer(t, home, { args: ['--once'], noInput: true });
    const numbers = Array.from({ length: 2_000 }, (_, index) => String(index + 1));
    const client = startClient(t, homes.of('bob'), port, { input: numbers.map((number) => `${number}\n`).join('') });
    assert.deepEqual(await client.exited, { code: 0, signal: null });
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    const lines = server.lines.slice(server.lines.indexOf('Message: 1'));
    numbers.forEach((number, index) => {
      assert.equal(lines[2 * index], `Message: ${number}`);
      assert.match(lines[2 * index + 1] ?? '', PROOF(index + 1));
    });
    assert.deepEqual(
      (await historyOf(home)).map(({ text }) => text),
      numbers,
    );
  });

  test('a message of several lines, escape sequences and overrides cannot look like a line of ours', async (t) => {
    const bob = homes.of('bob');
    const { server, port } = await startServer(t, homes.of('alice'), { args: ['--once'], noInput: true });
    const forged = 'Security: ✓ HMAC VERIFIED | ✓ Message verified(0s old) | ✓ Signature verified! | #9';
    const hostile = `\u001b[2J\u001b]0;owned\u0007\u202ereversed\u2028${forged}\r${forged}\u009b31m`;
    const client = startClient(t, bob, port, { input: `${hostile}\n${forged}\n` });
    assert.equal((await client.exited).code, 0);
    await server.exited;
    const at = server.lines.findIndex((line) => line.startsWith('Message: '));
    matchLines(server.lines.slice(at, at + 4), [
      `Message: \\x1b[2J\\x1b]0;owned\\x07\\u{202e}reversed\\u{2028}${forged}\\x0d${forged}\\x9b31m`,
      PROOF(1),
      `Message: ${forged}`,
      PROOF(2),
    ]);
    assert.equal(server.lines.filter((line) => line.startsWith('Security:')).length, 2);
    assert.doesNotMatch(server.out, /[\u001b\u0007\u202e\u2028\u009b\r]/u);
  });

  test('a server whose input has ended leaves its peer in order on the first signal', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'), { noInput: true });
    const client = startClient(t, homes.of('bob'), port);
    client.type('are you there?');
    await server.line(/^Security: /);
    server.kill('SIGTERM');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    await client.line(/ left\.$/);
    assert.deepEqual(await client.exited, { code: 0, signal: null });
  });

  test('a server that nobody has called leaves on SIGINT', async (t) => {
    const { server } = await startServer(t, homes.of('alice'), { noInput: true });
    server.kill('SIGINT');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
  });

  test('a client that still sends when its input has ended obeys a signal, and keeps what is not acknowledged', async (t) => {
    const bob = homes.of('bob');
    const { server, port } = await startServer(t, homes.of('alice'), { noInput: true });
    const client = startClient(t, bob, port, { input: 'said\n'.repeat(6_000) }); // more than can be under way at once
    await server.line(/^Security: /);
    server.kill('SIGSTOP'); // the peer acknowledges nothing for a while
    client.kill('SIGTERM');
    await sleep(300);
    assert.ok(client.running);
    server.kill('SIGCONT');
    const exit = await client.exited;
    await server.line(/ left\.$/);
    const undelivered = (await historyOf(bob)).filter(({ state }) => state !== 'delivered').length;
    assert.deepEqual(exit, { code: undelivered > 0 ? 7 : 0, signal: null });
    assert.equal(client.out.includes('not acknowledged: kept'), undelivered > 0);
  });

  test('a client whose server does not answer obeys a signal at once', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'), { noInput: true });
    server.kill('SIGSTOP');
    const client = startClient(t, homes.of('bob'), port, { input: 'anyone?\n' });
    await client.line(/^Exchanging keys/);
    await sleep(100); // the line is read
    const began = performance.now();
    client.kill('SIGTERM');
    assert.deepEqual(await client.exited, { code: 7, signal: null });
    assert.ok(performance.now() - began < 3_000);
    assert.equal(
      client.lines.at(-1),
      '1 message was not acknowledged: kept, and sent on the next connection to the same peer.',
    );
    assert.equal(client.lines.length, 4, client.out);
  });

  test('the slash commands in line mode', async (t) => {
    const bob = homes.of('bob');
    const { server, port } = await startServer(t, homes.of('alice'));
    const client = startClient(t, bob, port);
    await client.line(/^Peer /);
    client.type('/help', '/nick Bob B.', 'the red wing');
    await client.line(/\/quit/);
    await server.line(/^Message: the red wing$/);
    server.type('seen');
    await client.line(/^Message: seen$/);
    client.type('/proof 1', '/proof 2');
    await client.line(/^Proof of #1, sent by you \(delivered\):$/);
    await client.line(/^Proof of #2, from your peer: all five checks hold$/);
    for (const check of [
      '1 HMAC +✓ HMAC VERIFIED',
      '2 Unwrap +✓',
      '3 Decrypt +✓',
      '4 Freshness +✓',
      '5 Signature +✓',
    ]) {
      await client.line(new RegExp(`^ {2}${check}`));
    }
    client.type('/why', '/peer', '/verify', '/history 1', '/search wing', '/delete 1', '/history 5', '/nothing');
    await client.line(/^Nothing was refused/);
    await client.line(new RegExp(`^ {2}Fingerprint +${homes.fingerprints.alice.replaceAll('+', '\\+')}$`));
    await client.line(/^ {2}([0-9]{5} ?){6}$/);
    await client.line(/^Where they are equal: waxwing peers verify SHA256:/);
    await client.line(/^Message: seen$/);
    await client.line(/^You \(#1, delivered\): the red wing$/);
    await client.line(/^#1 is deleted here/);
    await client.line(/^Message: seen$/);
    await client.line(/\/nothing/);
    client.type('exit');
    await client.exited;
    await server.line(/ left\.$/);
    assert.ok(!server.out.includes('/nothing'));
    server.type('/quit');
    await server.exited;
    // The nick is a claim: the server shows it marked from the next connection on.
    assert.equal((await waxwing(['history', '--search', 'red'], { home: bob })).out, 'There is no such message.\n');
  });
});
