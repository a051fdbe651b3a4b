/** `waxwing completion`, and the hidden `complete` that its scripts call. */
import { Argument, type Command } from 'commander';
import { examples } from './option.ts';

/** `build` makes a program of all commands but these two, for the completion library to read. */
export function addCompletion(program: Command, build: () => Command): void {
  const completion = program
    .command('completion')
    .description('print a script that completes commands, options, peers and profiles in your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish', 'powershell']))
    .action(async (shell: string) => {
      const { complete } = await import('../commands/completion.ts');
      await complete(build(), ['completion', shell]);
    });
  examples(
    completion,
    'waxwing completion bash > ~/.local/share/bash-completion/completions/waxwing',
    'waxwing completion zsh > "${fpath[1]}/_waxwing"',
    'waxwing completion fish > ~/.config/fish/completions/waxwing.fish',
    'waxwing completion powershell >> $PROFILE',
  );
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { complete } = await import('../commands/completion.ts');
      await complete(build(), ['complete', '--', ...words]);
    });
}
