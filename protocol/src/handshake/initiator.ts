/** The dialling side of the handshake (§3): AwaitingF1 → AwaitingF3 → the result. */
import { type Bytes, equalBytes } from '../bytes.ts';
import { encodeFrame, FRAME, type Frame } from '../codec/frame.ts';
import { ProtocolError } from '../errors.ts';
import { NONCE_SIZE, X25519_SIZE } from '../limits.ts';
import { type Primitives, type SecretKey, X25519PrivateKey } from '../primitives.ts';
import { openEtm, sealEtm } from '../symmetric/etm.ts';
import { CheckWatch } from '../trace.ts';
import { requireFrame } from './expected-frame.ts';
import { type Failure, failAs } from './failure.ts';
import type { ClientResult, HandshakeDevice } from './handshake-result.ts';
import type { HandshakeTrace } from './handshake-trace.ts';
import { boxKey, finishKey, handshakeOutputs, handshakeSecret, shortAuthenticationString } from './key-schedule.ts';
import {
  type AnswerMessage,
  decodeF1,
  decodeServerProof,
  encodeClientProof,
  encodeF2,
  type HelloMessage,
} from './messages.ts';
import { checkIdentity, proveIdentity } from './peer-proof.ts';
import { solvePuzzle } from './puzzle.ts';
import { SingleUse } from './single-use.ts';
import { commitmentTo, transcript1, transcript2, transcript3, transcript4, transcript5 } from './transcript.ts';

export interface InitiatorOptions {
  readonly device: HandshakeDevice;
  /** The account (32) the server must have; any where absent. */
  readonly pin?: Bytes | undefined;
  readonly trace?: HandshakeTrace | undefined;
}

/** A new handshake of the dialling side, which waits for the server's first frame. */
export function startInitiator(p: Primitives, options: InitiatorOptions): AwaitingF1 {
  return new AwaitingF1(p, options);
}

/** Nothing has been received. */
export class AwaitingF1 {
  readonly #p: Primitives;
  readonly #options: InitiatorOptions;
  readonly #once = new SingleUse();

  constructor(p: Primitives, options: InitiatorOptions) {
    this.#p = p;
    this.#options = options;
  }

  /**
   * F2 in answer to F1; solves the puzzle, if one is asked, without holding up the event loop.
   * @param now own clock on receipt, milliseconds
   * @throws ProtocolError `handshake-f1` (checks `type`, `rejected`, `encoding`, `protocol`, `suite`, `puzzle`,
   *   `x25519`, `mlkem`), `reuse` the second time
   */
  async receiveF1(frame: Frame, now: number): Promise<{ readonly f2: Bytes; readonly next: AwaitingF3 }> {
    this.#once.use();
    const p = this.#p;
    const trace = this.#options.trace?.();
    const watch = CheckWatch.of(trace);
    const hello = decodeF1(frame);
    watch?.note('encoding');
    const nonce = p.randomBytes(NONCE_SIZE);
    const dh = new X25519PrivateKey(p.randomBytes(X25519_SIZE));
    const dhShared = failAs(agreementFailure('x25519'), () => p.x25519(dh, hello.dhPublic));
    watch?.note('x25519');
    const mlKem = failAs(agreementFailure('mlkem'), () => p.mlKemEncapsulate(hello.mlKemPublic));
    watch?.note('mlkem');
    trace?.tell({ kind: 'f1', direction: 'in', frame: frame.bytes, hello, checks: watch?.held ?? [] });
    const answer: AnswerMessage = {
      nonce,
      dhPublic: p.x25519PublicKey(dh),
      mlKemCiphertext: mlKem.ciphertext,
      time: now,
      puzzle: new Uint8Array(0),
    };
    const unsolved = encodeF2(answer);
    const puzzle = await solvePuzzle({ bits: hello.puzzleBits, f1: frame.bytes, f2: unsolved });
    const f2 = puzzle.length === 0 ? unsolved : encodeF2({ ...answer, puzzle });
    const prk = handshakeSecret(p, mlKem.shared, dhShared);
    const th1 = transcript1(p, frame.bytes, f2);
    trace?.tell({
      kind: 'f2',
      direction: 'out',
      frame: f2,
      answer: { ...answer, puzzle },
      dhShared,
      mlKemShared: mlKem.shared,
      prk,
      th1,
      checks: [],
    });
    const next = new AwaitingF3(p, { ...this.#options, hello, dh, prk, th1, clockOffset: hello.time - now });
    return { f2, next };
  }
}

interface AwaitingF3Options extends InitiatorOptions {
  readonly hello: HelloMessage;
  readonly dh: X25519PrivateKey;
  readonly prk: SecretKey;
  readonly th1: Bytes;
  /** Not authenticated yet. */
  readonly clockOffset: number;
}

/** F2 has been sent; nobody has proved anything. */
export class AwaitingF3 {
  readonly #p: Primitives;
  readonly #options: AwaitingF3Options;
  readonly #once = new SingleUse();

  constructor(p: Primitives, options: AwaitingF3Options) {
    this.#p = p;
    this.#options = options;
  }

  /**
   * F4, made only after the server has proved its identity, and the result, which counts once F5 opens (§3).
   * @throws ProtocolError `handshake-f3` (checks `type`, `rejected`, `open`, `encoding`, `commit`, `bundle`, `pin` as
   *   PinMismatchError, `own device`, `signature`, `mac`, in this order), `reuse` the second time
   */
  async receiveF3(frame: Frame, now: number): Promise<{ readonly f4: Bytes; readonly next: ClientResult }> {
    this.#once.use();
    requireFrame(frame, FRAME.F3, 'handshake-f3');
    const p = this.#p;
    const { device, pin, hello, dh, prk, th1, clockOffset } = this.#options;
    const trace = this.#options.trace?.();
    const watch = CheckWatch.of(trace);

    const serverKey = boxKey(p, prk, 'server', th1);
    const proof = decodeServerProof(
      failAs(BOX_FAILURE, () => openEtm(p, { key: serverKey, aad: th1, box: frame.body })),
    );
    watch?.note('open');
    checkCommitment(p, proof.opening, hello.commitment);
    watch?.note('commit');
    const serverFinishKey = finishKey(p, prk, 'server', th1);
    const peer = await checkIdentity(p, {
      sender: 'server',
      proof,
      device,
      pin,
      transcript: (bundleHash) => transcript2(p, th1, bundleHash, proof.opening),
      finishKey: serverFinishKey,
      now,
      watch,
    });
    trace?.tell({
      kind: 'f3',
      direction: 'in',
      frame: frame.bytes,
      bundle: peer,
      proof,
      key: serverKey,
      finishKey: serverFinishKey,
      transcript: transcript2(p, th1, peer.hash, proof.opening),
      checks: watch?.held ?? [],
    });

    const th3 = transcript3(p, th1, frame.bytes);
    const transcript = transcript4(p, th3, device.bundle.hash);
    const clientFinishKey = finishKey(p, prk, 'client', th1);
    const own = await proveIdentity(p, { sender: 'client', device, transcript, finishKey: clientFinishKey });
    const clientKey = boxKey(p, prk, 'client', th1);
    const f4 = encodeFrame(FRAME.F4, sealEtm(p, { key: clientKey, aad: th3, plain: encodeClientProof(own) }));
    trace?.tell({
      kind: 'f4',
      direction: 'out',
      frame: f4,
      bundle: device.bundle,
      proof: own,
      key: clientKey,
      finishKey: clientFinishKey,
      transcript,
      checks: [],
    });
    const th5 = transcript5(p, th3, f4);
    const sas = shortAuthenticationString(p, prk, proof.opening, th1);
    const outputs = handshakeOutputs(p, prk, 'client', th5);
    const next: ClientResult = { role: 'client', peer, clockOffset, sas, th5, ownDh: dh, ...outputs };
    trace?.tell({ kind: 'established', handshake: next });
    return { f4, next };
  }
}

/** @throws ProtocolError `handshake-f3`, check `commit` */
export function checkCommitment(p: Primitives, opening: Bytes, commitment: Bytes): void {
  if (!equalBytes(commitmentTo(p, opening), commitment)) {
    throw new ProtocolError('handshake-f3', 'commit', 'The server did not keep to the value it had committed to.');
  }
}

const BOX_FAILURE: Failure = {
  from: 'etm',
  code: 'handshake-f3',
  check: 'open',
  message: 'The third frame of the handshake does not open.',
};

function agreementFailure(check: 'x25519' | 'mlkem'): Failure {
  return {
    from: 'primitive',
    code: 'handshake-f1',
    check,
    message: 'A key of the server is not one that keys can be agreed with.',
  };
}
