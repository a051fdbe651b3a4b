/**
 * The least program around a ClassicStream: `classic-chat.ts server|client [PORT]`, the secret in WAXWING_CLASSIC_SECRET.
 * Lines of standard input are sent, events are printed. It shows how the stream is used, and is the library's own side
 * of the end-to-end test against the Python peer.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLASSIC_WRITE_SPACING, type ClassicEvent, ClassicStream, SecretKey } from '@waxwing/protocol/classic';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';

const role = process.argv[2] === 'server' ? 'server' : 'client';
const secret = new SecretKey(new TextEncoder().encode(process.env['WAXWING_CLASSIC_SECRET'] ?? ''));
const now = (): number => Math.floor(Date.now() / 1000);

async function openSocket(): Promise<Socket> {
  if (role === 'client') {
    const socket = connect(Number(process.argv[3]), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  console.log(`Listening on 127.0.0.1:${(listener.address() as AddressInfo).port}`);
  const [socket] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return socket;
}

const keys = await p.generateRsa();
const socket = await openSocket();
socket.setNoDelay(true);
const stream = new ClassicStream(p, { role, keys, secret });

/** One package, one write, spaced: the original takes one recv for one message. */
async function write(bytes: Uint8Array): Promise<void> {
  socket.write(bytes);
  await sleep(CLASSIC_WRITE_SPACING);
}

async function sendLines(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) await write(await stream.seal(line, now()));
  socket.end();
}

async function show(event: ClassicEvent): Promise<void> {
  switch (event.kind) {
    case 'key':
      if (event.send !== undefined) await write(event.send);
      console.log('Keys exchanged');
      void sendLines();
      return;
    case 'message':
      console.log(`Message: ${event.message}`);
      console.log(`Security: ${event.checks.map((check) => check.text).join(' | ')}`);
      return;
    case 'refused':
      console.log(`Refused: ${event.refusal.code}`);
  }
}

if (stream.hello !== undefined) socket.write(stream.hello);
for await (const chunk of socket) {
  stream.push(chunk as Uint8Array);
  for (let event = await stream.next(now()); event !== undefined; event = await stream.next(now())) await show(event);
}
console.log(stream.pending ? 'Peer cut off' : 'Peer left');
process.exit(0);
