/** The way of one message, from what was typed to the frame on the wire: nine steps with the values of a real run (§5, §4). */
import { decryptedPlain, type PaddedPlain } from './padded-plain.ts';
import { decodeEnvelope, layerKeys, type SecretKey, textOf, toHex } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import { unsafeStatement } from '@waxwing/protocol/unsafe';
import type { Field } from './field.ts';
import type { Specimen } from './specimen.ts';

export interface Layer {
  /** Also the name of its part in the drawings. */
  readonly part: string;
  readonly title: string;
  /** `L1` … `L5`: which of the five layers it makes. */
  readonly layers: readonly string[];
  /** The original program's name of what it makes, where it had one. */
  readonly original?: string;
  readonly size: number;
  readonly says: string;
  /** One a line. */
  readonly formulas: readonly string[];
  readonly fields: readonly Field[];
  /** A text shown as it is: what was signed. */
  readonly shown?: string;
  /** Lines for a shell that compute it again. */
  readonly again?: string;
}

export interface Layers {
  readonly steps: readonly Layer[];
  readonly padded: PaddedPlain;
}

/** @throws Error where the specimen has no item: a fault of the lab */
export function layersOf(specimen: Specimen): Layers {
  const { sealed, record } = specimen;
  const { sealing, layers } = sealed;
  const { payload, messageKey, statement } = sealing;
  const { headerHash, contentKey } = layers;
  const { macKey, cipherKey } = layerKeys(p, { messageKey, contentKey, headerHash });
  if (cipherKey === undefined) throw new Error('the specimen was not encrypted');
  const padded = decryptedPlain(layers, cipherKey, layers.plainSize);
  const [item] = payload.items;
  if (item === undefined) throw new Error('the specimen has no item');
  const { covered } = decodeEnvelope(sealed.envelope);
  const steps: Layer[] = [
    {
      part: 'text',
      title: 'The text',
      layers: [],
      original: 'message',
      size: item.body.length,
      says: 'What was typed becomes an item. A random r hides it in its commitment c, so that a signature over c tells nobody what was said.',
      formulas: ['c = H(r ‖ type ‖ "\\n" ‖ body)'],
      fields: [
        { name: 'body', what: 'UTF-8', value: textOf(item.body) ?? toHex(item.body) },
        { name: 'type', what: 'media type', value: item.type },
        { name: 'r', what: 'random, travels inside', value: item.opening },
        { name: 'c', what: 'the message’s id', value: unsafeStatement.commitItem(p, item) },
      ],
    },
    {
      part: 'statement',
      title: 'The statement',
      layers: ['L5'],
      original: 'timestamp',
      size: statement.length,
      says: 'What will be signed, readable as it stands: who says what to whom, in which session, at which place in the chain, when. The original signs the text alone, so its time and its recipient can be exchanged.',
      formulas: ['statement = "waxwing/1 message\\n" ‖ lines'],
      fields: [],
      shown: textOf(statement) ?? '',
    },
    {
      part: 'signature',
      title: 'The signature',
      layers: ['L3'],
      original: 'signature',
      size: layers.signature.length,
      says: 'RSA-PSS by the sender’s device over the statement. It goes inside the ciphertext: in clear, as in the original, it lets anybody test guesses of the text.',
      formulas: ['sig = PSS-SHA256(sign-key of bob’s device, statement)'],
      fields: [{ name: 'sig', what: 'salt 32', value: layers.signature }],
    },
    {
      part: 'payload',
      title: 'The payload',
      layers: ['L3', 'L5'],
      size: layers.plainSize,
      says: 'Text, signature and freshness together, in the one encoding there is for them.',
      formulas: ['P = CBOR[ items, sent, ttl, seq, prev, sig, ctl ]'],
      fields: [
        {
          name: 'sent',
          what: 'the sender’s clock',
          value: `${String(payload.sent)} (${new Date(payload.sent).toISOString()})`,
        },
        { name: 'ttl', what: 'how long it is fresh', value: `${String(payload.ttl)} s` },
        { name: 'seq', what: 'counts the flights of this sender to this recipient', value: String(payload.seq) },
        { name: 'prev', what: 'H(the statement before)', value: payload.prev },
        { name: 'P', what: 'the whole payload', value: padded.plain },
      ],
    },
    {
      part: 'padding',
      title: 'The padding',
      layers: [],
      size: padded.bytes.length,
      says: 'Up to a length that says little: every short text gives the same 512 bytes.',
      formulas: ['P ‖ 80 ‖ 00 … 00 ‖ 01 (the last byte is PKCS#7’s)'],
      fields: [
        {
          name: 'padded',
          what: `${String(padded.bytes.length - layers.plainSize)} bytes more than P`,
          value: padded.bytes.subarray(layers.plainSize),
        },
      ],
    },
    {
      part: 'encryption',
      title: 'AES-256-CBC',
      layers: ['L1'],
      original: 'ciphertext, iv',
      size: layers.ct.length,
      says: 'The key needs two secrets at once: mk, which the ratchet gives this one message, and kr, which only the recipient’s RSA key unwraps.',
      formulas: [
        'K = Extract(salt = mk, ikm = kr)',
        'k_aes = Expand(K, "l1 aes", hh)',
        'ct = AES-256-CBC(k_aes, iv, padded)',
      ],
      fields: [
        secret('mk', 'the ratchet’s message key, used once', messageKey),
        secret('K', 'of both secrets', contentKey),
        secret('k_aes', 'the cipher’s key', cipherKey),
        { name: 'iv', what: 'random', value: layers.iv },
        { name: 'ct', what: 'ciphertext', value: layers.ct },
        { name: 'kc', what: 'Expand(K, "l1 commit", hh): one key for this ciphertext', value: layers.kc },
      ],
      again: `printf %s ${toHex(layers.ct)} | xxd -r -p | openssl enc -d -aes-256-cbc -K ${hexOf(cipherKey)} -iv ${toHex(layers.iv)} | strings`,
    },
    {
      part: 'wrap',
      title: 'The wrapped key',
      layers: ['L2'],
      original: 'encrypted_session_key',
      size: layers.wrap.length,
      says: 'kr for the recipient’s wrapping key. The label ties it to this envelope’s header, so that it fits no other.',
      formulas: ['wrap = RSA-OAEP(wrap-key of alice’s device, kr, label "waxwing/1 wrap\\n" ‖ hh)'],
      fields: [
        secret('kr', 'random', layers.wrapped),
        {
          name: 'hdr',
          what: 'CBOR[1, kind, sid, to_device, dh, pn, n, pe]: all that the network sees',
          value: layers.hdr,
        },
        { name: 'hh', what: 'H(hdr)', value: headerHash },
        { name: 'wrap', what: 'what travels', value: layers.wrap },
      ],
      again: `printf %s ${hexOf(layers.wrapped)} | xxd -r -p | openssl dgst -sha256 -mac HMAC -macopt hexkey:${hexOf(messageKey)}  # is K`,
    },
    {
      part: 'hmac',
      title: 'The HMAC',
      layers: ['L4'],
      original: 'hmac',
      size: sealed.envelope.length,
      says: 'Over everything that travels, under a key of its own for this one message. The original leaves out the IV and the wrapped key, and prints its secret in its source.',
      formulas: ['k_mac = Expand(mk, "l4 hmac", hh)', 'tag = HMAC(k_mac, CBOR[ hdr, wrap, iv, ct, kc ])'],
      fields: [
        secret('k_mac', 'of mk', macKey),
        { name: 'tag', what: 'what travels', value: layers.tag },
        { name: 'covered', what: 'CBOR[hdr, wrap, iv, ct, kc], all under the tag', value: covered },
      ],
    },
    {
      part: 'frame',
      title: 'The frame',
      layers: [],
      size: record.frame.length,
      says: 'The envelope as the next record of the channel. A record that is lost, repeated or exchanged does not open.',
      formulas: ['frame = u32 length ‖ 10 ‖ AES-256-GCM(record key, iv XOR counter, CBOR[ 1, envelope ])'],
      fields: [
        secret('record client', 'the key of the client’s records', record.key),
        { name: 'nonce', what: `counter ${String(record.counter)}`, value: record.nonce },
        { name: 'header', what: 'length and type, bound by GCM', value: record.frame.subarray(0, HEADER) },
        { name: 'frame', what: 'what passes on the wire', value: record.frame },
      ],
    },
  ];
  return { steps, padded };
}

/** Length and type before the body of a frame. */
const HEADER = 5;

function secret(name: string, what: string, key: SecretKey): Field {
  return { name, what, value: key.exposeSecretBytes(), secret: true };
}

function hexOf(key: SecretKey): string {
  return toHex(key.exposeSecretBytes());
}
