/** The two ends of one live conversation of waxwing, and what an attacker changes about them. */
import assert from 'node:assert/strict';
import { type Bytes, textOf, utf8 } from '../../src/bytes.ts';
import type { ChainState, OpenedFlight } from '../../src/conversation/flight.ts';
import { LiveConversation } from '../../src/conversation/live-conversation.ts';
import { isProtocolError, type ProtocolErrorCode } from '../../src/errors.ts';
import type { Bundle } from '../../src/keys/bundle.ts';
import type { Device } from '../../src/keys/device.ts';
import { nodePrimitives as p } from '../../src/primitives/node.ts';
import { type Primitives, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import { alice, bob, NOW } from '../fixtures/devices.ts';

/** Who sits at an end, with which primitives and memory, and whom the other end takes for him. */
export interface EndOptions {
  readonly device?: Device;
  readonly primitives?: Primitives;
  readonly chain?: ChainState;
  readonly taken?: Bundle;
}

export interface PairOptions {
  /** The session's name, where two pairs are to have the same. */
  readonly sid?: Bytes;
  readonly server?: EndOptions;
  readonly client?: EndOptions;
}

export interface LivePair {
  readonly server: LiveConversation;
  readonly client: LiveConversation;
  /** What the two share: an attacker who is one of them has it too. */
  readonly root: SecretKey;
}

const EMPTY: ChainState = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };

/** Alice's server and bob's client just after their handshake, unless the options say otherwise. */
export function livePair({ sid = p.randomBytes(16), server = {}, client = {} }: PairOptions = {}): LivePair {
  const root = new SecretKey(p.randomBytes(32));
  const ownDh = new X25519PrivateKey(p.randomBytes(32));
  const session = { clockOffset: 0, root, sid };
  const serverDevice = server.device ?? alice;
  const clientDevice = client.device ?? bob;
  return {
    root,
    server: new LiveConversation(server.primitives ?? p, {
      device: serverDevice,
      peer: client.taken ?? clientDevice.bundle,
      handshake: { ...session, role: 'server', peerDh: p.x25519PublicKey(ownDh) },
      chain: server.chain ?? EMPTY,
      now: NOW,
    }),
    client: new LiveConversation(client.primitives ?? p, {
      device: clientDevice,
      peer: server.taken ?? serverDevice.bundle,
      handshake: { ...session, role: 'client', ownDh },
      chain: client.chain ?? EMPTY,
      now: NOW,
    }),
  };
}

/** One text as a flight to seal. */
export function flight(text: string, now = NOW, opening?: Bytes): Parameters<LiveConversation['seal']>[0] {
  return { items: [{ type: 'text/plain', body: utf8(text), opening }], now };
}

/** Primitives whose signature is always the one given: an end that has someone's signature but not his key. */
export function signingWith(signature: Bytes): Primitives {
  return { ...p, signPss: () => Promise.resolve(signature) };
}

/** What may be shown of an opened flight. */
export function shown(opened: OpenedFlight): (string | undefined)[] {
  return opened.items.map((item) => textOf(item.body));
}

/** A matcher for assert.rejects and assert.throws: a ProtocolError of this code, and of this check where one is named. */
export function stoppedAt(code: ProtocolErrorCode, check?: string): (error: unknown) => true {
  return (error) => {
    assert.ok(isProtocolError(error), String(error));
    assert.equal(error.code, code, `${error.code} (${error.check}): ${error.message}`);
    if (check !== undefined) assert.equal(error.check, check);
    return true;
  };
}
