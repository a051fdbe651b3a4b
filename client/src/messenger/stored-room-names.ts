/** What rooms are called, read where no messenger runs: for the history. */
import { decodeRoomRecord, newestEpoch, toHex } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { Store } from '../store/store.ts';

/** The rooms of a home's relays: their ids in hex, and the names of their newest states. Remote: sanitise them. */
export function storedRoomNames({ relays, rooms }: Pick<Store, 'relays' | 'rooms'>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { account } of relays.list()) {
    for (const id of rooms.list(account)) {
      const stored = rooms.load(id);
      if (stored !== undefined) names.set(toHex(id), nameOf(stored));
    }
  }
  return names;
}

function nameOf(stored: Parameters<typeof decodeRoomRecord>[1]): string {
  return newestEpoch(decodeRoomRecord(nodePrimitives, stored)).says.name;
}
