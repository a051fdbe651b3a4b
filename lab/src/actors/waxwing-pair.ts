/** Alice and bob as ends of one live conversation of waxwing, in memory: the attacker carries the envelopes. */
import {
  type Bytes,
  LiveConversation,
  type Primitives,
  type RsaPrivateKey,
  SecretKey,
  textOf,
  utf8,
  X25519PrivateKey,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { type Stop, stopOf, TOO_OLD } from '../check.ts';
import type { Lab } from '../lab.ts';
import type { Name } from '../people.ts';
import { ComposedConversation, type Conversing, type RatchetState } from '../waxwing/conversation.ts';

type LiveOptions = ConstructorParameters<typeof LiveConversation>[1];

/** The end that an attack is aimed at. */
export interface Victim {
  /** The lines on its screen. */
  readonly screen: readonly string[];
  /** What it refused, in order. */
  readonly stops: readonly Stop[];
  /**
   * Takes an envelope off the wire and gives what the peer learns of it: `accepted`, `too-old`, or `rejected` (§3: nothing
   * more). `now`: its clock, the lab's unless given. Never throws for what an attacker does.
   */
  receive(envelope: Uint8Array, now?: number): Promise<string>;
  /** What a thief finds in its memory. @throws Error unless it is `inspected` */
  memory(): readonly RatchetState[];
  /** The envelope of a text that it says itself. */
  say(text: string): Promise<Bytes>;
}

export interface WaxwingPair {
  /** Seals with the shipped code, and with whatever primitives the attack gave it. */
  readonly sender: LiveConversation;
  readonly victim: Victim;
  /** What the two share (§6): an attacker who is one of them has it too. */
  readonly root: SecretKey;
  readonly sid: Bytes;
}

export interface PairOptions {
  /** Alice unless given. */
  readonly sender?: Name;
  /** Bob unless given. */
  readonly victim?: Name;
  /** Whom the victim takes the sender for; the sender itself unless given. */
  readonly taken?: Name;
  /** With what the sender signs, where that is not its device's key. */
  readonly signKey?: RsaPrivateKey;
  /** The sender's: an end that has someone's signature but not the key signs with `signingWith`. */
  readonly primitives?: Primitives;
  /** Whether its memory will be copied: then it is the composed end in any case, since nobody can look into the shipped one. */
  readonly inspected?: boolean;
  /** The session's name, where two pairs are to have the same. */
  readonly sid?: Bytes;
}

/** Two ends just after their handshake, of which the sender was the server. */
export async function waxwingPair(lab: Lab, options: PairOptions = {}): Promise<WaxwingPair> {
  const { sender = 'alice', victim = 'bob', sid = p.randomBytes(16) } = options;
  const [from, to, taken] = await lab.people.persons(sender, victim, options.taken ?? sender);
  const root = new SecretKey(p.randomBytes(32));
  const ownDh = new X25519PrivateKey(p.randomBytes(32));
  const session = { clockOffset: 0, root, sid };
  const chain = { sent: { seq: 0, hash: new Uint8Array(32) }, received: undefined };
  const shared = { chain, now: lab.now };
  const receiving: LiveOptions = {
    ...shared,
    device: to.device,
    peer: taken.device.bundle,
    handshake: { ...session, role: 'client', ownDh },
  };
  return {
    root,
    sid,
    sender: new LiveConversation(options.primitives ?? p, {
      ...shared,
      device: { ...from.device, signKey: options.signKey ?? from.device.signKey },
      peer: to.device.bundle,
      handshake: { ...session, role: 'server', peerDh: p.x25519PublicKey(ownDh) },
    }),
    victim: victimOf(lab, receiving, options.inspected ?? false),
  };
}

/** The shipped conversation, or the composed one: as the lab says. */
export function conversationOf(lab: Lab, options: LiveOptions): Conversing {
  if (lab.victim === 'shipped') return new LiveConversation(p, options);
  return new ComposedConversation(p, options, (check) => lab.off(check));
}

function victimOf(lab: Lab, options: LiveOptions, inspected: boolean): Victim {
  const conversation = inspected
    ? new ComposedConversation(p, options, (check) => lab.off(check))
    : conversationOf(lab, options);
  const screen: string[] = [];
  const stops: Stop[] = [];
  return {
    screen,
    stops,
    memory: () => {
      if (conversation instanceof ComposedConversation) return conversation.memory;
      throw new Error('nobody can look into the shipped conversation');
    },
    say: async (text) => (await conversation.seal(flight(text, lab.now))).envelope,
    receive: async (envelope, now = lab.now) => {
      try {
        const { outcome, items } = await conversation.open(envelope, now);
        if (outcome === 'too-old') stops.push(TOO_OLD);
        for (const { body } of items) screen.push(...lab.show(textOf(body) ?? ''));
        return outcome;
      } catch (error) {
        const stop = stopOf(error);
        stops.push(stop);
        return lab.off('one-answer') ? `rejected: ${stop.message}` : 'rejected';
      }
    },
  };
}

/** One text as a flight to seal. `opening` is drawn unless given; `now` is the sender's clock. */
export function flight(text: string, now: number, opening?: Uint8Array): Parameters<LiveConversation['seal']>[0] {
  return { items: [{ type: 'text/plain', body: utf8(text), opening }], now };
}

/** Primitives whose signature is always the one given. */
export function signingWith(signature: Bytes): Primitives {
  return { ...p, signPss: () => Promise.resolve(signature) };
}
