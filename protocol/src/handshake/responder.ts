/** The listening side of the handshake (§3): F1 → AwaitingF2 → AwaitingF4 → the result. */
import type { Bytes } from '../bytes.ts';
import { encodeFrame, FRAME, type Frame } from '../codec/frame.ts';
import { ProtocolError } from '../errors.ts';
import { MAX_PUZZLE_BITS, NONCE_SIZE } from '../limits.ts';
import type { Primitives, SecretKey } from '../primitives.ts';
import { openEtm, sealEtm } from '../symmetric/etm.ts';
import { CheckWatch } from '../trace.ts';
import { requireFrame } from './expected-frame.ts';
import { type Failure, failAs } from './failure.ts';
import type { HandshakeDevice, ServerResult } from './handshake-result.ts';
import type { HandshakeTrace } from './handshake-trace.ts';
import { boxKey, finishKey, handshakeOutputs, handshakeSecret, shortAuthenticationString } from './key-schedule.ts';
import { decodeClientProof, decodeF2, encodeF1, encodeF2, encodeServerProof, type HelloMessage } from './messages.ts';
import { checkIdentity, proveIdentity } from './peer-proof.ts';
import { checkPuzzle } from './puzzle.ts';
import { createSharedEphemeral, type SharedEphemeral } from './shared-ephemeral.ts';
import { SingleUse } from './single-use.ts';
import { commitmentTo, transcript1, transcript2, transcript3, transcript4, transcript5 } from './transcript.ts';

export interface ResponderOptions {
  readonly device: HandshakeDevice;
  /** Milliseconds, the own clock: it stands in F1. */
  readonly now: number;
  /** 0..20 */
  readonly puzzleBits: number;
  /** Shared between connections for at most a second (§3); a fresh one where absent. */
  readonly ephemeral?: SharedEphemeral | undefined;
  readonly trace?: HandshakeTrace | undefined;
}

/**
 * F1, and the state that waits for the answer. r_S is fresh in every call, also with a shared ephemeral.
 * @throws ProtocolError `reuse` (check `ephemeral`) outside the ephemeral's second, `limit` for puzzle bits above 20
 */
export function startResponder(
  p: Primitives,
  options: ResponderOptions,
): { readonly f1: Bytes; readonly state: AwaitingF2 } {
  const { device, now, puzzleBits, trace } = options;
  if (!Number.isInteger(puzzleBits) || puzzleBits < 0 || puzzleBits > MAX_PUZZLE_BITS) {
    throw new ProtocolError('limit', 'puzzle', `A server asks for at most ${String(MAX_PUZZLE_BITS)} puzzle bits.`);
  }
  const ephemeral = options.ephemeral ?? createSharedEphemeral(p, now);
  if (now < ephemeral.madeAt || now >= ephemeral.expiresAt) {
    throw new ProtocolError('reuse', 'ephemeral', 'A shared ephemeral key is outside its second.');
  }
  const opening = p.randomBytes(NONCE_SIZE);
  const hello: HelloMessage = {
    commitment: commitmentTo(p, opening),
    dhPublic: ephemeral.dhPublic,
    mlKemPublic: ephemeral.mlKemPublic,
    time: now,
    puzzleBits,
  };
  const f1 = encodeF1(hello);
  trace?.()?.tell({ kind: 'f1', direction: 'out', frame: f1, hello, checks: [] });
  return { f1, state: new AwaitingF2(p, { device, f1, opening, puzzleBits, ephemeral, trace }) };
}

interface AwaitingF2Options {
  readonly device: HandshakeDevice;
  readonly f1: Bytes;
  /** r_S */
  readonly opening: Bytes;
  readonly puzzleBits: number;
  readonly ephemeral: SharedEphemeral;
  readonly trace: HandshakeTrace | undefined;
}

/** F1 has been sent. */
export class AwaitingF2 {
  readonly #p: Primitives;
  readonly #options: AwaitingF2Options;
  readonly #once = new SingleUse();

  constructor(p: Primitives, options: AwaitingF2Options) {
    this.#p = p;
    this.#options = options;
  }

  /**
   * F3 in answer to F2. The puzzle comes before any key operation.
   * @param now own clock on receipt, milliseconds
   * @throws ProtocolError `handshake-f2` (checks `type`, `rejected`, `encoding`, `suite`, `puzzle`, `x25519`, `mlkem`, in
   *   this order), `reuse` the second time
   */
  async receiveF2(frame: Frame, now: number): Promise<{ readonly f3: Bytes; readonly next: AwaitingF4 }> {
    this.#once.use();
    const p = this.#p;
    const { device, f1, opening, puzzleBits, ephemeral } = this.#options;
    const trace = this.#options.trace?.();
    const watch = CheckWatch.of(trace);
    const answer = decodeF2(frame);
    watch?.note('encoding');
    const unsolved = encodeF2({ ...answer, puzzle: new Uint8Array(0) });
    if (!checkPuzzle(p, { bits: puzzleBits, f1, f2: unsolved }, answer.puzzle)) {
      throw new ProtocolError('handshake-f2', 'puzzle', 'The client did not solve the puzzle it was given.');
    }
    watch?.note('puzzle');

    const dhShared = failAs(agreementFailure('x25519'), () => p.x25519(ephemeral.dh, answer.dhPublic));
    watch?.note('x25519');
    const mlKemShared = failAs(agreementFailure('mlkem'), () =>
      p.mlKemDecapsulate(ephemeral.mlKem, answer.mlKemCiphertext),
    );
    watch?.note('mlkem');
    const prk = handshakeSecret(p, mlKemShared, dhShared);
    const th1 = transcript1(p, f1, frame.bytes);
    trace?.tell({
      kind: 'f2',
      direction: 'in',
      frame: frame.bytes,
      answer,
      dhShared,
      mlKemShared,
      prk,
      th1,
      checks: watch?.held ?? [],
    });
    const transcript = transcript2(p, th1, device.bundle.hash, opening);
    const ownFinishKey = finishKey(p, prk, 'server', th1);
    const own = await proveIdentity(p, { sender: 'server', device, transcript, finishKey: ownFinishKey });
    const proof = { ...own, opening };
    const key = boxKey(p, prk, 'server', th1);
    const f3 = encodeFrame(FRAME.F3, sealEtm(p, { key, aad: th1, plain: encodeServerProof(proof) }));
    trace?.tell({
      kind: 'f3',
      direction: 'out',
      frame: f3,
      bundle: device.bundle,
      proof,
      key,
      finishKey: ownFinishKey,
      transcript,
      checks: [],
    });
    const next = new AwaitingF4(p, {
      device,
      prk,
      th1,
      th3: transcript3(p, th1, f3),
      sas: shortAuthenticationString(p, prk, opening, th1),
      clockOffset: answer.time - now,
      peerDh: answer.dhPublic,
      trace: this.#options.trace,
    });
    return { f3, next };
  }
}

interface AwaitingF4Options {
  readonly device: HandshakeDevice;
  readonly prk: SecretKey;
  readonly th1: Bytes;
  readonly th3: Bytes;
  readonly sas: string;
  /** Not authenticated yet. */
  readonly clockOffset: number;
  readonly peerDh: Bytes;
  readonly trace: HandshakeTrace | undefined;
}

/** F3 has been sent: the client knows who this is, and has proved nothing. */
export class AwaitingF4 {
  readonly #p: Primitives;
  readonly #options: AwaitingF4Options;
  readonly #once = new SingleUse();

  constructor(p: Primitives, options: AwaitingF4Options) {
    this.#p = p;
    this.#options = options;
  }

  /**
   * The result; F5 is to follow at once as the server's record 0.
   * @param options `pin`: the account (32) the client must have; any where absent
   * @throws ProtocolError `handshake-f4` (checks `type`, `rejected`, `open`, `encoding`, `bundle`, `pin` as
   *   PinMismatchError, `own device`, `signature`, `mac`, in this order), `reuse` the second time
   */
  async receiveF4(
    frame: Frame,
    now: number,
    options: { readonly pin?: Bytes | undefined } = {},
  ): Promise<ServerResult> {
    this.#once.use();
    requireFrame(frame, FRAME.F4, 'handshake-f4');
    const p = this.#p;
    const { device, prk, th1, th3, sas, clockOffset, peerDh } = this.#options;
    const trace = this.#options.trace?.();
    const watch = CheckWatch.of(trace);
    const key = boxKey(p, prk, 'client', th1);
    const proof = decodeClientProof(failAs(BOX_FAILURE, () => openEtm(p, { key, aad: th3, box: frame.body })));
    watch?.note('open');
    const clientFinishKey = finishKey(p, prk, 'client', th1);
    const peer = await checkIdentity(p, {
      sender: 'client',
      proof,
      device,
      pin: options.pin,
      transcript: (bundleHash) => transcript4(p, th3, bundleHash),
      finishKey: clientFinishKey,
      now,
      watch,
    });
    trace?.tell({
      kind: 'f4',
      direction: 'in',
      frame: frame.bytes,
      bundle: peer,
      proof,
      key,
      finishKey: clientFinishKey,
      transcript: transcript4(p, th3, peer.hash),
      checks: watch?.held ?? [],
    });
    const th5 = transcript5(p, th3, frame.bytes);
    const outputs = handshakeOutputs(p, prk, 'server', th5);
    const result: ServerResult = { role: 'server', peer, clockOffset, sas, th5, peerDh, ...outputs };
    trace?.tell({ kind: 'established', handshake: result });
    return result;
  }
}

const BOX_FAILURE: Failure = {
  from: 'etm',
  code: 'handshake-f4',
  check: 'open',
  message: 'The fourth frame of the handshake does not open.',
};

function agreementFailure(check: 'x25519' | 'mlkem'): Failure {
  return {
    from: 'primitive',
    code: 'handshake-f2',
    check,
    message: 'A value of the client is not one that keys can be agreed with.',
  };
}
