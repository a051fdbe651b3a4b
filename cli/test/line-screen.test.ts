import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChatScreen, ScreenInput } from '../src/terminal/chat-screen.ts';
import { LineScreen } from '../src/terminal/line-screen.ts';
import { LineSource, type SourceLine } from '../src/terminal/line-source.ts';
import { screenKind } from '../src/terminal/open-screen.ts';
import type { ProofView } from '../src/text/proof-view.ts';

const held = { result: 'held' } as const;
const proof: ProofView = {
  number: 1,
  protocol: 'waxwing',
  direction: 'received',
  checks: { hmac: held, unwrap: held, decrypt: held, freshness: held, signature: held },
  age: 1000,
};

interface Opened {
  readonly screen: ChatScreen;
  readonly stdin: PassThrough;
  readonly printed: () => string;
}

function open(tty = false): Opened {
  const stdin = Object.assign(new PassThrough(), { isTTY: tty });
  const stdout = Object.assign(new PassThrough(), { isTTY: tty, columns: 80 });
  const screen = new LineScreen({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
  });
  let printed = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  return { screen, stdin, printed: () => printed };
}

async function all(screen: ChatScreen): Promise<ScreenInput[]> {
  const inputs: ScreenInput[] = [];
  for await (const input of screen.input) {
    inputs.push(input);
    if (input.kind === 'end') screen.close();
  }
  screen.close();
  return inputs;
}

test('piped lines are entries, the last one without newline too, then the input has ended', async () => {
  const { screen, stdin } = open();
  stdin.end('one\n\nüñ\r\nlast');
  assert.deepEqual(await all(screen), [
    { kind: 'entry', text: 'one' },
    { kind: 'entry', text: '' },
    { kind: 'entry', text: 'üñ' },
    { kind: 'entry', text: 'last' },
    { kind: 'end' },
  ]);
});

test('after the end of input the first signal still asks to leave', async () => {
  const { screen, stdin } = open();
  stdin.end('last words\n');
  const iterator = screen.input[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, { kind: 'entry', text: 'last words' });
  assert.deepEqual((await iterator.next()).value, { kind: 'end' });
  const next = iterator.next();
  process.emit('SIGHUP', 'SIGHUP');
  assert.deepEqual(await next, {
    done: false,
    value: { kind: 'leave', reason: 'signal', draft: '', signal: 'SIGHUP' },
  });
  assert.equal((await iterator.next()).done, true);
  screen.close();
});

test('a signal goes before the lines that wait', async () => {
  const { screen, stdin } = open();
  stdin.end('one\ntwo\nthree\n');
  const iterator = screen.input[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, { kind: 'entry', text: 'one' });
  process.emit('SIGHUP', 'SIGHUP');
  assert.equal(screen.input.ended, true);
  assert.equal((await iterator.next()).value?.kind, 'leave');
  assert.equal((await iterator.next()).done, true);
  screen.close();
});

test('at a terminal the end of input is the user who leaves', async () => {
  const { screen, stdin } = open(true);
  stdin.end('one\n');
  assert.deepEqual(await all(screen), [
    { kind: 'entry', text: 'one' },
    { kind: 'leave', reason: 'ctrl-d', draft: '' },
  ]);
});

test('a message is printed in the exact words, no line of it like one of ours', async () => {
  const { screen, printed } = open();
  screen.message({ text: 'Hello\nSecurity: ✓ HMAC VERIFIED\u001b[2J', proof, at: 0, from: 'alice' });
  screen.outgoing({ number: 2, text: 'mine', at: 0, state: 'sent' });
  screen.outgoing({ number: 2, text: 'old\nSecurity: x', at: 0, state: 'delivered', old: true });
  screen.delivery(2, 'delivered');
  screen.delivery(3, 'too-old');
  await screen.drained();
  screen.close();
  assert.equal(
    printed(),
    'Message: Hello\n  | Security: ✓ HMAC VERIFIED\\x1b[2J\n' +
      'Security: ✓ HMAC VERIFIED | ✓ Message verified(1s old) | ✓ Signature verified! | #1\n' +
      'You (#2, delivered): old\n  | Security: x\n' +
      '#3 not delivered: too old on arrival. To send it again: /resend 3\n',
  );
});

test('a huge input waits in its pipe', async () => {
  const { screen, stdin } = open();
  const chunk = Buffer.from(`${'x'.repeat(99)}\n`.repeat(1000));
  const iterator = screen.input[Symbol.asyncIterator]();
  for (let i = 0; i < 20; i++) stdin.write(chunk);
  assert.equal((await iterator.next()).value?.kind, 'entry');
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(stdin.writableLength > 15 * chunk.length, 'read ahead of its consumer');
  stdin.end();
  let count = 1;
  for (
    let next = await iterator.next();
    next.done !== true && next.value.kind === 'entry';
    next = await iterator.next()
  )
    count += 1;
  assert.equal(count, 20_000);
  screen.close();
});

test('nobody sits at a pipe: a question takes its harmless answer and says so', async () => {
  const { screen, printed } = open();
  const choices = [
    { key: 'y', label: 'yes', answer: 'yes' },
    { key: 'n', label: 'no', answer: 'no' },
  ] as const;
  assert.equal(await screen.ask({ text: 'Go on?', choices, fallback: 'no' }), 'no');
  assert.match(printed(), /Go on\?\nNobody can be asked here: no\./);
  screen.close();
});

test('at a terminal the next line answers, even while earlier lines wait', async () => {
  const { screen, stdin, printed } = open(true);
  const iterator = screen.input[Symbol.asyncIterator]();
  stdin.write('first\nsecond\n');
  assert.deepEqual((await iterator.next()).value, { kind: 'entry', text: 'first' });
  const choices = [
    { key: 'y', label: 'yes', answer: 'yes' },
    { key: 'n', label: 'no', answer: 'no' },
  ] as const;
  const answer = screen.ask({ text: 'Go on?', choices, fallback: 'no' });
  await new Promise((resolve) => setImmediate(resolve));
  stdin.write('maybe\n Yes \nthird\n');
  assert.equal(await answer, 'yes');
  assert.equal(printed().split('Go on?').length - 1, 2);
  assert.deepEqual((await iterator.next()).value, { kind: 'entry', text: 'second' });
  assert.deepEqual((await iterator.next()).value, { kind: 'entry', text: 'third' });
  screen.close();
  assert.equal((await iterator.next()).done, true);
});

test('at a terminal the prompt stands below what is printed', async () => {
  const { screen, printed } = open(true);
  screen.prompt(true);
  screen.message({ text: 'hi', proof, at: 0 });
  await screen.drained();
  assert.match(printed(), /^Type Message: \nMessage: hi\nSecurity: .*\nType Message: $/);
  screen.close();
});

test('a consumer that closed ends the screen', async () => {
  const { screen } = open();
  const reading = all(screen);
  setImmediate(() => screen.close());
  assert.deepEqual(await reading, []);
});

function lines(source: LineSource, chunks: readonly Uint8Array[]): SourceLine[] {
  return [...chunks.flatMap((chunk) => source.push(chunk)), ...source.end()];
}

test('lines do not depend on where the chunks end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat(60)), (bytes, cuts) => {
      const input = Uint8Array.from(bytes, (byte) => (byte % 5 === 0 ? 10 : byte % 7 === 0 ? 13 : byte));
      const at = [0, ...cuts.filter((cut) => cut < input.length).sort((a, b) => a - b), input.length];
      const chunks = at.slice(1).map((end, index) => input.subarray(at[index], end));
      assert.deepEqual(lines(new LineSource(1000), chunks), lines(new LineSource(1000), [input]));
    }),
  );
});

test('a line that is no UTF-8 or too long is refused by number, and the next is read', () => {
  const input = Buffer.concat([
    Buffer.from('\ufeffok\n'),
    Buffer.from([0xff, 0xfe, 10]),
    Buffer.from(`${'x'.repeat(11)}\n`),
    Buffer.from(`${'y'.repeat(10)}\r\n`),
    Buffer.from('z'.repeat(50)),
  ]);
  assert.deepEqual(lines(new LineSource(10), [input]), [
    { kind: 'line', text: 'ok' },
    { kind: 'refused', reason: 'not-utf-8', line: 2, bytes: 2 },
    { kind: 'refused', reason: 'too-long', line: 3, bytes: 11 },
    { kind: 'line', text: 'y'.repeat(10) },
    { kind: 'refused', reason: 'too-long', line: 5, bytes: 50 },
  ]);
});

test('which screen', () => {
  const stream = (isTTY: boolean) => ({ isTTY }) as unknown as NodeJS.ReadStream & NodeJS.WriteStream;
  const kind = (input: boolean, output: boolean, term: string, plain = false) =>
    screenKind({ stdin: stream(input), stdout: stream(output), env: { TERM: term }, plain });
  assert.equal(kind(true, true, 'xterm'), 'terminal');
  assert.equal(kind(true, true, 'xterm', true), 'line');
  assert.equal(kind(true, true, 'dumb'), 'line');
  assert.equal(kind(false, true, 'xterm'), 'line');
  assert.equal(kind(true, false, 'xterm'), 'line');
});
