/** ratchet.json (§6): scripts of two sides that draw their keys in the order given, then headers to refuse. */
import { type Bytes, fromHex } from '../../src/bytes.ts';
import { LABEL_FIRST_CLIENT_CHAIN, LABEL_PQ } from '../../src/labels.ts';
import { type Primitives, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import type { RatchetHeader, RatchetState } from '../../src/ratchet/ratchet-state.ts';
import { ratchetReceive, ratchetSend, startRatchet } from '../../src/ratchet/ratchet.ts';
import { expandPublic } from '../../src/symmetric/expand.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type Side = 'server' | 'client';

interface SendEvent {
  readonly do: 'send';
  readonly by: Side;
  readonly dh: string;
  readonly pn: number;
  readonly n: number;
  readonly mk: string;
}

interface ReceiveEvent {
  readonly do: 'receive';
  readonly by: Side;
  /** The place of the send in `events`. */
  readonly event: number;
}

interface RatchetEntry extends VectorEntry {
  readonly root?: string;
  readonly pqk_0?: string;
  readonly first_client_chain?: string;
  readonly events?: readonly (SendEvent | ReceiveEvent)[];
  readonly after?: string;
  readonly at?: Side;
  readonly dh?: string;
  readonly pn?: number;
  readonly n?: number;
}

export interface RatchetFile extends VectorFile<RatchetEntry> {
  readonly client_first_key: string;
  readonly server_keys: readonly string[];
  readonly client_keys: readonly string[];
}

const NOW = 1_800_000_000_000;
const PARTIES = {
  server: { account: new Uint8Array(32), device: new Uint8Array(16) },
  client: { account: new Uint8Array(32).fill(1), device: new Uint8Array(16) },
};

type Sides = Record<Side, { readonly p: Primitives; state: RatchetState }>;

/** The primitives with randomness from a list: new pairs are taken from it in order. */
function drawing(p: Primitives, keys: readonly string[]): Primitives {
  let next = 0;
  return {
    ...p,
    randomBytes: (size): Bytes => {
      const key = fromHex(keys[next++] ?? '');
      equal(key.length, size, 'size of a drawn key');
      return key;
    },
  };
}

function play(file: RatchetFile, entry: RatchetEntry, p: Primitives): Sides {
  const root = new SecretKey(fromHex(entry.root ?? ''));
  equalHex(expandPublic(p, root, LABEL_PQ), entry.pqk_0 ?? '', 'pqk_0');
  equalHex(expandPublic(p, root, LABEL_FIRST_CLIENT_CHAIN), entry.first_client_chain ?? '', 'first client chain');
  const ownDh = new X25519PrivateKey(fromHex(file.client_first_key));
  const forServer = drawing(p, file.server_keys);
  const forClient = drawing(p, file.client_keys);
  const sides: Sides = {
    server: {
      p: forServer,
      state: startRatchet(forServer, {
        role: 'server',
        root,
        peerDh: p.x25519PublicKey(ownDh),
        self: PARTIES.server,
        peer: PARTIES.client,
        now: NOW,
      }),
    },
    client: {
      p: forClient,
      state: startRatchet(forClient, {
        role: 'client',
        root,
        ownDh,
        self: PARTIES.client,
        peer: PARTIES.server,
        now: NOW,
      }),
    },
  };
  const sent = new Map<number, { header: RatchetHeader; mk: string }>();
  for (const [index, event] of (entry.events ?? []).entries()) {
    const side = sides[event.by];
    if (event.do === 'send') {
      const { state, header, messageKey } = ratchetSend(side.p, side.state, NOW);
      equalHex(header.dh, event.dh, `event ${index}, dh`);
      equal(header.pn, event.pn, `event ${index}, pn`);
      equal(header.n, event.n, `event ${index}, n`);
      equal(header.pe, 0, `event ${index}, pe`);
      equalHex(messageKey.exposeSecretBytes(), event.mk, `event ${index}, mk`);
      side.state = state;
      sent.set(index, { header, mk: event.mk });
    } else {
      const message = sent.get(event.event);
      if (message === undefined) throw new Error(`event ${index}: nothing was sent at ${event.event}`);
      const { state, messageKey } = ratchetReceive(side.p, side.state, message.header, NOW);
      equalHex(messageKey.exposeSecretBytes(), message.mk, `event ${index}, mk received`);
      side.state = state;
    }
  }
  return sides;
}

export function runRatchet(file: RatchetFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    if (entry.fails === undefined) {
      play(file, entry, p);
      return;
    }
    const script = file.vectors.find(({ name }) => name === entry.after);
    if (script === undefined) throw new Error(`no script named ${String(entry.after)}`);
    const side = play(file, script, p)[entry.at ?? 'server'];
    const header = { dh: fromHex(entry.dh ?? ''), pn: entry.pn ?? 0, n: entry.n ?? 0, pe: 0 };
    await expectFailure(entry.fails, () => ratchetReceive(side.p, side.state, header, NOW));
  });
}
