/** What the slash commands do in a classic chat: those that need an identity or a history say that there is none. */
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { type Command, DIRECT_COMMANDS } from '../terminal/direct-commands.ts';
import { proofReport } from '../text/proof-report.ts';
import { whyReport } from '../text/why.ts';
import type { ClassicProofs } from './classic-proof.ts';
import type { ClassicView } from './classic-view.ts';

/** The commands that classic has. */
const WORKING = ['quit', 'proof', 'why', 'help'] as const;
const KEEPS_NONE = 'Classic keeps no identities and no history';

export interface ClassicCommandsOptions {
  readonly screen: ChatScreen;
  readonly view: ClassicView;
  readonly proofs: ClassicProofs;
  readonly leave: () => void;
}

export class ClassicCommands {
  readonly #options: ClassicCommandsOptions;

  constructor(options: ClassicCommandsOptions) {
    this.#options = options;
  }

  run(command: Command): void {
    const { screen } = this.#options;
    switch (command.name) {
      case 'quit':
        this.#options.leave();
        return;
      case 'help':
        screen.lines(command.topic === undefined ? classicHelp() : DIRECT_COMMANDS.help(command.topic));
        return;
      case 'proof':
        this.#proof(command.number);
        return;
      case 'why':
        this.#why(command.number);
        return;
      default:
        screen.notice(`${KEEPS_NONE}, so /${command.name} means nothing here.`);
    }
  }

  #proof(wanted: number | 'last' | 'all' | 'off'): void {
    const { screen, proofs } = this.#options;
    if (wanted === 'all' || wanted === 'off') {
      screen.showProofs(wanted === 'all');
      screen.notice(
        wanted === 'all' ? 'The full proof line follows every message.' : 'Messages show a short mark again.',
      );
      return;
    }
    const proof = proofs.get(wanted);
    if (proof !== undefined) screen.lines(proofReport(proof));
    else if (wanted === 'last') screen.notice('There is no message yet.');
    else screen.notice(`No message #${String(wanted)} is remembered: ${KEEPS_NONE.toLowerCase()} beyond this run.`);
  }

  #why(wanted: number | 'last'): void {
    const { screen, view } = this.#options;
    const refusal = view.refusals.findLast((one) => wanted === 'last' || one.number === wanted);
    if (refusal !== undefined) screen.lines(whyReport(refusal));
    else if (wanted === 'last') screen.notice('Nothing was refused since the start.');
    else screen.notice(`#${String(wanted)} was not refused in this run.`);
  }
}

function classicHelp(): string[] {
  return [
    `${KEEPS_NONE}; these commands work here:`,
    ...WORKING.flatMap((name) => DIRECT_COMMANDS.help(name).slice(0, 1)).map((line) => `  ${line}`),
    '  //text: send a message that begins with /',
  ];
}
