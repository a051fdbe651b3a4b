/** libsignal: a running session of its double ratchet, one message at a time. No RSA, no signature a third party could check. */
import { SignalPerson } from './signal-person.js';

export async function make() {
  const alice = new SignalPerson('alice', 'bob');
  const bob = new SignalPerson('bob', 'alice');
  await alice.begin(await bob.publish());
  await bob.decryptFirst(await alice.encrypt('hello'));
  await alice.decrypt(await bob.encrypt('hello'));
  return { seal: (text) => alice.encrypt(text), open: (sealed) => bob.decrypt(sealed) };
}
