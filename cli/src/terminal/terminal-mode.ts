/** Raw mode and bracketed paste: taken, and given back however the program ends. */

const ENTER = '\u001b[?2004h'; // pasted text comes marked
const LEAVE = '\u001b[?2004l\u001b[0m\u001b[?25h';

export class TerminalMode {
  readonly #stdin: NodeJS.ReadStream;
  readonly #stdout: NodeJS.WriteStream;
  readonly #parting: () => string;
  readonly #resumed: () => void;
  #entered = false;
  #suspending = false;

  /** `parting` gives what is to be written before the terminal is given back; `resumed` is called when it is ours again. */
  constructor(options: {
    readonly stdin: NodeJS.ReadStream;
    readonly stdout: NodeJS.WriteStream;
    readonly parting: () => string;
    readonly resumed: () => void;
  }) {
    this.#stdin = options.stdin;
    this.#stdout = options.stdout;
    this.#parting = options.parting;
    this.#resumed = options.resumed;
  }

  enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#raw(true);
    this.#stdout.write(ENTER);
    process.on('exit', this.#leave);
    process.on('uncaughtExceptionMonitor', this.#leave);
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
  }

  /** Gives the terminal back. Idempotent. */
  leave(): void {
    this.#leave();
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
  }

  /** Stops the program as Ctrl+Z does: with everything else that runs in this job. */
  suspend(): void {
    process.kill(0, 'SIGTSTP');
  }

  readonly #leave = (): void => {
    if (!this.#entered) return;
    this.#entered = false;
    process.off('exit', this.#leave);
    process.off('uncaughtExceptionMonitor', this.#leave);
    this.#stdout.write(this.#parting() + LEAVE);
    this.#raw(false);
  };

  readonly #onStop = (): void => {
    if (this.#suspending) return;
    this.#suspending = true;
    this.#leave();
    process.off('SIGTSTP', this.#onStop);
    // Without our handler the system decides: it stops us where a shell can wake us again, and ignores it elsewhere.
    process.kill(process.pid, 'SIGTSTP');
    setTimeout(() => this.#onContinue(), 50);
  };

  readonly #onContinue = (): void => {
    this.#suspending = false;
    // A shell may have changed the terminal meanwhile, also when we never noticed that we were stopped.
    if (this.#entered) this.#raw(false);
    this.#entered = false;
    this.enter();
    this.#resumed();
  };

  #raw(on: boolean): void {
    try {
      this.#stdin.setRawMode(on);
    } catch {
      // The terminal is gone: nothing is left to restore.
    }
  }
}

/** The size of a terminal in cells; some pseudo-terminals do not know theirs. */
export function terminalSize(stdout: NodeJS.WriteStream): { readonly columns: number; readonly rows: number } {
  return { columns: stdout.columns > 0 ? stdout.columns : 80, rows: stdout.rows > 0 ? stdout.rows : 24 };
}
