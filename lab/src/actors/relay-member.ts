/** A channel with a relay and nothing above it: what mallory speaks, and what the lab builds its own client on. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type Bytes,
  decodeReply,
  encodeRequest,
  type RelayAnswer,
  type RelayEvent,
  type RelayLink,
  type RelayOp,
  type RelayRequest,
} from '@waxwing/protocol';
import {
  type Channel,
  type Content,
  type HandshakeDevice,
  HandshakingClient,
  REJECT,
  requireRelayContent,
} from '@waxwing/protocol/channel';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { type Stop, stopOf } from '../check.ts';
import type { Lab } from '../lab.ts';

/** The byte that tells a relay that frames follow (§11.1). */
const FRAMES = 'w';

/** A request that the relay refused. */
export class RelayRefusal extends Error {
  override readonly name = 'RelayRefusal';
  readonly code: number;

  constructor(code: number) {
    super(`the relay refused with ${String(code)}`);
    this.code = code;
  }
}

/** The channel ended before the answer came. */
export class ChannelEnded extends Error {
  override readonly name = 'ChannelEnded';
}

type AnswerTo<Op extends RelayOp> =
  Extract<RelayAnswer, { op: Op }> extends never ? RelayAnswer : Extract<RelayAnswer, { op: Op }>;

interface Open {
  readonly op: RelayOp;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
}

export interface MemberOptions {
  readonly device: HandshakeDevice;
  readonly link: RelayLink;
  readonly hear: (event: RelayEvent) => void;
  /** Called once; with the check that ended it, where it was one of this side's. */
  readonly ended: (stop: Stop | undefined) => void;
}

export class RelayMember {
  readonly #socket: Socket;
  readonly #channel: Channel;
  readonly #options: MemberOptions;
  readonly #open = new Map<number, Open>();
  #lastId = 0;
  #ended = false;

  private constructor(socket: Socket, channel: Channel, options: MemberOptions) {
    this.#socket = socket;
    this.#channel = channel;
    this.#options = options;
  }

  /** Resolves when the channel stands; the relay has to be the account of the link. @throws ProtocolError `handshake-f3` … */
  static async dial(lab: Lab, options: MemberOptions): Promise<RelayMember> {
    const { device, link } = options;
    const socket = connect({ host: link.host, port: link.port, noDelay: true });
    lab.defer(() => socket.destroy());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const side = new HandshakingClient(p, { device, pin: link.relay });
    const { promise, resolve, reject } = Promise.withResolvers<RelayMember>();
    let member: RelayMember | undefined;
    let turn: Promise<void> = Promise.resolve();
    const take = async (chunk: Uint8Array): Promise<void> => {
      if (member !== undefined) {
        member.#receive(chunk);
        return;
      }
      const { send, established } = await side.receive(chunk, Date.now());
      for (const frame of send) socket.write(frame);
      if (established === undefined) return;
      member = new RelayMember(socket, established, options);
      resolve(member);
      member.#receive(new Uint8Array(0)); // what came together with the handshake's end
    };
    socket.on('data', (chunk: Buffer) => {
      turn = turn.then(() => take(chunk)).catch(reject);
    });
    socket.on('close', () => {
      if (member !== undefined) member.#end(undefined);
      reject(new Error('the relay closed the connection'));
    });
    socket.write(FRAMES);
    return await promise;
  }

  /** The relay's account, 32. */
  get relay(): Bytes {
    return this.#channel.handshake.peer.account;
  }

  /** @throws RelayRefusal */
  ask<const Op extends RelayOp>(request: Extract<RelayRequest, { op: Op }>): Promise<AnswerTo<Op>> {
    if (this.#ended) return Promise.reject(new ChannelEnded());
    const { promise, resolve, reject } = Promise.withResolvers<AnswerTo<Op>>();
    this.#lastId += 1;
    this.#open.set(this.#lastId, { op: request.op, resolve, reject });
    this.#socket.write(this.#channel.seal({ kind: 'relay', body: encodeRequest(this.#lastId, request) }));
    return promise;
  }

  /** Leaves without a word. */
  end(): void {
    this.#end(undefined);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    try {
      for (const content of this.#channel.receive(chunk)) this.#take(content);
    } catch (error) {
      this.#socket.write(REJECT);
      this.#end(stopOf(error));
    }
  }

  #take(content: Content): void {
    const { kind } = requireRelayContent(content);
    if (kind === 'ping') this.#socket.write(this.#channel.seal({ kind: 'pong' }));
    if (kind === 'close') this.#end(undefined);
    if (content.kind !== 'relay') return;
    const reply = decodeReply(content.body, (id) => this.#open.get(id)?.op);
    if (reply.kind === 'event') {
      if (reply.event.event !== 'unknown') this.#options.hear(reply.event);
      return;
    }
    const asked = this.#open.get(reply.id);
    this.#open.delete(reply.id);
    if (reply.kind === 'answer') asked?.resolve(reply.answer as never);
    else asked?.reject(new RelayRefusal(reply.code));
  }

  #end(stop: Stop | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#socket.end();
    for (const { reject } of this.#open.values()) reject(new ChannelEnded());
    this.#open.clear();
    this.#options.ended(stop);
  }
}
