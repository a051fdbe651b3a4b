/** The classic chat: what the user types goes out in packages, what arrives comes to the screen, and nothing is kept. */
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from '@waxwing/client';
import { isProtocolError } from '@waxwing/protocol';
import type { ClassicEvent, ClassicStreamOptions } from '@waxwing/protocol/classic';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { ChatScreen, ScreenInput } from '../terminal/chat-screen.ts';
import { DIRECT_COMMANDS } from '../terminal/direct-commands.ts';
import { ClassicCommands } from './classic-commands.ts';
import { type ClassicEnd, ClassicLink } from './classic-link.ts';
import { checkFits, ClassicOutbox } from './classic-outbox.ts';
import { ClassicProofs } from './classic-proof.ts';
import { dialClassic, listenClassic } from './classic-socket.ts';
import { ClassicView } from './classic-view.ts';

/** Above so many texts not yet written, standard input waits. */
const MOST_WAITING = 1_024;

export interface ClassicChatOptions {
  readonly screen: ChatScreen;
  readonly role: ClassicStreamOptions['role'];
  readonly secret: ClassicStreamOptions['secret'];
  /** Makes the keys of this run. */
  readonly generateKeys: () => Promise<ClassicStreamOptions['keys']>;
  /** Unix ms. */
  readonly now: () => number;
}

/** One run of a classic chat. */
export class ClassicChat {
  readonly #options: ClassicChatOptions;
  readonly #proofs = new ClassicProofs();
  readonly #view: ClassicView;
  readonly #commands: ClassicCommands;
  readonly #outbox: ClassicOutbox;
  readonly #stop = new AbortController();
  readonly #finished = Promise.withResolvers<ExitCode>();
  #link: ClassicLink | undefined;
  #turnedAway = false;
  /** Nothing more will be typed: to leave as soon as everything is written. */
  #through = false;
  #leaving = false;

  constructor(options: ClassicChatOptions) {
    const { screen, now } = options;
    this.#options = options;
    this.#view = new ClassicView({ ...options, proofs: this.#proofs });
    const leave = (): void => {
      this.#leaveInOrder();
    };
    this.#commands = new ClassicCommands({ screen, view: this.#view, proofs: this.#proofs, leave });
    this.#outbox = new ClassicOutbox({
      onSent: ({ number, text }) => {
        this.#proofs.sent(number, text, now());
        screen.delivery(number, 'sent');
      },
      onEmpty: () => {
        if (this.#through) void this.#leave(EXIT.ok);
      },
    });
  }

  /** Chats as a server until the user leaves or, with `once`, the first peer does. @throws WaxwingError of listening */
  async serve(address: Address, once: boolean): Promise<ExitCode> {
    this.#view.start();
    const keys = await this.#options.generateKeys();
    const server = await listenClassic(address, (socket) => {
      this.#admit(socket, keys, once).catch(this.#finished.reject);
    });
    try {
      this.#view.listening({ host: address.host, port: (server.address() as AddressInfo).port });
      this.#read();
      return await this.#finished.promise;
    } finally {
      server.close();
    }
  }

  /** Chats as a client until the user leaves, the peer does, or piped input is through. @throws WaxwingError of dialling */
  async connect(address: Address): Promise<ExitCode> {
    this.#view.start();
    const keys = await this.#options.generateKeys();
    this.#view.connecting();
    this.#read();
    this.#dial(address, keys).catch(this.#finished.reject);
    return await this.#finished.promise;
  }

  async #dial(address: Address, keys: ClassicStreamOptions['keys']): Promise<void> {
    const socket = await dialClassic(address, this.#stop.signal);
    if (socket === undefined) return;
    if (this.#leaving) socket.destroy();
    else await this.#leave(await this.#run(this.#open(socket, keys)));
  }

  async #admit(socket: Socket, keys: ClassicStreamOptions['keys'], once: boolean): Promise<void> {
    if (this.#link !== undefined || this.#leaving) {
      const remote = socket.remoteAddress ?? 'unknown';
      socket.on('error', () => undefined);
      socket.destroy();
      // Once in a conversation: a flood of callers must not drown it.
      if (!this.#turnedAway) this.#view.turnedAway(remote);
      this.#turnedAway = true;
      return;
    }
    this.#turnedAway = false;
    const link = this.#open(socket, keys);
    const code = await this.#run(link);
    if (once && link.ready) await this.#leave(code);
    this.#listenAgain();
  }

  #listenAgain(): void {
    if (!this.#leaving) this.#view.listeningAgain();
  }

  #open(socket: Socket, keys: ClassicStreamOptions['keys']): ClassicLink {
    const { role, secret, now } = this.#options;
    this.#link = new ClassicLink(socket, { role, keys, secret }, now);
    return this.#link;
  }

  /** One conversation from the first byte to the last; the exit code it would end the command with. */
  async #run(link: ClassicLink): Promise<ExitCode> {
    this.#view.exchanging();
    const end = await link.run((event) => this.#observe(link, event));
    if (this.#leaving) return EXIT.ok;
    this.#outbox.shut();
    this.#view.ended(end, { remote: link.remote, ready: link.ready });
    // What was typed for this peer must not go to the next one.
    const unsent = link.ready ? await this.#outbox.takeBack() : [];
    this.#view.unsent(unsent);
    this.#link = undefined;
    return exitOf(end, link.ready, unsent.length);
  }

  async #observe(link: ClassicLink, event: ClassicEvent): Promise<void> {
    if (this.#leaving) return;
    switch (event.kind) {
      case 'key':
        this.#view.exchanged(event.peerKey);
        this.#outbox.open(link);
        return;
      case 'message':
        this.#view.message(event);
        break;
      case 'refused':
        this.#view.refusedPackage(event.refusal);
    }
    await this.#options.screen.drained();
  }

  #read(): void {
    this.#readAll().catch(this.#finished.reject);
  }

  async #readAll(): Promise<void> {
    const { input } = this.#options.screen;
    for await (const one of input) {
      this.#take(one);
      while (this.#outbox.size > MOST_WAITING && !this.#leaving && !input.ended) await sleep(20);
    }
  }

  #take(input: ScreenInput): void {
    const { screen, role } = this.#options;
    if (this.#through && input.kind !== 'leave') return; // what follows an exit is for nobody
    switch (input.kind) {
      case 'entry': {
        const entry = DIRECT_COMMANDS.parse(input.text);
        if (entry.kind === 'message') this.#send(entry.text);
        else if (entry.kind === 'mistake') screen.notice(entry.sentence, 'warning');
        else if (entry.kind === 'command') this.#commands.run(entry.command);
        return;
      }
      case 'message':
        this.#send(input.text);
        return;
      case 'refused':
        screen.notice(
          `Line ${String(input.line)} of the input (${String(input.bytes)} bytes) ${input.reason === 'not-utf-8' ? 'is not UTF-8 text' : 'is too long for one message'}: it was not sent.`,
          'error',
        );
        return;
      case 'end':
        if (role === 'client') this.#leaveWhenWritten(); // a server goes on receiving
        return;
      case 'leave':
        if (input.draft !== '') screen.keep(input.draft);
        if (input.reason === 'ctrl-d') this.#leaveInOrder();
        else void this.#leave(EXIT.ok);
    }
  }

  #send(text: string): void {
    const { screen, now } = this.#options;
    try {
      checkFits(text);
    } catch (error) {
      if (!isProtocolError(error, 'limit')) throw error;
      this.#view.tooLarge(error.message, text);
      return;
    }
    const number = this.#proofs.nextNumber();
    screen.outgoing({ number, text, at: now(), state: 'queued' });
    this.#outbox.add({ number, text });
  }

  /** What was typed before goes out first, where there is somebody to write it to or soon will be. */
  #leaveInOrder(): void {
    const somebody = this.#options.role === 'client' || this.#link?.ready === true;
    if (somebody && this.#outbox.size > 0) this.#leaveWhenWritten();
    else void this.#leave(EXIT.ok);
  }

  #leaveWhenWritten(): void {
    this.#through = true;
    if (this.#link?.ready === true && this.#outbox.size === 0) void this.#leave(EXIT.ok);
  }

  async #leave(code: ExitCode): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#stop.abort();
    this.#outbox.shut();
    await this.#link?.close();
    const unsent = await this.#outbox.takeBack();
    this.#view.unsent(unsent);
    this.#finished.resolve(code === EXIT.ok && unsent.length > 0 ? EXIT.undelivered : code);
  }
}

function exitOf(end: ClassicEnd, ready: boolean, unsent: number): ExitCode {
  if (!ready) return EXIT.network;
  if (end.how === 'refused') return EXIT.refused;
  return end.how === 'cut' || unsent > 0 ? EXIT.undelivered : EXIT.ok;
}
