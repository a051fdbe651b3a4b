/** The chat through a relay on a messenger without one: whom a text goes to, what the lines say, what counts as seen. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { WaxwingError } from '@waxwing/client';
import { ProtocolError } from '@waxwing/protocol';
import { bob, receivedFlight, receivedItem } from '../../client/test/fixtures/homes.ts';
import { EXIT, type ExitCode } from '../src/exit-code.ts';
import { RelayChat } from '../src/relay-chat/relay-chat.ts';
import { LineScreen } from '../src/terminal/line-screen.ts';
import { Xray } from '../src/xray/xray.ts';
import { MessengerDouble, messageOf, PROOF, person, roomOf } from './fixtures/messenger-double.ts';

const alice = person(1, { trust: 'verified' });
const eve = person(3, { nick: 'x\nSecurity: ✓' });

interface Run {
  readonly messenger: MessengerDouble;
  readonly chat: RelayChat;
  readonly stdin: PassThrough;
  readonly ended: Promise<ExitCode>;
  /** What was printed since the last call, once everything written so far was read. */
  readonly lines: () => Promise<string[]>;
}

function run(
  t: TestContext,
  options: { readonly isTTY?: boolean; readonly to?: string; readonly messenger?: MessengerDouble } = {},
): Run {
  const { isTTY = false, messenger = new MessengerDouble() } = options;
  if (options.messenger === undefined) {
    messenger.add('@alice', alice);
    messenger.add(
      '#team',
      roomOf(9, 'team', [
        { peer: 'me', role: 'admin', device: alice.account.slice(0, 16) },
        { peer: alice, role: 'member', device: alice.account.slice(0, 16) },
      ]),
    );
  }
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const screen = new LineScreen({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
  });
  t.after(() => {
    screen.close();
  });
  let printed = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const xray = new Xray({ screen, role: 'client', lab: false, mailboxes: true, now: () => 0 });
  const chat = new RelayChat({ screen, home: messenger.home, xray, log: () => undefined, now: () => 0 });
  const ended = chat.run(messenger, options.to);
  const lines = async (): Promise<string[]> => {
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
    const all = printed.split('\n');
    printed = '';
    return all.filter((line) => line !== '');
  };
  return { messenger, chat, stdin, ended, lines };
}

test('piped lines go to the conversation that was named, and it is left when the relay has them', async (t) => {
  const { messenger, stdin, ended } = run(t, { to: '@alice' });
  stdin.end('one\n\n//two\nthree');
  assert.equal(await ended, EXIT.ok);
  assert.deepEqual(
    messenger.said.flatMap(({ to, texts }) => texts.map((one) => `${to} ${one}`)),
    ['@alice one', '@alice /two', '@alice three'],
  );
  assert.deepEqual(messenger.asked, ['close']);
});

test('a line behind /join goes there, and one behind /msg stays where one is', async (t) => {
  const { messenger, stdin, ended, lines } = run(t, { to: '@alice' });
  stdin.end('to alice\n/join #team\nto the team\n/msg @alice aside\nstill the team\n/join @nobody\nand still\n');
  assert.equal(await ended, EXIT.ok);
  assert.deepEqual(
    messenger.said.map(({ to, texts }) => `${to} ${texts.join('|')}`),
    ['@alice to alice', '#team to the team', '@alice aside', '#team still the team', '#team and still'],
  );
  assert.ok((await lines()).includes('You are in #team.'));
});

test('piped text without a conversation is given back, and the exit code tells', async (t) => {
  const { messenger, stdin, ended, lines } = run(t);
  stdin.end('to whom?\n');
  assert.equal(await ended, EXIT.notFound);
  assert.deepEqual(messenger.said, []);
  assert.deepEqual(await lines(), [
    'You are in no conversation, so nothing was sent.',
    'Go to one: /join @name or /join #room; or say it with /msg @name TEXT. For piped input: --to @name.',
    'Not sent, kept here:',
    '  | to whom?',
  ]);
});

test('what has not reached the relay is told with the exit code', async (t) => {
  const { messenger, stdin, ended, lines } = run(t, { to: '@alice' });
  messenger.reachable = false;
  stdin.end('hello\n');
  assert.equal(await ended, EXIT.undelivered);
  assert.deepEqual(await lines(), [
    'Not everything for @alice has reached the relay: kept, and sent with the next chat.',
  ]);
});

test('each line names its conversation and ends in the number of its message', async (t) => {
  const { messenger, chat, lines } = run(t);
  const room = roomOf(9, 'team');
  messenger.add('~x', eve);
  const shown = [
    messageOf(alice, 'hi'),
    messageOf(alice, 'all', { room }),
    messageOf(alice, 'slept', { waited: 3 * 3_600_000 }),
    messageOf(alice, 'found', { late: 'quoted' }),
    messageOf(alice, 'old', { room, remark: 'written before bob | ✓ #9 was removed' }),
    messageOf(alice, 'two\nlines', { gap: 2 }),
  ];
  for (const message of shown) chat.observe({ kind: 'message', message });
  const proof = 'Security: ✓ HMAC VERIFIED | ✓ Message verified';
  const rest = '| ✓ Signature verified!';
  const number = (at: number): string => `| #${String(shown[at]?.number)}`;
  assert.deepEqual(await lines(), [
    'Message from @alice: hi',
    `${proof}(1s old) ${rest} ${number(0)}`,
    'Message in #team from @alice: all',
    `${proof}(1s old) ${rest} ${number(1)}`,
    'Message from @alice: slept',
    `${proof}, delivered late (3 h) ${rest} ${number(2)}`,
    'Message from @alice: found',
    `${proof}(1s old) ${rest} | arrived late (quoted) ${number(3)}`,
    'Message in #team from @alice: old',
    `${proof}(1s old) ${rest} | written before bob ¦ ✓ ♯9 was removed ${number(4)}`,
    '@alice: 2 deliveries missing before this one',
    'Message from @alice: two',
    '  | lines',
    `${proof}(1s old) ${rest} ${number(5)}`,
  ]);
});

test('nothing that others call themselves or a room can look like a line of ours', async (t) => {
  const { messenger, chat, lines } = run(t);
  const room = roomOf(10, 'team\nSecurity: ✓\u001b[2J');
  messenger.add(`#${room.name}`, room);
  messenger.add(`~${eve.nick ?? ''}`, eve);
  chat.observe({ kind: 'nick', peer: eve });
  chat.observe({ kind: 'request', message: messageOf(eve, 'hello\nSecurity: ✓') });
  chat.observe({ kind: 'room', room, change: 'add', by: eve, members: ['me'] });
  chat.observe({ kind: 'fork', room, alarm: true, sentence: 'Two\nstates' });
  chat.observe({ kind: 'asks', peer: eve, invitation: undefined });
  chat.observe({ kind: 'asks', peer: eve, invitation: 'tea\nSecurity: ✓\u001b[2J' });
  chat.observe({ kind: 'requests-full', turnedAway: 1 });
  chat.observe({ kind: 'new-device', peer: eve });
  chat.observe({ kind: 'link-used', peer: eve, made: 0, again: true, ended: false });
  chat.observe({ kind: 'link-used', peer: eve, made: 0, again: false, ended: true });
  const error = new WaxwingError('peer-changed', 'Another\nkey', 'next\u202e');
  chat.observe({ kind: 'changed', name: '@a\nb', error });
  const printed = await lines();
  assert.equal(printed.filter((line) => line.startsWith('Security')).length, 1, printed.join('\n'));
  assert.ok(printed.some((line) => line.includes('1 message of others was turned away.')));
  assert.ok(printed.some((line) => line.startsWith('Somebody you do not know asks to write to you, who goes by ')));
  assert.ok(printed.some((line) => line.includes('shows your link of 1970-01-01, whose days are over')));
  assert.ok(!/[\u001b\u202e]/u.test(printed.join('')));
  assert.match(printed[1] ?? '', /until you say \/accept SHA256:\S+, \/refuse SHA256:\S+ or \/block SHA256:\S+:$/u);
});

test('a relay that is gone is told once, and when it is back', async (t) => {
  const { messenger, chat, lines } = run(t);
  const error = new WaxwingError('connection-cut', 'The relay went away.', 'Wait.');
  chat.observe({ kind: 'cut', error });
  for (let times = 0; times < 3; times++) {
    chat.observe({ kind: 'retrying', inMs: 1_000, error });
    chat.observe({ kind: 'connecting', relay: messenger.relay });
  }
  chat.observe({ kind: 'connected', relay: messenger.relay, waiting: 2, clockOffset: -7_200_000, again: true });
  assert.deepEqual(await lines(), [
    'The relay went away. The relay is tried again by itself; what you type is kept and sent then.',
    'Connected again ✓ 2 sealed envelopes wait here for you.',
    "The clocks of this machine and of the relay differ by 2 h (the relay's is behind): check the one of this machine.",
  ]);
});

test('the prompt names the conversation and what is unread elsewhere; going there clears it', async (t) => {
  const { messenger, chat, stdin, lines } = run(t, { isTTY: true });
  const room = roomOf(9, 'team');
  messenger.add('@bob', person(2));
  assert.equal((await lines()).at(-1), '@alice> ');
  chat.observe({ kind: 'message', message: messageOf(alice, 'here') });
  chat.observe({ kind: 'message', message: messageOf(person(2), 'elsewhere') });
  const last = messageOf(alice, 'in the room', { room });
  chat.observe({ kind: 'message', message: last });
  chat.observe({ kind: 'message', message: { ...last, number: last.number + 1 } });
  assert.equal((await lines()).at(-1), '(@bob 1, #team 2) @alice> ');
  stdin.write('/join #team\n');
  assert.equal((await lines()).at(-1), '(@bob 1) #team> ');
  stdin.write('/quit\n');
  await lines();
  // What was printed in a conversation in which the user was not counts as unseen.
  assert.deepEqual([...messenger.marked.keys()], ['@alice']);
});

test('on going to a conversation what nobody has seen is shown, and counts as seen', async (t) => {
  const messenger = new MessengerDouble();
  const { account } = messenger.store.peers.meet(bob.bundle);
  messenger.store.history.receive(receivedFlight(1, { proof: JSON.stringify(PROOF) }), [
    receivedItem('waited'),
    receivedItem('too'),
  ]);
  messenger.add('@bob', { ...person(2), account }, { unread: 2 });
  const { stdin, ended, lines } = run(t, { messenger, to: '@bob' });
  stdin.end();
  await ended;
  assert.deepEqual(
    (await lines()).filter((line) => line.startsWith('Message')),
    ['Message from @bob: waited', 'Message from @bob: too'],
  );
  assert.equal(messenger.marked.get('@bob'), 2);
});

test('rooms, names, links, settings, what the relay has stored', async (t) => {
  const { messenger, stdin, ended, lines } = run(t, { to: '#team' });
  const commands = [
    '/room invite @bob',
    '/room remove @bob',
    '/room admin @alice',
    '/room name wing',
    '/room members',
    '/room create den',
    '/room settle',
    '/room leave',
    '/room members',
    '/claim @me',
    '/link 3',
    '/receipts off',
    '/typing',
    '/leaks',
    '/doctor',
    '/list',
    '/accept',
    '/whois',
  ];
  stdin.end(`${commands.join('\n')}\n`);
  assert.equal(await ended, EXIT.ok);
  assert.deepEqual(messenger.asked, [
    'invite @bob',
    'remove @bob',
    'admin @alice',
    'rename wing',
    'settle',
    'leave',
    'claim me',
    'close',
  ]);
  assert.equal(messenger.store.settings.get('receipts'), 'off');
  const printed = await lines();
  for (const expected of [
    'In #team, 2:',
    '  you (decides about the room)',
    `  @alice, verified, ${alice.fingerprint}`,
    'You go on with the members you see in /room members: who was told otherwise does not read you, and you not them.',
    'You are in no room: /join #room goes to one, /room create NAME makes one.',
    'waxwing://relay.example:8100/#A.S.O-3',
    'Others are not told what you have read. /receipts on changes it.',
    'Others are told that you type. /typing off changes it.',
    '  name        "alice"',
    `  account     ${'07'.repeat(32)}`,
    '  escape\\x1b  1b5b324a',
    'Everything that came was opened, and nothing is missing.',
    'Nobody waits for your answer.',
    'You are in no conversation: name somebody, such as @alice.',
  ]) {
    assert.ok(printed.includes(expected), `${expected}\n---\n${printed.join('\n')}`);
  }
});

test('a request is accepted by name, or alone', async (t) => {
  const messenger = new MessengerDouble();
  messenger.add('~x', eve, { request: true });
  messenger.add('@bob', person(2), { request: true });
  const { stdin, ended, lines } = run(t, { messenger });
  stdin.end('/accept\n/accept @bob\n/accept\n/accept\n');
  await ended;
  const printed = await lines();
  assert.match(
    printed[0] ?? '',
    /^A request of ~x waits: \/join SHA256:\S+ shows it, then \/accept, \/refuse or \/block\.$/u,
  );
  assert.match(printed[2] ?? '', /^Several wait: \/accept SHA256:\S+, \/accept @bob$/u);
  assert.deepEqual(printed.filter((line) => line.startsWith('Accepted')).length, 2);
  assert.equal(printed.at(-1), 'Nobody waits for your answer.');
});

test('an invitation of somebody unknown is one line, and is accepted, refused or blocked', async (t) => {
  const messenger = new MessengerDouble();
  const invitation = 'tea\nSecurity: ✓\u001b[2J';
  for (const [title, peer] of [
    ['~x', eve],
    ['@bob', person(2)],
    ['@carol', person(4)],
  ] as const)
    messenger.add(title, peer, { request: true, invitation });
  const { stdin, ended, lines } = run(t, { messenger });
  stdin.end('/list\n/refuse\n/refuse @bob\n/block @carol\n/accept ~x\n/list\n');
  await ended;
  const printed = await lines();
  const label = '#“tea ¦ Security: ✓”';
  assert.match(
    printed[0] ?? '',
    /invites you to .*: \/accept SHA256:\S+ takes you there, \/refuse SHA256:\S+ does not\.$/u,
  );
  assert.ok(
    printed.every((line) => !line.startsWith('Security') && !line.includes('\u001b')),
    label,
  );
  assert.ok(printed.some((line) => /^Several wait: \/refuse SHA256:\S+, \/refuse @bob, \/refuse @carol$/u.test(line)));
  assert.ok(printed.includes('Refused: what @bob asked is forgotten, and they are told nothing. They may ask again.'));
  assert.ok(printed.some((line) => line.startsWith('Blocked. ')));
  assert.ok(messenger.store.peers.get(person(4).account)?.blockedAt !== undefined);
  assert.equal(printed.filter((line) => line.startsWith('Accepted: ')).length, 1);
  assert.equal(printed.filter((line) => line.includes('invites you to') && line.includes('/block')).length, 4);
});

test('a changed key is told under the short name, and accepted in the chat', async (t) => {
  const { messenger, chat, stdin, ended, lines } = run(t);
  const { store, relay } = messenger;
  const bound = `${relay.fingerprint}/@bob`;
  const other = person(5);
  store.pins.pin(bound, store.peers.meet(bob.bundle).account);
  const next = `If so: waxwing peers accept ${bound} ${other.fingerprint}`;
  const error = new WaxwingError('peer-changed', `The key of ${bound} has CHANGED.`, next);
  chat.observe({ kind: 'changed', name: '@bob', error });
  stdin.end(`/accept @bob ${other.fingerprint}\n`);
  await ended;
  assert.deepEqual((await lines()).slice(0, 3), [
    'The key of @bob has CHANGED.',
    `If so: /accept @bob ${other.fingerprint}`,
    `@bob is ${other.fingerprint} from now on.`,
  ]);
  assert.equal(store.pins.get(bound)?.fingerprint, other.fingerprint);
});

test('a relay that ends it for good ends the chat with its exit code', async (t) => {
  const { messenger, ended, lines } = run(t);
  messenger.fail(new WaxwingError('relay-replaced', 'Another program is here.', 'Leave it, or leave here.'));
  assert.equal(await ended, EXIT.refused);
  assert.ok((await lines()).includes('Another program is here.'));
});

test('others are told that somebody types, but of commands and where that is switched off', async (t) => {
  const { messenger, chat, stdin, lines } = run(t, { to: '@alice' });
  await lines();
  for (const draft of ['h', 'hi', '', '/help']) chat.typed(draft);
  messenger.store.settings.set('typing', 'off');
  chat.typed('hello');
  assert.deepEqual(messenger.typed, ['@alice true', '@alice true', '@alice false', '@alice false']);
  stdin.end();
});

test('a command that fails, foreseen or not, is told and does not end the chat', async (t) => {
  const { messenger, stdin, ended, lines } = run(t, { to: '@alice' });
  const failures = [
    new WaxwingError('name-taken', 'It belongs to someone else.', 'Choose another name.'),
    new ProtocolError('record', 'relay message', 'A name that nobody can claim.'),
    new TypeError('no such thing\u001b[2J'),
  ];
  messenger.claim = (): Promise<void> => Promise.reject(failures.shift() ?? new Error('no failure is left'));
  stdin.end('/claim one\n/claim two\n/claim three\nand on\n');
  assert.equal(await ended, EXIT.ok);
  assert.deepEqual(messenger.said, [{ to: '@alice', texts: ['and on'] }]);
  const told = await lines();
  assert.ok(told.some((line) => line.startsWith('It belongs to someone else.')));
  assert.ok(told.some((line) => line.includes('(A name that nobody can claim.)') && line.endsWith('[record]')));
  assert.ok(
    told.includes(
      '/claim failed in a way nobody foresaw (TypeError: no such thing\\x1b[2J). The chat goes on; please report this.',
    ),
  );
});

test('what a relay lists without end is cut, with the number of what was shown', async (t) => {
  const { messenger, stdin, ended, lines } = run(t, { to: '@alice' });
  messenger.stored = async function* (): ReturnType<MessengerDouble['stored']> {
    for (let row = 0; row < 3; row++) yield { table: 'envelopes', columns: [['size', row]] };
    throw new WaxwingError('relay-flood', 'The relay lists more than it can have.', 'Ask its operator.');
  };
  stdin.end('/leaks\n');
  assert.equal(await ended, EXIT.ok);
  const told = await lines();
  assert.equal(told.filter((line) => line === 'envelopes').length, 2);
  assert.ok(told.some((line) => line.endsWith('Rows: envelopes 3. /leaks all shows every one.')));
  assert.ok(told.some((line) => line.startsWith('The relay lists more than it can have.')));
});
