import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnMessages } from '../src/terminal/own-messages.ts';
import { Transcript } from '../src/terminal/transcript.ts';
import {
  incomingBlock,
  noticeBlock,
  numberRuns,
  outgoingBlock,
  plainMessage,
  plainOutgoing,
} from '../src/text/message-block.ts';
import type { ProofView } from '../src/text/proof-view.ts';
import { PLAIN_STYLE, colorWanted, makeStyle } from '../src/text/style.ts';

const held = { result: 'held' } as const;
const proof: ProofView = {
  number: 4,
  protocol: 'waxwing',
  direction: 'received',
  checks: { hmac: held, unwrap: held, decrypt: held, freshness: held, signature: held },
  age: 0,
};
const style = PLAIN_STYLE;
const at = new Date(2026, 10, 23, 9, 5).getTime();

test('a received message: clock, name, text, mark', () => {
  assert.deepEqual(incomingBlock({ text: 'hi', proof, at, from: 'alice' }, false, { style }), ['09:05 alice: hi ✓ #4']);
  assert.deepEqual(incomingBlock({ text: 'hi', proof, at }, true, { style }), [
    '09:05 Message: hi',
    'Security: ✓ HMAC VERIFIED | ✓ Message verified(0s old) | ✓ Signature verified! | #4',
  ]);
});

test('our mark has columns that no text of a message reaches', () => {
  for (let size = 1; size < 60; size++) {
    const rows = incomingBlock({ text: `${'a'.repeat(size)} ✓ #9`, proof, at }, false, { style, columns: 30 });
    assert.match(rows.at(-1) ?? '', / ✓ #4$/);
    for (const row of rows) assert.ok(row.length <= 30);
    for (const row of rows.slice(1)) assert.match(row, /^ {2}\| ./);
    for (const row of rows.slice(0, -1)) assert.ok(row.length <= 24);
  }
});

test('a message of ours and how far it came', () => {
  const message = { number: 2, text: 'yes', at, state: 'sent' } as const;
  assert.deepEqual(outgoingBlock(message, 'sent', { style }), ['09:05 You: yes ✓ #2']);
  assert.deepEqual(outgoingBlock(message, 'delivered', { style }), ['09:05 You: yes ✓✓ #2']);
});

test('notices are folded under their clock', () => {
  assert.deepEqual(noticeBlock('one two three four', at, 'info', { style, columns: 20 }), [
    '09:05 one two three ',
    '      four',
  ]);
});

test('runs of numbers', () => {
  assert.equal(numberRuns([3, 1, 2, 7]), '#1 to #3, #7');
});

test('messages of ours stay live until their fate is known or something is printed', () => {
  const own = new OwnMessages();
  for (const number of [1, 2, 3]) own.add({ number, text: '', at, state: 'sent' });
  own.update(2, 'delivered');
  assert.deepEqual(own.settle(5), []);
  own.update(1, 'delivered');
  assert.deepEqual(
    own.settle(5).map((each) => each.message.number),
    [1, 2],
  );
  assert.deepEqual(
    own.settle(0).map((each) => each.state),
    ['sent'],
  );
  assert.equal(own.takeTold(), undefined);
  own.update(3, 'delivered');
  own.update(3, 'delivered');
  assert.equal(own.takeTold(), '✓✓ #3');
  assert.equal(own.takeTold(), undefined);
});

test('where peers tell what they have read, delivered is not the end', () => {
  const own = new OwnMessages(true);
  for (const number of [1, 2, 3]) own.add({ number, text: '', at, state: 'sent' });
  own.update(1, 'delivered');
  assert.deepEqual(own.settle(5), []);
  own.update(1, 'read');
  assert.deepEqual(
    own.settle(0).map((each) => each.state),
    ['read', 'sent', 'sent'],
  );
  own.update(2, 'delivered');
  own.update(3, 'delivered');
  own.update(3, 'read');
  assert.equal(own.takeTold(), '✓✓ #2  ✓✓ read #3');
  own.update(2, 'read');
  own.update(2, 'read');
  own.update(1, 'read');
  assert.equal(own.takeTold(), '✓✓ read #2');
  assert.equal(own.takeTold(), undefined);
  own.add({ number: 4, text: '', at, state: 'queued' });
  own.settle(0);
  own.update(4, 'sent');
  assert.equal(own.takeTold(), '✓ #4');
});

test('with several conversations every line names its own, and no name looks like another', () => {
  const message = { text: 'hi', proof, at, from: '@alice' };
  const line = (title: string, from = '@alice'): string =>
    plainMessage({ ...message, from, conversation: title })[0] ?? '';
  assert.equal(line('@alice'), 'Message from @alice: hi');
  assert.equal(line('#team'), 'Message in #team from @alice: hi');
  assert.equal(line('#team from @bob: x'), 'Message in #“team from @bob: x” from @alice: hi');
  assert.equal(line('#a\u202e”'), "Message in #“a\\u{202e}'” from @alice: hi");
  assert.equal(line('#team', '~#boss'), 'Message in #team from “~#boss”: hi');
  assert.deepEqual(incomingBlock({ ...message, conversation: '#team' }, false, { style }), [
    '09:05 #team @alice: hi ✓ #4',
  ]);
  assert.deepEqual(incomingBlock({ ...message, conversation: '@alice' }, false, { style }), ['09:05 @alice: hi ✓ #4']);
  const own = { number: 2, text: 'yes', at, state: 'read', conversation: '#team' } as const;
  assert.deepEqual(outgoingBlock(own, 'read', { style }), ['09:05 You to #team: yes ✓✓ read #2']);
  assert.deepEqual(plainOutgoing(own), ['You to #team (#2, read): yes']);
});

test('the transcript gives its newest rows', () => {
  const transcript = new Transcript();
  for (let i = 0; i < 2000; i++) transcript.add(() => [`${String(i)}a`, `${String(i)}b`]);
  assert.deepEqual(transcript.tail(80, 3), ['1998b', '1999a', '1999b']);
  assert.deepEqual(transcript.tail(80, 0), []);
});

test('colour: the flag over NO_COLOR over the terminal', () => {
  const wanted = (choice: 'auto' | 'always' | 'never' | undefined, env: NodeJS.ProcessEnv, isTTY: boolean) =>
    colorWanted({ choice, env, isTTY });
  assert.equal(wanted(undefined, {}, true), true);
  assert.equal(wanted('auto', {}, false), false);
  assert.equal(wanted('auto', { NO_COLOR: '1' }, true), false);
  assert.equal(wanted('auto', { NO_COLOR: '' }, true), true);
  assert.equal(wanted('always', { NO_COLOR: '1' }, false), true);
  assert.equal(wanted('never', {}, true), false);
  assert.equal(wanted('auto', { TERM: 'dumb' }, true), false);
  assert.equal(makeStyle(true).red('x'), '\u001b[31mx\u001b[39m');
  assert.equal(PLAIN_STYLE.red('x'), 'x');
});
