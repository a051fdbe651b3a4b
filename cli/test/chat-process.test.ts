import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { DirectClient, type Home } from '@waxwing/client';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import { homeOf, serve } from '../../client/test/fixtures/direct-pair.ts';
import { Chat } from '../src/chat/chat.ts';
import { ChatView } from '../src/chat/chat-view.ts';
import { EXIT, type ExitCode } from '../src/exit-code.ts';
import { LineScreen } from '../src/terminal/line-screen.ts';
import { Xray } from '../src/xray/xray.ts';

interface Piped {
  readonly stdin: PassThrough;
  readonly ended: Promise<ExitCode>;
  readonly printed: () => string;
}

/** A client whose standard input is a pipe. */
function pipe(t: TestContext, home: Home, port: number): Piped {
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  const stdout = Object.assign(new PassThrough(), { isTTY: false });
  const screen = new LineScreen({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
  });
  t.after(() => {
    screen.close();
  });
  let printed = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const view = new ChatView({ screen, home, role: 'client', once: false, log: () => undefined, now: () => NOW });
  const xray = new Xray({ screen, role: 'client', lab: false, now: () => NOW });
  const chat = new Chat({ screen, view, home, xray, now: () => NOW });
  const address = { host: '127.0.0.1', port };
  const client = new DirectClient({ home, address, retryFor: 1_000, now: () => NOW, observe: chat.observe });
  return { stdin, ended: chat.connect(client), printed: () => printed };
}

test('piped input whose messages are too old on arrival, also when sent again, does not end as delivered', async (t) => {
  const [ours, home] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
  let stepped = 0; // the server's clock is set anew while they chat
  const { server, heard } = await serve(t, ours, { now: () => NOW + stepped });
  const { stdin, ended, printed } = pipe(t, home, server.address.port);
  stdin.write('in time\n');
  await heard.until('message');
  stepped = 300_000;
  stdin.end('too late\n');
  assert.equal(await ended, EXIT.undelivered);
  assert.match(printed(), /^1 message was not delivered: too old on arrival\./m);
  assert.equal(home.store.history.get(2).state, 'too-old');
});

for (const [what, line] of [
  ['is too large for a message', Buffer.alloc(61_441, 'x')],
  ['is longer than any line', Buffer.alloc(2 ** 20 + 2, 'x')],
  ['is not UTF-8', Buffer.from([0xff])],
] as const) {
  test(`piped input with a line that ${what}: the others arrive, and the exit code tells`, async (t) => {
    const [ours, home] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const { stdin, ended } = pipe(t, home, server.address.port);
    stdin.end(Buffer.concat([Buffer.from('before\n'), line, Buffer.from('\nafter\n')]));
    assert.equal(await ended, EXIT.usage);
    assert.deepEqual(heard.texts(), ['before', 'after']);
  });
}
