/** The frames F1 to F4 unfolded (§3), and the keys a handshake ends in. */
import { encodeFingerprint, IV_SIZE, TAG_SIZE, toHex } from '@waxwing/protocol';
import type { HandshakeTraceEvent } from '@waxwing/protocol/channel';
import type { Block, Row } from './block.ts';
import { bytesPart, checkRow, heldParts, momentPart, rowOf, valuePart } from './part.ts';
import type { SecretMarks } from './secret-mark.ts';

type Of<Kind extends HandshakeTraceEvent['kind']> = Extract<HandshakeTraceEvent, { kind: Kind }>;
type Unfolded = Pick<Block, 'frame' | 'size' | 'title' | 'rows'>;

/** Length and type before the body of a frame. */
const HEADER = 5;

export function helloBlock({ frame, hello, checks }: Of<'f1'>, { lab: whole }: SecretMarks): Unfolded {
  const rows: Row[] = [
    rowOf(bytesPart('commit', hello.commitment, { whole })),
    rowOf(bytesPart('X_s', hello.dhPublic, { whole, original: 'X25519 key' })),
    rowOf(bytesPart('EK', hello.mlKemPublic, { whole, original: 'ML-KEM-768 key' })),
    { name: 'says', parts: [momentPart('time', hello.time), valuePart('puzzle_bits', hello.puzzleBits)] },
    ...checkRow(heldParts(checks)),
  ];
  return { frame: 'F1', size: frame.length, title: 'hello of the server', rows };
}

export function answerBlock(event: Of<'f2'>, marks: SecretMarks): Unfolded {
  const { frame, answer, checks } = event;
  const whole = marks.lab;
  const rows: Row[] = [
    rowOf(bytesPart('n_C', answer.nonce, { whole })),
    rowOf(bytesPart('X_c', answer.dhPublic, { whole, original: 'X25519 key' })),
    rowOf(bytesPart('CT', answer.mlKemCiphertext, { whole, original: 'ML-KEM-768 wrap' })),
    {
      name: 'says',
      parts: [
        momentPart('time', answer.time),
        valuePart('puzzle', Buffer.from(answer.puzzle).toString('hex') || 'none'),
      ],
    },
    {
      name: 'secrets',
      parts: [
        marks.show('ss_mlkem', event.mlKemShared),
        marks.show('ss_x25519', event.dhShared),
        marks.show('prk', event.prk),
      ],
    },
    rowOf(bytesPart('TH1', event.th1, { whole, original: 'H(F1 ‖ F2)' })),
    ...checkRow(heldParts(checks)),
  ];
  return { frame: 'F2', size: frame.length, title: 'answer of the client', rows };
}

/** F3 or F4: a box of iv, ciphertext and MAC, in which a side proves who it is. */
export function proofBlock(event: Of<'f3'> | Of<'f4'>, marks: SecretMarks): Unfolded {
  const { frame, proof, bundle, key, checks } = event;
  const whole = marks.lab;
  const server = event.kind === 'f3';
  const inside = { whole, inside: true } as const;
  const opening = event.kind === 'f3' ? [marks.show('r_S', event.proof.opening)] : [];
  const name = server ? 'S' : 'C';
  const rows: Row[] = [
    rowOf(bytesPart('iv', frame.subarray(HEADER, HEADER + IV_SIZE), { whole })),
    {
      name: 'ct',
      parts: [bytesPart('ct', frame.subarray(HEADER + IV_SIZE, -TAG_SIZE), { whole, original: 'AES-256-CBC' })],
    },
    rowOf(bytesPart('tag', frame.subarray(-TAG_SIZE), { whole, original: 'HMAC-SHA256' })),
    {
      name: 'keys',
      parts: [
        marks.show(server ? 'k_s' : 'k_c', key),
        marks.show(`fin ${server ? 'server' : 'client'}`, event.finishKey),
      ],
    },
    rowOf(bytesPart('bundle', proof.bundle, { ...inside, original: 'identity, certificate' })),
    {
      name: 'who',
      parts: [
        valuePart('account', encodeFingerprint(bundle.account)),
        valuePart('device', toHex(bundle.device)),
        valuePart('serial', bundle.certificate.serial),
        ...opening,
      ],
    },
    rowOf(bytesPart(`sig_${name}`, proof.signature, { ...inside, original: 'RSA-PSS over TH' })),
    rowOf(bytesPart(`mac_${name}`, proof.mac, { ...inside, original: 'HMAC over TH ‖ sig' })),
    rowOf(bytesPart(server ? 'TH2' : 'TH4', event.transcript, { whole })),
    ...checkRow(heldParts(checks)),
  ];
  return {
    frame: server ? 'F3' : 'F4',
    size: frame.length,
    title: `proof of the ${server ? 'server' : 'client'}`,
    rows,
  };
}

/** What both ends hold after F4: the client's counts once F5 has opened. */
export function keysBlock({ handshake }: Of<'established'>, marks: SecretMarks): Unfolded {
  const { recordKeys } = handshake;
  const whole = marks.lab;
  const rows: Row[] = [
    rowOf(bytesPart('TH5', handshake.th5, { whole, original: 'H(TH3 ‖ F4)' })),
    rowOf(bytesPart('sid', handshake.sid, { whole })),
    {
      name: 'secrets',
      parts: [
        marks.show('root', handshake.root),
        marks.show('exporter', handshake.exporter),
        marks.show('record out', recordKeys.sendKey),
        marks.show('record in', recordKeys.receiveKey),
      ],
    },
    {
      name: 'agreed',
      parts: [valuePart('sas', handshake.sas), valuePart('clock offset', `${String(handshake.clockOffset)} ms`)],
    },
  ];
  return { frame: 'keys', size: 0, title: 'the handshake has agreed on', rows };
}
