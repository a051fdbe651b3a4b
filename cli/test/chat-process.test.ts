import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { DirectClient } from '@waxwing/client';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import { homeOf, serve } from '../../client/test/fixtures/direct-pair.ts';
import { Chat } from '../src/chat/chat.ts';
import { ChatView } from '../src/chat/chat-view.ts';
import { EXIT } from '../src/exit-code.ts';
import { LineScreen } from '../src/terminal/line-screen.ts';

test('piped input whose messages are too old on arrival, also when sent again, does not end as delivered', async (t) => {
  const [ours, home] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
  let stepped = 0; // the server's clock is set anew while they chat
  const { server, heard } = await serve(t, ours, { now: () => NOW + stepped });
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
  const chat = new Chat({ screen, view, home, now: () => NOW });
  const address = { host: '127.0.0.1', port: server.address.port };
  const client = new DirectClient({ home, address, retryFor: 1_000, now: () => NOW, observe: chat.observe });
  const ended = chat.connect(client);
  stdin.write('in time\n');
  await heard.until('message');
  stepped = 300_000;
  stdin.end('too late\n');
  assert.equal(await ended, EXIT.undelivered);
  assert.match(printed, /^1 message was not delivered: too old on arrival\./m);
  assert.equal(home.store.history.get(2).state, 'too-old');
});
