/**
 * An end of waxwing over a real socket: what the lab's people use (mallory too, as an honest end of his own), and the
 * victim where some checks are off. It says and shows; it stores nothing.
 */
import { connect, createServer, type Socket } from 'node:net';
import {
  type Bytes,
  type Device,
  HANDSHAKE_DEADLINE,
  isProtocolError,
  LiveConversation,
  type Primitives,
  textOf,
} from '@waxwing/protocol';
import {
  type Channel,
  HandshakeGate,
  HandshakingClient,
  HandshakingServer,
  REJECT,
  type Step,
} from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { type Stop, stopOf, TOO_OLD } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Conversing } from '../waxwing/conversation.ts';
import { ComposedClient, ComposedServer } from '../waxwing/handshake.ts';
import { conversationOf, flight } from './waxwing-pair.ts';

const PATIENCE = 20_000;

export interface EndOptions {
  readonly device: Device;
  /** The account the other end must have. */
  readonly pin?: Bytes | undefined;
  /** Whether it is the one attacked: then the lab may have composed its checks. */
  readonly victim?: boolean;
  /** How far its clock goes before the true one, ms; 0 unless given. */
  readonly clock?: number;
  /** Whether a server says its first record together with F5, as the shipped one does. */
  readonly eager?: boolean | undefined;
  /** Of an attacker who computes something of his own. */
  readonly primitives?: Primitives;
  /** Of an attacker who does not open what comes: the envelope that he sends back for each. */
  readonly answer?: (envelope: Bytes) => Uint8Array;
}

/** What an end shows, whether it is the shipped program or the lab's. */
export interface WaxwingPeer {
  /** The lines of the texts on its screen. */
  readonly texts: readonly string[];
  /** Everything it printed, byte for byte. */
  readonly screen: string;
  /** Whether the handshake ended well. */
  readonly connected: boolean;
  /** The first check that failed here, by the typed error. */
  stop(): Stop | undefined;
  say(...texts: readonly string[]): Promise<void>;
  /** Waits until `holds`, the end, or a few seconds. Whether it held. */
  until(holds: () => boolean): Promise<boolean>;
  readonly running: boolean;
  /** What it says of the end of the last connection that ended; undefined before that. */
  readonly parting: 'left' | 'cut' | undefined;
}

interface Handshaking {
  receive(chunk: Uint8Array, now: number): Promise<Step>;
}

export class WaxwingEnd implements WaxwingPeer {
  readonly texts: string[] = [];
  readonly #lab: Lab;
  readonly #options: EndOptions;
  #socket: Socket | undefined;
  #channel: Channel | undefined;
  #conversation: Conversing | undefined;
  #ready = false;
  #seq = 0;
  #ended = false;
  #stop: Stop | undefined;
  #left = false;
  readonly #waiting = new Set<() => void>();

  private constructor(lab: Lab, options: EndOptions) {
    this.#lab = lab;
    this.#options = options;
  }

  /** Listens on a port of its own; a caller takes the place of the one before. */
  static async listen(lab: Lab, options: EndOptions): Promise<{ readonly end: WaxwingEnd; readonly port: number }> {
    const end = new WaxwingEnd(lab, options);
    const gate = new HandshakeGate();
    const server = createServer({ noDelay: true }, (socket) => {
      const release = end.#admit(gate, socket);
      if (release === undefined) return;
      const side = end.#serverSide();
      socket.write(side.hello);
      end.#run(socket, side, release);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    lab.defer(() => server.close());
    const address = server.address();
    return { end, port: typeof address === 'object' && address !== null ? address.port : 0 };
  }

  /** Dials, and resolves when the handshake has ended well or not. */
  static async dial(lab: Lab, options: EndOptions & { readonly port: number }): Promise<WaxwingEnd> {
    const end = new WaxwingEnd(lab, options);
    const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
    end.#run(socket, end.#clientSide(), () => undefined);
    await end.until(() => end.connected);
    return end;
  }

  get screen(): string {
    return this.texts.map((text) => `${text}\n`).join('');
  }

  get connected(): boolean {
    return this.#ready;
  }

  get running(): boolean {
    return !this.#ended;
  }

  get parting(): 'left' | 'cut' | undefined {
    if (this.#left) return 'left';
    if (!this.#ended) return undefined;
    return this.#composed && this.#lab.off('close') ? 'left' : 'cut';
  }

  /** The handshake's six digits, which people compare. */
  get sas(): string | undefined {
    return this.#channel?.handshake.sas;
  }

  stop(): Stop | undefined {
    return this.#stop;
  }

  /** One flight a text, each in a write of its own. */
  async say(...texts: readonly string[]): Promise<void> {
    await this.until(() => this.#ready);
    for (const text of texts) {
      const sealed = await this.#conversation?.seal(flight(text, this.#now));
      if (sealed === undefined) continue;
      this.#seq = sealed.seq;
      this.#write({ kind: 'envelope', envelope: sealed.envelope });
    }
  }

  /** Leaves in order. */
  leave(): void {
    this.#write({ kind: 'close', lastSeq: this.#seq });
    this.#socket?.end();
  }

  /** Sends bytes of one's own in the place of an envelope. */
  send(envelope: Uint8Array): void {
    this.#write({ kind: 'envelope', envelope: new Uint8Array(envelope) });
  }

  async until(holds: () => boolean): Promise<boolean> {
    const deadline = Date.now() + PATIENCE;
    while (!holds() && this.running && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 100);
        this.#waiting.add(wake);
      });
    }
    return holds();
  }

  get #now(): number {
    return this.#lab.now + (this.#options.clock ?? 0);
  }

  get #composed(): boolean {
    return this.#options.victim === true && this.#lab.victim === 'composed';
  }

  get #primitives(): Primitives {
    return this.#options.primitives ?? nodePrimitives;
  }

  /** The product's gate before a victim; gives what gives the place back. Whoever does not finish is hung up on. */
  #admit(gate: HandshakeGate, socket: Socket): (() => void) | undefined {
    if (this.#options.victim !== true) return () => undefined;
    if (gate.unfinished > 0 && this.#composed && this.#lab.off('deadline')) {
      socket.destroy();
      return undefined;
    }
    const admission = gate.admit(socket.remoteAddress ?? '', Date.now());
    if (!admission.admitted) {
      socket.destroy();
      return undefined;
    }
    const { ticket } = admission;
    const late = setTimeout(() => {
      socket.destroy();
    }, HANDSHAKE_DEADLINE);
    const release = (): void => {
      clearTimeout(late);
      gate.finish(ticket);
    };
    socket.once('close', release);
    return release;
  }

  #serverSide(): Handshaking & { readonly hello: Bytes } {
    const side = { ...this.#options, now: this.#now };
    if (this.#composed) return new ComposedServer(this.#primitives, side, (check) => this.#lab.off(check));
    return new HandshakingServer(this.#primitives, { ...side, puzzleBits: 0 });
  }

  #clientSide(): Handshaking {
    const side = { ...this.#options, now: this.#now };
    if (this.#composed) return new ComposedClient(this.#primitives, side, (check) => this.#lab.off(check));
    return new HandshakingClient(this.#primitives, side);
  }

  #run(socket: Socket, side: Handshaking, release: () => void): void {
    this.#socket = socket;
    this.#channel = undefined;
    this.#ready = false;
    this.#left = false;
    this.#ended = false;
    this.#lab.defer(() => socket.destroy());
    let turn: Promise<unknown> = Promise.resolve();
    const take = async (chunk: Uint8Array): Promise<void> => {
      if (this.#ended) return;
      try {
        await this.#take(chunk, side);
        if (this.#channel !== undefined) release();
      } catch (error) {
        this.#fail(error);
      }
      this.#wake();
    };
    socket.on('data', (chunk: Buffer) => {
      turn = turn.then(() => take(new Uint8Array(chunk)));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      void turn.then(() => {
        if (this.#socket !== socket) return; // another caller has taken its place
        this.#ended = true;
        this.#wake();
      });
    });
  }

  async #take(chunk: Uint8Array, side: Handshaking): Promise<void> {
    if (this.#channel !== undefined) {
      await this.#receive(this.#channel, chunk);
      return;
    }
    const step = await side.receive(chunk, this.#now);
    for (const bytes of step.send) this.#socket?.write(bytes);
    if (step.established === undefined) return;
    this.#channel = step.established;
    this.#conversation = this.#converse(step.established);
    if (this.#channel.handshake.role === 'client' || this.#options.eager === true) {
      this.#write({ kind: 'accepted', seq: 0 });
    }
    await this.#receive(this.#channel, new Uint8Array(0));
  }

  #converse({ handshake }: Channel): Conversing {
    const chain = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };
    const { device } = this.#options;
    const options = { device, peer: handshake.peer, handshake, chain, now: this.#now };
    return this.#composed ? conversationOf(this.#lab, options) : new LiveConversation(this.#primitives, options);
  }

  async #receive(channel: Channel, chunk: Uint8Array): Promise<void> {
    for (const content of channel.receive(chunk)) {
      if (content.kind === 'accepted' && !this.#ready) {
        // Unless it is eager, the server says its first record after the client's: so the two never share a read by chance.
        if (channel.handshake.role === 'server' && this.#options.eager !== true) {
          this.#write({ kind: 'accepted', seq: 0 });
        }
        this.#ready = true;
      } else if (content.kind === 'envelope' && this.#options.answer !== undefined) {
        this.send(this.#options.answer(content.envelope));
      } else if (content.kind === 'envelope') {
        const opened = await this.#conversation?.open(content.envelope, this.#now);
        if (opened?.outcome === 'too-old') this.#stop ??= TOO_OLD;
        for (const { body } of opened?.items ?? []) this.texts.push(...this.#lab.show(textOf(body) ?? ''));
        if (opened !== undefined) this.#write({ kind: 'accepted', seq: opened.seq });
      } else if (content.kind === 'close') {
        this.#left = true;
        this.#socket?.end();
      }
    }
  }

  #write(content: Parameters<Channel['seal']>[0]): void {
    if (this.#channel !== undefined && this.#socket?.writable === true) this.#socket.write(this.#channel.seal(content));
  }

  #fail(error: unknown): void {
    this.#ended = true;
    if (!isProtocolError(error)) throw error;
    const refusedThere = error.check === 'rejected';
    if (!refusedThere) this.#stop = stopOf(error);
    if (!refusedThere) this.#socket?.write(REJECT);
    this.#socket?.end();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
