import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputHistory } from '../src/terminal/input-history.ts';
import { layoutInput } from '../src/terminal/input-layout.ts';
import { LineEditor } from '../src/terminal/line-editor.ts';
import { graphemesOf, widthOf } from '../src/text/fold.ts';

function editing(text: string, ...actions: ((editor: LineEditor) => void)[]): string {
  const editor = new LineEditor();
  editor.set(text);
  for (const action of actions) action(editor);
  return `${editor.before.join('')}^${editor.behind.join('')}`;
}

for (const [name, result, expected] of [
  [
    'a family is one character',
    editing(
      'a👨‍👩‍👧b',
      (e) => e.left(),
      (e) => e.backspace(),
    ),
    'a^b',
  ],
  [
    'a mark joins what stands before',
    editing(
      'e',
      (e) => e.insert('\u0301'),
      (e) => e.backspace(),
    ),
    '^',
  ],
  [
    'an emoji joins one behind through a joiner',
    editing(
      '👩💻',
      (e) => e.left(),
      (e) => e.insert('\u200d'),
    ),
    '👩‍💻^',
  ],
  [
    'words',
    editing(
      'one two, three',
      (e) => e.wordLeft(),
      (e) => e.wordLeft(),
    ),
    'one ^two, three',
  ],
  [
    'word right',
    editing(
      'one two',
      (e) => e.home(),
      (e) => e.wordRight(),
    ),
    'one^ two',
  ],
  [
    'cut a word and put it back',
    editing(
      'one two',
      (e) => e.cutWordLeft(),
      (e) => e.home(),
      (e) => e.yank(),
    ),
    'two^one ',
  ],
  ['cut all before', editing('a\nb', (e) => e.cutBefore()), '^'],
  [
    'cut behind',
    editing(
      'abc',
      (e) => e.left(),
      (e) => e.cutBehind(),
      (e) => e.yank(),
      (e) => e.yank(),
    ),
    'abcc^',
  ],
  [
    'cut a word to the right',
    editing(
      'one two',
      (e) => e.home(),
      (e) => e.cutWordRight(),
    ),
    '^ two',
  ],
  ['home and end in one of several lines', editing('ab\ncd', (e) => e.home()), 'ab\n^cd'],
  ['up keeps the column', editing('abcd\nef', (e) => e.up()), 'ab^cd\nef'],
  [
    'down stops at a shorter line',
    editing(
      'abcd\nef',
      (e) => e.up(),
      (e) => e.end(),
      (e) => e.down(),
    ),
    'abcd\nef^',
  ],
  [
    'delete',
    editing(
      'ab',
      (e) => e.home(),
      (e) => e.delete(),
    ),
    '^b',
  ],
  [
    'at the ends nothing moves',
    editing(
      'a',
      (e) => e.right(),
      (e) => e.home(),
      (e) => e.left(),
      (e) => e.backspace(),
    ),
    '^a',
  ],
] as const) {
  test(`editing: ${name}`, () => {
    assert.equal(result, expected);
  });
}

test('up and down say when there is no line', () => {
  const editor = new LineEditor();
  editor.set('one line');
  assert.equal(editor.up(), false);
  assert.equal(editor.down(), false);
});

const ACTIONS = ['left', 'right', 'wordLeft', 'wordRight', 'home', 'end', 'up', 'down'] as const;

test('moving never changes the text, and the cursor stands between characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.constantFrom(...ACTIONS)), (text, actions) => {
      const editor = new LineEditor();
      editor.set(text);
      for (const action of actions) editor[action]();
      assert.equal(editor.text, text);
      assert.deepEqual([...editor.before, ...editor.behind], graphemesOf(text));
    }),
  );
});

test('history: there and back again, the draft kept', () => {
  const history = new InputHistory();
  assert.equal(history.previous('draft'), undefined);
  for (const text of ['one', 'two', 'two']) history.add(text);
  assert.equal(history.previous('draft'), 'two');
  assert.equal(history.previous('two'), 'one');
  assert.equal(history.previous('one'), undefined);
  assert.equal(history.next(), 'two');
  assert.equal(history.next(), 'draft');
  assert.equal(history.next(), undefined);
});

test('layout: every row fits, the cursor is inside, a window moves with it', () => {
  const unit = fc.constantFrom('a', '世', '👨‍👩‍👧', '\n', '\t', '\u001b', 'é');
  fc.assert(
    fc.property(
      fc.array(unit),
      fc.array(unit),
      fc.integer({ min: 12, max: 60 }),
      fc.integer({ min: 1, max: 6 }),
      (before, behind, columns, maxRows) => {
        const layout = layoutInput({ prompt: 'Type Message: ', before, behind, columns, maxRows });
        assert.ok(layout.rows.length <= maxRows);
        const row = layout.rows[layout.cursorRow];
        assert.ok(row?.startsWith(layout.cursorPrefix));
        for (const each of layout.rows) {
          assert.ok(widthOf(each) < columns);
          assert.doesNotMatch(each, /\p{Cc}/u);
        }
      },
    ),
    { numRuns: 150 },
  );
});
