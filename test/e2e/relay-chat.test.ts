/** People at real terminals, and scripts, who chat through a real relay. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { PseudoTerminal } from './pseudo-terminal.ts';
import { ChatHomes, startInTerminal, type Who } from './fixtures/chat-homes.ts';
import { ChatProgram } from './fixtures/chat-program.ts';
import { RelayProgram } from './fixtures/relay-program.ts';
import { HOSTILE, type Outcome, records, waxwing } from './fixtures/two-homes.ts';

const README = join(import.meta.dirname, '../../README.md');
const ECHO_BOT = join(import.meta.dirname, '../../client/examples/echo-bot.ts');

suite('chat through a relay', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob', 'carol'));
  after(() => {
    homes.remove();
  });

  /** A relay of the test's own: each test brings copies of the same people. */
  async function startRelay(t: TestContext): Promise<RelayProgram> {
    const relay = new RelayProgram();
    t.after(() => relay.remove());
    await relay.start();
    return relay;
  }

  /** Homes that have joined, each under its name. */
  async function members(relay: RelayProgram, ...people: readonly Who[]): Promise<string[]> {
    const joining = people.map(async (who) => {
      const home = homes.of(who);
      await ok(waxwing(['join', relay.invite, '--name', who], { home }));
      return home;
    });
    return await Promise.all(joining);
  }

  async function ok(running: Promise<Outcome>): Promise<Outcome> {
    const outcome = await running;
    assert.equal(outcome.code, 0, outcome.err);
    return outcome;
  }

  /** `waxwing chat` in a terminal, once it is there. */
  async function chat(t: TestContext, home: string, ...more: readonly string[]): Promise<PseudoTerminal> {
    const terminal = startInTerminal(t, home, ['chat', ...more]);
    await terminal.shows('Connected ✓');
    return terminal;
  }

  test('join by link in two questions, find each other by name, accept a request, private messages both ways', async (t) => {
    const relay = await startRelay(t);
    const [alice, bob] = [homes.of('alice'), homes.of('bob')];
    const first = startInTerminal(t, alice, ['chat']);
    await first.shows('invite link or contact link');
    first.type(`${relay.invite}\r`);
    await first.shows('Your name there');
    first.type('\u0015wren\r');
    await first.shows(`Joined the relay 127.0.0.1:${String(relay.port)} as @wren.`);
    await first.shows('Connected ✓');
    await first.until('a prompt that names nobody', (rows) => rows.at(-1) === '(no conversation)>');

    const second = startInTerminal(t, bob, ['chat', relay.invite, '--name', 'robin']);
    await second.shows('as @robin.');
    await second.shows('Connected ✓');
    second.type('/msg @wren hello wren\r');
    await second.shows('You to @wren: hello wren ✓');
    await first.shows('Somebody you do not know writes to you, who goes by ~robin');
    await first.shows('~robin: hello wren ✓ #1');
    first.type('/accept\r');
    await first.shows('Accepted: ');
    await second.shows('✓✓');
    first.type('/join @robin\r');
    await first.until('a prompt that names him', (rows) => rows.at(-1) === '@robin>');
    first.type('hello robin\r');
    await second.shows('@wren: hello robin ✓');
    await first.shows('✓✓');
    second.type('/join @wr\t\r');
    await second.until('a prompt that names her', (rows) => rows.at(-1) === '@wren>');
    await first.shows('✓✓ read');
    first.type('/quit\r');
    second.type('exit\r');
    assert.deepEqual([(await first.exited).exitCode, (await second.exited).exitCode], [0, 0]);
  });

  test('who follows a contact link sees its owner as verified, and is announced to them; used twice it is refused', async (t) => {
    const [alice = ''] = await members(await startRelay(t), 'alice');
    const first = await chat(t, alice);
    first.type('/link\r');
    await first.shows('They open it with');
    const link = /waxwing:\/\/\S+/u.exec(first.everything().replace(/([\w.-])\n(?=[\w.-])/gu, '$1'))?.[0] ?? '';
    const carol = homes.of('carol');
    const second = startInTerminal(t, carol, ['chat', '--name', 'linnet', link]);
    await second.shows('is verified (by link)');
    await second.shows('Connected ✓');
    second.type('I come by your link\r');
    await first.shows('used your link of');
    await first.shows('I come by your link ✓');
    second.type('/whois\r');
    await second.shows('Verified     by link');
    const again = await waxwing(['join', link, '--name', 'magpie'], { home: homes.of('bob') });
    assert.equal(again.code, 8, again.err);
    assert.match(again.err, /\[invite-used\]/);
  });

  test('one is away and catches up; what was sent meanwhile is told as delivered when it is', async (t) => {
    const [alice = '', bob = ''] = await members(await startRelay(t), 'alice', 'bob');
    await ok(waxwing(['send', '@bob', 'are you there?'], { home: alice }));
    const second = await chat(t, bob);
    await second.shows('are you there?');
    second.type('/accept\r/join @alice\rI am\r');
    await second.shows('I am ✓');
    second.type('/quit\r');
    await second.exited;
    const first = await chat(t, alice, '--to', '@bob');
    await first.shows('I am ✓');
    first.type('one\rtwo\r');
    await first.shows('two ✓ #');
    const back = await chat(t, bob);
    await back.until('both, in order', (rows) => {
      const at = rows.findIndex((row) => row.includes('one ✓ #'));
      return at >= 0 && rows.slice(at).some((row) => row.includes('two ✓ #'));
    });
    await first.until(
      'both delivered',
      (rows) =>
        rows.filter((row) => row.includes('✓✓')).length >= 2 || rows.some((row) => /✓✓ #\d+ to #\d+/u.test(row)),
    );
  });

  test('a relay that goes away is told once; what is typed is kept, and sent when it is back', async (t) => {
    const own = await startRelay(t);
    const [alice = '', bob = ''] = await members(own, 'alice', 'bob');
    await ok(waxwing(['send', '@bob', 'first'], { home: alice }));
    const first = await chat(t, alice, '--to', '@bob');
    await own.stop('SIGKILL');
    await first.shows('The relay is tried again by itself');
    first.type('typed meanwhile\r');
    await first.shows('typed meanwhile … #');
    await own.start();
    await first.shows('Connected again ✓');
    await first.shows('✓ #2');
    assert.equal(first.everything().split('is tried again by itself').length - 1, 1);
    const got = records(await ok(waxwing(['receive', '--json'], { home: bob })));
    assert.deepEqual(
      got.map(({ text }) => text),
      ['first'],
    ); // a request shows the first message alone
  });

  test('what a message holds cannot act on the terminal or look like a line of ours', async (t) => {
    const [alice = '', bob = ''] = await members(await startRelay(t), 'alice', 'bob');
    await ok(waxwing(['send', '@bob', HOSTILE], { home: alice }));
    const second = await chat(t, bob);
    await second.shows('  | Security: ✓ #9');
    assert.ok(!second.rows().some((row) => row.startsWith('Security')));
    for (const acting of ['\u202e', '\u0085', '\u001b[2Jevil']) assert.ok(!second.raw.includes(acting));
  });

  test('/leaks shows what the relay has stored about one, and no text', async (t) => {
    const [alice = '', bob = ''] = await members(await startRelay(t), 'alice', 'bob');
    await ok(waxwing(['send', '@alice', 'a secret word'], { home: bob }));
    const first = await chat(t, alice);
    await first.shows('a secret word');
    first.type('/leaks\r');
    await first.shows('That is what this relay says it has stored about you');
    const shown = first.everything();
    assert.ok(shown.includes('"alice"'), shown);
    assert.ok(!shown.slice(shown.indexOf('> /leaks')).includes('a secret word'));
  });

  test('X-ray unfolds each message inside what the relay sees', async (t) => {
    const [alice = ''] = await members(await startRelay(t), 'alice', 'bob');
    const args = ['chat', '--plain', '--xray', '--to', '@bob'];
    const program = new ChatProgram(t, { home: alice, args, input: 'the red wing\n' });
    await program.line(/^xray\| → mailbox {2}envelope of \d+ B, seq 1 · /u);
    await program.line(/^xray\| {10}kind mailbox · sid /u);
    await program.line(/^xray\| P .* text\/plain, 12 B/u);
    await program.line(/^xray\| made +✓ sign and wrap/u);
    await program.line(/^xray\| → record \d+ +\[2\] relay · /u);
    assert.equal((await program.exited).code, 0);
    assert.ok(!program.out.includes('red wing'));
  });

  test('scripts: lines in, lines out, each once; what was printed counts as seen', async (t) => {
    const [alice = '', bob = ''] = await members(await startRelay(t), 'alice', 'bob');
    const follow = new ChatProgram(t, { home: bob, args: ['receive', '--follow', '--json'], noInput: true });
    await ok(waxwing(['send', '@bob', 'hello'], { home: alice }));
    await follow.line(/"text":"hello"/u);
    follow.kill('SIGTERM');
    assert.equal((await follow.exited).code, 0);
    const [hello] = follow.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(hello?.['checks'], ['structure', 'hmac', 'unwrap', 'decrypt', 'freshness', 'signature']);
    assert.equal(hello['request'], true);

    const accepted = await ok(waxwing(['chat', '--plain', '--to', homes.fingerprints.alice], { home: bob }));
    assert.equal(accepted.err, '');
    const accepting = new ChatProgram(t, { home: bob, args: ['chat', '--plain'], input: '/accept\n' });
    await accepting.line(/^Accepted/u);
    await accepting.exited;
    const piped = new ChatProgram(t, {
      home: alice,
      args: ['send', '@bob', '--lines', '--wait', 'delivered', '--json'],
      input: '1\n2\n3\n',
    });
    const got: unknown[] = [];
    while (got.length < 3) {
      const received = await ok(waxwing(['receive', '--json'], { home: bob }));
      got.push(...records(received).map(({ text }) => text));
    }
    assert.deepEqual(got, ['1', '2', '3']);
    const { code } = await piped.exited;
    assert.equal(code, 0, piped.err);
    assert.deepEqual(
      piped.lines.map((line) => (JSON.parse(line) as { state: string }).state.replace('read', 'delivered')),
      ['delivered', 'delivered', 'delivered'],
    );
    assert.equal((await ok(waxwing(['receive'], { home: bob }))).out, '');
    const nobody = await waxwing(['send', '@nobody.at.all', 'x'], { home: alice });
    assert.equal(nobody.code, 8);
    assert.match(nobody.err, /\[name-unknown\]/u);
  });

  test('scripts: what ends it for good is told as that, and not as something late', async (t) => {
    const relay = await startRelay(t);
    const [alice = '', bob = ''] = await members(relay, 'alice', 'bob');
    await ok(waxwing(['send', '@alice', 'the first'], { home: bob }));
    await ok(waxwing(['send', '@bob', 'the second'], { home: alice }));
    await relay.stop();
    const other = new RelayProgram();
    t.after(() => other.remove());
    other.port = relay.port;
    await other.start();
    for (const command of [['send', '@bob', 'is it you?'], ['receive'], ['room', 'list']]) {
      const { code, err } = await waxwing(command, { home: command[0] === 'send' ? alice : bob });
      assert.match(err, /\[relay-changed\]/, command.join(' '));
      assert.equal(code, 6, command.join(' '));
    }
    await other.stop();
    await relay.start();
    await ok(waxwing(['receive'], { home: alice }));
    assert.match((await ok(waxwing(['receive'], { home: bob }))).out, /is it you\?/, 'it was kept');
  });

  test('a room of three: one is away and catches up, one is taken out and reads nothing after', async (t) => {
    const [alice = '', bob = '', carol = ''] = await members(await startRelay(t), 'alice', 'bob', 'carol');
    const first = await chat(t, alice);
    first.type('/room create the nest\r');
    await first.until('a prompt that names the room', (rows) => rows.at(-1) === '#“the nest”>');
    const second = await chat(t, bob);
    first.type('/room invite @bob\r/room invite @carol\r');
    await second.shows('Somebody you do not know invites you to #“the nest”, who goes by ~alice');
    second.type('/accept\r');
    await second.shows('let you into #“the nest”');
    await first.shows('You let @carol into');
    first.type('hello all\r');
    await second.shows('#“the nest” ');
    await second.shows('hello all ✓');
    second.type('/join "#the nest"\rhello wren\r');
    await first.shows('#“the nest” @bob: hello wren ✓');

    const third = await chat(t, carol);
    await third.shows('invites you to #“the nest”');
    assert.ok(!third.everything().includes('hello'), 'nothing of a room that was not entered');
    third.type('/accept\r');
    await third.shows('let you into #“the nest”');
    await third.until('both, each with the room', (rows) =>
      ['hello all', 'hello wren'].every((said) =>
        rows.some((row) => row.includes('#“the nest” ') && row.includes(`: ${said} ✓`)),
      ),
    );
    first.type('/room remove @carol\r');
    await third.shows('took you out of #“the nest”');
    await second.shows('took ');
    second.type('only for two\r');
    await first.shows('only for two ✓');
    third.type('/join "#the nest"\ram I heard?\r');
    await third.shows('am I heard?');
    first.type('/room members\r');
    await first.shows('In #“the nest”, 2:');
    for (const terminal of [first, second]) assert.ok(!terminal.everything().includes('am I heard?'));
    assert.ok(!third.everything().includes('only for two'));

    third.type('\u0015'); // what was not sent is back in the line
    for (const terminal of [first, second, third]) terminal.type('/quit\r');
    await Promise.all([first.exited, second.exited, third.exited]);
    await ok(waxwing(['send', '#the nest', 'by a script', '--wait', 'sent'], { home: bob }));
    const got = records(await ok(waxwing(['receive', '--json', '--from', '#the nest'], { home: alice })));
    assert.deepEqual(
      got.map(({ text, conversation, room }) => [text, conversation, (room as { name: string } | null)?.name]),
      [['by a script', '#the nest', 'the nest']],
    );
    const kept = await ok(waxwing(['history', '--peer', '#the nest'], { home: bob }));
    assert.match(kept.out, /^#\d+ {2}\S+ \S+ {2}#“the nest” ~alice: hello all$/mu);
    assert.match(kept.out, /^#\d+ {2}\S+ \S+ {2}You to #“the nest” \(\w+\): hello wren$/mu);
    const [left] = records(await ok(waxwing(['room', 'leave', 'the nest', '--json'], { home: bob })));
    assert.equal(left?.['standing'], 'left');
  });

  test('the echo bot of the SDK answers whoever writes', async (t) => {
    const [bot = '', bob = ''] = await members(await startRelay(t), 'alice', 'bob');
    const child = spawn(process.execPath, [ECHO_BOT, bot], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    assert.equal(line, 'Listening as @alice');
    const second = await chat(t, bob);
    second.type('/msg @alice are you there?\r');
    await second.shows('You said: are you there? ✓');
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    const [, ...lines] = readFileSync(ECHO_BOT, 'utf8').trimEnd().split('\n');
    assert.ok(lines.length <= 20, `${String(lines.length)} lines`);
    assert.ok(readFileSync(README, 'utf8').includes(lines.join('\n').trimStart()), 'the README shows another bot');
  });
});
