/** The command's entry: reads the command line, runs one command, answers with its exit code. */
import { isWaxwingError } from '@waxwing/client';
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { buildProgram } from './program.ts';
import { sanitiseOwn } from './text/sanitise.ts';

/** Runs the command line (without the program's name). @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram((exit) => {
    code = exit;
  });
  exitByThrowing(program);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (isWaxwingError(error)) {
      process.stderr.write(`${sanitiseOwn(`${error.message}\n${error.next}`).join('\n')}\n[${error.code}]\n`);
      return exitCodeOf(error.code);
    }
    throw error;
  }
}

/** commander must not end the process itself: a terminal may have to be restored first. */
function exitByThrowing(command: ReturnType<typeof buildProgram>): void {
  command.exitOverride();
  for (const child of command.commands) exitByThrowing(child);
}
