/** Signals that ask the program to leave: the first is obeyed in order, the second at once. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface ExitSignalsOptions {
  /** Ctrl+C from outside the terminal; true: it was taken, false: it means to leave as the others do. */
  readonly onInterrupt: () => boolean;
  readonly onLeave: (signal: NodeJS.Signals) => void;
  /** The signal is about to end the process. */
  readonly beforeEnd: () => void;
}

export class ExitSignals {
  readonly #options: ExitSignalsOptions;
  #leaving = false;

  constructor(options: ExitSignalsOptions) {
    this.#options = options;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#leaving) {
      // Whoever asks twice does not want to wait for a clean end.
      this.#options.beforeEnd();
      this.close();
      process.kill(process.pid, signal);
      return;
    }
    if (signal === 'SIGINT' && this.#options.onInterrupt()) return;
    this.#leaving = true;
    this.#options.onLeave(signal);
  };
}
