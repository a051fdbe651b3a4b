/** `waxwing send WHO [TEXT]`: says something through a relay, and ends when the relay, or the recipient, has it. */
import { type RelayConversation, WaxwingError } from '@waxwing/client';
import { MAX_BODY } from '@waxwing/protocol';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { printJson } from '../output.ts';
import { LineSource, type SourceLine } from '../terminal/line-source.ts';
import { type RelaySession, type RelaySessionFlags, withRelay } from './relay-session.ts';

export interface SendFlags extends RelaySessionFlags {
  readonly lines?: boolean;
  readonly wait?: 'sent' | 'delivered';
  readonly json?: boolean;
}

/** Posted together, one commit. */
const TOGETHER = 256;

export async function send(who: string, text: string | undefined, flags: SendFlags): Promise<ExitCode> {
  const given = text === undefined || text === '-' ? undefined : text;
  if (given !== undefined && flags.lines === true) {
    throw new WaxwingError(
      'option-misplaced',
      '--lines means nothing beside a text: it is about the lines of standard input.',
      'Leave out the text or --lines.',
    );
  }
  const gone = new Map<number, WaxwingError>();
  return await withRelay(
    flags,
    async (session) => {
      const conversation = await session.find(who);
      const numbers: number[] = [];
      let whole = true;
      if (given !== undefined) numbers.push(...conversation.post([given]));
      else if (flags.lines === true) whole = await postLines(conversation, numbers, session);
      else numbers.push(...conversation.post([await wholeInput()]));
      const wanted = flags.wait ?? 'sent';
      const done = await conversation.flush(wanted, session.left);
      if (flags.json === true) printRecords(conversation, numbers);
      const refused = numbers.flatMap((number) => gone.get(number) ?? [])[0];
      if (refused !== undefined) throw refused;
      if (!done) throw (await session.failure()) ?? late(wanted, session.trouble);
      return whole ? EXIT.ok : EXIT.usage;
    },
    (event) => {
      if (event.kind === 'not-delivered') for (const number of event.numbers) gone.set(number, event.error);
    },
  );
}

function printRecords(conversation: RelayConversation, numbers: readonly number[]): void {
  const to = conversation.view.title;
  // What came in meanwhile stands between them.
  const kept = conversation.history({ limit: 2 * numbers.length + 100 });
  const states = new Map(kept.map(({ number, state }) => [number, state]));
  for (const number of numbers) printJson({ number, to, state: states.get(number) ?? 'queued' });
}

function late(wanted: 'sent' | 'delivered', trouble: WaxwingError | undefined): WaxwingError {
  const who = wanted === 'sent' ? 'The relay does' : 'The recipient does';
  const why = trouble === undefined ? '' : ` ${trouble.message}`;
  return new WaxwingError(
    'not-acknowledged',
    `${who} not have all of it yet.${why} It is kept, and goes out with whatever you do next at this relay.`,
    'waxwing chat, or waxwing receive, goes on sending it.',
  );
}

/** Standard input as one text, without the end of its last line. @throws WaxwingError `too-large` */
async function wholeInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY + 2) {
      throw new WaxwingError(
        'too-large',
        `Standard input is longer than the ${MAX_BODY.toLocaleString('en-US')} bytes that one message may have.`,
        'Send it in parts, or each line by itself: --lines.',
      );
    }
    chunks.push(chunk);
  }
  return decode(Buffer.concat(chunks)).replace(/\r?\n$/u, '');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const next = 'Encode it first, for example with base64.';
    throw new WaxwingError('not-text', 'Standard input is not UTF-8 text: nothing was sent.', next, { cause });
  }
}

/** Each line of standard input, read no faster than the relay takes them. Whether all of them are messages. */
async function postLines(conversation: RelayConversation, numbers: number[], session: RelaySession): Promise<boolean> {
  const source = new LineSource(MAX_BODY);
  let whole = true;
  const post = async (lines: readonly SourceLine[]): Promise<void> => {
    for (const line of lines) {
      if (line.kind === 'line') continue;
      whole = false;
      const what = line.reason === 'not-utf-8' ? 'is not UTF-8 text' : 'is too long for one message';
      process.stderr.write(
        `Line ${String(line.line)} of the input (${String(line.bytes)} bytes) ${what}: it was not sent.\n`,
      );
    }
    const texts = lines.flatMap((line) => (line.kind === 'line' && line.text !== '' ? [line.text] : []));
    for (let at = 0; at < texts.length; at += TOGETHER) {
      numbers.push(...conversation.post(texts.slice(at, at + TOGETHER)));
      await conversation.flush('sent', session.left);
    }
  };
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) await post(source.push(chunk));
  await post(source.end());
  return whole;
}
