/** X-ray of a running chat: what passes is unfolded where somebody looks or a recording runs, and not at all otherwise. */
import { type ConnectionTrace, isWaxwingError, type Watch } from '@waxwing/client';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { sanitiseLine } from '../text/sanitise.ts';
import type { Block } from './block.ts';
import { blockRows } from './block-rows.ts';
import { Recording } from './recording.ts';
import type { RecordingHeader } from './recording-line.ts';
import { SecretMarks } from './secret-mark.ts';
import { Unfolding } from './unfolding.ts';

export interface XrayOptions {
  readonly screen: ChatScreen;
  readonly role: RecordingHeader['role'];
  /** Whether the home is a lab home: then secrets are shown as they are. */
  readonly lab: boolean;
  /** Flights go through a relay. */
  readonly mailboxes?: boolean;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const LEGEND =
  'X-ray is on. [8 digits] stands for a secret: equal marks, equal secrets in this run, and nothing else can be learnt from one.';
const LAB_LEGEND = 'X-ray is on, and shows real keys: this is a lab identity.';

export class Xray {
  readonly #options: XrayOptions;
  readonly #unfolding: Unfolding;
  #shown = false;
  #recording: Recording | undefined;

  constructor(options: XrayOptions) {
    this.#options = options;
    this.#unfolding = new Unfolding(new SecretMarks(options.lab), options.mailboxes);
  }

  /** For `listen`, `dial` and `openMessenger`. */
  readonly watch: Watch = () => (this.#shown || this.#recording !== undefined ? this.#take : undefined);

  /** `/xray`: switches it, or says how it is. */
  command(on: boolean | undefined): void {
    if (on !== undefined) this.show(on);
    else this.#options.screen.notice(`X-ray is ${this.#shown ? 'on: /xray off ends it' : 'off: /xray on begins it'}.`);
  }

  show(on: boolean): void {
    const { screen, lab } = this.#options;
    this.#shown = on;
    screen.notice(on ? (lab ? LAB_LEGEND : LEGEND) : 'X-ray is off.');
  }

  /** @throws WaxwingError `file-exists`, `file-unwritable` */
  record(path: string): void {
    const { screen, role, lab, now } = this.#options;
    this.#recording = Recording.begin({ path, role, lab, now: now() });
    screen.notice(
      lab
        ? `Recording into ${sanitiseLine(path)}: with the real keys and texts of this lab identity.`
        : `Recording into ${sanitiseLine(path)}: no keys and no texts, only what X-ray shows.`,
    );
  }

  /** Ends the recording, where one runs. */
  close(): void {
    const recording = this.#recording;
    this.#recording = undefined;
    if (recording === undefined) return;
    this.#writing(() => {
      recording.end();
    });
    this.#options.screen.notice(
      `Recorded ${String(recording.frames)} blocks. To see them: waxwing xray ${sanitiseLine(recording.path)}`,
    );
  }

  readonly #take = (trace: ConnectionTrace): void => {
    try {
      for (const block of this.#unfolding.take(trace, this.#options.now())) {
        this.#keep(block);
        if (this.#shown) this.#options.screen.lines((columns, style) => blockRows(block, { columns, style }));
      }
    } catch (error) {
      // A fault of ours: it is told once, and costs the chat nothing.
      this.#shown = false;
      this.close();
      const message = error instanceof Error ? error.message : String(error);
      this.#options.screen.notice(
        `X-ray failed and is off (${sanitiseLine(message, 200)}): please report it. The chat goes on.`,
        'error',
      );
    }
  };

  #keep(block: Block): void {
    const recording = this.#recording;
    if (recording === undefined) return;
    this.#writing(() => {
      if (recording.add(block)) return;
      this.#recording = undefined;
      this.#options.screen.notice('The recording has reached 64 MiB and ends here; the chat goes on.', 'warning');
    });
  }

  /** A disk that refuses ends the recording, never the chat. */
  #writing(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      this.#recording = undefined;
      this.#options.screen.notice(`The recording ended: ${sanitiseLine(error.message)} The chat goes on.`, 'warning');
    }
  }
}
