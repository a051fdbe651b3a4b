/** Two people in memory who have shaken hands, for measuring: one seals, the other opens. */
import { type Bytes, type Device, LiveConversation, TYPE_STEP, TYPE_TEXT, utf8 } from '@waxwing/protocol';
import { type Channel, HandshakingClient, HandshakingServer } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';

export interface Pair {
  readonly server: Device;
  readonly client: Device;
}

/** A whole handshake, both ends. */
export async function shakeHands(pair: Pair): Promise<{ readonly server: Channel; readonly client: Channel }> {
  const server = new HandshakingServer(nodePrimitives, { device: pair.server, puzzleBits: 0, now: Date.now() });
  const client = new HandshakingClient(nodePrimitives, { device: pair.client });
  const answer = await client.receive(server.hello, Date.now());
  const proof = await server.receive(only(answer.send), Date.now());
  const own = await client.receive(only(proof.send), Date.now());
  const last = await server.receive(only(own.send), Date.now());
  const { established } = await client.receive(Buffer.concat(last.send), Date.now());
  if (last.established === undefined || established === undefined) throw new Error('the handshake did not end');
  return { server: last.established, client: established };
}

function only(frames: readonly Bytes[]): Bytes {
  const [frame] = frames;
  if (frame === undefined) throw new Error('a frame was expected');
  return frame;
}

export class Talk {
  readonly #sender: LiveConversation;
  readonly #receiver: LiveConversation;

  private constructor(sender: LiveConversation, receiver: LiveConversation) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  static async begin(pair: Pair): Promise<Talk> {
    const channels = await shakeHands(pair);
    const end = ({ handshake }: Channel, device: Device): LiveConversation => {
      const chain = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };
      const { peer } = handshake;
      return new LiveConversation(nodePrimitives, { device, peer, handshake, chain, now: Date.now() });
    };
    return new Talk(end(channels.client, pair.client), end(channels.server, pair.server));
  }

  /** Sends one flight of these texts. @returns what sealing and opening took, ms */
  async send(texts: readonly string[]): Promise<{ readonly seal: number; readonly open: number }> {
    const items = texts.map((text) => ({ type: TYPE_TEXT, body: utf8(text) }));
    const start = performance.now();
    const { envelope } = await this.#sender.seal({ items, now: Date.now() });
    const sealed = performance.now();
    await this.#receiver.open(envelope, Date.now());
    const opened = performance.now();
    await this.#answer();
    return { seal: sealed - start, open: opened - sealed };
  }

  /** What a side that only listens owes after 50 flights (§6). */
  async #answer(): Promise<void> {
    if (!this.#receiver.stepDue(Date.now())) return;
    const items = [{ type: TYPE_STEP, body: new Uint8Array(0) }];
    const { envelope } = await this.#receiver.seal({ items, now: Date.now() });
    await this.#sender.open(envelope, Date.now());
  }
}
