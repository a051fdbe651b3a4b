/** The original program, faults included, as real processes. */
import { join } from 'node:path';
import type { Lab } from '../lab.ts';
import { LineProgram } from './line-program.ts';

const PROGRAM = join(import.meta.dirname, '../textbook/program.ts');

export interface TextbookOptions {
  /** How many seconds its clock is fast; 0 unless given. */
  readonly clock?: number;
  /** The one command that its `os.system` runs. */
  readonly system?: string;
}

export class TextbookProgram extends LineProgram {
  private constructor(lab: Lab, ...args: readonly string[]) {
    super(lab, { args: [PROGRAM, ...args] });
  }

  static async server(
    lab: Lab,
    { clock = 0, system }: TextbookOptions = {},
  ): Promise<{ readonly program: TextbookProgram; readonly port: number }> {
    const options = system === undefined ? [] : ['--system', system];
    const program = new TextbookProgram(lab, 'server', '0', `--clock=${String(clock)}`, ...options);
    return { program, port: Number(await program.line(/^Listening on 127\.0\.0\.1:(\d+)/)) };
  }

  /** Resolves when keys have been exchanged, or it has ended. `clock`: how many seconds its clock is fast. */
  static async client(lab: Lab, port: number, clock = 0): Promise<TextbookProgram> {
    const program = new TextbookProgram(lab, 'client', String(port), `--clock=${String(clock)}`);
    await program.exchanged();
    return program;
  }

  /** Waits until it has taken a key. What is sent to it before may share a read with the key, and is lost (A22). */
  exchanged(): Promise<boolean> {
    return this.until(() => this.hasKey);
  }

  get hasKey(): boolean {
    return this.lines.includes('Keys exchanged');
  }

  /** The texts on its screen. */
  get texts(): readonly string[] {
    return this.lines.filter((line) => line.startsWith('Message: ')).map((line) => line.slice('Message: '.length));
  }

  /** Whether every text on the screen says that all is well. */
  get allGreen(): boolean {
    return this.lines.filter((line) => line.startsWith('Security: ')).every((line) => !line.includes('✗'));
  }

  /** Waits until so many texts are on the screen. */
  sees(count: number): Promise<boolean> {
    return this.until(() => this.texts.length >= count && this.out.endsWith('\n'));
  }
}
