/** The reader of the commands that documents show: what it finds, and what it takes for the same. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { agrees, readSteps, unmarkedCommands } from './documents/console-blocks.ts';

const DOCUMENT = `# Title
\`\`\`console
$ printf 'one\\ntwo\\n'
one
two
$ cat <<END
> first

> END
\`\`\`
text
\`\`\`sh
npx waxwing id
\`\`\`
\`\`\`\`console
$ true
\`\`\`
\`\`\`\`
`;

describe('console blocks', () => {
  test('give commands, continuation lines and expected output with their place', () => {
    assert.deepEqual(readSteps(DOCUMENT), [
      { line: 3, command: "printf 'one\\ntwo\\n'", expected: ['one', 'two'] },
      { line: 6, command: 'cat <<END\nfirst', expected: ['', '> END'] },
      { line: 16, command: 'true', expected: ['```'] },
    ]);
  });

  test('that are broken are refused, and commands outside them found', () => {
    assert.throws(() => readSteps('```console\nno command\n```\n'), /line 2: output before any command/);
    assert.throws(() => readSteps('x\n```console\n$ true\n'), /begins at line 2 is not closed/);
    assert.deepEqual(unmarkedCommands(DOCUMENT), [13]);
  });
});

describe('expected output', () => {
  const cases: readonly (readonly [expected: string, printed: string, same: boolean])[] = [
    ['', '', true],
    ['', 'x\n', false],
    ['x', '', false],
    ['one\ntwo', 'one\ntwo\n', true],
    ['one\ntwo', 'one  \ntwo\n\n\n', true],
    ['one\ntwo', 'two\none\n', false],
    ['one', 'one\ntwo\n', false],
    ['one\ntwo', 'one\n', false],
    ['one', ' one\n', false],
    ['a.c (1+1)? [x] {y} $ ^ | / \\ -', 'a.c (1+1)? [x] {y} $ ^ | / \\ -\n', true],
    ['a.c', 'abc\n', false],
    ['a … c', 'a b b c\n', true],
    ['a … c', 'a  c\n', false],
    ['a … c', 'a b\nb c\n', false],
    ['…x', 'yes: x\n', true],
    ['✓ … | #1', '✓ ⚠ | #1\n', true],
    ['one\n…\ntwo', 'one\ntwo\n', true],
    ['one\n…\ntwo', 'one\n1\n\n2\ntwo\n', true],
    ['one\n…\ntwo', 'one\n1\nnot two\n', false],
    ['…\ntwo', 'not two\n', false],
    ['…', '', true],
    ['one\n…', 'one\ntwo\nthree\n', true],
    ['…\ntwo\n…\nfour', 'one\ntwo\nthree\nfour\n', true],
    ['…\nfour\n…\ntwo', 'one\ntwo\nthree\nfour\n', false],
  ];

  for (const [expected, printed, same] of cases) {
    test(`${JSON.stringify(expected)} is ${same ? '' : 'not '}${JSON.stringify(printed)}`, () => {
      assert.equal(agrees(expected.split('\n'), printed), same);
    });
  }
});
