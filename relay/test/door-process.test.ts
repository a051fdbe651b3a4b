import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { envelope, mailboxAt } from './fixtures/mail.ts';
import { alice, bob, NOW, runRelay } from './fixtures/running-relay.ts';

/** What comes back for these bytes, until the relay ends the connection. */
async function answerTo(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.write(bytes);
  await once(socket, 'close');
  return text;
}

const get = async (port: number, path: string): Promise<{ status: number; text: string }> => {
  const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, { headers: { connection: 'close' } });
  return { status: response.status, text: await response.text() };
};

describe('the one port (§11.1)', () => {
  it('answers HTTP, and counts without naming anybody', async (t) => {
    const relay = await runRelay(t);
    const client = await relay.member(alice);
    await client.ask({ op: 'put', envelopes: [envelope(mailboxAt(relay.account, alice), 1)] });
    assert.deepEqual(await get(relay.served.port, '/healthz'), { status: 200, text: 'ok\n' });
    assert.deepEqual(await get(relay.served.port, '/readyz'), { status: 200, text: 'ready\n' });
    assert.equal((await get(relay.served.port, '/other')).status, 404);
    const { text } = await get(relay.served.port, '/metrics');
    assert.match(text, /^waxwing_relay_channels 1$/m);
    assert.match(text, /^waxwing_relay_envelopes_stored_total 1$/m);
    assert.match(text, /^waxwing_relay_requests_total\{op="put",code="0"\} 1$/m);
    for (const form of ['hex', 'base64', 'base64url'] as const) {
      assert.ok(!text.includes(Buffer.from(alice.bundle.account).toString(form)));
    }
  });

  it('closes on a first byte that is neither, and on HTTP that is none', async (t) => {
    const { served } = await runRelay(t);
    for (const first of [Uint8Array.of(0), Uint8Array.of(0x16, 3, 1), 'wrong'.slice(1), 'get / HTTP/1.1\r\n\r\n']) {
      assert.equal(await answerTo(served.port, first), '');
    }
    assert.match(await answerTo(served.port, 'NONSENSE\r\n\r\n'), /^HTTP\/1\.1 400 /);
    assert.match(await answerTo(served.port, `GET / HTTP/1.1\r\nx: ${'a'.repeat(9_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  });

  it('closes on a caller that says nothing, and on one that does not go on', async (t) => {
    const { served } = await runRelay(t);
    const began = performance.now();
    const [silent, half] = await Promise.all([answerTo(served.port, ''), answerTo(served.port, 'w')]);
    assert.equal(silent, '');
    assert.equal(half.charCodeAt(4), 1, 'F1 came');
    assert.ok(performance.now() - began >= 4_900);
  });

  it('closes on HTTP that does not come to an end, and does not wait for who was turned away', async (t) => {
    const { served } = await runRelay(t);
    // The caller keeps his own side open, as one does who means harm.
    const kept = async (bytes: string): Promise<string> => {
      const socket = connect({ port: served.port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined).write(bytes);
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
      const over = new Promise<void>((resolve) => {
        // A socket that the relay has let go of answers a write with a reset.
        const knock = setInterval(() => socket.write('x'), 500);
        socket.once('close', () => {
          clearInterval(knock);
          resolve();
        });
      });
      await over;
      return text;
    };
    const upgrade = 'HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    const [head, elsewhere, keyless, body] = await Promise.all([
      answerTo(served.port, 'GET /healthz HTTP/1.1\r\nhost: x'),
      kept(`GET /elsewhere ${upgrade}`),
      kept(`GET / ${upgrade}`),
      answerTo(served.port, 'POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n'),
    ]);
    assert.equal(head, '');
    assert.match(elsewhere, /^HTTP\/1\.1 404 /);
    assert.match(keyless, /^HTTP\/1\.1 400 /);
    assert.match(body, /^HTTP\/1\.1 404 /);
  });

  it('answers garbage after the first byte with the empty reject frame', async (t) => {
    const { served } = await runRelay(t);
    for (const bytes of [new Uint8Array(64), Uint8Array.of(0, 0, 0, 1, 2), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 2)]) {
      const answer = await answerTo(served.port, Buffer.concat([Buffer.from('w'), bytes]));
      assert.equal(Buffer.from(answer, 'latin1').subarray(-5).toString('hex'), '000000017f');
    }
  });

  it('takes one whole binary frame a WebSocket message, at / alone', async (t) => {
    const { served } = await runRelay(t);
    const open = async (path = '/'): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${String(served.port)}${path}`);
      await once(socket, 'open');
      return socket;
    };
    for (const message of ['text', Buffer.from('00000002', 'hex'), Buffer.from('000000020200ff', 'hex')]) {
      const socket = await open();
      socket.send(message);
      assert.equal((await once(socket, 'close'))[0], 1003, String(message));
    }
    const large = await open();
    large.send(Buffer.alloc(131_073));
    assert.equal((await once(large, 'close'))[0], 1009);
    await assert.rejects(open('/elsewhere'), /404/);
    const upgrade = 'HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    assert.match(await answerTo(served.port, `GET //[ ${upgrade}`), /^HTTP\/1\.1 404 /);
    assert.match(await answerTo(served.port, `GET / ${upgrade}`), /^HTTP\/1\.1 400 /, 'without its key');
    const extensions = await open();
    assert.equal(extensions.extensions, '', 'nothing is compressed');
    extensions.terminate();
  });

  it('turns away a ninth handshake of one address while eight are unfinished', async (t) => {
    const relay = await runRelay(t);
    const { served } = relay;
    const idle = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const socket = connect(served.port, '127.0.0.1');
        socket.write('w');
        await once(socket, 'data');
        return socket;
      }),
    );
    assert.equal(await answerTo(served.port, 'w'), '');
    for (const socket of idle) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    (await relay.call(alice)).cut();
  });
});

describe('a caller that does not read (§11.6)', () => {
  it('is read no more, costs a bounded memory, and finds everything later', async (t) => {
    const relay = await runRelay(t, { now: () => NOW });
    const sender = await relay.member(alice);
    const sleeper = await relay.member(bob);
    const mailbox = mailboxAt(relay.account, bob);
    for (let n = 1; n <= 40; n++) {
      await sender.ask({ op: 'put', envelopes: [envelope(mailbox, n, 114_688)] });
    }
    sleeper.pause();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    /** What is held for good: what is garbage is given back somewhat after it was collected. */
    const held = async (): Promise<number> => {
      const seen: number[] = [];
      for (let n = 0; n < 5; n++) {
        collect();
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.push(process.memoryUsage().arrayBuffers);
      }
      return Math.min(...seen);
    };
    const before = await held();
    let most = 0;
    // Every receive asks for a megabyte anew; a relay that answered them all would hold three hundred of them.
    for (let n = 0; n < 300; n++) {
      sleeper.ask({ op: 'receive' }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 4));
      if (n % 30 === 29) most = Math.max(most, (await held()) - before);
    }
    assert.ok(most < 32 * 2 ** 20, `${String(most)} bytes`);
    sleeper.cut();
    const awake = await relay.call(bob);
    assert.equal((await awake.event('welcome')).waiting, 40);
  });
});
