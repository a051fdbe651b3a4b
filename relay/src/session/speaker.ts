/**
 * The port between a session and whoever it speaks with: contents in, frames out. Adapter: the channel itself. A program
 * that embeds a relay may stand between the two.
 */
import type { Channel, Content } from '@waxwing/protocol/channel';
import type { Bundle, Bytes } from '@waxwing/protocol/wire';
import type { Wire } from '../wire/wire.ts';

export interface Speaker {
  /** Read once, when a session begins. */
  readonly handshake: { readonly peer: Bundle };
  /** Frames to be written in the order of the calls; none where nothing is to be said. @throws ProtocolError `record` … */
  seal(content: Content): Bytes;
  /** @throws ChannelError as `Channel.receive`; the channel has then ended */
  receive(chunk: Uint8Array): readonly Content[];
}

/** Makes the speaker of a caller whose handshake has ended. What is to be said unasked may be written to the wire. */
export type SpeakThrough = (call: { readonly channel: Channel; readonly wire: Wire }) => Speaker;
