/** How a command that failed says so: sentence, next step, [code] on standard error; and its exit code. */
import { isWaxwingError } from '@waxwing/client';
import { isProtocolError } from '@waxwing/protocol';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.ts';
import { sanitiseOwn } from './text/sanitise.ts';
import { why } from './text/why.ts';

/** Reports an error of ours and gives its exit code; anything else is a bug and goes on as it is. */
export async function reportError(error: unknown): Promise<ExitCode> {
  if (isWaxwingError(error)) {
    say(error.message, error.next, error.code);
    return exitCodeOf(error.code);
  }
  if (isProtocolError(error)) {
    const { sentence, next } = why(error.code);
    say(`${sentence} (${error.message})`, `Next: ${next}`, error.code);
    if (error.code === 'evidence') return EXIT.notFound;
    return error.code === 'fingerprint' || error.code === 'link' ? EXIT.usage : EXIT.failure;
  }
  // Its package is loaded where it failed, and nowhere else.
  if (error instanceof Error && error.name === 'RelayError') {
    const { isRelayError } = await import('@waxwing/relay');
    if (isRelayError(error)) {
      say(error.message, error.next, error.code);
      return exitCodeOf(error.code);
    }
  }
  throw error;
}

function say(sentence: string, next: string, code: string): void {
  process.stderr.write(`${sanitiseOwn(`${sentence}\n${next}`).join('\n')}\n[${code}]\n`);
}
