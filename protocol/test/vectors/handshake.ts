/**
 * spec/vectors/handshake.json: a whole run, byte for byte, then one bad frame each. Private values are given to both
 * roles by wrapping the primitives: what is random there comes from the file here.
 */
import { type Bytes, fromHex, toHex } from '../../src/bytes.ts';
import { decodeContent, encodeContent } from '../../src/channel/content.ts';
import { RecordOpener, RecordSealer } from '../../src/channel/records.ts';
import { isProtocolError } from '../../src/errors.ts';
import { type Frame, FrameReader } from '../../src/framing/frame-reader.ts';
import type { ClientResult, HandshakeDevice, ServerResult } from '../../src/handshake/handshake-result.ts';
import { type AwaitingF3, startInitiator } from '../../src/handshake/initiator.ts';
import { boxKey, handshakeSecret } from '../../src/handshake/key-schedule.ts';
import { decodeClientProof, decodeF1, decodeF2, decodeServerProof } from '../../src/handshake/messages.ts';
import { type AwaitingF4, startResponder } from '../../src/handshake/responder.ts';
import {
  commitmentTo,
  transcript1,
  transcript2,
  transcript3,
  transcript4,
  transcript5,
} from '../../src/handshake/transcript.ts';
import { readBundle } from '../../src/keys/bundle.ts';
import { decodeFingerprint, encodeFingerprint } from '../../src/keys/fingerprint.ts';
import { IV_SIZE, MAX_FRAME_HANDSHAKE } from '../../src/limits.ts';
import { MlKemPrivateKey, type Primitives, RsaPrivateKey, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import { openEtm } from '../../src/symmetric/etm.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface HandshakeBase {
  readonly server_bundle: string;
  readonly server_sign_key: string;
  readonly client_bundle: string;
  readonly client_sign_key: string;
  readonly r_S: string;
  readonly x_s: string;
  readonly mlkem_seed: string;
  readonly x_c: string;
  readonly n_C: string;
  readonly ss_mlkem: string;
  readonly server_time: number;
  readonly client_time: number;
  readonly F1: string;
  readonly F2: string;
  readonly F3: string;
  readonly F4: string;
}

/** Every value the full handshake derives. */
interface Derived {
  readonly prk: string;
  readonly th1: string;
  readonly th2: string;
  readonly th3: string;
  readonly th4: string;
  readonly th5: string;
  readonly k_s: string;
  readonly k_c: string;
  readonly root: string;
  readonly sid: string;
  readonly exporter: string;
  readonly sas: string;
  readonly record_server: string;
  readonly record_server_iv: string;
  readonly record_client: string;
  readonly record_client_iv: string;
  readonly F5: string;
  readonly offset_at_client: number;
  readonly offset_at_server: number;
  readonly fingerprint_server: string;
  readonly fingerprint_client: string;
}

type HandshakeEntry = VectorEntry &
  Partial<Derived> & {
    readonly at?: 'F1' | 'F2' | 'F3' | 'F4';
    readonly F1?: string;
    readonly F2?: string;
    readonly F3?: string;
    readonly F4?: string;
    readonly pin?: string;
    /** The check that fails, by the file's name for it. */
    readonly check?: string;
    /** Set where the client is to be the server's own device. */
    readonly me?: string;
  };

export interface HandshakeFile extends VectorFile<HandshakeEntry> {
  readonly base: HandshakeBase;
}

export async function runHandshake(file: HandshakeFile, p: Primitives): Promise<VectorResult> {
  const run = new HandshakeRun(file.base, p, {
    server: await deviceOf(p, file.base.server_bundle, file.base.server_sign_key),
    client: await deviceOf(p, file.base.client_bundle, file.base.client_sign_key),
  });
  return runEntries(file, async (entry) => {
    if (entry.fails !== undefined)
      await expectFailure(entry.fails, () => run.failing(entry).catch(byTheCheckOf(entry)));
    else if (entry.F3 !== undefined) await run.full(entry as HandshakeEntry & Derived);
    else await run.puzzle(required(entry.F1), required(entry.F2));
  });
}

/** What the base run derives up to F4. */
interface BaseSecrets {
  readonly prk: SecretKey;
  readonly th1: Bytes;
  readonly th3: Bytes;
  readonly serverBox: SecretKey;
  readonly clientBox: SecretKey;
  /** In hex, as they stand in F3 and F4. */
  readonly serverIv: string;
  readonly clientIv: string;
  readonly serverSignature: Bytes;
  readonly clientSignature: Bytes;
}

/** The base run, as far as an entry needs it. */
class HandshakeRun {
  readonly #base: HandshakeBase;
  readonly #p: Primitives;
  readonly #server: HandshakeDevice;
  readonly #client: HandshakeDevice;
  #known: BaseSecrets | undefined;

  constructor(base: HandshakeBase, p: Primitives, devices: { server: HandshakeDevice; client: HandshakeDevice }) {
    this.#base = base;
    this.#p = p;
    this.#server = devices.server;
    this.#client = devices.client;
  }

  /** Feeds the entry's bad frame to the state it belongs to. */
  async failing(entry: HandshakeEntry): Promise<unknown> {
    const base = this.#base;
    const pin = entry.pin === undefined ? undefined : decodeFingerprint(entry.pin);
    const { client_time, server_time } = base;
    switch (entry.at) {
      case 'F1':
        return this.#awaitingF1(this.#client).receiveF1(readFrame(required(entry.F1)), client_time);
      case 'F2':
        return this.#answerOf(entry.F1 ?? base.F1, required(entry.F2));
      case 'F3': {
        const state = await this.#awaitingF3(entry.me === undefined ? this.#client : this.#server, pin);
        return state.receiveF3(readFrame(required(entry.F3)), client_time);
      }
      case 'F4': {
        const state = await this.#awaitingF4();
        return state.receiveF4(readFrame(required(entry.F4)), server_time, { pin });
      }
      case undefined:
        throw new Error('the entry does not say where it fails');
    }
  }

  /** A server that asked for a puzzle takes its solution. */
  async puzzle(f1: string, f2: string): Promise<void> {
    const { f3 } = await this.#answerOf(f1, f2);
    equal(readFrame(toHex(f3)).type, 3, 'type of F3');
  }

  /** Both roles, byte for byte, and every derived value on both ends. */
  async full(v: HandshakeEntry & Derived): Promise<void> {
    const base = this.#base;
    for (const name of ['F1', 'F2', 'F3', 'F4'] as const) equal(v[name], base[name], name);
    this.#checkDerivation(v);

    const server = await this.#awaitingF4(); // checks F1 and F3
    const atServer = await server.receiveF4(readFrame(base.F4), base.server_time);
    const client = await this.#awaitingF3(this.#client, undefined); // checks F2
    const { f4, next: atClient } = await client.receiveF3(readFrame(base.F3), base.client_time);
    equalHex(f4, base.F4, 'F4');

    for (const result of [atServer, atClient]) checkOutputs(result, v);
    equalHex(atServer.peerDh, toHex(this.#p.x25519PublicKey(atClient.ownDh)), 'X_c');
    equal(atClient.clockOffset, v.offset_at_client, 'offset at the client');
    equal(atServer.clockOffset, v.offset_at_server, 'offset at the server');
    equal(encodeFingerprint(atClient.peer.account), v.fingerprint_server, 'fingerprint of the server');
    equal(encodeFingerprint(atServer.peer.account), v.fingerprint_client, 'fingerprint of the client');
    this.#checkReady(atServer, atClient, v.F5);
  }

  #checkReady(atServer: ServerResult, atClient: ClientResult, f5: string): void {
    const { sendKey, sendIv } = atServer.recordKeys;
    const sealed = new RecordSealer(this.#p, { key: sendKey, iv: sendIv }).seal(encodeContent({ kind: 'ready' }));
    equalHex(sealed, f5, 'F5');
    const { receiveKey, receiveIv } = atClient.recordKeys;
    const opened = new RecordOpener(this.#p, { key: receiveKey, iv: receiveIv }).open(readFrame(f5));
    equal(decodeContent(opened).kind, 'ready', 'content of F5');
  }

  /** The single functions of transcript and key schedule, on the frames of the file. */
  #checkDerivation(v: Derived): void {
    const p = this.#p;
    const base = this.#base;
    const { prk, th1, th3, serverBox, clientBox } = this.#secrets;
    equal(secretHex(prk), v.prk, 'prk');
    equalHex(th1, v.th1, 'TH1');
    equal(secretHex(serverBox), v.k_s, 'k_s');
    equal(secretHex(clientBox), v.k_c, 'k_c');
    equalHex(commitmentTo(p, fromHex(base.r_S)), toHex(decodeF1(readFrame(base.F1)).commitment), 'commitment');
    equalHex(transcript2(p, th1, this.#server.bundle.hash, fromHex(base.r_S)), v.th2, 'TH2');
    equalHex(th3, v.th3, 'TH3');
    equalHex(transcript4(p, th3, this.#client.bundle.hash), v.th4, 'TH4');
    equalHex(transcript5(p, th3, fromHex(base.F4)), v.th5, 'TH5');
  }

  /** Made from the file's private values alone, by single functions. */
  get #secrets(): BaseSecrets {
    this.#known ??= this.#deriveSecrets();
    return this.#known;
  }

  #deriveSecrets(): BaseSecrets {
    const p = this.#p;
    const { F1, F2, F3, F4, x_s, mlkem_seed, ss_mlkem } = this.#base;
    const answer = decodeF2(readFrame(F2));
    const dh = p.x25519(new X25519PrivateKey(fromHex(x_s)), answer.dhPublic);
    const mlKem = p.mlKemDecapsulate(new MlKemPrivateKey(fromHex(mlkem_seed)), answer.mlKemCiphertext);
    equal(secretHex(mlKem), ss_mlkem, 'ss_mlkem');
    const prk = handshakeSecret(p, mlKem, dh);
    const th1 = transcript1(p, fromHex(F1), fromHex(F2));
    const th3 = transcript3(p, th1, fromHex(F3));
    const serverBox = boxKey(p, prk, 'server', th1);
    const clientBox = boxKey(p, prk, 'client', th1);
    const f3 = readFrame(F3).body;
    const f4 = readFrame(F4).body;
    return {
      prk,
      th1,
      th3,
      serverBox,
      clientBox,
      serverIv: toHex(f3.subarray(0, IV_SIZE)),
      clientIv: toHex(f4.subarray(0, IV_SIZE)),
      serverSignature: decodeServerProof(openEtm(p, { key: serverBox, aad: th1, box: f3 })).signature,
      clientSignature: decodeClientProof(openEtm(p, { key: clientBox, aad: th3, box: f4 })).signature,
    };
  }

  #awaitingF1(device: HandshakeDevice, pin?: Bytes): ReturnType<typeof startInitiator> {
    const { F2, n_C, x_c, ss_mlkem } = this.#base;
    const p = scripted(this.#p, {
      random: [n_C, x_c, this.#secrets.clientIv],
      signature: this.#secrets.clientSignature,
      encapsulation: { ciphertext: decodeF2(readFrame(F2)).mlKemCiphertext, shared: fromHex(ss_mlkem) },
    });
    return startInitiator(p, { device, pin });
  }

  async #awaitingF3(device: HandshakeDevice, pin: Bytes | undefined): Promise<AwaitingF3> {
    const state = this.#awaitingF1(device, pin);
    const { f2, next } = await state.receiveF1(readFrame(this.#base.F1), this.#base.client_time);
    equalHex(f2, this.#base.F2, 'F2');
    return next;
  }

  /** The server that sent `f1` (base F1, but for the puzzle bits) takes `f2`. */
  async #answerOf(f1: string, f2: string): ReturnType<ReturnType<typeof startResponder>['state']['receiveF2']> {
    const { x_s, mlkem_seed, r_S, server_time } = this.#base;
    const p = scripted(this.#p, {
      random: [x_s, mlkem_seed, r_S, this.#secrets.serverIv],
      signature: this.#secrets.serverSignature,
    });
    const { puzzleBits } = decodeF1(readFrame(f1));
    const start = startResponder(p, { device: this.#server, now: server_time, puzzleBits });
    equalHex(start.f1, f1, 'F1');
    return start.state.receiveF2(readFrame(f2), server_time);
  }

  async #awaitingF4(): Promise<AwaitingF4> {
    const { f3, next } = await this.#answerOf(this.#base.F1, this.#base.F2);
    equalHex(f3, this.#base.F3, 'F3');
    return next;
  }
}

function checkOutputs(result: ServerResult | ClientResult, v: Derived): void {
  equal(secretHex(result.root), v.root, 'root');
  equalHex(result.sid, v.sid, 'sid');
  equal(secretHex(result.exporter), v.exporter, 'exporter');
  equal(result.sas, v.sas, 'sas');
  equalHex(result.th5, v.th5, 'TH5');
  const { sendKey, sendIv, receiveKey, receiveIv } = result.recordKeys;
  const [server, client] = result.role === 'server' ? ['send', 'receive'] : ['receive', 'send'];
  equal(secretHex(server === 'send' ? sendKey : receiveKey), v.record_server, 'record server');
  equalHex(server === 'send' ? sendIv : receiveIv, v.record_server_iv, 'record server iv');
  equal(secretHex(client === 'send' ? sendKey : receiveKey), v.record_client, 'record client');
  equalHex(client === 'send' ? sendIv : receiveIv, v.record_client_iv, 'record client iv');
}

/** In F3 and F4 the order of the checks is part of the contract: the one that fails is the entry's. */
function byTheCheckOf({ at, check }: HandshakeEntry): (error: unknown) => never {
  return (error) => {
    if (isProtocolError(error) && (at === 'F3' || at === 'F4')) {
      const wanted = check === 'types' || check === 'sizes' || check === 'cbor' ? 'encoding' : check;
      equal(error.check, wanted ?? '', 'check');
    }
    throw error;
  };
}

interface Script {
  /** Hex, in the order asked for; each must have the size asked for. */
  readonly random: readonly string[];
  /** Signing gives this; that it is good is checked by whoever receives it. */
  readonly signature: Bytes;
  readonly encapsulation?: { readonly ciphertext: Bytes; readonly shared: Bytes };
}

/** `p`, with what is random in it taken from a script. */
function scripted(p: Primitives, { random, signature, encapsulation }: Script): Primitives {
  const left = random.map((hex) => fromHex(hex));
  return {
    ...p,
    randomBytes: (size) => {
      const next = required(left.shift());
      equal(next.length, size, 'size of random bytes');
      return next;
    },
    mlKemEncapsulate: (publicKey) => {
      p.mlKemEncapsulate(publicKey); // its checks
      const { ciphertext, shared } = required(encapsulation);
      return { ciphertext, shared: new SecretKey(shared) };
    },
    signPss: () => Promise.resolve(signature),
  };
}

async function deviceOf(p: Primitives, bundle: string, signKey: string): Promise<HandshakeDevice> {
  return { bundle: await readBundle(p, fromHex(bundle)), signKey: new RsaPrivateKey(fromHex(signKey)) };
}

function readFrame(hex: string): Frame {
  const reader = new FrameReader(MAX_FRAME_HANDSHAKE);
  reader.push(fromHex(hex));
  return required(reader.next());
}

function secretHex(key: SecretKey): string {
  return toHex(key.exposeSecretBytes());
}

function required<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the entry lacks a field');
  return value;
}
