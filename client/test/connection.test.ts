import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import type { Channel, Content } from '@waxwing/protocol/channel';
import { meet } from '../../protocol/test/attacks/channel-pair.ts';
import { Connection } from '../src/connection/connection.ts';
import { TcpStream } from '../src/connection/tcp-stream.ts';

/** A socket whose peer sends and reads nothing, until it is let. */
class Clogged extends Duplex {
  readonly written: Buffer[] = [];
  #release: (() => void) | undefined;
  #open = false;

  override _read(): void {
    // What arrives is pushed by the test.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    if (this.#open) done();
    else this.#release = done;
  }

  open(): void {
    this.#open = true;
    this.#release?.();
  }
}

async function clogged(): Promise<{ connection: Connection; socket: Clogged; peer: Channel }> {
  const { server, client } = await meet();
  const socket = new Clogged({ highWaterMark: 1_024 });
  return { connection: new Connection(new TcpStream(socket as unknown as Socket), server), socket, peer: client };
}

async function contents(batches: AsyncIterable<readonly Content[]>): Promise<Content[]> {
  const all: Content[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

describe('a connection whose peer reads nothing', () => {
  it('holds no more than a buffer of answers to its pings, and answers again when it reads', async () => {
    const { connection, socket, peer } = await clogged();
    const reading = contents(connection.batches());
    for (let sent = 0; sent < 2_000; sent++) {
      socket.push(peer.seal({ kind: 'ping' }));
      await new Promise((resolve) => setImmediate(resolve)); // each ping a chunk of its own
    }
    assert.ok(socket.writableLength < 2_048, `${String(socket.writableLength)} bytes wait`);
    socket.open();
    await new Promise((resolve) => setImmediate(resolve));
    const answered = socket.written.length;
    socket.push(peer.seal({ kind: 'ping' }));
    await new Promise((resolve) => setImmediate(resolve));
    socket.push(null);
    assert.deepEqual(await reading, []);
    assert.equal(socket.written.length, answered + 1);
    const pongs = peer.receive(Buffer.concat(socket.written));
    assert.ok(pongs.length > 1 && pongs.every(({ kind }) => kind === 'pong'));
    socket.destroy();
  });

  it('waits for it in one place, however much is to be said', async () => {
    const { connection, socket } = await clogged();
    const said = Array.from({ length: 200 }, (_, seq) => connection.send({ kind: 'accepted', seq }));
    assert.ok(socket.listenerCount('drain') <= 1, `${String(socket.listenerCount('drain'))} listeners`);
    socket.open();
    await Promise.all(said);
    assert.equal(socket.listenerCount('drain'), 0);
    socket.destroy();
  });

  it('has one acknowledgement waiting, the newest', async () => {
    const { connection, socket, peer } = await clogged();
    await connection.acknowledge(1);
    const clogs = connection.send({ kind: 'envelope', envelope: new Uint8Array(2_000) });
    const said = Array.from({ length: 200 }, (_, index) => connection.acknowledge(2 + index));
    socket.open();
    await Promise.all([clogs, ...said]);
    const seqs = peer
      .receive(Buffer.concat(socket.written))
      .flatMap((one) => (one.kind === 'accepted' ? [one.seq] : []));
    assert.deepEqual(seqs, [1, 2, 201]);
    socket.destroy();
  });
});
