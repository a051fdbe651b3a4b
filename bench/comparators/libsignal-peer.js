/**
 * One end of a flood of libsignal's messages over TCP, as a process: `receive` prints its port, `send PORT COUNT` the seconds
 * until all are acknowledged. One message a frame, as the library has it; nothing is stored but the session in memory.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { SignalPerson } from './signal-person.js';

const [role, port, total] = process.argv.slice(2);
/** Sent and not yet acknowledged, at most; the receiver acknowledges what came in one go. */
const WINDOW = 4_096;

const say = (name, value) => process.stdout.write(`${name} ${value}\n`);
const endWith = (count, before) => {
  const { user, system } = process.cpuUsage(before);
  say('count', count);
  say('processor', (user + system) / 1e6);
};

const framed = (bytes) => {
  const out = Buffer.allocUnsafe(4 + bytes.length);
  out.writeUInt32BE(bytes.length);
  out.set(bytes, 4);
  return out;
};

/** The frames of a socket, in the batches in which they came. */
async function* framesOf(socket) {
  let rest = Buffer.alloc(0);
  for await (const chunk of socket) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames = [];
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE();
      frames.push(new Uint8Array(rest.subarray(4, end)));
      rest = rest.subarray(end);
    }
    if (frames.length > 0) yield frames;
  }
}

async function receive(socket) {
  const bob = new SignalPerson('bob', 'alice');
  socket.write(framed(Buffer.from(JSON.stringify(await bob.publish()))));
  let next = 0;
  let first = true;
  let before;
  for await (const frames of framesOf(socket)) {
    for (const frame of frames) {
      if (first) {
        await bob.decryptFirst(frame);
        socket.write(framed(await bob.encrypt('hello')));
        first = false;
        before = process.cpuUsage();
      } else if ((await bob.decrypt(frame)) !== `message ${next++}`) throw new Error('out of order');
    }
    socket.write(framed(Buffer.from(String(next))));
  }
  endWith(next, before);
}

async function send(socket, count) {
  const alice = new SignalPerson('alice', 'bob');
  const frames = framesOf(socket);
  const [published] = (await frames.next()).value;
  await alice.begin(JSON.parse(Buffer.from(published).toString()));
  socket.write(framed(await alice.encrypt('hello')));
  const before = process.cpuUsage();
  const start = performance.now();
  let started = false;
  let acknowledged = 0;
  let wake = () => undefined;
  const ready = Promise.withResolvers();
  const reading = (async () => {
    for await (const batch of frames) {
      for (const frame of batch) {
        if (started) acknowledged = Number(Buffer.from(frame).toString());
        else {
          await alice.decrypt(frame);
          started = true;
          ready.resolve();
        }
      }
      wake();
    }
  })();
  await ready.promise;
  let sent = 0;
  while (acknowledged < count) {
    if (sent < count && sent - acknowledged < WINDOW) {
      if (!socket.write(framed(await alice.encrypt(`message ${sent++}`)))) await once(socket, 'drain');
    } else await new Promise((resolve) => (wake = resolve));
  }
  say('seconds', (performance.now() - start) / 1_000);
  socket.end();
  await reading;
  endWith(sent, before);
}

if (role === 'receive') {
  const server = createServer({ noDelay: true }, (socket) => {
    server.close();
    void receive(socket);
  });
  server.listen(0, '127.0.0.1', () => say('port', server.address().port));
} else {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  await once(socket, 'connect');
  await send(socket, Number(total));
}
