/** Every command that a document shows is run by a real shell, and prints what the document says. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { agrees, type ConsoleStep, readSteps } from '../documents/console-blocks.ts';
import { ConsoleShell, type Ran } from '../documents/console-shell.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'spec/**/*.md'], { cwd: ROOT }).toSorted();

interface Done {
  readonly step: ConsoleStep;
  readonly printed: string;
}

/** Runs a document's commands in one shell; what each printed, and the first fault. */
async function follow(markdown: string): Promise<{ readonly done: Done[]; readonly fault?: string }> {
  const shell = await ConsoleShell.open();
  const done: Done[] = [];
  try {
    for (const step of readSteps(markdown)) {
      const ran = await shell.run(step.command);
      done.push({ step, printed: ran.printed });
      const fault = faultOf(step, ran);
      if (fault !== undefined) return { done, fault: `line ${step.line}: $ ${step.command}\n${fault}` };
    }
  } finally {
    shell.close();
  }
  return { done };
}

function faultOf({ expected }: ConsoleStep, { printed, status }: Ran): string | undefined {
  if (status === undefined) return `did not come to an end; printed:\n${printed}`;
  if (!agrees(expected, printed)) return `expected:\n${expected.join('\n')}\nprinted:\n${printed}`;
  if (status !== 0 && printed === '') return `failed in silence, with ${status}`;
  return undefined;
}

/** What a step expects with one character of one line changed, for each line that says anything: none may pass. */
function changed({ expected }: ConsoleStep): string[][] {
  return expected.flatMap((line, index) => {
    const at = line.search(/[^\s…][\s…]*$/u);
    if (at === -1) return [];
    const other = line[at] === '#' ? '%' : '#';
    return [expected.with(index, `${line.slice(0, at)}${other}${line.slice(at + 1)}`)];
  });
}

suite('documents', { concurrency: 2 }, () => {
  for (const path of DOCUMENTS) {
    const markdown = readFileSync(join(ROOT, path), 'utf8');
    if (readSteps(markdown).length === 0) continue;
    test(`${path} shows commands that work`, async () => {
      const { done, fault } = await follow(markdown);
      assert.equal(fault, undefined, `${path}, ${fault ?? ''}`);
      for (const { step, printed } of done) {
        for (const wrong of changed(step)) assert.equal(agrees(wrong, printed), false, `${path}: ${wrong.join('\n')}`);
      }
    });
  }
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

suite('the shell of the documents', { concurrency: 2 }, () => {
  const block = (...lines: readonly string[]): string => `text\n\`\`\`console\n${lines.join('\n')}\n\`\`\`\n`;

  test('keeps folder, variables, files and the last status from block to block', async () => {
    const first = block(
      '$ mkdir -p a/b && cd a/b',
      '$ word=wing; echo wax > file',
      '$ false || (exit 3)',
      '$ echo $?',
      '3',
    );
    const { done, fault } = await follow(
      `${first}${block('$ cat file; echo $word >&2', 'wax', 'wing', '$ pwd', '…/a/b')}`,
    );
    assert.match(fault ?? '', /^line 5: .*failed in silence, with 3$/s);
    assert.equal(done.length, 3);
    const second = first.replace('false ||', 'echo no;').replace('(exit 3)\n', '(exit 3)\nno\n');
    assert.equal(
      (await follow(`${second}${block('$ cat file; echo $word >&2', 'wax', 'wing', '$ pwd', '…/a/b')}`)).fault,
      undefined,
    );
  });

  test('finds output that differs, by the line of its command', async () => {
    const { fault } = await follow(block('$ echo one', 'one', '$ echo two', 'too'));
    assert.equal(fault, 'line 5: $ echo two\nexpected:\ntoo\nprinted:\ntwo\n');
  });

  test('reads continuation lines, gives commands nothing to read, and has a home and a port of its own', async () => {
    const { fault } = await follow(
      block('$ cat <<END', '> one', '>', '> END', 'one', '', '$ cat; test -e "$XDG_DATA_HOME" || echo $PORT', '…'),
    );
    assert.equal(fault, undefined);
  });

  test('runs this checkout', async () => {
    const { fault } = await follow(
      block(
        '$ waxwing --version; npx waxwing --version',
        '0.1.0',
        '0.1.0',
        '$ command -v node',
        '…/checkout/node_modules/.bin/node',
      ),
    );
    assert.equal(fault, undefined);
  });

  test('ends what was left in the background, and removes what was written', async () => {
    const shell = await ConsoleShell.open();
    const { printed } = await shell.run('sleep 600 & echo $!; pwd');
    const [pid, folder = ''] = printed.trimEnd().split('\n');
    assert.ok(existsSync(folder));
    shell.close();
    assert.ok(!existsSync(folder));
    for (let left = 500; left > 0 && runs(Number(pid)); left--) await setTimeout(20);
    assert.ok(!runs(Number(pid)));
  });

  test('what is said in the background comes with the next command', async () => {
    const { fault } = await follow(block('$ (sleep 0.2; echo late) &', '$ sleep 1; echo done', 'late', 'done'));
    assert.equal(fault, undefined);
  });

  test('a command that ends the shell is told from one that ends', async (t) => {
    const shell = await ConsoleShell.open();
    t.after(() => {
      shell.close();
    });
    assert.deepEqual(await shell.run('echo last words; exit 1'), { printed: 'last words\n', status: undefined });
  });
});
