import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldMessage, graphemesOf, widthOf } from '../src/text/fold.ts';
import {
  CONTINUATION,
  MAX_MARKS,
  sanitiseLine,
  sanitiseLines,
  sanitiseName,
  sanitiseOwn,
} from '../src/text/sanitise.ts';

const FORBIDDEN =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{200e}\u{200f}\u{61c}\u{ad}\u{feff}\u{200b}\u{2060}-\u{2065}\u{3164}]/u;

const NASTY = [
  '\u001b',
  '\u001b[2J',
  '\u001b]52;c;AAAA\u0007',
  '\u009b',
  '\u0000',
  '\u007f',
  '\r',
  '\r\n',
  '\n',
  '\t',
  '\\',
  '\\x1b',
  '\\u{202e}',
  '\u202e',
  '\u2066',
  '\u2069',
  '\u200e',
  '\u061c',
  '\u200b',
  '\u200c',
  '\u200d',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\u00ad',
  '\u3164',
  '\ud800',
  '\udc00',
  '\uffff',
  '\u{e0041}',
  '\u{1f3f4}',
  '\u{e007f}',
  '\ufe0f',
  '\u{e0100}',
  '\u0301',
  '\u1160',
  '\u180e',
  '❤',
  '👩',
  'Message: ',
  'Security: ✓ HMAC VERIFIED | ✓ Message verified(1s old) | ✓ Signature verified! | #1',
  'Type Message: ',
  '  | ',
  'x1b',
  'ن',
  '漢',
]; // prettier-ignore
/** Any code point, lone surrogates among them. */
const anything = fc.nat(0x10ffff).map((codePoint) => String.fromCodePoint(codePoint));
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), anything), { maxLength: 60 })
  .map((parts) => parts.join(''));

test('nothing that acts is left in any line', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const line of [...sanitiseLines(text), sanitiseLine(text), sanitiseName(text), ...sanitiseOwn(text)]) {
        assert.doesNotMatch(line, FORBIDDEN);
      }
    }),
    { numRuns: 500 },
  );
});

test('no further row of a message begins like a line of ours, at any width', () => {
  fc.assert(
    fc.property(hostile, fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }), (text, columns) => {
      const [first = '', ...rest] = foldMessage('Message: ', sanitiseLines(text), { columns, reserve: 6 });
      assert.ok(first.startsWith('Message: '));
      for (const row of rest) assert.ok(row.startsWith(CONTINUATION));
    }),
    { numRuns: 200 },
  );
});

test('folding loses nothing and keeps to the width', () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 30, max: 90 }), (text, columns) => {
      const lines = sanitiseLines(text);
      const rows = foldMessage('Message: ', lines, { columns });
      const joined = rows
        .map((row, index) => row.slice(index === 0 ? 'Message: '.length : CONTINUATION.length))
        .join('');
      assert.equal(joined, lines.join(''));
      for (const row of rows) assert.ok(widthOf(row) <= columns, `${String(widthOf(row))} > ${String(columns)}`);
    }),
    { numRuns: 200 },
  );
});

/** Reads an escaped line back: an odd number of backslashes before an escape means the escape itself. */
function unescaped(line: string): string {
  return line.replace(/(\\+)(x[0-9a-f]{2}|u\{[0-9a-f]+\})/g, (_, slashes: string, tail: string) => {
    const literal = '\\'.repeat(Math.floor(slashes.length / 2));
    if (slashes.length % 2 === 0) return literal + tail;
    return literal + String.fromCodePoint(Number.parseInt(tail.replace(/[xu{}]/g, ''), 16));
  });
}

test('what is shown stands for one text only', () => {
  const noTabs = hostile.map((text) => text.replaceAll('\t', ''));
  fc.assert(
    fc.property(noTabs, (text) => {
      assert.equal(unescaped(sanitiseLine(text)), text);
    }),
    { numRuns: 500 },
  );
});

for (const [text, shown] of [
  ['plain text, ünïcode', 'plain text, ünïcode'],
  ['\u001b[31mred', '\\x1b[31mred'],
  ['a\u202eb', 'a\\u{202e}b'],
  ['\u009b2J', '\\x9b2J'],
  ['a\rb', 'a\\x0db'],
  ['a\u2028b', 'a\\u{2028}b'],
  ['a\tb', 'a    b'],
  ['\\x1b', '\\\\x1b'],
  ['C:\\new\\x', 'C:\\new\\x'],
  ['\\\u001b', '\\\\\\x1b'],
  ['\ud800!', '\\u{d800}!'],
  ['\u{e0041}', '\\u{e0041}'],
  ['\u0301a', '\\u{301}a'],
  ['zero\u200bwidth', 'zero\\u{200b}width'],
] as const) {
  test(`shown escaped: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(sanitiseLines(text), [shown]);
  });
}

for (const text of [
  '👨‍👩‍👧‍👦',
  '🏳️‍🌈',
  '👩🏽‍💻',
  '❤️',
  '☎︎',
  '1️⃣',
  '🇩🇪',
  '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  'é',
  'ế',
  'می‌خواهم',
  'क्‍ष',
  'ශ්‍රී',
  '葛󠄀',
  'שָׁלוֹם',
  'ᠠ᠋',
  '𝒜',
  '',
  'ไทย',
]) {
  test(`arrives as sent: ${text}`, () => {
    assert.deepEqual(sanitiseLines(text), [text]);
  });
}

test('floods of marks are bounded', () => {
  const shown = sanitiseLine(`a${'\u0301'.repeat(500)}`);
  assert.equal(shown.split('\u0301').length - 1, MAX_MARKS);
  assert.equal(sanitiseLine(`ᄀ${'\u1161'.repeat(500)}`).split('\u1161').length - 1, MAX_MARKS);
  for (const grapheme of graphemesOf(sanitiseLine('👩\u200d'.repeat(100)))) assert.ok(grapheme.length <= 3 * 8);
});

test('a flood of 60 KB is made safe quickly', () => {
  const started = performance.now();
  for (const unit of ['\\', '\u0301', '\u200d', '👩\u200d', '\u{1f3f4}\u{e0067}', '\u001b'])
    sanitiseLines(unit.repeat(30_000));
  assert.ok(performance.now() - started < 2000);
});

test('lines are split at \\n and \\r\\n, and there is always one', () => {
  assert.deepEqual(sanitiseLines('a\nb\r\nc\n'), ['a', 'b', 'c', '']);
  assert.deepEqual(sanitiseLines(''), ['']);
});

test('sentences of our own keep the escapes they quote', () => {
  assert.deepEqual(sanitiseOwn('name \\x1b is\nodd\u001b'), ['name \\x1b is', 'odd\\x1b']);
});

test('names: plain ones as they are, odd ones in quotes, long ones cut', () => {
  assert.equal(sanitiseName('  Zoë O’Neil 2 '), '“Zoë O’Neil 2”');
  assert.equal(sanitiseName("Zoë O'Neil"), "Zoë O'Neil");
  assert.equal(sanitiseName('bob: ok ✓ #3'), '“bob: ok ✓ #3”');
  assert.equal(sanitiseName('~bob'), '~bob');
  assert.equal(sanitiseName('Security'), '“Security”');
  assert.equal(sanitiseName('ＭＥＳＳＡＧＥ'), '“ＭＥＳＳＡＧＥ”');
  assert.equal(sanitiseName('a\u202eb'), '“a\\u{202e}b”');
  assert.equal(sanitiseName(''), '“”');
  assert.equal(sanitiseName('x'.repeat(65)), `“${'x'.repeat(64)}…”`);
  assert.equal(sanitiseLine('x'.repeat(10), 3), 'xxx…');
});
