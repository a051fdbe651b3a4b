/** The relay's side of §3 over a wire: admission, a deadline, and what the relay itself asks of a caller. */
import {
  type Channel,
  createSharedEphemeral,
  type HandshakeGate,
  HandshakingServer,
  REJECT,
  type SharedEphemeral,
  type Step,
} from '@waxwing/protocol/channel';
import { type Bundle, checkSerial, equalBytes, HANDSHAKE_DEADLINE, readBundle } from '@waxwing/protocol/wire';
import type { RelayIdentity } from '../identity.ts';
import { failureFields } from '../log.ts';
import type { RelayParts } from '../session/caller.ts';
import type { Member } from '../store/store.ts';
import type { Wire, WireHandler } from '../wire/wire.ts';

export interface HandshakesOptions {
  readonly parts: RelayParts;
  readonly identity: () => RelayIdentity;
  readonly gate: HandshakeGate;
}

/** An authenticated caller, and what is stored of its account. */
export interface Established {
  readonly channel: Channel;
  readonly member: Member | undefined;
}

export class Handshakes {
  readonly #options: HandshakesOptions;
  #ephemeral: SharedEphemeral | undefined;

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  /** Runs one handshake to its end; undefined where there is no channel: the wire is then closed, the reason logged. */
  async run(wire: Wire): Promise<Established | undefined> {
    const { parts, gate } = this.#options;
    const now = parts.now();
    const admission = gate.admit(wire.address, now);
    if (!admission.admitted) {
      parts.metrics.handshake('turned away');
      wire.cut();
      return undefined;
    }
    const { ticket } = admission;
    try {
      const side = new HandshakingServer(parts.primitives, {
        device: this.#options.identity().device,
        puzzleBits: ticket.puzzleBits,
        ephemeral: this.#sharedEphemeral(now),
        now,
      });
      const established = await new Shake(wire, side, parts).run();
      parts.metrics.handshake('done');
      return established;
    } catch (error) {
      parts.metrics.handshake('refused');
      parts.log.debug({ event: 'handshake refused', ...failureFields(error) });
      return undefined;
    } finally {
      gate.finish(ticket);
    }
  }

  /** §3: for connections of one second. */
  #sharedEphemeral(now: number): SharedEphemeral {
    if (this.#ephemeral === undefined || now >= this.#ephemeral.expiresAt || now < this.#ephemeral.madeAt) {
      this.#ephemeral = createSharedEphemeral(this.#options.parts.primitives, now);
    }
    return this.#ephemeral;
  }
}

/** The caller went away, or took too long. */
class HandshakeCut extends Error {
  override readonly name = 'HandshakeCut';
  readonly code: string;

  constructor(code: 'caller-gone' | 'handshake-late') {
    super(code);
    this.code = code;
  }
}

class Shake implements WireHandler {
  readonly #wire: Wire;
  readonly #side: HandshakingServer;
  readonly #parts: RelayParts;
  readonly #result = Promise.withResolvers<Established>();
  readonly #deadline: NodeJS.Timeout;
  #over = false;

  constructor(wire: Wire, side: HandshakingServer, parts: RelayParts) {
    this.#wire = wire;
    this.#side = side;
    this.#parts = parts;
    this.#deadline = setTimeout(() => {
      this.#fail(new HandshakeCut('handshake-late'));
      wire.cut();
    }, HANDSHAKE_DEADLINE);
  }

  run(): Promise<Established> {
    this.#wire.listen(this);
    this.#wire.write(this.#side.hello);
    return this.#result.promise;
  }

  receive(chunk: Uint8Array): void {
    if (this.#over) return;
    // One step at a time: what the caller sends meanwhile waits with him.
    this.#wire.pause();
    this.#step(chunk).then(
      () => {
        if (!this.#over) this.#wire.resume(); // whoever takes the wire over resumes it himself
      },
      (error: unknown) => {
        if (this.#over) return;
        this.#fail(error);
        this.#wire.write(REJECT);
        this.#wire.end();
      },
    );
  }

  async #step(chunk: Uint8Array): Promise<void> {
    const step: Step = await this.#side.receive(chunk, this.#parts.now());
    const channel = step.established;
    const member = channel === undefined ? undefined : await this.#admit(channel.handshake.peer);
    if (this.#over) return;
    for (const frame of step.send) this.#wire.write(frame);
    if (channel === undefined) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#result.resolve({ channel, member });
  }

  /** §2: no older certificate of a device than one seen before; a renewed one takes its place. */
  async #admit(peer: Bundle): Promise<Member | undefined> {
    const { primitives, store, commits } = this.#parts;
    const member = await store.member(peer.account);
    if (member === undefined || !equalBytes(member.device, peer.device)) return member;
    const known = await readBundle(primitives, member.bundle);
    checkSerial({ serial: known.certificate.serial, certificateHash: known.certificateHash }, peer);
    if (peer.certificate.serial > known.certificate.serial) {
      await commits.submit({ kind: 'renew', account: peer.account, device: peer.device, bundle: peer.bytes });
    }
    return member;
  }

  drained(): void {
    // Nothing of a handshake is large.
  }

  closed(): void {
    this.#fail(new HandshakeCut('caller-gone'));
  }

  #fail(error: unknown): void {
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#result.reject(error);
  }
}
