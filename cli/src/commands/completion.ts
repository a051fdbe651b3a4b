/** `waxwing completion SHELL`: a script that teaches a shell the program's commands and options. */
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/**
 * Adds `completion` and the hidden `complete`, which the scripts call. To be called when every other command is there.
 * Neither opens a home, so that a Tab key is answered at once.
 */
export function addCompletion(program: Command): void {
  // Its types name whichever commander is hoisted, which may be an older class than ours. It constructs none itself and
  // calls only methods both have, which the tests show.
  const instance: unknown = program;
  tab(instance as Parameters<typeof tab>[0], { completionCommandName: 'completion' });
  const completion = program.commands.find((command) => command.name() === 'completion');
  completion
    ?.description('print a completion script for zsh, bash, fish or powershell')
    .addHelpText('after', '\nExample:\n  waxwing completion bash > ~/.local/share/bash-completion/completions/waxwing');
}
