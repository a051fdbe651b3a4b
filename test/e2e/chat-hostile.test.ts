/** What comes to the port of a server that is no waxwing client, or was changed on the way: it ends, the server goes on. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { after, before, suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cable } from './fixtures/cable.ts';
import { ChatHomes, logOf, startClient, startServer } from './fixtures/chat-homes.ts';

interface Stranger {
  readonly socket: Socket;
  /** Everything the server said. */
  readonly heard: () => Buffer;
  /** Resolves when the server has ended or cut the connection, with the milliseconds that took. */
  readonly ended: Promise<number>;
}

function call(t: TestContext, port: number, localAddress = '127.0.0.1'): Stranger {
  const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true });
  const began = performance.now();
  const chunks: Buffer[] = [];
  t.after(() => socket.destroy());
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  const ended = new Promise<number>((resolve) => {
    const end = (): void => {
      resolve(performance.now() - began);
    };
    socket.once('end', end).once('close', end);
  });
  return { socket, heard: () => Buffer.concat(chunks), ended };
}

const REJECT = Buffer.from([0, 0, 0, 1, 0x7f]);

suite('strangers at the port', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  test('garbage, huge, truncated and silent callers end; the reason is in the log; the next one chats', async (t) => {
    const alice = homes.of('alice');
    const { server, port } = await startServer(t, alice, { noInput: true, args: ['--once'] });
    const frame = (length: number, type: number, body: Buffer): Buffer => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(length);
      head[4] = type;
      return Buffer.concat([head, body]);
    };
    for (const [bytes, check] of [
      [randomBytes(3_000), undefined],
      [Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'frame'],
      [frame(0xffffffff, 2, randomBytes(100)), 'frame'],
      [frame(0, 2, Buffer.alloc(0)), 'frame'],
      [frame(101, 4, randomBytes(100)), 'handshake-f2'],
      [frame(101, 2, randomBytes(100)), 'handshake-f2'],
    ] as const) {
      const before = logOf(alice).length;
      const stranger = call(t, port);
      stranger.socket.write(bytes);
      assert.ok((await stranger.ended) < 4_000);
      assert.deepEqual(stranger.heard().subarray(-5), REJECT); // one outward answer to all
      const record = logOf(alice)
        .slice(before)
        .find(({ kind }) => kind === 'failed');
      assert.ok(record, 'no reason in the log');
      if (check !== undefined) assert.equal(record['code'], check);
    }
    const truncated = call(t, port);
    truncated.socket.end(frame(1_200, 2, randomBytes(600)));
    await truncated.ended;

    const silent = call(t, port);
    // While it hangs on, others chat.
    assert.equal((await startClient(t, homes.of('bob'), port, { input: 'meanwhile\n' }).exited).code, 0);
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.match(server.out, /^Message: meanwhile$/m);
    await silent.ended;
    assert.ok(logOf(alice).some((record) => record['check'] === 'ended'));
    assert.doesNotMatch(server.out + server.err, / at .*\.[jt]s:/, 'a stack');
  });

  test('idle and slow connections cost no slot for long', async (t) => {
    const alice = homes.of('alice');
    const { server, port } = await startServer(t, alice, { noInput: true });
    // Of twenty from one address eight may be unfinished, for five seconds.
    const idle = Array.from({ length: 20 }, () => call(t, port, '127.0.0.2'));
    await sleep(500);
    assert.equal(idle.filter(({ heard }) => heard().length > 0).length, 8);
    // One of them says a byte a second: a deadline is for the whole handshake, not for silence.
    const slow = idle.find(({ heard }) => heard().length > 0);
    assert.ok(slow);
    slow.socket.write(Buffer.from([0, 0, 4, 0xb0, 2]));
    const trickle = setInterval(() => slow.socket.write(Buffer.from([0])), 1_000);
    t.after(() => {
      clearInterval(trickle);
    });
    const bob = homes.of('bob');
    const client = startClient(t, bob, port);
    client.type('in between');
    await server.line(/^Message: in between$/);
    const times = await Promise.all(idle.map(({ ended }) => ended));
    assert.ok(Math.max(...times) < 9_000, `the last one was held for ${String(Math.max(...times))} ms`);
    let late = call(t, port, '127.0.0.2');
    for (let tries = 0; tries < 20 && late.heard().length === 0; tries++) {
      await sleep(250);
      if (late.heard().length === 0) late = call(t, port, '127.0.0.2');
    }
    await sleep(250);
    assert.ok(late.heard().length > 0, 'there is room again');
    // Those who came to nothing while another chats are in the log, and do not interrupt.
    const lateOnes = (): number => logOf(alice).filter((record) => record['check'] === 'late').length;
    for (let tries = 0; tries < 20 && lateOnes() < 7; tries++) await sleep(250);
    assert.ok(lateOnes() >= 7, `${String(lateOnes())} in the log`);
    const afterwards = server.out.slice(server.out.indexOf('in between'));
    assert.doesNotMatch(afterwards, /ended|handshake/);
    client.type('exit');
    assert.equal((await client.exited).code, 0);
    assert.ok(server.running);
  });

  test('a bit flipped, a piece repeated, a piece lost: the connection ends, and everything arrives on the next', async (t) => {
    const alice = homes.of('alice');
    const { server, port } = await startServer(t, alice, { noInput: true });
    const cable = await Cable.lay(t, port);
    const client = startClient(t, homes.of('bob'), cable.port);
    client.type('message 0');
    await server.line(/^Message: message 0$/);
    const changes: readonly ((bytes: Buffer) => Buffer)[] = [
      (bytes) => Buffer.concat([bytes.subarray(0, 100), Buffer.from([(bytes[100] ?? 0) ^ 1]), bytes.subarray(101)]),
      (bytes) => Buffer.concat([bytes, bytes]),
      () => Buffer.alloc(0),
    ];
    for (const [index, change] of changes.entries()) {
      await client.line(/^Peer /);
      await sleep(100); // acknowledgements are through: what comes next is a message
      cable.tamper(change);
      client.type(`message ${String(index + 1)}`);
      await sleep(100);
      client.type('and one more'); // shows that something before it is missing
      await server.line(/^The connection with .* was ended: /);
      await server.line(/^Message: and one more$/);
    }
    client.type('exit');
    assert.equal((await client.exited).code, 0);
    const said = server.lines.filter((line) => line.startsWith('Message: '));
    assert.deepEqual(said, [
      'Message: message 0',
      ...[1, 2, 3].flatMap((number) => [`Message: message ${String(number)}`, 'Message: and one more']),
    ]);
    assert.ok(logOf(alice).filter((record) => record['code'] === 'record').length >= 3);
    assert.doesNotMatch(client.out, /was ended: /); // the other side is told nothing of the reason
  });
});
