import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DIRECT_COMMANDS } from '../src/terminal/direct-commands.ts';

function command(text: string): unknown {
  const entry = DIRECT_COMMANDS.parse(text);
  return entry.kind === 'command' ? entry.command : entry.kind;
}

for (const [text, expected] of [
  ['/help', { name: 'help' }],
  ['/help proof', { name: 'help', topic: 'proof' }],
  ['exit', { name: 'quit' }],
  [' quit ', { name: 'quit' }],
  ['/quit', { name: 'quit' }],
  ['/QUIT', { name: 'quit' }],
  ['/verify', { name: 'verify' }],
  ['/proof', { name: 'proof', number: 'last' }],
  ['/proof 3', { name: 'proof', number: 3 }],
  ['/proof #3', { name: 'proof', number: 3 }],
  ['/proof all', { name: 'proof', number: 'all' }],
  ['/proof off', { name: 'proof', number: 'off' }],
  ['/why 2', { name: 'why', number: 2 }],
  ['/peer', { name: 'peer' }],
  ['/history', { name: 'history', count: 20 }],
  ['/history 5', { name: 'history', count: 5 }],
  ['/search two  words', { name: 'search', words: 'two  words' }],
  ['/delete 9', { name: 'delete', number: 9 }],
  ['/xray', { name: 'xray' }],
  ['/xray on', { name: 'xray', on: true }],
  ['/XRAY off', { name: 'xray', on: false }],
  ['/block', { name: 'block' }],
  ['/nick', { name: 'nick' }],
  ['/nick Zoë', { name: 'nick', nick: 'Zoë' }],
  ['/name Bob B', { name: 'name', peerName: 'Bob B' }],
  ['/resend', { name: 'resend', number: 'all' }],
  ['/resend 12', { name: 'resend', number: 12 }],
] as const) {
  test(`reads ${text}`, () => {
    assert.deepEqual(command(text), expected);
  });
}

for (const text of [
  '/proof 0',
  '/proof -1',
  '/proof 1.5',
  '/proof x',
  '/delete',
  '/search',
  '/quit now',
  '/history 99999999',
  '/why 1e3',
  '/xray maybe',
]) {
  test(`${text} is told how it is used, and sends nothing`, () => {
    const entry = DIRECT_COMMANDS.parse(text);
    assert.match(entry.kind === 'mistake' ? entry.sentence : entry.kind, /^Usage: \//);
  });
}

test('messages go as they are; a doubled slash sends one', () => {
  assert.deepEqual(DIRECT_COMMANDS.parse('hello exit'), { kind: 'message', text: 'hello exit' });
  assert.deepEqual(DIRECT_COMMANDS.parse('  indented '), { kind: 'message', text: '  indented ' });
  assert.deepEqual(DIRECT_COMMANDS.parse('//etc/passwd'), { kind: 'message', text: '/etc/passwd' });
  assert.deepEqual(DIRECT_COMMANDS.parse('Exit'), { kind: 'message', text: 'Exit' });
  assert.deepEqual(DIRECT_COMMANDS.parse(' \n '), { kind: 'empty' });
});

test('an unknown word suggests the nearest command', () => {
  const suggested = (text: string): string => {
    const entry = DIRECT_COMMANDS.parse(text);
    return entry.kind === 'mistake' ? (/Did you mean (\/\w+)\?/.exec(entry.sentence)?.[1] ?? 'none') : entry.kind;
  };
  assert.equal(suggested('/prof 3'), '/proof');
  assert.equal(suggested('/hlep'), '/help');
  assert.equal(suggested('/hist'), '/history');
  assert.equal(suggested('/qiut'), '/quit');
  assert.equal(suggested('/etc/passwd'), 'none');
  assert.equal(suggested('/'), 'none');
});

test('no text that begins with one slash is ever a message, and no sentence acts', () => {
  // Code points by their number: fast-check's own `binary` spends half a second on a map of all of them.
  const anything = fc.array(fc.nat(0x10ffff), { maxLength: 20 }).map((points) => String.fromCodePoint(...points));
  const texts = anything.map((rest) => `/${rest.replace(/^\/+/, '')}`);
  fc.assert(
    fc.property(texts, (text) => {
      const entry = DIRECT_COMMANDS.parse(text);
      assert.notEqual(entry.kind, 'message');
      if (entry.kind === 'mistake') assert.doesNotMatch(entry.sentence, /\p{Cc}/u);
    }),
    { numRuns: 300 },
  );
});

test('a command takes one line', () => {
  assert.equal(DIRECT_COMMANDS.parse('/search a\nb').kind, 'mistake');
});

test('help names every command; Tab completes what is clear', () => {
  const help = DIRECT_COMMANDS.help().join('\n');
  for (const name of [
    'help',
    'quit',
    'verify',
    'proof',
    'why',
    'peer',
    'history',
    'search',
    'delete',
    'xray',
    'block',
    'nick',
    'name',
    'resend',
  ]) {
    assert.ok(help.includes(`/${name}`), name);
  }
  assert.match(help, /Alt\+Enter/);
  assert.match(DIRECT_COMMANDS.help('/proof')[0] ?? '', /^\/proof/);
  assert.match(DIRECT_COMMANDS.help('nonsense')[0] ?? '', /no command/);
  assert.equal(DIRECT_COMMANDS.complete('/pr'), '/proof ');
  assert.equal(DIRECT_COMMANDS.complete('/n'), undefined);
  assert.equal(DIRECT_COMMANDS.complete('hello'), undefined);
});
