/** A device at a relay: the handshake of §3, the messages of §11.4, and nothing of a client beyond that. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Channel, HandshakingClient } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import {
  type Bytes,
  decodeReply,
  type Device,
  encodeRequest,
  fromHex,
  mailboxOf,
  type RelayOp,
  type RelayRequest,
  toHex,
} from '@waxwing/protocol/wire';
import type { Peer, PeerEvents } from './peer.ts';

export interface RelayPeerOptions {
  readonly port: number;
  /** The relay's account (32). */
  readonly relay: Bytes;
  readonly device: Device;
  /** The address it comes from. */
  readonly from: string;
}

const ID_SIZE = 16;
/** Ids drawn at once: one draw each would cost as much as sealing. */
const DRAWN = 256;

/** Resolves when it is a member. */
export async function connectRelayPeer(options: RelayPeerOptions, events: PeerEvents): Promise<Peer> {
  const { port, relay, device, from } = options;
  const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
  await once(socket, 'connect');
  socket.write('w');
  const channel = await shake(socket, new HandshakingClient(nodePrimitives, { device, pin: relay }));
  const { account, device: id } = device.bundle;
  const address = toHex(mailboxOf(nodePrimitives, { relay, account, device: id }));
  const peer = new RelayPeer(socket, channel, { address, events });
  await peer.join();
  return peer;
}

async function shake(socket: Socket, side: HandshakingClient): Promise<Channel> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const step = await side.receive(chunk, Date.now());
    for (const frame of step.send) socket.write(frame);
    if (step.established !== undefined) return step.established;
  }
  throw new Error('the relay closed the wire before the handshake ended');
}

class RelayPeer implements Peer {
  readonly address: string;
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #events: PeerEvents;
  readonly #asked = new Map<number, RelayOp>();
  readonly #mailboxes = new Map<string, Bytes>();
  readonly #member = Promise.withResolvers<undefined>();
  #lastId = 0;
  #ids: Bytes = new Uint8Array(0);
  #corked = false;
  #closing = false;

  constructor(socket: Socket, channel: Channel, options: { readonly address: string; readonly events: PeerEvents }) {
    this.#socket = socket;
    this.#channel = channel;
    this.address = options.address;
    this.#events = options.events;
    socket
      .on('data', (chunk) => this.#take(chunk))
      .on('error', () => undefined) // 'close' follows
      .on('close', () => {
        if (!this.#closing) this.#fail(new Error('the relay ended the channel'));
      });
  }

  async join(): Promise<void> {
    this.#take(new Uint8Array(0));
    await this.#member.promise;
  }

  send(to: string, message: Uint8Array): void {
    let mailbox = this.#mailboxes.get(to);
    if (mailbox === undefined) this.#mailboxes.set(to, (mailbox = fromHex(to)));
    this.#ask({ op: 'put', envelopes: [{ mailbox, id: this.#newId(), outer: message as Bytes }] });
  }

  receive(): void {
    this.#ask({ op: 'receive' });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#socket.destroy();
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }

  #newId(): Bytes {
    if (this.#ids.length === 0) this.#ids = new Uint8Array(randomBytes(DRAWN * ID_SIZE));
    const id = this.#ids.subarray(0, ID_SIZE);
    this.#ids = this.#ids.subarray(ID_SIZE);
    return id;
  }

  #ask(request: RelayRequest): void {
    const id = ++this.#lastId;
    this.#asked.set(id, request.op);
    if (!this.#corked) {
      // What is said in one turn of the event loop leaves together.
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(this.#channel.seal({ kind: 'relay', body: encodeRequest(id, request) }));
  }

  #take(chunk: Uint8Array): void {
    try {
      for (const content of this.#channel.receive(chunk)) {
        if (content.kind === 'relay') this.#hear(decodeReply(content.body, (id) => this.#asked.get(id)));
        else if (content.kind === 'ping') this.#socket.write(this.#channel.seal({ kind: 'pong' }));
        else throw new Error(`the relay said ${content.kind}`);
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #hear(reply: ReturnType<typeof decodeReply>): void {
    if (reply.kind === 'event') {
      const { event } = reply;
      if (event.event === 'welcome') {
        if (event.member) this.#member.resolve(undefined);
        else this.#ask({ op: 'join', token: new Uint8Array(0) });
      } else if (event.event === 'deliver') {
        this.#ask({ op: 'confirm', ids: event.envelopes.map(({ id }) => id) });
        this.#events.received(event.envelopes.map(({ outer }) => outer));
      } else if (event.event === 'goodbye')
        throw new Error(`the relay said goodbye for reason ${String(event.reason)}`);
      return;
    }
    this.#asked.delete(reply.id);
    if (reply.kind === 'refusal') throw new Error(`the relay refused with ${String(reply.code)}`);
    const { answer } = reply;
    if (answer.op === 'join') this.#member.resolve(undefined);
    else if ('codes' in answer) {
      const code = answer.codes.find((each) => each !== 0);
      if (code !== undefined) throw new Error(`the relay refused an envelope with ${String(code)}`);
      this.#events.acknowledged(answer.codes.length);
    }
  }

  #fail(error: Error): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#member.promise.catch(() => undefined); // whoever waits is told
    this.#member.reject(error);
    this.#socket.destroy();
    this.#events.failed(error);
  }
}
