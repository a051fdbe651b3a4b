/** What the lab composes of the product's steps is the product, as long as nothing is turned off. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isProtocolError, LiveConversation, SecretKey, textOf, X25519PrivateKey } from '@waxwing/protocol';
import { type Channel, HandshakingClient, HandshakingServer, type Step } from '@waxwing/protocol/channel';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { flight } from '../src/actors/waxwing-pair.ts';
import { people } from '../src/people.ts';
import { ComposedConversation } from '../src/waxwing/conversation.ts';
import { ComposedClient, ComposedServer } from '../src/waxwing/handshake.ts';

const now = Date.now();
const [alice, bob] = await people.persons('alice', 'bob');
const nothing = (): boolean => false;

/** The same end twice: as it ships, and composed. Both take what `sender` seals. */
function ends(): { sender: LiveConversation; shipped: LiveConversation; composed: ComposedConversation } {
  const ownDh = new X25519PrivateKey(p.randomBytes(32));
  const session = { clockOffset: 0, root: new SecretKey(p.randomBytes(32)), sid: p.randomBytes(16) };
  const chain = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };
  const handshake = { ...session, role: 'client', ownDh } as const;
  const receiving = { device: bob.device, peer: alice.device.bundle, handshake, chain, now };
  const peerDh = p.x25519PublicKey(ownDh);
  return {
    sender: new LiveConversation(p, {
      ...{ device: alice.device, peer: bob.device.bundle, chain, now },
      handshake: { ...session, role: 'server', peerDh },
    }),
    shipped: new LiveConversation(p, receiving),
    composed: new ComposedConversation(p, receiving, nothing),
  };
}

suite('composed in the lab, with nothing turned off', () => {
  test('it opens what the shipped end opens, and answers it', async () => {
    const { sender, composed } = ends();
    for (const text of ['one', 'two', 'three']) {
      const opened = await composed.open((await sender.seal(flight(text, now))).envelope, now);
      assert.deepEqual(
        opened.items.map(({ body }) => textOf(body)),
        [text],
      );
      const answer = await sender.open((await composed.seal(flight(`${text}?`, now))).envelope, now);
      assert.equal(textOf(answer.items[0]?.body ?? new Uint8Array(0)), `${text}?`);
    }
  });

  test('it refuses what the shipped end refuses, by the same code and check', async () => {
    const { sender, shipped, composed } = ends();
    const first = (await sender.seal(flight('first', now))).envelope;
    const second = (await sender.seal(flight('second', now))).envelope;
    const late = (await sender.seal(flight('late', now - 61_000))).envelope;
    const flipped = Array.from({ length: 24 }, (_, at) => {
      const copy = first.slice();
      const place = Math.floor((at * copy.length) / 24);
      copy[place] = (copy[place] as number) ^ 1;
      return copy;
    });
    const verdicts = async (end: Pick<LiveConversation, 'open'> | ComposedConversation): Promise<string[]> => {
      const all: string[] = [];
      for (const envelope of [...flipped, second, first, first, first.subarray(1), second, late]) {
        const verdict = await end.open(envelope, now).then(
          ({ outcome, seq, gap }) => `${outcome} ${seq} ${gap}`,
          (error: unknown) => (isProtocolError(error) ? `${error.code} ${error.check}` : String(error)),
        );
        all.push(verdict);
      }
      return all;
    };
    const wanted = await verdicts(shipped);
    assert.deepEqual(await verdicts(composed), wanted);
    assert.ok(new Set(wanted).size > 5, wanted.join());
    assert.equal(wanted.at(-1), 'too-old 3 0');
  });

  test('its handshakes meet the shipped ones, on either side', async () => {
    const server = { shipped: HandshakingServer, composed: ComposedServer };
    for (const [ours, theirs] of [
      ['composed', 'shipped'],
      ['shipped', 'composed'],
    ] as const) {
      const listening =
        ours === 'composed'
          ? new server.composed(p, { device: alice.device, now }, nothing)
          : new server.shipped(p, { device: alice.device, now, puzzleBits: 0 });
      const dialling =
        theirs === 'composed'
          ? new ComposedClient(p, { device: bob.device, pin: alice.device.bundle.account, now }, nothing)
          : new HandshakingClient(p, { device: bob.device, pin: alice.device.bundle.account });
      const [there, here] = await meet(listening, dialling);
      assert.equal(there.handshake.sas, here.handshake.sas);
      assert.deepEqual(there.receive(here.seal({ kind: 'accepted', seq: 0 })), [{ kind: 'accepted', seq: 0 }]);
    }
  });
});

interface Side {
  receive(chunk: Uint8Array, now: number): Promise<Step>;
}

async function meet(server: Side & { readonly hello: Uint8Array }, client: Side): Promise<[Channel, Channel]> {
  const f2 = await client.receive(server.hello, now);
  const f3 = await server.receive(f2.send[0] ?? new Uint8Array(0), now);
  const f4 = await client.receive(f3.send[0] ?? new Uint8Array(0), now);
  const last = await server.receive(f4.send[0] ?? new Uint8Array(0), now);
  const { established } = await client.receive(last.send[0] ?? new Uint8Array(0), now);
  assert.ok(last.established !== undefined && established !== undefined);
  return [last.established, established];
}
