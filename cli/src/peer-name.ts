/** Whom a user means by a name, an address or a fingerprint; and binding a name to another account. */
import { isWaxwingError, type Peer, type Pin, type Store, WaxwingError } from '@waxwing/client';
import { type Bytes, decodeFingerprint, encodeFingerprint, equalBytes, isProtocolError } from '@waxwing/protocol';
import { sanitiseLine, sanitiseName } from './text/sanitise.ts';

/** @throws WaxwingError `name-invalid` where the text is no fingerprint */
export function readFingerprint(text: string): Bytes {
  try {
    return decodeFingerprint(text.trim());
  } catch (error) {
    if (!isProtocolError(error, 'fingerprint')) throw error;
    throw new WaxwingError(
      'name-invalid',
      `"${text}" is no fingerprint.`,
      'It is SHA256: and 43 characters: your peer sees its own with "waxwing id show".',
      { cause: error },
    );
  }
}

/**
 * The peer a user means: `@name` as it is bound at a relay, or what the store finds.
 * @throws WaxwingError `name-unknown`, `name-ambiguous`
 */
export function findPeer(store: Store, text: string): Peer {
  const pin = pinAtRelay(store, text);
  return store.peers.find(pin === undefined ? text : encodeFingerprint(pin.account));
}

/** `@name`, where one relay has it bound. @throws WaxwingError `name-ambiguous` */
function pinAtRelay(store: Store, text: string): Pin | undefined {
  if (!/^@\S+$/u.test(text)) return undefined;
  const [pin, ...more] = store.pins.list().filter(({ name }) => name.endsWith(`/${text}`));
  if (more.length === 0) return pin;
  throw new WaxwingError(
    'name-ambiguous',
    `${text} is bound at ${String(more.length + 1)} relays.`,
    'Name it with its relay, as waxwing peers list shows it, or by its fingerprint.',
  );
}

/** The account of a known peer, or of a whole fingerprint. @throws WaxwingError `name-unknown`, `name-ambiguous` */
export function accountOfPeer(store: Store, text: string): Bytes {
  try {
    return findPeer(store, text).account;
  } catch (error) {
    if (!isWaxwingError(error, 'name-unknown') || !/^SHA256:.{43}$/u.test(text)) throw error;
    return readFingerprint(text);
  }
}

/** Binds a name to another account. What there is to say of it, safe. @throws WaxwingError `name-unknown`, `name-ambiguous` */
export function acceptName(store: Store, text: string, account: Bytes): string[] {
  const { name, owner } = pinCalled(store, text);
  const lines: string[] = [];
  store.pins.accept(name, account);
  // A user's own name for a peer goes along; an address is no such name.
  if (owner?.petname !== undefined && owner.petname !== name && !equalBytes(owner.account, account)) {
    const { petname } = owner;
    store.peers.rename(owner.account, undefined);
    store.peers.rename(account, petname);
    lines.push(`${sanitiseName(petname)} is ${encodeFingerprint(account)} here from now on.`);
  }
  const shown = sanitiseLine(text.startsWith('@') ? text : name);
  lines.push(
    `${shown} is ${encodeFingerprint(account)} from now on.`,
    `It counts as first seen until you compare it: waxwing peers verify ${shown}`,
  );
  return lines;
}

/** The pinned name a user means: itself, or the one name of the peer called so. */
function pinCalled(store: Store, text: string): { readonly name: string; readonly owner?: Peer } {
  const pin = store.pins.get(text) ?? pinAtRelay(store, text);
  if (pin !== undefined) return { name: pin.name };
  const owner = store.peers.find(text);
  const [name, ...more] = owner.pins;
  if (name === undefined || more.length > 0) {
    throw new WaxwingError(
      name === undefined ? 'name-unknown' : 'name-ambiguous',
      name === undefined ? `No address is bound to ${text}.` : `${text} is known as ${owner.pins.join(' and ')}.`,
      'Name the address as you dial it: waxwing peers accept HOST:PORT SHA256:… (see waxwing peers list).',
    );
  }
  return { name, owner };
}
