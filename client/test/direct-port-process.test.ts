import assert from 'node:assert/strict';
import { connect, Server } from 'node:net';
import { describe, it } from 'node:test';
import { decodeCbor, toHex } from '@waxwing/protocol';
import { HandshakingClient } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { bob, NOW } from '../../protocol/test/fixtures/devices.ts';
import { dial } from '../src/direct/dial.ts';
import { listen } from '../src/direct/listen.ts';
import { shake } from '../src/connection/shake.ts';
import { TcpStream } from '../src/connection/tcp-stream.ts';
import { isWaxwingError } from '../src/errors.ts';
import { call, homeOf, serve } from './fixtures/direct-pair.ts';

const failsWith = (code: string) => (error: unknown) => isWaxwingError(error) && error.code === code;

describe('the port of a server', () => {
  it('survives garbage, silence and haste, and serves the next one', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const { server, heard } = await serve(t, ours);
    const { port } = server.address;
    const throwAt = (bytes: Uint8Array): Promise<void> =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
        socket
          .on('error', () => undefined)
          .on('close', () => {
            resolve();
          });
        socket.resume();
      });
    await throwAt(new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'));
    await throwAt(new Uint8Array([0xff, 0xff, 0xff, 0xff]));
    await throwAt(new Uint8Array([0, 0, 0, 0]));
    await throwAt(new Uint8Array([0, 0, 0, 1, 0x7f]));
    const idle = Array.from({ length: 7 }, () => connect(port, '127.0.0.1'));
    t.after(() => {
      for (const socket of idle) socket.destroy();
    });
    const { client } = await call(t, theirs, port);
    await client.conversation.send('still serving');
    assert.deepEqual(heard.texts(), ['still serving']);
    assert.deepEqual(
      heard.events.flatMap((event) => (event.kind === 'failed' ? [event.detail.code] : [])),
      ['frame', 'frame', 'frame', 'handshake-f2'],
    );
  });

  it('goes on where the system cannot take a caller in', async (t) => {
    const [ours, theirs] = [await homeOf(t, 'alice'), await homeOf(t, 'bob')];
    const listening: Server[] = [];
    const begin = Reflect.get(Server.prototype, 'listen');
    t.mock.method(Server.prototype, 'listen', function (this: Server, ...given: Parameters<Server['listen']>) {
      listening.push(this);
      return begin.apply(this, given);
    });
    const { server, heard } = await serve(t, ours);
    for (let times = 0; times < 2; times++) listening[0]?.emit('error', new Error('accept ENFILE'));
    await call(t, theirs, server.address.port);
    assert.equal((await heard.until('failed')).detail.message, 'accept ENFILE');
  });

  it('does no work for acknowledgements that acknowledge nothing', async (t) => {
    const ours = await homeOf(t, 'alice');
    const { server } = await serve(t, ours);
    const socket = connect(server.address.port, '127.0.0.1');
    const side = new HandshakingClient(nodePrimitives, { device: bob });
    const channel = await shake({ stream: new TcpStream(socket), side, now: () => NOW, admit: () => undefined });
    socket.write(channel.seal({ kind: 'accepted', seq: 0 }));
    const acknowledge = t.mock.method(ours.store.outbox, 'acknowledge');
    for (let sent = 0; sent < 1_000; sent++) socket.write(channel.seal({ kind: 'accepted', seq: 0 }));
    socket.write(channel.seal({ kind: 'ping' }));
    for await (const chunk of socket) {
      if (channel.receive(chunk as Buffer).some(({ kind }) => kind === 'pong')) break;
    }
    assert.ok(acknowledge.mock.callCount() <= 1, `${String(acknowledge.mock.callCount())} looks at the disk`);
  });

  it('says what is wrong with an address', async (t) => {
    const home = await homeOf(t, 'alice');
    const { server } = await serve(t, home);
    const { port } = server.address;
    await assert.rejects(listen({ home, port }), failsWith('port-in-use'));
    const elsewhere = await homeOf(t, 'bob');
    await server.close();
    await assert.rejects(call(t, elsewhere, port), failsWith('connection-refused'));
    await assert.rejects(
      dial({ home: elsewhere, address: { host: 'no-such-host.invalid', port } }),
      failsWith('host-not-found'),
    );
  });
});

describe('the first frame', () => {
  /** commit, X_s and EK of F1, as a caller who says nothing hears them. */
  const hear = async (port: number): Promise<string[]> => {
    const socket = connect({ host: '127.0.0.1', port });
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        if (bytes.length < 5 || bytes.length < 4 + bytes.readUInt32BE()) continue;
        const [, , ...fields] = decodeCbor(bytes.subarray(5)) as [string, number[], ...Uint8Array<ArrayBuffer>[]];
        return fields.slice(0, 3).map((field) => toHex(field));
      }
      throw new Error('no F1 came');
    } finally {
      socket.destroy();
    }
  };

  it('shares its keys with those who come within a second, and with nobody later', async (t) => {
    let now = NOW;
    const { server } = await serve(t, await homeOf(t, 'alice'), { now: () => now });
    const { port } = server.address;
    const first = await hear(port);
    now += 999;
    const second = await hear(port);
    assert.deepEqual(second.slice(1), first.slice(1));
    assert.notEqual(second[0], first[0]); // what each is committed to is its own
    now += 1;
    const third = await hear(port);
    assert.notEqual(third[1], first[1]);
    assert.notEqual(third[2], first[2]);
    now -= 500; // a clock set back: keys of the future are not used
    assert.notEqual((await hear(port))[1], third[1]);
  });

  it('forgets its keys after a second in which nobody comes', async (t) => {
    const { server } = await serve(t, await homeOf(t, 'alice'));
    const { port } = server.address;
    const first = await hear(port);
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // the clock of the server stands still
    assert.notEqual((await hear(port))[1], first[1]);
  });
});
