/**
 * Both sides of the handshake (§3) as the lab composes them: the product's messages, key schedule and single checks, each
 * check asked for first. Puzzles are left out: nobody in the lab is under load.
 */
import {
  type Bundle,
  type Bytes,
  encodeCbor,
  equalBytes,
  isProtocolError,
  type Primitives,
  ProtocolError,
  readBundle,
  type SecretKey,
  X25519PrivateKey,
} from '@waxwing/protocol';
import {
  Channel,
  createSharedEphemeral,
  type HandshakeDevice,
  type HandshakeResult,
  type Role,
  type Step,
} from '@waxwing/protocol/channel';
import {
  unsafeFraming,
  unsafeHandshake,
  unsafeHandshakeDriver,
  unsafeInitiator,
  unsafeKeySchedule,
  unsafePeerProof,
  unsafeRecords,
  unsafeSymmetric,
  unsafeTranscript,
} from '@waxwing/protocol/unsafe';
import type { Off } from './opening.ts';
import { ComposedOpener, OneRecvReader } from './records.ts';

const { FRAME, encodeFrame } = unsafeFraming;
const NONE: Bytes = new Uint8Array(0);
/** The content of F5 (§4). */
const READY = encodeCbor([0]);

export interface ComposedSide {
  readonly device: HandshakeDevice;
  /** The account the peer must have. */
  readonly pin?: Bytes | undefined;
  readonly now: number;
  /** Of a server that does not keep to its commitment: the r_S of F3, when F2 is there and the digits of any r_S are known. */
  readonly reopen?: (digitsOf: (opening: Bytes) => string) => Bytes;
}

/** What both sides know after F2. */
interface Agreed {
  readonly prk: SecretKey;
  readonly th1: Bytes;
  readonly clockOffset: number;
}

/** The listening side; drives like the product's HandshakingServer. */
export class ComposedServer {
  /** F1. */
  readonly hello: Bytes;
  readonly #driver: unsafeHandshakeDriver.HandshakeDriver;

  constructor(p: Primitives, side: ComposedSide, off: Off) {
    const ephemeral = createSharedEphemeral(p, side.now);
    const committed = p.randomBytes(32);
    const { dhPublic, mlKemPublic } = ephemeral;
    const commitment = unsafeTranscript.commitmentTo(p, committed);
    this.hello = unsafeHandshake.encodeF1({ commitment, dhPublic, mlKemPublic, time: side.now, puzzleBits: 0 });
    this.#driver = new unsafeHandshakeDriver.HandshakeDriver(async (f2, now) => {
      const answer = unsafeHandshake.decodeF2(f2);
      const shared = p.mlKemDecapsulate(ephemeral.mlKem, answer.mlKemCiphertext);
      const prk = unsafeKeySchedule.handshakeSecret(p, shared, p.x25519(ephemeral.dh, answer.dhPublic));
      const th1 = unsafeTranscript.transcript1(p, this.hello, f2.bytes);
      const agreed = { prk, th1, clockOffset: answer.time - now };
      const { device } = side;
      const digitsOf = (candidate: Bytes): string =>
        unsafeKeySchedule.shortAuthenticationString(p, prk, candidate, th1);
      const opening = side.reopen?.(digitsOf) ?? committed;
      const transcript = unsafeTranscript.transcript2(p, th1, device.bundle.hash, opening);
      const finishKey = unsafeKeySchedule.finishKey(p, prk, 'server', th1);
      const proof = await unsafePeerProof.proveIdentity(p, { sender: 'server', device, transcript, finishKey });
      const f3 = seal(p, 'server', agreed, {
        aad: th1,
        plain: unsafeHandshake.encodeServerProof({ ...proof, opening }),
      });
      const sas = digitsOf(opening);
      const th3 = unsafeTranscript.transcript3(p, th1, f3);
      return {
        send: f3,
        next: {
          state: async (f4, at) => {
            const given = unsafeHandshake.decodeClientProof(open(p, 'client', agreed, { aad: th3, box: f4.body }));
            const transcript4 = (hash: Bytes): Bytes => unsafeTranscript.transcript4(p, th3, hash);
            const judge = {
              ...side,
              sender: 'client',
              proof: given,
              transcript: transcript4,
              agreed,
              now: at,
            } as const;
            const peer = await checkIdentity(p, judge, off);
            const th5 = unsafeTranscript.transcript5(p, th3, f4.bytes);
            const outputs = unsafeKeySchedule.handshakeOutputs(p, prk, 'server', th5);
            const { clockOffset } = agreed;
            return serverEnd(
              p,
              { role: 'server', peer, clockOffset, sas, th5, peerDh: answer.dhPublic, ...outputs },
              off,
            );
          },
        },
      };
    });
  }

  receive(chunk: Uint8Array, now: number): Promise<Step> {
    return this.#driver.receive(chunk, now);
  }
}

/** The dialling side; drives like the product's HandshakingClient. */
export class ComposedClient {
  readonly #driver: unsafeHandshakeDriver.HandshakeDriver;

  constructor(p: Primitives, side: ComposedSide, off: Off) {
    this.#driver = new unsafeHandshakeDriver.HandshakeDriver(async (f1, now) => {
      const hello = unsafeHandshake.decodeF1(f1);
      const dh = new X25519PrivateKey(p.randomBytes(32));
      const { shared, ciphertext } = p.mlKemEncapsulate(hello.mlKemPublic);
      const prk = unsafeKeySchedule.handshakeSecret(p, shared, p.x25519(dh, hello.dhPublic));
      const f2 = unsafeHandshake.encodeF2({
        nonce: p.randomBytes(32),
        dhPublic: p.x25519PublicKey(dh),
        mlKemCiphertext: ciphertext,
        time: now,
        puzzle: NONE,
      });
      const th1 = unsafeTranscript.transcript1(p, f1.bytes, f2);
      const agreed = { prk, th1, clockOffset: hello.time - now };
      return {
        send: f2,
        next: { state: (f3, at) => this.#answerF3(p, { side, off, agreed, hello, dh, f3, now: at }) },
      };
    });
  }

  receive(chunk: Uint8Array, now: number): Promise<Step> {
    return this.#driver.receive(chunk, now);
  }

  async #answerF3(
    p: Primitives,
    given: {
      readonly side: ComposedSide;
      readonly off: Off;
      readonly agreed: Agreed;
      readonly hello: unsafeHandshake.HelloMessage;
      readonly dh: X25519PrivateKey;
      readonly f3: unsafeFraming.Frame;
      readonly now: number;
    },
  ): ReturnType<unsafeHandshakeDriver.HandshakeState> {
    const { side, off, agreed, hello, dh, f3, now } = given;
    const { prk, th1, clockOffset } = agreed;
    const proof = unsafeHandshake.decodeServerProof(open(p, 'server', agreed, { aad: th1, box: f3.body }));
    if (!off('commit')) unsafeInitiator.checkCommitment(p, proof.opening, hello.commitment);
    const transcript = (hash: Bytes): Bytes => unsafeTranscript.transcript2(p, th1, hash, proof.opening);
    const peer = await checkIdentity(p, { ...side, sender: 'server', proof, transcript, agreed, now }, off);

    const th3 = unsafeTranscript.transcript3(p, th1, f3.bytes);
    const { device } = side;
    const own = await unsafePeerProof.proveIdentity(p, {
      sender: 'client',
      device,
      transcript: unsafeTranscript.transcript4(p, th3, device.bundle.hash),
      finishKey: unsafeKeySchedule.finishKey(p, prk, 'client', th1),
    });
    const f4 = seal(p, 'client', agreed, { aad: th3, plain: unsafeHandshake.encodeClientProof(own) });
    const th5 = unsafeTranscript.transcript5(p, th3, f4);
    const sas = unsafeKeySchedule.shortAuthenticationString(p, prk, proof.opening, th1);
    const outputs = unsafeKeySchedule.handshakeOutputs(p, prk, 'client', th5);
    const result = { role: 'client', peer, clockOffset, sas, th5, ownDh: dh, ...outputs } as const;
    return { send: f4, next: { state: awaitF5(p, result, off) } };
  }
}

interface Judge extends ComposedSide {
  readonly sender: Role;
  readonly proof: unsafeHandshake.IdentityProof;
  readonly transcript: (bundleHash: Bytes) => Bytes;
  readonly agreed: Agreed;
}

/** The product's checks of F3 and F4 in their order: bundle, pin, own device, signature, mac. */
async function checkIdentity(p: Primitives, judge: Judge, off: Off): Promise<Bundle> {
  const { sender, proof, device, pin, agreed, now } = judge;
  const code = sender === 'server' ? 'handshake-f3' : 'handshake-f4';
  const bundle = off('bundle')
    ? await readBundle(p, proof.bundle)
    : await unsafePeerProof.openPeerBundle(p, code, proof.bundle, now);
  if (!off('pin')) unsafePeerProof.checkPin(code, bundle, pin);
  if (!off('own-device')) unsafePeerProof.checkOwnDevice(code, bundle, device);
  const transcript = judge.transcript(bundle.hash);
  if (!off('peer-signature')) {
    await unsafePeerProof.checkSignature(p, code, { sender, bundle, transcript, signature: proof.signature });
  }
  if (!off('peer-mac')) {
    const finishKey = unsafeKeySchedule.finishKey(p, agreed.prk, sender, agreed.th1);
    unsafePeerProof.checkMac(p, code, { finishKey, transcript, proof });
  }
  return bundle;
}

function seal(
  p: Primitives,
  sender: Role,
  { prk, th1 }: Agreed,
  { aad, plain }: { readonly aad: Bytes; readonly plain: Bytes },
): Bytes {
  const key = unsafeKeySchedule.boxKey(p, prk, sender, th1);
  const box = unsafeSymmetric.sealEtm(p, { key, aad, plain });
  return encodeFrame(sender === 'server' ? FRAME.F3 : FRAME.F4, box);
}

function open(
  p: Primitives,
  sender: Role,
  { prk, th1 }: Agreed,
  { aad, box }: { readonly aad: Bytes; readonly box: Bytes },
): Bytes {
  const key = unsafeKeySchedule.boxKey(p, prk, sender, th1);
  const code = sender === 'server' ? 'handshake-f3' : 'handshake-f4';
  try {
    return unsafeSymmetric.openEtm(p, { key, aad, box });
  } catch (cause) {
    if (!isProtocolError(cause, 'etm')) throw cause;
    throw new ProtocolError(code, 'open', 'A frame of the handshake does not open.', { cause });
  }
}

type Transition = Awaited<ReturnType<unsafeHandshakeDriver.HandshakeState>>;

/** The last step of a server: F5 is its record 0. */
function serverEnd(p: Primitives, handshake: HandshakeResult, off: Off): Transition {
  const { sealer, next } = channelEnd(p, handshake, off);
  return { send: sealer.seal(READY), next };
}

/** The last step of a client: nothing counts until F5 opens. */
function awaitF5(p: Primitives, handshake: HandshakeResult, off: Off): unsafeHandshakeDriver.HandshakeState {
  const { opener, next } = channelEnd(p, handshake, off);
  return async (frame) => {
    if (!equalBytes(opener.open(frame), READY)) {
      throw new ProtocolError('handshake-f5', 'ready', 'The first record of the server is not the ready record.');
    }
    return { next };
  };
}

function channelEnd(
  p: Primitives,
  handshake: HandshakeResult,
  off: Off,
): { sealer: unsafeRecords.RecordSealer; opener: ComposedOpener; next: Transition['next'] } {
  const { sendKey, sendIv, receiveKey, receiveIv } = handshake.recordKeys;
  const sealer = new unsafeRecords.RecordSealer(p, { key: sendKey, iv: sendIv });
  const opener = new ComposedOpener(p, { key: receiveKey, iv: receiveIv }, off);
  return {
    sealer,
    opener,
    next: {
      channel: (reader) =>
        new Channel({ handshake, sealer, opener, reader: off('frame') ? new OneRecvReader() : reader }),
    },
  };
}
