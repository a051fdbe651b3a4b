import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RELAY_COMMANDS } from '../src/relay-chat/relay-command-table.ts';
import { completeWord } from '../src/relay-chat/word-completion.ts';

const read = (text: string): unknown => {
  const entry = RELAY_COMMANDS.parse(text);
  return entry.kind === 'command' ? entry.command : entry.kind;
};

for (const [text, expected] of [
  ['/msg @alice hello  you', { name: 'msg', who: '@alice', text: 'hello  you' }],
  ['/msg "bob smith" hi', { name: 'msg', who: 'bob smith', text: 'hi' }],
  ['/join #team', { name: 'join', who: '#team' }],
  ['/room create the team', { name: 'room', action: { what: 'create', name: 'the team' } }],
  ['/room name #x', { name: 'room', action: { what: 'name', name: 'x' } }],
  ['/room invite @bob', { name: 'room', action: { what: 'invite', who: '@bob' } }],
  ['/room leave', { name: 'room', action: { what: 'leave' } }],
  ['/room settle', { name: 'room', action: { what: 'settle' } }],
  ['/whois', { name: 'whois', who: undefined }],
  ['/verify @bob', { name: 'verify', who: '@bob' }],
  ['/link', { name: 'link', days: 7 }],
  ['/link 30d', { name: 'link', days: 30 }],
  ['/claim @al', { name: 'claim', claimed: 'al' }],
  ['/typing off', { name: 'typing', on: false }],
  ['/receipts', { name: 'receipts', on: undefined }],
  ['exit', { name: 'quit' }],
  ['/history 5', { name: 'history', count: 5 }],
] as const) {
  test(`reads ${text}`, () => {
    assert.deepEqual(read(text), expected);
  });
}

test('what does not fit is told how it is used, and sends nothing', () => {
  for (const text of [
    '/msg @alice',
    '/msg',
    '/join',
    '/join @a b',
    '/room',
    '/room invite',
    '/room leave now',
    '/room settle now',
    '/link 31',
    '/link x',
    '/typing maybe',
    '/claim a b',
    '/peer',
  ]) {
    assert.equal(read(text), 'mistake', text);
  }
});

test('Tab completes commands, actions, names and rooms, and tells the choices', () => {
  const titles = ['@alice', '@albert', '#team', 'bob smith'];
  const complete = (text: string): unknown => {
    const { text: longer, choices } = completeWord(text, titles);
    return longer ?? choices;
  };
  assert.equal(complete('/ms'), '/msg ');
  assert.deepEqual(complete('/l'), ['/list', '/link', '/leaks']);
  assert.equal(complete('/msg @a'), '/msg @al');
  assert.deepEqual(complete('/msg @al'), ['@alice', '@albert']);
  assert.equal(complete('/msg @ali'), '/msg @alice ');
  assert.equal(complete('/msg ali'), '/msg @alice ');
  assert.equal(complete('/join te'), '/join #team ');
  assert.equal(complete('/whois bob'), '/whois "bob smith" ');
  assert.equal(complete('/whois "bob s'), '/whois "bob smith" ');
  assert.equal(complete('/room in'), '/room invite ');
  assert.equal(complete('/room invite @albe'), '/room invite @albert ');
  assert.equal(complete('/typing of'), '/typing off ');
  assert.equal(complete('ask @ali'), 'ask @alice ');
  assert.deepEqual(complete('ask ali'), []);
  assert.deepEqual(complete('/msg zed'), []);
});
