/** The command's entry: reads the command line, runs one command, answers with its exit code. */
import { CommanderError } from 'commander';
import { EXIT } from './exit-code.ts';
import { buildProgram } from './program.ts';

/** Runs the command line (without the program's name). @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  endWithReader();
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
    // Loaded only now: `--help`, which commander ends by an error too, would wait for what it does not need.
    const { reportError } = await import('./error-report.ts');
    return await reportError(error);
  }
}

/** commander must not end the process itself: a terminal may have to be restored first. */
function exitByThrowing(command: ReturnType<typeof buildProgram>): void {
  command.exitOverride();
  for (const child of command.commands) exitByThrowing(child);
}

/** `waxwing history | head`: who stops reading wants no more, which is no failure. */
function endWithReader(): void {
  process.stdout.on('error', (error: Error) => {
    if ('code' in error && error.code === 'EPIPE') process.exit();
    throw error;
  });
}
