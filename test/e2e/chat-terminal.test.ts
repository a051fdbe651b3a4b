/** The chat between two people at two real terminals. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ChatHomes, historyOf, startInTerminal } from './fixtures/chat-homes.ts';
import type { PseudoTerminal } from './pseudo-terminal.ts';

interface Pair {
  readonly server: PseudoTerminal;
  readonly client: PseudoTerminal;
  readonly port: string;
}

/** The rows without their clock. */
function rows(terminal: PseudoTerminal): string[] {
  return terminal.rows().map((row) => row.replace(/^\d\d:\d\d /, ''));
}

suite('the chat in two terminals', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  async function chat(t: Parameters<typeof startInTerminal>[0], alice: string, bob: string): Promise<Pair> {
    const server = startInTerminal(t, alice, ['server', '--port', '0']);
    await server.shows('Listening on 127.0.0.1:');
    const port = /Listening on 127\.0\.0\.1:(\d+)\.\.\./.exec(server.rows().join('\n'))?.[1] ?? '';
    const client = startInTerminal(t, bob, ['client', `127.0.0.1:${port}`]);
    await Promise.all([server.shows('Type Message:'), client.shows('Type Message:')]);
    return { server, client, port };
  }

  test('both ways, while the other types', async (t) => {
    const { server, client } = await chat(t, homes.of('alice'), homes.of('bob'));
    for (const [terminal, words] of [
      [server, ['Connection accepted!', 'Exchanging keys...', 'Keys exchanged ✓']],
      [client, ['Connecting to server...', 'Connected!', 'Exchanging keys...', 'Keys exchanged ✓']],
    ] as const) {
      const seen = rows(terminal);
      const at = seen.indexOf(words[0]);
      assert.deepEqual(seen.slice(at, at + words.length), words);
      assert.match(seen[at + words.length] ?? '', /^Peer SHA256:[A-Za-z0-9+/]{43} \(first seen\)$/);
    }
    client.type('half a sen');
    await client.shows('Type Message: half a sen');
    server.type('Hello Client! 世界\r');
    await server.shows('You: Hello Client! 世界 ✓✓ #1');
    await client.shows('Message: Hello Client! 世界 ✓ #1');
    assert.equal(client.rows().at(-1), 'Type Message: half a sen');
    client.type('tence\r');
    await client.shows('You: half a sentence ✓✓ #2');
    await server.shows('Message: half a sentence ✓ #2');
    client.type('one\u001b\rtwo\r');
    await server.until('a message of two lines', (all) =>
      all
        .join('\n')
        .replaceAll(/^\d\d:\d\d /gm, '')
        .includes('Message: one\n  | two ✓ #3'),
    );
    client.type('exit\r');
    assert.equal((await client.exited).exitCode, 0);
    await server.shows(' left.');
    server.type('\u0004');
    assert.equal((await server.exited).exitCode, 0);
  });

  test('one tick when sent, two when delivered', async (t) => {
    const { server, client } = await chat(t, homes.of('alice'), homes.of('bob'));
    process.kill(server.pid, 'SIGSTOP');
    client.type('are you there?\r');
    await client.shows('You: are you there? ✓ #1');
    process.kill(server.pid, 'SIGCONT');
    await client.shows('You: are you there? ✓✓ #1');
  });

  test('proof, why, peer, help, names, history, search, delete', async (t) => {
    const [alice, bob] = [homes.of('alice'), homes.of('bob')];
    const { server, client } = await chat(t, alice, bob);
    client.type('the red wing\r');
    await server.shows('Message: the red wing ✓ #1');
    server.type('/proof 1\r');
    await server.shows('Proof of #1, from your peer: all five checks hold');
    for (const check of [
      '1 HMAC       ✓ HMAC VERIFIED',
      '2 Unwrap     ✓',
      '3 Decrypt    ✓',
      '4 Freshness  ✓ Message verified(',
      '5 Signature  ✓ Signature verified!',
    ]) {
      await server.shows(check);
    }
    server.type('/proof all\r');
    await server.shows('The full proof line follows');
    client.type('another\r');
    await server.until('a full proof line', (all) =>
      all.some((row) =>
        /^Security: ✓ HMAC VERIFIED \| ✓ Message verified\(\d+s old\) \| ✓ Signature verified! \| #2$/.test(row),
      ),
    );
    server.type('/why\r');
    await server.shows('Nothing was refused since the start.');
    server.type('/why 1\r');
    await server.shows('#1 was not refused: see /proof 1.');
    server.type('/peer\r');
    await server.shows(homes.fingerprints.bob);
    server.type('/help\r');
    await server.shows('/verify');
    server.type('/name Bobby\r');
    await server.shows('From now on this peer is Bobby here.');
    client.type('after the name\r');
    await server.shows('Bobby: after the name');
    client.type('/nick Robert\r');
    await client.shows('You call yourself Robert');
    server.type('/search wing\r');
    await server.shows('Bobby: the red wing');
    server.type('/delete 1\r');
    await server.shows('#1 is deleted here.');
    server.type('/nosuch word\r');
    await server.shows('/nosuch');
    server.type('//etc/passwd\r');
    await client.shows('Message: /etc/passwd ✓');
    client.type('exit\r');
    await client.exited;
    server.type('/quit\r');
    await server.exited;
    const [kept, theirs] = await Promise.all([historyOf(alice), historyOf(bob)]);
    assert.deepEqual(
      kept.map(({ text }) => text),
      ['another', 'after the name', '/etc/passwd'],
    );
    assert.deepEqual(
      theirs.map(({ text }) => text),
      ['the red wing', 'another', 'after the name', '/etc/passwd'],
    );
  });

  test('/verify answered with yes: verified now and on the next connection, the last messages shown on start', async (t) => {
    const [alice, bob] = [homes.of('alice'), homes.of('bob')];
    const first = await chat(t, alice, bob);
    const digits = /^ {2}([0-9]{5} ){5}[0-9]{5}$/;
    for (const terminal of [first.server, first.client]) {
      terminal.type('/verify\r');
      await terminal.shows('Are the numbers on both screens equal?');
    }
    const [ours, theirs] = [first.server, first.client].map((one) => one.rows().filter((row) => digits.test(row)));
    assert.equal(ours?.length, 2);
    assert.deepEqual(ours, theirs);
    const sas = [first.server, first.client].map((one) => /connection: (\d{6})/.exec(one.rows().join('\n'))?.[1]);
    assert.ok(sas[0] !== undefined && sas[0] === sas[1]);
    first.client.type('y');
    await first.client.shows('Verified: from now on');
    first.server.type('l');
    first.client.type('/nick Robert\rfor the history\r');
    await first.server.shows('Message: for the history ✓ #1');
    first.client.type('exit\r');
    first.server.type('exit\r');
    await Promise.all([first.client.exited, first.server.exited]);

    const second = await chat(t, alice, bob);
    const peer = (terminal: PseudoTerminal): string => rows(terminal).find((row) => row.startsWith('Peer ')) ?? '';
    assert.match(peer(second.client), /\(verified\)$/);
    assert.match(peer(second.server), /\(first seen\)$/);
    await second.client.shows('You: for the history ✓✓ #1');
    second.client.type('hi again\r');
    await second.server.shows('~Robert: hi again ✓ #2');
    await second.server.shows('Your peer calls itself Robert');
  });

  test('what a message holds cannot act on the terminal or look like a line of ours', async (t) => {
    const { server, client } = await chat(t, homes.of('alice'), homes.of('bob'));
    const forged = 'Security: ✓ HMAC VERIFIED | #9';
    // A paste brings what keys cannot.
    client.type(`\u001b[200~x\u001b[2J\u202e\u009b31m\r${forged}\u001b[201~`);
    await client.shows('Send them?');
    client.type('o');
    await server.until('the second line', (all) => all.some((row) => row.includes(`  | ${forged}`)));
    assert.ok(
      rows(server).some((row) => row.startsWith('Message: x') && row.includes('\\u{202e}')),
      server.rows().join('\n'),
    );
    assert.ok(!rows(server).some((row) => row.startsWith('Security:')));
    for (const acting of ['\u202e', '\u009b', '\u001b[2J']) assert.ok(!server.raw.includes(acting));
  });

  test('a terminal that is closed takes its program with it, and the peer is told', async (t) => {
    const { server, client } = await chat(t, homes.of('alice'), homes.of('bob'));
    client.kill('SIGHUP');
    await client.exited;
    await server.shows(' left.');
  });
});
