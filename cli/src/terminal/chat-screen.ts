/** What a chat sees of the terminal: one interface, two screens (line mode and a real terminal). */
import type { OwnLines } from '../text/own-lines.ts';
import type { DeliveryState, ProofView } from '../text/proof-view.ts';

/** One thing the user did. A screen yields these, in order, from `input`. */
export type ScreenInput =
  /** A line was entered (still to be read by `SlashCommands`); it may hold `\n` in a terminal. */
  | { readonly kind: 'entry'; readonly text: string }
  /** A pasted text the user chose to send as one message: a message as it stands, never a command. */
  | { readonly kind: 'message'; readonly text: string }
  /** A line of standard input that cannot be a message; `line` counts from 1. Say so and go on. */
  | {
      readonly kind: 'refused';
      readonly reason: 'not-utf-8' | 'too-long';
      readonly line: number;
      readonly bytes: number;
    }
  /** Standard input that nobody types ended: only a `leave` may follow. */
  | { readonly kind: 'end' }
  /** The last input: the user leaves (Ctrl+D, Ctrl+C twice, a signal), or the terminal or the reader is gone. */
  | {
      readonly kind: 'leave';
      readonly reason: 'ctrl-d' | 'ctrl-c' | 'signal' | 'hangup' | 'output-closed';
      readonly signal?: NodeJS.Signals;
      readonly draft: string;
    };

/** A message of the peer's. Every string may be hostile: the screen makes it safe. */
export interface IncomingMessage {
  readonly text: string;
  readonly proof: ProofView;
  /** The peer's name, where one is given (a terminal shows it; line mode always says `Message`). */
  readonly from?: string;
  /** Where there are several conversations: which one it belongs to, `@alice` or `#room`. Every line then names it. */
  readonly conversation?: string;
  /** When it arrived, Unix ms. */
  readonly at: number;
  /** From the stored history: no bell, no unread mark, dimmed. */
  readonly old?: boolean;
}

/** A message of ours. A terminal prints it with its delivery mark; line mode prints only old ones. */
export interface OutgoingMessage {
  readonly number: number;
  readonly text: string;
  readonly at: number;
  readonly state: DeliveryState;
  /** Where there are several conversations: the one it went to. */
  readonly conversation?: string;
  readonly old?: boolean;
}

/** A question with a few answers. Answers are chosen by one letter. */
export interface Question<Answer extends string> {
  readonly text: string;
  readonly choices: readonly { readonly key: string; readonly label: string; readonly answer: Answer }[];
  /** The answer of Escape, Ctrl+C, the end of input, and of a screen nobody sits at: the harmless one. */
  readonly fallback: Answer;
}

export type NoticeLevel = 'info' | 'good' | 'warning' | 'error';

export interface ChatScreen {
  readonly kind: 'line' | 'terminal';
  /** Whether someone can answer a question. */
  readonly interactive: boolean;
  /**
   * What the user does, until a `leave` (always the last). For one consumer. In line mode standard input is read only as
   * fast as this is consumed. Reading begins with the first `next()`.
   */
  readonly input: AsyncIterable<ScreenInput> & {
    /** Whether a `leave` is there, perhaps not yet taken, or the screen was closed. */
    readonly ended: boolean;
  };
  /** Prints a message of the peer's above the line being typed. */
  message(message: IncomingMessage): void;
  /** Prints a message of ours; line mode only if it is `old`. */
  outgoing(message: OutgoingMessage): void;
  /** Tells how far message `number` of ours came. Line mode prints only what went wrong. */
  delivery(number: number, state: DeliveryState): void;
  /** Prints a sentence of ours, made safe; several lines allowed (each ours). */
  notice(text: string, level?: NoticeLevel): void;
  /** Prints lines of ours that already are safe (reports, help, X-ray): as they stand, or made for this screen. */
  lines(lines: OwnLines): void;
  /** From now on the full proof line follows every message (`/proof all`). Line mode always does. */
  showProofs(all: boolean): void;
  /**
   * Shows or hides the input prompt: hidden until a peer is there (typed text is kept and may be entered all the same).
   * `text`, made safe, is what it says from now on.
   */
  prompt(shown: boolean, text?: string): void;
  /** A passing word above the line being typed, made safe; undefined takes it away. Line mode has none. */
  hint(text: string | undefined): void;
  /** Puts text back into the line being typed if that is empty (terminal); otherwise prints it as kept. */
  keep(text: string): void;
  /** Asks; questions wait for each other; messages arriving meanwhile appear above. */
  ask<Answer extends string>(question: Question<Answer>): Promise<Answer>;
  /** Resolves when the output has taken what was printed (await it in floods). */
  drained(): Promise<void>;
  /** Restores the terminal; typed text stays visible. Idempotent; `input` ends. */
  close(): void;
}

/** How a screen is opened. Streams default to those of the process. */
export interface ScreenOptions {
  readonly stdin?: NodeJS.ReadStream;
  readonly stdout?: NodeJS.WriteStream;
  readonly env?: NodeJS.ProcessEnv;
  /** `--plain`. */
  readonly plain?: boolean;
  /** `--color`. */
  readonly color?: 'auto' | 'always' | 'never';
  /** Bell on arrival; default true. */
  readonly bell?: boolean;
  /** Own clock, Unix ms; default Date.now. */
  readonly now?: () => number;
  /** Line mode: a longer line of standard input (bytes) is refused; default 1 MiB. */
  readonly maxLineBytes?: number;
  /** Completes what stands before the cursor on Tab; undefined: nothing to complete. Default: slash commands. */
  readonly complete?: (text: string) => string | undefined;
  /** Terminal: what is being typed, each time it changes. */
  readonly onDraft?: (text: string) => void;
  /** Peers may tell that they have read a message: until then its mark may still change. */
  readonly reads?: boolean;
}
