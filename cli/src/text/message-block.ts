/** Messages and sentences as the rows that are printed, for a terminal and for line mode. */
import type { IncomingMessage, NoticeLevel, OutgoingMessage } from '../terminal/chat-screen.ts';
import { conversationLabel } from './conversation-label.ts';
import { formatClock } from './duration.ts';
import { foldLine, foldMessage, widthOf } from './fold.ts';
import { allHeld, deliveryMark, deliveryWords, proofLine, proofMark } from './proof-line.ts';
import type { DeliveryState } from './proof-view.ts';
import { sanitiseLines, sanitiseName, sanitiseOwn } from './sanitise.ts';
import type { Style } from './style.ts';

export interface BlockOptions {
  readonly style: Style;
  /** The terminal's width; undefined: lines are not broken. */
  readonly columns?: number | undefined;
}

/** Line mode: `Message: text` (of several conversations, `Message in #team from bob: text`) and the full proof line. */
export function plainMessage(message: IncomingMessage, columns?: number): string[] {
  const head = `Message${whereWords(message)}: `;
  return [...foldMessage(head, sanitiseLines(message.text), { columns }), proofLine(message.proof)];
}

function whereWords({ conversation, from }: IncomingMessage): string {
  if (conversation === undefined) return '';
  const sender = ` from ${conversationLabel(from ?? conversation)}`;
  return conversation.startsWith('#') ? ` in ${conversationLabel(conversation)}${sender}` : sender;
}

/** Line mode: a message of ours from the history, `You (#2, delivered): text`. */
export function plainOutgoing(message: OutgoingMessage, columns?: number): string[] {
  const head = `${youWords(message)} (#${message.number}, ${deliveryWords(message.state)}): `;
  return foldMessage(head, sanitiseLines(message.text), { columns });
}

function youWords({ conversation }: OutgoingMessage): string {
  return conversation === undefined ? 'You' : `You to ${conversationLabel(conversation)}`;
}

/** Terminal: `12:03 alice: text ✓ #1` (in a room `12:03 #team alice: text ✓ #1`), or with the full proof line below. */
export function incomingBlock(message: IncomingMessage, allProofs: boolean, options: BlockOptions): string[] {
  const { style } = options;
  const held = allHeld(message.proof) && message.proof.protocol === 'waxwing';
  const look = held ? style.green : allHeld(message.proof) ? style.yellow : style.red;
  const { from, conversation } = message;
  const room = conversation?.startsWith('#') === true ? `${conversationLabel(conversation)} ` : '';
  const label = conversation === undefined ? sanitiseName : conversationLabel;
  const name = room + (from === undefined ? 'Message' : label(from));
  const block = speech({ name, at: message.at, text: message.text, old: message.old === true }, options);
  const rows = block(allProofs ? '' : proofMark(message.proof), look);
  return allProofs ? [...rows, look(proofLine(message.proof))] : rows;
}

/** Terminal: `12:03 You: text ✓✓ #2`, or `You to #team: text`. */
export function outgoingBlock(message: OutgoingMessage, state: DeliveryState, options: BlockOptions): string[] {
  const { style } = options;
  const look = state === 'too-old' || state === 'failed' ? style.red : style.dim;
  const block = speech(
    { name: youWords(message), at: message.at, text: message.text, old: message.old === true },
    options,
  );
  return block(`${deliveryMark(state)} #${message.number}`, look);
}

/** Terminal: a sentence of ours under the clock; further lines are set in. */
export function noticeBlock(text: string, at: number, level: NoticeLevel, options: BlockOptions): string[] {
  const look = {
    info: (line: string) => line,
    good: options.style.green,
    warning: options.style.yellow,
    error: options.style.red,
  }[level];
  const clock = formatClock(at);
  const indent = ' '.repeat(clock.length + 1);
  const room = options.columns === undefined ? undefined : Math.max(12, options.columns - indent.length);
  const rows = sanitiseOwn(text).flatMap((line) => (room === undefined ? [line] : foldLine(line, room)));
  return rows.map((row, index) => `${index === 0 ? `${options.style.dim(clock)} ` : indent}${look(row)}`);
}

/** `#12`, `#12 to #15` for runs. */
export function numberRuns(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const number of sorted) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `#${from}` : `#${from} to #${to}`)).join(', ');
}

interface Speech {
  readonly name: string;
  readonly at: number;
  readonly text: string;
  readonly old: boolean;
}

/** The rows of something said; the mark ends the last one, in columns no text of the message can reach. */
function speech(said: Speech, options: BlockOptions): (mark: string, look: (text: string) => string) => string[] {
  return (mark, look) => {
    const { style, columns } = options;
    const clock = formatClock(said.at);
    const head = `${clock} ${said.name}: `;
    const reserve = mark === '' ? 0 : widthOf(mark) + 2;
    const [first = '', ...rest] = foldMessage(head, sanitiseLines(said.text), { columns, reserve });
    const dimmed = (text: string): string => (said.old ? style.dim(text) : text);
    const rows = [
      `${style.dim(clock)} ${style.bold(`${said.name}:`)} ${dimmed(first.slice(head.length))}`,
      ...rest.map(dimmed),
    ];
    if (mark !== '') rows.push(`${rows.pop() ?? ''} ${look(mark)}`);
    return rows;
  };
}
