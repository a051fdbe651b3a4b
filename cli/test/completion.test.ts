import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command, Option } from 'commander';
import { addCompletion } from '../src/commands/completion.ts';

/** What the program prints for a command line. */
async function printed(t: test.TestContext, ...argv: string[]): Promise<string> {
  let out = '';
  t.mock.method(console, 'log', (line: string) => (out += `${line}\n`));
  const program = new Command('waxwing').exitOverride();
  program
    .command('server')
    .description('waits for a peer')
    .option('--once', 'one peer only')
    .addOption(new Option('--color <when>').choices(['auto', 'always', 'never']));
  program.command('client').description('connects');
  addCompletion(program);
  await program.parseAsync(argv, { from: 'user' });
  return out;
}

test('commands, options and their choices are completed', async (t) => {
  assert.match(await printed(t, 'complete', '--', 'ser'), /^server\twaits for a peer$/m);
  assert.doesNotMatch(await printed(t, 'complete', '--', ''), /^complete\b/m);
  assert.match(await printed(t, 'complete', '--', 'server', '--'), /^--once\t/m);
  assert.match(await printed(t, 'complete', '--', 'server', '--color', 'al'), /^always/m);
});

for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
  test(`a script for ${shell}`, async (t) => {
    assert.match(await printed(t, 'completion', shell), /waxwing/);
  });
}
