/** The command's entry: dispatches to the commands. */

/** Runs the command line. @returns the exit code */
export function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === '--version') {
    process.stdout.write('0.1.0\n');
    return Promise.resolve(0);
  }
  process.stderr.write('waxwing: no commands yet\n');
  return Promise.resolve(1);
}
