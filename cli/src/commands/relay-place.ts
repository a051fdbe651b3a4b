/** Which relay a command speaks with, and how a home comes to one. */
import { type Home, isWaxwingError, type JoinedRelay, joinRelay, WaxwingError } from '@waxwing/client';
import { decodeRelayLink, isClaimedName, isProtocolError, type RelayLink } from '@waxwing/protocol';

/** A link as it was pasted. @throws ProtocolError `link` */
export function readLink(text: string): RelayLink {
  // Mail programs wrap links in angle brackets, and people copy them along.
  return decodeRelayLink(text.trim().replace(/^<(.*)>$/u, '$1'));
}

/** Whether a text is a link at all: for a question that asks until it is one. */
export function isLink(text: string): boolean {
  try {
    readLink(text);
    return true;
  } catch (error) {
    if (!isProtocolError(error, 'link')) throw error;
    return false;
  }
}

/** A name to claim, without its `@`. @throws WaxwingError `name-invalid` */
export function readClaimedName(text: string): string {
  const name = text.trim().replace(/^@/u, '').toLowerCase();
  if (isClaimedName(name)) return name;
  throw new WaxwingError(
    'name-invalid',
    `"${text}" cannot be a name at a relay.`,
    'Choose up to 32 of a-z, 0-9, dot, hyphen and underscore, with a letter or a digit first: --name alice.',
  );
}

/** Without a relay nothing can be said. @throws WaxwingError `no-relay` */
export function requireRelay(home: Home): void {
  if (home.store.relays.list().length > 0) return;
  throw new WaxwingError(
    'no-relay',
    'This home has joined no relay yet.',
    'Join with a link that somebody gave you: waxwing join LINK --name NAME. To have a relay of your own: waxwing relay.',
  );
}

/** Whether a link still has to be followed: it lets somebody in, or leads to a relay that is not known here. */
export function leadsFurther(home: Home, link: RelayLink): boolean {
  return link.secret !== undefined || home.store.relays.get(link.relay) === undefined;
}

/** Whoever is written to by somebody unknown sees at least what that one calls itself. */
function callOneself({ store }: Home, name: string | undefined): void {
  if (name !== undefined && store.settings.get('nick') === undefined) store.settings.set('nick', name);
}

/** Joins; a name that is taken does not undo it, and `otherName` may give another one. */
export async function joinAs(
  options: { readonly home: Home; readonly link: RelayLink; readonly name: string | undefined },
  otherName: (taken: WaxwingError) => Promise<string | undefined>,
): Promise<JoinedRelay> {
  let { name } = options;
  for (;;) {
    try {
      const joined = await joinRelay({ ...options, name });
      callOneself(options.home, joined.relay.name);
      return joined;
    } catch (error) {
      if (!isWaxwingError(error, 'name-taken', 'name-invalid')) throw error;
      name = await otherName(error);
    }
  }
}
