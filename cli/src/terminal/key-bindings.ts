/** What each key does to the line being typed, and which keys mean something to the screen. */
import type { Key } from 'node:readline';
import type { LineEditor } from './line-editor.ts';

/** What is left to the screen after a key; `edited`: nothing. */
export type KeyOutcome =
  | 'edited'
  | 'ignored'
  | 'submit'
  | 'previous'
  | 'next'
  | 'complete'
  | 'escape'
  | 'interrupt'
  | 'end-of-input'
  | 'redraw'
  | 'suspend';

type Binding = (editor: LineEditor) => KeyOutcome;

const edit =
  (action: (editor: LineEditor) => void): Binding =>
  (editor) => {
    action(editor);
    return 'edited';
  };
const tell =
  (outcome: KeyOutcome): Binding =>
  () =>
    outcome;

const newline = edit((editor) => editor.insert('\n'));
const wordLeft = edit((editor) => editor.wordLeft());
const wordRight = edit((editor) => editor.wordRight());
const cutWordLeft = edit((editor) => editor.cutWordLeft());
const previous: Binding = (editor) => (editor.up() ? 'edited' : 'previous');
const next: Binding = (editor) => (editor.down() ? 'edited' : 'next');

const BINDINGS: Readonly<Record<string, Binding | undefined>> = {
  return: tell('submit'),
  enter: tell('submit'),
  'meta+return': newline,
  'meta+enter': newline,
  left: edit((editor) => editor.left()),
  'ctrl+b': edit((editor) => editor.left()),
  right: edit((editor) => editor.right()),
  'ctrl+f': edit((editor) => editor.right()),
  'ctrl+left': wordLeft,
  'meta+left': wordLeft,
  'meta+b': wordLeft,
  'ctrl+right': wordRight,
  'meta+right': wordRight,
  'meta+f': wordRight,
  home: edit((editor) => editor.home()),
  'ctrl+a': edit((editor) => editor.home()),
  end: edit((editor) => editor.end()),
  'ctrl+e': edit((editor) => editor.end()),
  up: previous,
  'ctrl+p': previous,
  down: next,
  'ctrl+n': next,
  backspace: edit((editor) => editor.backspace()),
  'ctrl+h': edit((editor) => editor.backspace()),
  'meta+backspace': cutWordLeft,
  'ctrl+w': cutWordLeft,
  'meta+d': edit((editor) => editor.cutWordRight()),
  delete: edit((editor) => editor.delete()),
  'ctrl+u': edit((editor) => editor.cutBefore()),
  'ctrl+k': edit((editor) => editor.cutBehind()),
  'ctrl+y': edit((editor) => editor.yank()),
  'ctrl+d': (editor) => {
    if (editor.isEmpty) return 'end-of-input';
    editor.delete();
    return 'edited';
  },
  tab: tell('complete'),
  escape: tell('escape'),
  'ctrl+c': tell('interrupt'),
  'ctrl+l': tell('redraw'),
  'ctrl+z': tell('suspend'),
};

/** Does what the key says. `afterEscape`: Escape was pressed before it (terminals without an Alt key). */
export function applyKey(
  editor: LineEditor,
  character: string | undefined,
  key: Partial<Key>,
  afterEscape: boolean,
): KeyOutcome {
  const meta = key.meta === true || (afterEscape && (key.name === 'return' || key.name === 'enter'));
  const name = `${key.ctrl === true ? 'ctrl+' : ''}${meta ? 'meta+' : ''}${key.name ?? ''}`;
  const binding = Object.hasOwn(BINDINGS, name) ? BINDINGS[name] : undefined;
  if (binding !== undefined) return binding(editor);
  if (character === undefined || key.ctrl === true || meta || /\p{Cc}/u.test(character)) return 'ignored';
  editor.insert(character);
  return 'edited';
}
