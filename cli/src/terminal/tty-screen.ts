/**
 * The chat in a real terminal: messages scroll by above the line being typed. Only the live area at the bottom (messages
 * of ours on their way, and the input) is ever drawn again; everything above it belongs to the terminal and its scrollback.
 */
import type { Key } from 'node:readline';
import { incomingBlock, noticeBlock, outgoingBlock } from '../text/message-block.ts';
import { type OwnLines, ownLines } from '../text/own-lines.ts';
import { deliveryWords } from '../text/proof-line.ts';
import type { DeliveryState } from '../text/proof-view.ts';
import { CONTINUATION, sanitiseLine, sanitiseLines } from '../text/sanitise.ts';
import { type Style, colorWanted, makeStyle } from '../text/style.ts';
import type {
  ChatScreen,
  IncomingMessage,
  NoticeLevel,
  OutgoingMessage,
  Question,
  ScreenInput,
  ScreenOptions,
} from './chat-screen.ts';
import { DIRECT_COMMANDS } from './direct-commands.ts';
import { watchDraft } from './draft-watch.ts';
import { ExitSignals } from './exit-signals.ts';
import { InputHistory } from './input-history.ts';
import { type InputLayout, layoutInput } from './input-layout.ts';
import { InputQueue } from './input-queue.ts';
import { applyKey } from './key-bindings.ts';
import { KeySource } from './key-source.ts';
import { LineEditor } from './line-editor.ts';
import { HOW_TO_LEAVE } from './line-screen.ts';
import { LiveArea } from './live-area.ts';
import { OwnMessages } from './own-messages.ts';
import { messagesOf, pasteQuestion } from './paste-question.ts';
import { Prompt } from './prompt.ts';
import { QuestionQueue, labelOf } from './question-queue.ts';
import { TerminalMode, terminalSize } from './terminal-mode.ts';
import { type Block, Transcript } from './transcript.ts';

const IDLE_MS = 10_000; // away from the keys for so long: what arrives is unread
const BELL_MS = 1_000;
const MAX_LIVE_OWN = 5;

export class TtyScreen implements ChatScreen {
  readonly kind = 'terminal';
  readonly interactive = true;
  readonly input: InputQueue<ScreenInput>;
  readonly #stdin: NodeJS.ReadStream;
  readonly #stdout: NodeJS.WriteStream;
  readonly #style: Style;
  readonly #now: () => number;
  readonly #bell: boolean;
  readonly #complete: (text: string) => string | undefined;
  readonly #mode: TerminalMode;
  readonly #signals: ExitSignals;
  readonly #keys: KeySource;
  readonly #editor = new LineEditor();
  readonly #history = new InputHistory();
  readonly #live = new LiveArea();
  readonly #own: OwnMessages;
  readonly #prompt = new Prompt();
  readonly #tellDraft: (text: string) => void;
  readonly #transcript = new Transcript();
  readonly #questions: QuestionQueue;
  #pending: Block[] = [];
  #flushing = false;
  #repaint = false;
  #ring = false;
  #allProofs = false;
  #interrupted = false;
  #escaped = false;
  #lastKey: number;
  #lastBell = 0;
  #closed = false;

  constructor(options: ScreenOptions = {}) {
    this.#stdin = options.stdin ?? process.stdin;
    this.#stdout = options.stdout ?? process.stdout;
    const env = options.env ?? process.env;
    this.#style = makeStyle(colorWanted({ choice: options.color, env, isTTY: true }));
    this.#now = options.now ?? Date.now;
    this.#bell = options.bell ?? true;
    this.#complete = options.complete ?? ((text) => DIRECT_COMMANDS.complete(text));
    this.#tellDraft = watchDraft(options.onDraft);
    this.#own = new OwnMessages(options.reads === true);
    this.#lastKey = this.#now();
    this.input = new InputQueue(() => undefined);
    this.#questions = new QuestionQueue({
      pose: (lines) => this.lines(lines.map(this.#style.bold)),
      answered: (label) => this.lines([this.#style.dim(`> ${label}`)]),
    });
    this.#mode = new TerminalMode({
      stdin: this.#stdin,
      stdout: this.#stdout,
      parting: () => this.#parting(),
      resumed: () => {
        this.#live.reset();
        this.#schedule();
      },
    });
    this.#stdout.on('error', this.#onEnd).on('resize', this.#onResize);
    this.#signals = new ExitSignals({
      onInterrupt: () => {
        this.#interrupt();
        return true;
      },
      onLeave: (signal) => this.#leave('signal', signal),
      beforeEnd: () => this.#mode.leave(),
    });
    this.#mode.enter();
    this.#keys = new KeySource({
      stdin: this.#stdin,
      onAny: () => {
        this.#lastKey = this.#now();
        this.#prompt.unread = 0;
        this.#schedule();
      },
      onKey: (character, key) => this.#key(character, key),
      onPaste: (text) => this.#paste(text),
      onEnd: this.#onEnd,
    });
  }

  message(message: IncomingMessage): void {
    const allProofs = this.#allProofs;
    this.#print((columns) => incomingBlock(message, allProofs, { style: this.#style, columns }));
    if (message.old === true) return;
    const now = this.#now();
    if (now - this.#lastKey >= IDLE_MS) this.#prompt.unread += 1;
    if (this.#bell && now - this.#lastBell >= BELL_MS) {
      this.#lastBell = now;
      this.#ring = true;
    }
  }

  outgoing(message: OutgoingMessage): void {
    if (message.old === true) this.#print(this.#ownBlock(message, message.state));
    else this.#own.add(message);
    this.#schedule();
  }

  delivery(number: number, state: DeliveryState): void {
    this.#own.update(number, state);
    if (state === 'too-old' || state === 'failed') {
      this.notice(`#${number} ${deliveryWords(state)}. To send it again: /resend ${number}`, 'warning');
    }
    this.#schedule();
  }

  notice(text: string, level: NoticeLevel = 'info'): void {
    const at = this.#now();
    this.#print((columns) => noticeBlock(text, at, level, { style: this.#style, columns }));
  }

  lines(lines: OwnLines): void {
    this.#print((columns) => ownLines(lines, { style: this.#style, columns }));
  }

  showProofs(all: boolean): void {
    this.#allProofs = all;
  }

  prompt(shown: boolean, text?: string): void {
    this.#prompt.show(shown, text);
    this.#schedule();
  }

  hint(text: string | undefined): void {
    this.#prompt.hint(text);
    this.#schedule();
  }

  keep(text: string): void {
    if (this.#editor.isEmpty) {
      this.#editor.set(text);
      this.#schedule();
      return;
    }
    this.#print(() => ['Not sent, kept here:', ...sanitiseLines(text).map((line) => CONTINUATION + line)]);
  }

  ask<Answer extends string>(question: Question<Answer>): Promise<Answer> {
    if (this.#closed || this.input.ended) {
      this.notice(`${question.text} ${labelOf(question, question.fallback)}.`);
      return Promise.resolve(question.fallback);
    }
    return this.#questions.ask(question);
  }

  async drained(): Promise<void> {
    this.#flush();
    if (!this.#stdout.writableNeedDrain || this.#stdout.destroyed) return;
    await new Promise<void>((resolve) => this.#stdout.once('drain', resolve).once('close', resolve));
  }

  close(): void {
    if (this.#closed) return;
    this.#questions.stop();
    this.input.end();
    this.#flush();
    this.#mode.leave();
    this.#closed = true;
    this.#keys.close();
    this.#stdout.off('resize', this.#onResize);
    this.#signals.close();
  }

  get #size(): { readonly columns: number; readonly rows: number } {
    return terminalSize(this.#stdout);
  }

  #ownBlock(message: OutgoingMessage, state: DeliveryState): Block {
    return (columns) => outgoingBlock(message, state, { style: this.#style, columns });
  }

  /** Puts a block above the live area, after the messages of ours that came before it. */
  #print(block: Block): void {
    if (this.#closed) {
      // The terminal was given back: what is still to be said is said as plain lines.
      if (!this.#stdout.destroyed) this.#stdout.write(`${block(this.#size.columns).join('\n')}\n`);
      return;
    }
    this.#settle(0);
    this.#pending.push(block);
    this.#schedule();
  }

  #settle(most: number): void {
    for (const { message, state } of this.#own.settle(most)) this.#pending.push(this.#ownBlock(message, state));
  }

  /** Draws once for everything that happens in one turn of the event loop. */
  #schedule(): void {
    if (this.#flushing || this.#closed) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#closed) return;
    this.#tellDraft(this.#editor.text);
    this.#settle(Math.min(MAX_LIVE_OWN, Math.floor(this.#size.rows / 4)));
    const late = this.#own.takeTold();
    if (late !== undefined) {
      const at = this.#now();
      this.#pending.push(() => noticeBlock(late, at, 'info', { style: this.#style }).map(this.#style.dim));
    }
    // One column stays free, so that no row we print ever wraps by itself.
    const columns = this.#size.columns - 1;
    const blocks = this.#pending.splice(0);
    for (const block of blocks) this.#transcript.add(block);
    const layout = this.#layout();
    let out = this.#repaint ? '\u001b[H\u001b[2J' : this.#live.erase();
    if (this.#repaint) {
      for (const row of this.#transcript.tail(columns, this.#size.rows - layout.rows.length)) out += `${row}\r\n`;
    } else {
      for (const block of blocks) for (const row of block(columns)) out += `${row}\r\n`;
    }
    out += this.#live.draw(layout, (row) => this.#prompt.styled(row, this.#questions.choices, this.#style));
    if (this.#ring) out += '\u0007';
    this.#repaint = false;
    this.#ring = false;
    this.#stdout.write(out);
  }

  #layout(): InputLayout {
    const own = this.#own.live.flatMap(({ message, state }) => [
      ...this.#ownBlock(message, state)(this.#size.columns - 1),
    ]);
    const room = Math.max(1, Math.floor(this.#size.rows / 2));
    const ownRows = [...own, ...this.#prompt.hintRows(this.#size.columns - 1, this.#style)].slice(-room);
    const asking = this.#questions.choices !== undefined;
    const input = layoutInput({
      prompt: this.#prompt.head(this.#questions.choices),
      before: asking ? [] : this.#editor.before,
      behind: asking ? [] : this.#editor.behind,
      columns: this.#size.columns,
      maxRows: Math.max(1, this.#size.rows - ownRows.length - 1),
    });
    return { ...input, rows: [...ownRows, ...input.rows], cursorRow: ownRows.length + input.cursorRow };
  }

  /** What is written before the terminal is given back: typed text stays to be seen, an empty prompt goes. */
  #parting(): string {
    if (this.#editor.isEmpty && this.#own.live.length === 0) return this.#live.erase();
    const layout = this.#layout();
    const out = this.#live.erase() + layout.rows.map((row) => `${row}\r\n`).join('');
    this.#live.reset();
    return out;
  }

  #leave(reason: 'hangup' | 'ctrl-d' | 'ctrl-c' | 'signal', signal?: NodeJS.Signals): void {
    this.#questions.stop();
    const draft = this.#editor.text;
    const item: ScreenInput = { kind: 'leave', reason, draft, ...(signal === undefined ? {} : { signal }) };
    this.input.finish(item, reason !== 'ctrl-d');
    this.#schedule();
  }

  readonly #onEnd = (): void => this.#leave('hangup');

  readonly #onResize = (): void => {
    this.#repaint ||= this.#live.lostBy(this.#size);
    this.#schedule();
  };

  #key(character: string | undefined, key: Partial<Key>): void {
    if (this.input.ended) return;
    if (this.#questions.choices !== undefined) {
      if (key.name === 'escape' || (key.ctrl === true && key.name === 'c')) this.#questions.reply(undefined);
      else if (character !== undefined && key.ctrl !== true && key.meta !== true) this.#questions.reply(character);
      return;
    }
    const outcome = applyKey(this.#editor, character, key, this.#escaped);
    this.#escaped = outcome === 'escape';
    if (outcome === 'interrupt') {
      this.#interrupt();
      return;
    }
    this.#interrupted = false;
    switch (outcome) {
      case 'submit':
        this.#submit();
        break;
      case 'previous':
        this.#recall(this.#history.previous(this.#editor.text));
        break;
      case 'next':
        this.#recall(this.#history.next());
        break;
      case 'complete':
        this.#recall(this.#editor.behind.length === 0 ? this.#complete(this.#editor.text) : undefined);
        break;
      case 'end-of-input':
        this.#leave('ctrl-d');
        break;
      case 'redraw':
        this.#repaint = true;
        break;
      case 'suspend':
        this.#mode.suspend();
        break;
      default:
        break;
    }
  }

  #interrupt(): void {
    if (this.#interrupted) {
      this.#leave('ctrl-c', 'SIGINT');
      return;
    }
    this.#interrupted = true;
    this.notice(HOW_TO_LEAVE);
  }

  #recall(text: string | undefined): void {
    if (text !== undefined) this.#editor.set(text);
  }

  #submit(): void {
    const text = this.#editor.text;
    if (text.trim() === '') return;
    this.#editor.set('');
    this.#history.add(text);
    // Commands stay to be seen above their answers.
    if (/^\s*(?:\/(?!\/)|(?:exit|quit)\s*$)/.test(text)) {
      const shown = this.#style.dim(`> ${sanitiseLine(text.trim(), 200)}`);
      this.#print(() => [shown]);
    }
    this.input.push({ kind: 'entry', text });
  }

  #paste(pasted: string): void {
    if (this.input.ended) return;
    const text = pasted.replace(/\n$/, '');
    if (!text.includes('\n')) {
      this.#editor.insert(text);
      return;
    }
    void this.#askAboutPaste(text);
  }

  async #askAboutPaste(text: string): Promise<void> {
    const answer = await this.ask(pasteQuestion(text));
    if (answer === 'discard') return;
    this.#editor.insert(text);
    if (answer !== 'edit' && !this.input.ended) this.#send(answer === 'one');
    this.#schedule();
  }

  /** Sends the whole input, what was typed around the paste included. */
  #send(asOne: boolean): void {
    const text = this.#editor.text;
    this.#editor.set('');
    this.#history.add(text);
    for (const message of asOne ? [text] : messagesOf(text)) this.input.push({ kind: 'message', text: message });
  }
}
