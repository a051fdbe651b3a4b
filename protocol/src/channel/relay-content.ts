/** Which contents may stand in a channel with a relay (§11.1). */
import { misplaced } from './channel.ts';
import type { Content } from './content.ts';

/** A content that has its place there, whichever side says it. */
export type RelayContent = Extract<Content, { readonly kind: 'relay' | 'ping' | 'pong' | 'close' }>;

/** @throws ProtocolError `record`, check `misplaced`, for whatever else the channel carried */
export function requireRelayContent(content: Content): RelayContent {
  switch (content.kind) {
    case 'relay':
    case 'ping':
    case 'pong':
      return content;
    case 'close':
      if (content.lastSeq === 0) return content;
      throw misplaced('A close that counts flights');
    default:
      throw misplaced(`A record of the kind ${content.kind} in a channel with a relay`);
  }
}
