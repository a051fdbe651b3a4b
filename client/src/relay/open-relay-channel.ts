/** Calling a relay (§11.1): the first byte, a handshake pinned to the account in the address, and its welcome. */
import {
  type Bundle,
  type Device,
  encodeFingerprint,
  HANDSHAKE_DEADLINE,
  decodeReply,
  isProtocolError,
} from '@waxwing/protocol';
import { type Content, HandshakingClient, misplaced, PinMismatchError } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { formatAddress } from '../connection/address.ts';
import type { ByteStream } from '../connection/byte-stream.ts';
import { Connection } from '../connection/connection.ts';
import { traceConnection, type Watch } from '../connection/connection-trace.ts';
import { HandshakeEnded, shake } from '../connection/shake.ts';
import { connectTcp } from '../connection/tcp-stream.ts';
import { isWaxwingError } from '../errors.ts';
import type { RelayAddress } from './relay-address.ts';
import { nameOf } from './relay-answer.ts';
import { RelayChannel } from './relay-channel.ts';
import { RelayFailure } from './relay-failure.ts';
import type { RelayWelcome } from './relay-line-events.ts';

/** `w`: what follows on this port is §3. It is no part of a transcript. */
const FIRST_BYTE = new Uint8Array([0x77]);

export interface OpenRelayChannelOptions {
  readonly relay: RelayAddress;
  readonly device: Device;
  /** Told of the relay's bundle once its handshake is authenticated; throws a WaxwingError to refuse it. */
  readonly admit?: ((relay: Bundle) => void) | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Gives up while connecting, shaking hands, and waiting for the welcome. */
  readonly signal: AbortSignal;
  /** Who watches, and the number of this connection for it. */
  readonly watch?: Watch | undefined;
  readonly connection: number;
  /** Monotonic, in milliseconds. */
  readonly stopwatch?: (() => number) | undefined;
}

/** @throws RelayFailure `connection-refused`, `host-not-found`, `host-unreachable`, `connection-failed`, `handshake-failed`, `relay-changed`, `relay-refused`, and what `admit` throws */
export async function openRelayChannel(
  options: OpenRelayChannelOptions,
): Promise<{ readonly channel: RelayChannel; readonly welcome: RelayWelcome }> {
  const { relay, signal } = options;
  let stream: ByteStream | undefined;
  const giveUp = (): void => stream?.destroy();
  signal.addEventListener('abort', giveUp);
  try {
    stream = await connectTcp(relay, signal);
    const connection = await shakeHands(stream, options);
    return await readWelcome(connection, options.stopwatch ?? ((): number => performance.now()));
  } catch (error) {
    throw openingFailure(error, relay);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function shakeHands(stream: ByteStream, options: OpenRelayChannelOptions): Promise<Connection> {
  const { relay, device, now, watch, stopwatch } = options;
  const trace = traceConnection(watch, { connection: options.connection, remote: formatAddress(relay) });
  stream.write(FIRST_BYTE);
  const side = new HandshakingClient(nodePrimitives, { device, pin: relay.relay, trace });
  const channel = await shake({ stream, side, now, admit: options.admit ?? (() => undefined), trace });
  return new Connection(stream, channel, { trace, stopwatch });
}

/** The welcome is the relay's first record; a direct peer at this address says something else (§11.1). */
async function readWelcome(
  connection: Connection,
  stopwatch: () => number,
): Promise<{ channel: RelayChannel; welcome: RelayWelcome }> {
  const batches = connection.batches();
  const deadline = setTimeout(() => connection.cut('late'), HANDSHAKE_DEADLINE);
  try {
    for (;;) {
      const batch = await batches.next();
      if (batch.done === true) {
        connection.cut('ended');
        throw new HandshakeEnded('ended', 'It said nothing after the handshake.');
      }
      const [first, ...early] = batch.value;
      if (first === undefined) continue;
      const welcome = welcomeOf(first, connection.handshake.clockOffset);
      return { channel: new RelayChannel({ connection, batches, early, stopwatch }), welcome };
    }
  } catch (error) {
    if (isProtocolError(error)) connection.refuse();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

/** @throws ProtocolError `record` for anything else */
function welcomeOf(content: Content, clockOffset: number): RelayWelcome {
  if (content.kind !== 'relay') throw misplaced('Anything but a relay’s welcome');
  const reply = decodeReply(content.body, () => undefined);
  if (reply.kind !== 'event' || reply.event.event !== 'welcome') throw misplaced('Anything but the welcome');
  const { member, name, prekeyCounter, entriesLeft, waiting } = reply.event;
  return { member, name: nameOf(name), prekeyCounter, entriesLeft, waiting, clockOffset };
}

function openingFailure(cause: unknown, relay: RelayAddress): unknown {
  const where = formatAddress(relay);
  if (cause instanceof PinMismatchError) {
    const presented = encodeFingerprint(cause.presented.account);
    const expected = encodeFingerprint(relay.relay);
    return new RelayFailure(
      'relay-changed',
      [
        `The relay at ${where} shows another key than the address says: ${presented} instead of ${expected}. It was not told who you are.`,
        'Ask its operator over another way whether the relay was set up anew. If so, use the new link; if not, somebody is between you and it.',
      ],
      { passing: false, cause },
    );
  }
  if (isWaxwingError(cause, 'connection-refused')) {
    const next = 'It is tried again by itself. Check the address, and ask the operator whether the relay runs.';
    return new RelayFailure(cause.code, [cause.message, next], { passing: true, cause });
  }
  if (cause instanceof RelayFailure) return cause;
  if (isWaxwingError(cause)) return new RelayFailure(cause.code, [cause.message, cause.next], { passing: true, cause });
  if (cause instanceof HandshakeEnded && cause.how === 'rejected') {
    return new RelayFailure(
      'relay-refused',
      [
        `The relay at ${where} refused the connection, and does not say why.`,
        'Ask its operator what its log says. A home restored from a copy is refused: waxwing id rotate --device.',
      ],
      // A relay whose disk failed while it looked us up says the same.
      { passing: true, cause },
    );
  }
  if (!(cause instanceof HandshakeEnded) && !isProtocolError(cause)) return cause;
  return new RelayFailure(
    'handshake-failed',
    [
      `The relay at ${where} did not come to a channel: ${cause.message}`,
      'It is tried again by itself. Check that a waxwing relay listens there, and no direct peer.',
    ],
    { passing: true, cause },
  );
}
