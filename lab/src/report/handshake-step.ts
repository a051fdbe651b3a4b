/** The five frames of the handshake as the page tells them: what each holds, what comes of it, who checks what (§3). */
import { encodeFingerprint, type HeldCheck, type SecretKey, toHex } from '@waxwing/protocol';
import type { Field } from './field.ts';
import type { Specimen } from './specimen.ts';

export type Side = 'server' | 'client';

/** Who could read a frame: the bands of the diagram. */
export type Secrecy = 'clear' | 'handshake' | 'record';

export interface HandshakeStep {
  readonly name: string;
  readonly title: string;
  readonly from: Side;
  /** The whole frame, bytes. */
  readonly size: number;
  /** What it holds, in a few words each. */
  readonly holds: readonly string[];
  readonly fields: readonly Field[];
  /** What both ends have once it has passed. */
  readonly yields: readonly string[];
  readonly keys: readonly Field[];
  /** The receiver's, in their order. */
  readonly checks: readonly HeldCheck[];
  readonly secrecy: Secrecy;
  /** What is secret from whom by now. */
  readonly secret: string;
}

const CHECK_WORDS: Readonly<Record<string, string>> = {
  encoding: 'one encoding, right sizes',
  x25519: 'a key one can agree on',
  mlkem: 'a key one can wrap for',
  puzzle: 'the work asked for is done',
  open: 'the box’s HMAC holds',
  commit: 'r_S is what F1 committed to',
  bundle: 'certified keys, valid now',
  pin: 'the account expected',
  'own device': 'not this very device',
  signature: 'PSS over the transcript',
  mac: 'the signer holds the secret',
};

/** What a check of the handshake makes sure of. */
export function checkWords(check: string): string {
  return CHECK_WORDS[check] ?? '';
}

/** F1 to F5, in order. */
export function handshakeSteps(specimen: Specimen): readonly HandshakeStep[] {
  return [
    helloStep(specimen),
    answerStep(specimen),
    serverProofStep(specimen),
    clientProofStep(specimen),
    readyStep(specimen),
  ];
}

function helloStep({ f1 }: Specimen): HandshakeStep {
  const { hello, frame, checks } = f1;
  return {
    name: 'F1',
    title: 'hello',
    from: 'server',
    size: frame.length,
    holds: ['“waxwing/1”, suites', 'commit', 'X_s', 'EK', 'time', 'puzzle_bits'],
    fields: [
      {
        name: 'commit',
        what: 'H("waxwing/1 commit\\n" ‖ r_S): fixes r_S before the client speaks',
        value: hello.commitment,
      },
      { name: 'X_s', what: 'X25519, fresh', value: hello.dhPublic },
      { name: 'EK', what: 'ML-KEM-768 encapsulation key, fresh', value: hello.mlKemPublic },
      { name: 'time', what: 'the server’s clock', value: new Date(hello.time).toISOString() },
      { name: 'puzzle_bits', what: 'work asked of the client under load', value: String(hello.puzzleBits) },
    ],
    yields: [],
    keys: [],
    checks,
    secrecy: 'clear',
    secret: 'Nothing is secret yet. Everybody on the wire can read F1 and F2; neither names anybody.',
  };
}

function answerStep({ f2, f3, f4 }: Specimen): HandshakeStep {
  const { answer, frame, checks } = f2;
  return {
    name: 'F2',
    title: 'answer',
    from: 'client',
    size: frame.length,
    holds: ['suite 1', 'n_C', 'X_c', 'CT', 'time', 'puzzle'],
    fields: [
      { name: 'n_C', what: 'random, fresh', value: answer.nonce },
      { name: 'X_c', what: 'X25519, fresh; the ratchet’s first key', value: answer.dhPublic },
      { name: 'CT', what: 'ML-KEM-768 ciphertext for EK', value: answer.mlKemCiphertext },
      { name: 'time', what: 'the client’s clock', value: new Date(answer.time).toISOString() },
      { name: 'TH1', what: 'H(F1 ‖ F2): goes into every key', value: f2.th1 },
    ],
    yields: ['ss_mlkem', 'ss_x25519', 'prk', 'k_s', 'k_c'],
    keys: [
      secret('ss_mlkem', 'from EK and CT', f2.mlKemShared),
      secret('ss_x25519', 'from X_s and X_c', f2.dhShared),
      secret('prk', 'Extract(H("waxwing/1 handshake"), ss_mlkem ‖ ss_x25519): either one alone protects it', f2.prk),
      secret('k_s', 'Expand(prk, "hs server", TH1, 64): the key of F3', f3.key),
      secret('k_c', 'Expand(prk, "hs client", TH1, 64): the key of F4', f4.key),
    ],
    checks,
    secrecy: 'clear',
    secret: 'From here on both ends share prk. Who the other end is, neither knows yet.',
  };
}

function serverProofStep({ f3, established }: Specimen): HandshakeStep {
  const { proof, frame, checks, bundle } = f3;
  return {
    name: 'F3',
    title: 'proof of the server',
    from: 'server',
    size: frame.length,
    holds: ['bundle_S', 'r_S', 'sig_S', 'mac_S'],
    fields: [
      {
        name: 'bundle_S',
        what: `account, certificate, signature of ${encodeFingerprint(bundle.account)}`,
        value: proof.bundle,
      },
      { name: 'r_S', what: 'opens the commitment of F1', value: proof.opening },
      { name: 'sig_S', what: 'RSA-PSS by the server’s device over TH2', value: proof.signature },
      { name: 'mac_S', what: 'HMAC(Expand(prk, "fin server", TH1), TH2 ‖ sig_S)', value: proof.mac },
      { name: 'TH2', what: 'H(TH1 ‖ H(bundle_S) ‖ r_S): what is signed', value: f3.transcript },
    ],
    yields: ['the sas, six digits to compare'],
    keys: [
      {
        name: 'sas',
        what: 'six digits that people compare; fixed before either saw the other’s',
        value: established.sas,
      },
    ],
    checks,
    secrecy: 'handshake',
    secret: 'F3 is encrypted. Whoever made this exchange can read who the server is; listeners cannot.',
  };
}

function clientProofStep({ f4, established }: Specimen): HandshakeStep {
  const { proof, frame, checks, bundle } = f4;
  const { recordKeys } = established;
  return {
    name: 'F4',
    title: 'proof of the client',
    from: 'client',
    size: frame.length,
    holds: ['bundle_C', 'sig_C', 'mac_C'],
    fields: [
      {
        name: 'bundle_C',
        what: `account, certificate, signature of ${encodeFingerprint(bundle.account)}`,
        value: proof.bundle,
      },
      { name: 'sig_C', what: 'RSA-PSS by the client’s device over TH4', value: proof.signature },
      { name: 'mac_C', what: 'HMAC(Expand(prk, "fin client", TH1), TH4 ‖ sig_C)', value: proof.mac },
      { name: 'TH4', what: 'H(TH3 ‖ H(bundle_C)): what is signed', value: f4.transcript },
      { name: 'TH5', what: 'H(TH3 ‖ F4): the whole handshake', value: established.th5 },
    ],
    yields: ['root', 'sid', 'exporter', 'record keys'],
    keys: [
      secret('root', 'Expand(prk, "root", TH5): what the ratchet starts from', established.root),
      {
        name: 'sid',
        what: 'Expand(prk, "sid", TH5, 16): names this run in every envelope',
        value: toHex(established.sid),
      },
      secret('exporter', 'Expand(prk, "exporter", TH5)', established.exporter),
      secret('record server', 'the key of the server’s records', recordKeys.receiveKey),
      secret('record client', 'the key of the client’s records', recordKeys.sendKey),
    ],
    checks,
    secrecy: 'handshake',
    secret: 'F4 is encrypted too, and is sent only to a server that has proved who it is.',
  };
}

function readyStep({ f5 }: Specimen): HandshakeStep {
  return {
    name: 'F5',
    title: 'ready',
    from: 'server',
    size: f5.frame.length,
    holds: ['record 0: [0]'],
    fields: [
      { name: 'nonce', what: 'iv XOR counter, counter 0', value: f5.nonce },
      { name: 'frame', what: 'header, AES-256-GCM of [0], tag', value: f5.frame },
    ],
    yields: [],
    keys: [],
    checks: [{ check: 'record', took: f5.took }],
    secrecy: 'record',
    secret: 'Both have proved themselves. What follows is secret even if the RSA keys leak later.',
  };
}

function secret(name: string, what: string, key: SecretKey): Field {
  return { name, what, value: key.exposeSecretBytes(), secret: true };
}
