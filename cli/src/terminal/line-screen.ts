/** Line mode: plain lines in, plain lines out, no cursor moves. For pipes, screen readers and simple terminals. */
import { once } from 'node:events';
import { plainMessage, plainOutgoing } from '../text/message-block.ts';
import type { OwnLines } from '../text/own-lines.ts';
import type { DeliveryState } from '../text/proof-view.ts';
import { sanitiseLines, sanitiseOwn } from '../text/sanitise.ts';
import { PLAIN_STYLE } from '../text/style.ts';
import type {
  ChatScreen,
  IncomingMessage,
  OutgoingMessage,
  Question,
  ScreenInput,
  ScreenOptions,
} from './chat-screen.ts';
import { ExitSignals } from './exit-signals.ts';
import { InputQueue } from './input-queue.ts';
import { Prompt } from './prompt.ts';
import { QuestionQueue, labelOf } from './question-queue.ts';
import { LineSource, type SourceLine } from './line-source.ts';

export const HOW_TO_LEAVE = 'Press Ctrl+C again to leave. What you typed is kept.';

const MAX_LINE_BYTES = 2 ** 20;
/** What is made for a width gets this one where there is no terminal. */
const PLAIN_COLUMNS = 80;

export class LineScreen implements ChatScreen {
  readonly kind = 'line';
  readonly interactive: boolean;
  readonly input: InputQueue<ScreenInput>;
  readonly #stdin: NodeJS.ReadStream;
  readonly #stdout: NodeJS.WriteStream;
  readonly #source: LineSource;
  readonly #signals: ExitSignals;
  readonly #questions: QuestionQueue;
  readonly #prompt = new Prompt();
  #promptShown = false;
  #reading = false;
  #interrupted = false;
  #closed = false;

  constructor(options: ScreenOptions = {}) {
    this.#stdin = options.stdin ?? process.stdin;
    this.#stdout = options.stdout ?? process.stdout;
    this.interactive = this.#stdin.isTTY && this.#stdout.isTTY;
    this.#source = new LineSource(options.maxLineBytes ?? MAX_LINE_BYTES);
    this.#questions = new QuestionQueue({
      pose: (lines) => this.#print([...lines, this.#questions.choices ?? '']),
      answered: () => undefined,
    });
    this.input = new InputQueue(() => {
      this.#read();
      this.#showPrompt();
    });
    this.#stdout.on('error', this.#onOutputError);
    this.#signals = new ExitSignals({
      onInterrupt: () => this.#interrupt(),
      onLeave: (signal) => this.#leave('signal', signal),
      beforeEnd: () => undefined,
    });
  }

  message(message: IncomingMessage): void {
    this.#print(plainMessage(message, this.#columns));
  }

  outgoing(message: OutgoingMessage): void {
    // Whoever types or pipes sees a new text already.
    if (message.old === true) this.#print(plainOutgoing(message, this.#columns));
  }

  delivery(number: number, state: DeliveryState): void {
    if (state === 'too-old')
      this.notice(`#${number} not delivered: too old on arrival. To send it again: /resend ${number}`);
    if (state === 'failed') this.notice(`#${number} not delivered. To send it again: /resend ${number}`);
  }

  notice(text: string): void {
    this.#print(sanitiseOwn(text));
  }

  lines(lines: OwnLines): void {
    this.#print(typeof lines === 'function' ? lines(this.#columns ?? PLAIN_COLUMNS, PLAIN_STYLE) : lines);
  }

  showProofs(_all: boolean): void {
    // Line mode always prints the full proof line.
  }

  prompt(shown: boolean, text?: string): void {
    const before = this.#prompt.text;
    this.#prompt.show(shown, text);
    // What was typed so far stays in its line; the new prompt stands in one of its own.
    if (this.#promptShown && this.#prompt.text !== before) this.#stdout.write('\n');
    if (this.#prompt.text !== before) this.#promptShown = false;
    this.#showPrompt();
  }

  hint(_text: string | undefined): void {
    // A passing word would stay for ever here.
  }

  keep(text: string): void {
    this.#print(['Not sent, kept here:', ...sanitiseLines(text).map((line) => `  | ${line}`)]);
  }

  ask<Answer extends string>(question: Question<Answer>): Promise<Answer> {
    if (!this.interactive || this.input.ended || this.#closed) {
      this.notice(`${question.text}\nNobody can be asked here: ${labelOf(question, question.fallback)}.`);
      return Promise.resolve(question.fallback);
    }
    const answer = this.#questions.ask(question);
    this.#read();
    this.input.wake();
    return answer;
  }

  async drained(): Promise<void> {
    if (!this.#stdout.writableNeedDrain || this.#stdout.destroyed) return;
    await Promise.race([once(this.#stdout, 'drain'), once(this.#stdout, 'close')]).catch(() => undefined);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#promptShown) this.#stdout.write('\n');
    this.#questions.stop();
    this.input.end();
    this.#signals.close();
    this.#stdin.pause();
    // A file or a pipe as standard input knows no unref.
    if ('unref' in this.#stdin) this.#stdin.unref();
  }

  /** Known where a terminal would break long lines by itself. */
  get #columns(): number | undefined {
    return this.#stdout.isTTY ? this.#stdout.columns : undefined;
  }

  #print(lines: readonly string[]): void {
    if (this.#closed || this.#stdout.destroyed) return;
    const prompt = this.#promptShown ? this.#prompt.text : '';
    this.#stdout.write(`${this.#promptShown ? '\n' : ''}${lines.join('\n')}\n${prompt}`);
  }

  #showPrompt(): void {
    if (!this.interactive || !this.#prompt.shown || this.#promptShown || this.#closed || this.input.size > 0) return;
    this.#promptShown = true;
    this.#stdout.write(this.#prompt.text);
  }

  #read(): void {
    if (this.#reading || this.#closed) return;
    this.#reading = true;
    void this.#pump();
  }

  /** Reads on only when everything read so far was taken, so a huge input waits in its pipe and not in memory. */
  async #pump(): Promise<void> {
    try {
      for await (const chunk of this.#stdin.iterator({ destroyOnReturn: false }) as AsyncIterable<
        Uint8Array | string
      >) {
        this.#take(this.#source.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk));
        if (this.#questions.choices === undefined) await this.input.emptied();
        if (this.input.ended) return;
      }
      this.#take(this.#source.end());
    } catch {
      // A standard input that fails has ended.
    }
    this.#questions.stop();
    // A signal may still ask to leave, so a pipe's end is not the end of the queue; whoever sits at a terminal leaves.
    if (this.interactive) this.input.finish({ kind: 'leave', reason: 'ctrl-d', draft: '' });
    else this.input.push({ kind: 'end' });
  }

  #take(lines: readonly SourceLine[]): void {
    for (const line of lines) {
      this.#promptShown = false;
      this.#interrupted = false;
      if (line.kind === 'refused') this.input.push(line);
      else if (this.#questions.choices === undefined) this.input.push({ kind: 'entry', text: line.text });
      else if (!this.#questions.reply(line.text)) this.#questions.repeat();
    }
  }

  #interrupt(): boolean {
    if (!this.interactive) return false;
    if (this.#interrupted) this.#leave('ctrl-c', 'SIGINT');
    else this.#print(['Press Ctrl+C again to leave.']);
    this.#interrupted = true;
    return true;
  }

  #leave(reason: 'signal' | 'ctrl-c' | 'output-closed', signal?: NodeJS.Signals): void {
    this.#questions.stop();
    this.input.finish({ kind: 'leave', reason, draft: '', ...(signal === undefined ? {} : { signal }) }, true);
  }

  readonly #onOutputError = (): void => this.#leave('output-closed');
}
