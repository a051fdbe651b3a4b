/** A peer as it is shown: a name, a fingerprint, and where its key comes from. */
import { type Bundle, type Bytes, encodeFingerprint } from '@waxwing/protocol';
import type { Store } from '../store/store.ts';

export interface PeerView {
  /** 32 bytes. */
  readonly account: Bytes;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** The user's own name for this peer. */
  readonly petname: string | undefined;
  /** What the peer calls itself: a claim. */
  readonly nick: string | undefined;
  /** Where the key comes from. A changed key never gets this far: it is refused in the handshake. */
  readonly trust: 'verified' | 'first seen';
}

/** How a peer stands now. Read it anew for each use: the user may name or verify it at any time. */
export function viewPeer(store: Store, { account }: Pick<Bundle, 'account'>): PeerView {
  const peer = store.peers.get(account);
  return {
    account,
    fingerprint: encodeFingerprint(account),
    petname: peer?.petname,
    nick: peer?.nick,
    trust: peer?.verifiedAt === undefined ? 'first seen' : 'verified',
  };
}
