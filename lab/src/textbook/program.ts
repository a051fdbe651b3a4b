/**
 * The original program as a process of its own: `program.ts server PORT` or `program.ts client PORT`, with `--clock SECONDS`
 * for a clock that is wrong by so much, and `--system COMMAND` for an `os.system` that a pickle can call. One accept, one recv a message, a receiving thread that any exception ends
 * silently while the prompt lives on, fresh keys every run. On loopback only: it is an exhibit.
 */
import { generateKeyPairSync } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { oneCommandHost } from './one-command-host.ts';
import { TextbookPeer } from './textbook.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { clock: { type: 'string', default: '0' }, system: { type: 'string' } },
});
const [role = '', port = '0'] = positionals;
const { clock, system } = values;

const now = (): number => Math.floor(Date.now() / 1000) + Number(clock);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function chat(socket: Socket): void {
  const peer = new TextbookPeer(generateKeyPairSync('rsa', { modulusLength: 2048 }), oneCommandHost(system));
  print('Exchanging keys...');
  if (role === 'server') socket.write(peer.pem);
  socket.on('readable', () => {
    const arrived = socket.read() as Buffer | null;
    if (arrived === null) return;
    if (peer.peerKey === undefined) {
      peer.recvKey(arrived); // uncaught: what is no key ends the process
      if (role === 'client') socket.write(peer.pem);
      print('Keys exchanged');
      return;
    }
    let left: Uint8Array = arrived;
    while (left.length > 0 && peer.threadAlive) left = peer.recv(left, now());
    for (const { text, age, signed } of peer.screen.splice(0)) {
      const footer = signed ? '✓ Signature verified!' : '✗ Signature verification failed';
      print(`Message: ${text}`);
      print(`Security: ✓ HMAC VERIFIED | ✓ Message verified(${age}s old) | ${footer}`);
    }
  });
  socket.on('error', () => undefined);
  socket.on('close', () => process.exit(0));
  createInterface({ input: process.stdin }).on('line', (text) => socket.write(peer.send(text, now())));
}

if (role === 'server') {
  const server = createServer({ noDelay: true }, (socket) => {
    server.close(); // one accept; the others wait for ever
    chat(socket);
  });
  server.listen(Number(port), '127.0.0.1', () => {
    const address = server.address();
    print(`Listening on 127.0.0.1:${String(typeof address === 'object' ? address?.port : address)}...`);
  });
} else {
  chat(connect({ host: '127.0.0.1', port: Number(port), noDelay: true }));
}
