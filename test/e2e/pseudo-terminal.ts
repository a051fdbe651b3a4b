/** A program in a real pseudo-terminal, and what a real terminal emulator shows of it. */
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

export interface PseudoTerminalOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const PATIENCE = 15_000;

export class PseudoTerminal {
  readonly #pty: IPty;
  readonly #screen: xterm.Terminal;
  /** Everything the program wrote, as it wrote it. */
  raw = '';
  readonly exited: Promise<{ readonly exitCode: number; readonly signal?: number | undefined }>;

  constructor(options: PseudoTerminalOptions) {
    const { columns = 80, rows = 24 } = options;
    this.#screen = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
    this.#pty = spawn(options.file, [...options.args], {
      cols: columns,
      rows,
      name: 'xterm-256color',
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#screen.write(data);
    });
    this.exited = new Promise((resolve) => this.#pty.onExit(resolve));
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** The window and the terminal inside it change size. */
  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The rows as people see them, blank ones at the end left out. */
  rows(): string[] {
    const buffer = this.#screen.buffer.active;
    const rows = Array.from({ length: this.#screen.rows }, (_, index) =>
      (buffer.getLine(buffer.baseY + index)?.translateToString(true) ?? '').trimEnd(),
    );
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  /** Also what scrolled away. */
  everything(): string {
    const buffer = this.#screen.buffer.active;
    return Array.from(
      { length: buffer.length },
      (_, index) => buffer.getLine(index)?.translateToString(true) ?? '',
    ).join('\n');
  }

  /** The row that holds the cursor, and the cursor's column in it, from 0. */
  cursor(): { readonly row: string; readonly column: number } {
    const buffer = this.#screen.buffer.active;
    const row = buffer.getLine(buffer.baseY + buffer.cursorY)?.translateToString(true) ?? '';
    return { row: row.trimEnd(), column: buffer.cursorX };
  }

  /** Waits until the screen satisfies `seen`. @throws Error with the screen as it is */
  async until(what: string, seen: (rows: readonly string[]) => boolean): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!seen(this.rows())) {
      if (Date.now() > end) throw new Error(`Never seen: ${what}. The screen:\n${this.rows().join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Waits until some row holds `text`. */
  async shows(text: string): Promise<void> {
    await this.until(text, (rows) => rows.some((row) => row.includes(text)));
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#pty.kill(signal);
  }

  [Symbol.dispose](): void {
    try {
      this.#pty.kill('SIGKILL');
    } catch {
      // It is gone already.
    }
    this.#screen.dispose();
  }
}
