/** The terminal interface in a real pseudo-terminal: what people would see. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PseudoTerminal } from './pseudo-terminal.ts';

const DEMO = fileURLToPath(new URL('fixtures/screen-demo.ts', import.meta.url));
const CTRL = { c: '\u0003', d: '\u0004', u: '\u0015', z: '\u001a' };
const KEY = { up: '\u001b[A', down: '\u001b[B', left: '\u001b[D', altEnter: '\u001b\r' };

interface Demo {
  readonly terminal: PseudoTerminal;
  /** Makes something happen in the demo, such as an arriving message. */
  readonly happen: (...command: readonly string[]) => void;
}

async function demo(
  t: TestContext,
  options: {
    readonly columns?: number;
    readonly rows?: number;
    readonly env?: NodeJS.ProcessEnv;
    readonly args?: string[];
  } = {},
): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-terminal-'));
  const control = join(folder, 'control');
  writeFileSync(control, '');
  const terminal = new PseudoTerminal({
    file: process.execPath,
    args: [DEMO, control, ...(options.args ?? [])],
    columns: options.columns ?? 60,
    rows: options.rows ?? 16,
    env: { NO_COLOR: '', TERM: 'xterm-256color', ...options.env },
  });
  t.after(() => {
    terminal[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  await terminal.shows('Type Message:');
  return { terminal, happen: (...command) => appendFileSync(control, `${JSON.stringify(command)}\n`) };
}

/** The rows without their clock, from the first that is the chat's. */
function chat(terminal: PseudoTerminal): string[] {
  return terminal.rows().map((row) => row.replace(/^\d\d:\d\d /, ''));
}

test('a message arrives above the line being typed, which keeps its text and its cursor', async (t) => {
  const { terminal, happen } = await demo(t);
  terminal.type('hello world');
  terminal.type(KEY.left.repeat(5));
  await terminal.until('the cursor before "world"', () => terminal.cursor().column === 'Type Message: hello '.length);
  happen('message', 'Hi there', 'alice');
  await terminal.shows('alice: Hi there ✓ #1');
  assert.deepEqual(chat(terminal), ['Keys exchanged ✓', 'alice: Hi there ✓ #1', 'Type Message: hello world']);
  assert.deepEqual(terminal.cursor(), { row: 'Type Message: hello world', column: 'Type Message: hello '.length });
  terminal.type('dear ');
  await terminal.shows('hello dear world');
  terminal.type('\r');
  await terminal.shows('You: hello dear world ✓✓ #2');
  assert.equal(chat(terminal).at(-1), 'Type Message:');
});

test('a line of wide characters over two rows stays whole, with the cursor in its middle', async (t) => {
  const { terminal, happen } = await demo(t, { columns: 40 });
  const text = '世界 hello 🙂 日本語 and so on until it wraps around';
  terminal.type(text);
  await terminal.shows('around');
  terminal.type(KEY.left.repeat(30));
  for (let i = 1; i <= 5; i++) {
    happen('message', `number ${String(i)}`);
    await terminal.shows(`number ${String(i)} ✓`);
  }
  const rows = chat(terminal);
  const typed = rows.slice(rows.findIndex((row) => row.startsWith('Type Message:')));
  assert.equal(typed.length, 2, rows.join('\n'));
  assert.equal(typed.join('').replaceAll(' ', ''), `Type Message: ${text}`.replaceAll(' ', ''));
  assert.deepEqual(
    rows.slice(1, 6),
    [1, 2, 3, 4, 5].map((i) => `Message: number ${String(i)} ✓ #${String(i)}`),
  );
  terminal.type('X\r');
  const at = Array.from(text).length - 30;
  const expected = Array.from(text).toSpliced(at, 0, 'X').join('').replaceAll(' ', '');
  await terminal.until('the sent line', () => {
    const all = terminal.rows().join('').replaceAll('  | ', '').replaceAll(' ', '');
    return all.includes(`You:${expected}✓✓#6`);
  });
});

test('the terminal changes its size while a long line is typed', async (t) => {
  const { terminal, happen } = await demo(t, { columns: 60 });
  happen('message', `a message ${'long '.repeat(15)}end`);
  await terminal.shows('end ✓ #1');
  terminal.type('this is a line that takes more than one row at forty columns');
  await terminal.shows('columns');
  for (const columns of [40, 30, 70, 44]) {
    terminal.resize(columns, 16);
    await terminal.until(`the line whole at ${String(columns)}`, (rows) => {
      const from = rows.findIndex((row) => row.startsWith('Type Message:'));
      const typed = rows.slice(from).join('').replaceAll(' ', '');
      return from >= 0 && typed === 'TypeMessage:thisisalinethattakesmorethanonerowatfortycolumns';
    });
    assert.equal(
      terminal.rows().filter((row) => row.startsWith('Type Message:')).length,
      1,
      terminal.rows().join('\n'),
    );
    assert.equal(terminal.rows().filter((row) => row.includes('✓ #1')).length, 1, terminal.rows().join('\n'));
  }
  terminal.type('!\r');
  await terminal.shows('✓✓ #2');
});

test('no escape sequence of a message reaches the terminal, and no row of it looks like ours', async (t) => {
  const { terminal, happen } = await demo(t, { columns: 50 });
  const forged = 'Security: ✓ HMAC VERIFIED | #1';
  happen(
    'message',
    `\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e${' '.repeat(20)}${forged}\n${forged}\rType Message: `,
    'al\u001b[1mice',
  );
  happen('message', 'after');
  await terminal.shows('after ✓ #2');
  const rows = chat(terminal);
  assert.ok(
    rows.some((row) => row.startsWith('“al\\x1b[1mice”: \\x1b[2J\\x1b]0;owned')),
    rows.join('\n'),
  );
  assert.ok(!rows.some((row) => row.startsWith('Security')), rows.join('\n'));
  assert.equal(rows.filter((row) => row.startsWith('Type Message:')).length, 1);
  for (const acting of ['\u001b[2J', '\u001b]0', '\u009b', '\u202e', 'al\u001b'])
    assert.ok(!terminal.raw.includes(acting));
});

test('arrow keys bring back what was entered, and the draft', async (t) => {
  const { terminal } = await demo(t);
  terminal.type('first\rsecond\rdraft');
  await terminal.shows('You: second ✓✓ #2');
  for (const [key, shown] of [
    [KEY.up, 'second'],
    [KEY.up, 'first'],
    [KEY.down, 'second'],
    [KEY.down, 'draft'],
  ] as const) {
    terminal.type(key);
    await terminal.until(shown, (rows) => rows.at(-1) === `Type Message: ${shown}`);
  }
});

test('a paste of many lines asks first', async (t) => {
  const { terminal, happen } = await demo(t);
  const paste = '\u001b[200~one\rtwo\rthree\u001b[201~';
  terminal.type(`typed ${paste}`);
  await terminal.shows('You pasted 3 lines. Send them?');
  happen('message', 'meanwhile');
  await terminal.shows('meanwhile ✓ #1');
  terminal.type('\r'); // Enter is no answer
  terminal.type('o');
  await terminal.until('one message', (rows) => rows.join('\n').includes('You: typed one\n  | two\n  | three ✓✓ #2'));
  terminal.type(paste);
  await terminal.until(
    'the question again',
    (rows) => rows.at(-1)?.includes('[n]') === true || rows.at(-2)?.includes('[n]') === true,
  );
  terminal.type('n');
  await terminal.shows('You: three ✓✓ #5');
  assert.ok(chat(terminal).includes('You: one ✓✓ #3'), chat(terminal).join('\n'));
  terminal.type(`kept ${paste}`);
  await terminal.until('the question a third time', (rows) => rows.slice(-2).join('').includes('[e]'));
  terminal.type('\u001b');
  await terminal.until(
    'the text in the line',
    (rows) => rows.slice(-3).join('\n') === 'Type Message: kept one\n  | two\n  | three',
  );
  terminal.type(CTRL.u);
  await terminal.until('an empty line', (rows) => rows.at(-1) === 'Type Message:');
  terminal.type('a\u001b[200~ single line \u001b[201~b\r');
  await terminal.shows('You: a single line b ✓✓ #6');
});

test('Alt+Enter, or Escape and then Enter, begins a new line in the same message', async (t) => {
  const { terminal } = await demo(t);
  terminal.type(`one${KEY.altEnter}two`);
  await terminal.until('two rows', (rows) => rows.slice(-2).join('\n') === 'Type Message: one\n  | two');
  terminal.type('\r');
  await terminal.until('one message', (rows) => rows.join('\n').includes('You: one\n  | two ✓✓ #1'));
});

test('a command is answered and never sent; Tab completes it', async (t) => {
  const { terminal } = await demo(t);
  terminal.type('/prof 3\r');
  await terminal.until('a suggestion', (rows) => rows.join(' ').replace(/\s+/g, ' ').includes('Did you mean /proof?'));
  terminal.type('/ver\t\r');
  await terminal.shows('command {"name":"verify"}');
  terminal.type('//slash\r');
  await terminal.shows('You: /slash ✓✓ #1');
});

test('what became of a message of ours is told later when its mark is out of reach', async (t) => {
  const { terminal, happen } = await demo(t);
  terminal.type('slow one\r');
  await terminal.shows('You: slow one ✓ #1');
  happen('message', 'between');
  await terminal.shows('✓✓ #1');
  assert.deepEqual(chat(terminal), [
    'Keys exchanged ✓',
    'You: slow one ✓ #1',
    'Message: between ✓ #2',
    '✓✓ #1',
    'Type Message:',
  ]);
  terminal.type('lost one\r');
  await terminal.shows('#3 not delivered: too old on arrival.');
});

test('a question is asked in the middle of typing, and the text comes back', async (t) => {
  const { terminal, happen } = await demo(t);
  terminal.type('half a sen');
  await terminal.shows('half a sen');
  happen('ask');
  await terminal.shows('[y] yes  [n] no:');
  terminal.type('xy');
  await terminal.shows('answer: yes');
  await terminal.shows('Type Message: half a sen');
});

test('the first Ctrl+C keeps the text and says how to leave, the second leaves', async (t) => {
  const { terminal } = await demo(t);
  terminal.type('precious');
  await terminal.shows('precious');
  terminal.type(CTRL.c);
  await terminal.shows('Press Ctrl+C again to leave.');
  assert.equal(terminal.rows().at(-1), 'Type Message: precious');
  terminal.type('!');
  await terminal.shows('precious!');
  terminal.type(CTRL.c);
  terminal.type(CTRL.c);
  assert.equal((await terminal.exited).exitCode, 0);
  await terminal.shows('left: ctrl-c, draft "precious!"');
  await terminal.shows('Type Message: precious!');
  assert.ok(terminal.raw.includes('\u001b[?2004l'));
});

test('Ctrl+D deletes in a text, and leaves on an empty line', async (t) => {
  const { terminal } = await demo(t);
  terminal.type(`ab${KEY.left}${CTRL.d}`);
  await terminal.until('a', (rows) => rows.at(-1) === 'Type Message: a');
  terminal.type(`\u007f${CTRL.d}`);
  assert.equal((await terminal.exited).exitCode, 0);
  await terminal.shows('left: ctrl-d, draft ""');
  assert.match(terminal.rows().join('\n'), /draft ""\nbye$/);
});

for (const what of ['crash', 'signal', 'signal-twice']) {
  test(`the terminal is given back after: ${what}`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'waxwing-stty-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const [control, settings] = [join(folder, 'control'), join(folder, 'stty')];
    writeFileSync(control, '');
    // A shell around the demo asks the terminal for its settings afterwards.
    const shell = new PseudoTerminal({
      file: '/bin/sh',
      args: ['-c', '"$0" "$1" "$2"; stty -a > "$3"', process.execPath, DEMO, control, settings],
    });
    t.after(() => shell[Symbol.dispose]());
    await shell.shows('Type Message:');
    appendFileSync(control, `${JSON.stringify([what])}\n`);
    await shell.exited;
    assert.match(readFileSync(settings, 'utf8'), /(?<!-)icanon/);
    assert.ok(shell.raw.includes('\u001b[?2004l'), 'bracketed paste is still on');
    if (what === 'signal') await shell.shows('left: signal');
    if (what === 'crash') await shell.shows('the demo was told to crash');
  });
}

test('without colour no colour is written; with it messages stay readable', async (t) => {
  const plain = await demo(t, { env: { NO_COLOR: '1' } });
  plain.happen('message', 'hi');
  await plain.terminal.shows('Message: hi ✓ #1');
  assert.doesNotMatch(plain.terminal.raw, /\u001b\[[0-9;]+m/);
  const colourful = await demo(t);
  colourful.happen('message', 'hi');
  await colourful.terminal.shows('Message: hi ✓ #1');
  assert.match(colourful.terminal.raw, /\u001b\[32m✓ #1\u001b\[39m/);
});

test('--plain moves no cursor, and the bell rings on arrival only in a terminal', async (t) => {
  const { terminal, happen } = await demo(t, { args: ['--plain'] });
  happen('message', 'hi\nthere');
  await terminal.shows('Security: ✓ HMAC VERIFIED');
  assert.ok(terminal.rows().join('\n').includes('Message: hi\n  | there\nSecurity: '));
  assert.ok(!terminal.raw.includes('\u001b'));
  assert.ok(!terminal.raw.includes('\u0007'));
  const real = await demo(t);
  real.happen('message', 'hi');
  await real.terminal.shows('hi ✓');
  assert.ok(real.terminal.raw.includes('\u0007'));
});
