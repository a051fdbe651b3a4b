/** Two people with devices of their own, and sessions between them as a real handshake leaves them. */
import { type Bytes, createAccount, createDevice, type Device, LiveConversation } from '@waxwing/protocol';
import { type Channel, HandshakingClient, HandshakingServer } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';

export interface People {
  readonly alice: Device;
  readonly bob: Device;
}

export async function makePeople(): Promise<People> {
  const make = async (): Promise<Device> => {
    const account = await createAccount(nodePrimitives);
    return await createDevice(nodePrimitives, account, Date.now());
  };
  return { alice: await make(), bob: await make() };
}

export interface ChannelPair {
  readonly server: Channel;
  readonly client: Channel;
}

/** A whole handshake in memory; alice is the server. */
export async function shakeHands({ alice, bob }: People): Promise<ChannelPair> {
  const server = new HandshakingServer(nodePrimitives, { device: alice, puzzleBits: 0, now: Date.now() });
  const client = new HandshakingClient(nodePrimitives, { device: bob });
  let toClient: readonly Bytes[] = [server.hello];
  for (;;) {
    const answer = await client.receive(Buffer.concat(toClient), Date.now());
    if (answer.send.length === 0) throw new Error('the client has nothing to say');
    const step = await server.receive(Buffer.concat(answer.send), Date.now());
    toClient = step.send;
    if (step.established === undefined) continue;
    const end = await client.receive(Buffer.concat(toClient), Date.now());
    if (end.established === undefined) throw new Error('the handshake did not end');
    return { server: step.established, client: end.established };
  }
}

export interface ConversationPair {
  readonly server: LiveConversation;
  readonly client: LiveConversation;
}

/** Both ends of one conversation that has just begun. */
export async function converse(people: People): Promise<ConversationPair> {
  const channels = await shakeHands(people);
  const chain = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };
  const side = ({ handshake }: Channel, device: Device): LiveConversation =>
    new LiveConversation(nodePrimitives, {
      device,
      peer: handshake.peer,
      handshake,
      chain,
      now: Date.now(),
      stopwatch: () => performance.now(),
    });
  return { server: side(channels.server, people.alice), client: side(channels.client, people.bob) };
}
