/**
 * One end of a flood through @waxwing/protocol alone, as a process: nothing is stored. `receive` prints its port, `send PORT
 * COUNT` the seconds until all are acknowledged. Flights of 64, at most 64 of them unacknowledged, every check on.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import {
  createAccount,
  createDevice,
  LiveConversation,
  MAX_ITEMS,
  MAX_UNACKNOWLEDGED_FLIGHTS,
  TYPE_STEP,
  TYPE_TEXT,
  textOf as decodeText,
  utf8,
} from '@waxwing/protocol';
import { type Channel, type Content, HandshakingClient, HandshakingServer } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { endWith, say, startProcessorTime, textOf } from './process-lines.ts';

const device = await createDevice(nodePrimitives, await createAccount(nodePrimitives), Date.now());
const [role = '', port = '', total = ''] = process.argv.slice(2);

interface End {
  readonly channel: Channel;
  readonly live: LiveConversation;
  readonly chunks: AsyncIterator<Buffer, undefined>;
}

async function shake(socket: Socket, side: HandshakingServer | HandshakingClient): Promise<End> {
  const chunks = (socket as AsyncIterable<Buffer, undefined>)[Symbol.asyncIterator]();
  for (;;) {
    const chunk = await chunks.next();
    if (chunk.done === true) throw new Error('the peer went away');
    const { send, established: channel } = await side.receive(chunk.value, Date.now());
    for (const frame of send) socket.write(frame);
    if (channel === undefined) continue;
    const { handshake } = channel;
    const chain = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };
    const live = new LiveConversation(nodePrimitives, {
      device,
      peer: handshake.peer,
      handshake,
      chain,
      now: Date.now(),
    });
    return { channel, live, chunks };
  }
}

async function* contentsOf({ channel, chunks }: End): AsyncGenerator<readonly Content[]> {
  yield channel.receive(new Uint8Array(0));
  for (;;) {
    const chunk = await chunks.next();
    if (chunk.done === true) return;
    yield channel.receive(chunk.value);
  }
}

async function receive(socket: Socket): Promise<void> {
  const server = new HandshakingServer(nodePrimitives, { device, puzzleBits: 0, now: Date.now() });
  socket.write(server.hello);
  const end = await shake(socket, server);
  const processorTime = startProcessorTime();
  let next = 0;
  for await (const contents of contentsOf(end)) {
    let last: number | undefined;
    for (const content of contents) {
      if (content.kind === 'close') socket.end();
      if (content.kind !== 'envelope') continue;
      const { items, seq } = await end.live.open(content.envelope, Date.now());
      for (const { body } of items) if (decodeText(body) !== textOf(next++)) throw new Error('out of order');
      last = seq;
    }
    if (last === undefined) continue;
    const frames = [end.channel.seal({ kind: 'accepted', seq: last })];
    if (end.live.stepDue(Date.now())) {
      const items = [{ type: TYPE_STEP, body: new Uint8Array(0) }];
      const { envelope } = await end.live.seal({ items, now: Date.now() });
      frames.push(end.channel.seal({ kind: 'envelope', envelope }));
    }
    socket.write(Buffer.concat(frames));
  }
  endWith(next, processorTime());
}

async function send(socket: Socket, count: number): Promise<void> {
  const end = await shake(socket, new HandshakingClient(nodePrimitives, { device }));
  const processorTime = startProcessorTime();
  const start = performance.now();
  let sealed = 0;
  let sentSeq = 0;
  let acknowledged = 0;
  let wake = (): void => undefined;
  const reading = (async () => {
    for await (const contents of contentsOf(end)) {
      for (const content of contents) {
        if (content.kind === 'accepted') acknowledged = content.seq;
        if (content.kind === 'envelope') await end.live.open(content.envelope, Date.now());
      }
      wake();
    }
  })();
  while (sealed < count || acknowledged < sentSeq) {
    if (sealed < count && sentSeq - acknowledged < MAX_UNACKNOWLEDGED_FLIGHTS) {
      const items = Array.from({ length: Math.min(MAX_ITEMS, count - sealed) }, (_, index) => ({
        type: TYPE_TEXT,
        body: utf8(textOf(sealed + index)),
      }));
      const { envelope, seq } = await end.live.seal({ items, now: Date.now() });
      sealed += items.length;
      sentSeq = seq;
      if (!socket.write(end.channel.seal({ kind: 'envelope', envelope }))) await once(socket, 'drain');
    } else await new Promise<void>((resolve) => (wake = resolve));
  }
  say('seconds', (performance.now() - start) / 1_000);
  socket.end(end.channel.seal({ kind: 'close', lastSeq: sentSeq }));
  await reading;
  endWith(sealed, processorTime());
}

if (role === 'receive') {
  const server = createServer({ noDelay: true }, (socket) => {
    server.close();
    void receive(socket);
  });
  server.listen(0, '127.0.0.1', () => {
    const bound = server.address();
    say('port', typeof bound === 'object' && bound !== null ? bound.port : 0);
  });
} else {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  await once(socket, 'connect');
  await send(socket, Number(total));
}
