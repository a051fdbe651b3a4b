/** Alice and bob as ends of the textbook after an undisturbed exchange of keys, in memory and with a clock by hand. */
import type { Lab } from '../lab.ts';
import type { Host } from '../textbook/pickle.ts';
import { TextbookPeer } from '../textbook/textbook.ts';

export async function textbookPair(lab: Lab, host?: Host): Promise<{ alice: TextbookPeer; bob: TextbookPeer }> {
  const [alice, bob] = await lab.people.persons('alice', 'bob');
  const peers = { alice: new TextbookPeer(alice.textbook, host), bob: new TextbookPeer(bob.textbook, host) };
  peers.alice.recvKey(peers.bob.pem);
  peers.bob.recvKey(peers.alice.pem);
  return peers;
}

/** The lines on an end's screen: text and footer, as the original prints them. */
export function screenOf(peer: TextbookPeer): string[] {
  return peer.screen.map(({ text, age, signed }) => {
    const footer = signed ? '✓ Signature verified!' : '✗ Signature verification failed';
    return `${text} [✓ HMAC VERIFIED | ✓ Message verified(${age}s old) | ${footer}]`;
  });
}
