/** What the slash commands of a direct chat do. */
import { type Conversation, type Home, isWaxwingError } from '@waxwing/client';
import type { ChatScreen } from '../terminal/chat-screen.ts';
import { type Command, DIRECT_COMMANDS } from '../terminal/direct-commands.ts';
import type { Xray } from '../xray/xray.ts';
import type { ChatView } from './chat-view.ts';
import { MessageCommands } from './message-commands.ts';
import { displayName } from './message-view.ts';
import { askToBlock, askToVerify, callPeer, type PeerDialogue, peerReport } from './peer-dialogue.ts';

export interface ChatCommandsOptions {
  readonly screen: ChatScreen;
  readonly view: ChatView;
  readonly home: Home;
  readonly xray: Xray;
  readonly conversation: () => Conversation | undefined;
  readonly leave: () => void;
}

interface Current extends PeerDialogue {
  readonly conversation: Conversation;
}

export class ChatCommands {
  readonly #options: ChatCommandsOptions;
  readonly #messages: MessageCommands;

  constructor(options: ChatCommandsOptions) {
    const { home, view } = options;
    this.#options = options;
    this.#messages = new MessageCommands({
      ...options,
      history: (query) => home.store.history.list({ ...query, ...this.#here() }),
      show: (messages) => view.stored(messages),
      resend: (numbers) => options.conversation()?.resend(numbers) ?? home.store.outbox.resend(numbers),
      help: (topic) => DIRECT_COMMANDS.help(topic),
    });
  }

  /** Runs one command; what it has to say, errors too, goes to the screen. */
  async run(command: Command): Promise<void> {
    try {
      await this.#run(command);
    } catch (error) {
      if (!isWaxwingError(error)) throw error;
      this.#options.view.error(error);
    }
  }

  async #run(command: Command): Promise<void> {
    switch (command.name) {
      case 'verify':
      case 'peer':
      case 'block':
      case 'name': {
        const current = this.#current();
        if (current !== undefined) await this.#aboutPeer(command, current);
        return;
      }
      default:
        this.#messages.run(command);
    }
  }

  /** History of this conversation; of everything before anyone was there. */
  #here(): { readonly conversation?: { readonly account: Uint8Array<ArrayBuffer> } } {
    const peer = this.#options.conversation()?.peer;
    return peer === undefined ? {} : { conversation: { account: peer.account } };
  }

  #current(): Current | undefined {
    const { screen, home } = this.#options;
    const conversation = this.#options.conversation();
    const peer = conversation && home.store.peers.get(conversation.peer.account);
    if (conversation === undefined || peer === undefined) {
      screen.notice('Nobody is connected yet.');
      return undefined;
    }
    return { conversation, screen, home, peer, name: displayName(conversation.peer) };
  }

  async #aboutPeer(
    command: Extract<Command, { readonly name: 'verify' | 'peer' | 'block' | 'name' }>,
    current: Current,
  ): Promise<void> {
    const { conversation, name, screen } = current;
    switch (command.name) {
      case 'verify':
        await askToVerify(current, conversation.sas);
        return;
      case 'peer':
        screen.lines(
          peerReport(current, [
            `  Record       on the record: every message is signed, and either of you could show it to others`,
            `  Connection   ${conversation.connected ? 'connected' : 'not connected'}`,
          ]),
        );
        return;
      case 'block':
        if (await askToBlock(current, `Block ${name} and leave? It can no longer connect to this home.`)) {
          await conversation.close();
        }
        return;
      case 'name':
        callPeer(current, command.peerName);
    }
  }
}
