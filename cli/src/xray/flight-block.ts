/** A flight's record unfolded (§5): the envelope's fields, what lies inside, keys, ratchet, chain and checks. */
import {
  decodeEnvelope,
  decodeHeader,
  type Envelope,
  type Header,
  isProtocolError,
  layerKeys,
  type OpenedTrace,
  type OpeningStep,
  type SealedTrace,
  type SecretKey,
  textOf,
  TYPE_TEXT,
  toHex,
} from '@waxwing/protocol';
import type { RecordTrace } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { Block, CheckPart, Part, Row } from './block.ts';
import { bytesPart, checkRow, heldParts, momentPart, rowOf, valuePart } from './part.ts';
import { recordName, recordRow } from './record-block.ts';
import type { SecretMarks } from './secret-mark.ts';

type Unfolded = Pick<Block, 'frame' | 'size' | 'title' | 'rows'>;
type Step<Name extends OpeningStep['step']> = Extract<OpeningStep, { step: Name }>;

/** The kinds of envelopes (§5). */
const KINDS: readonly string[] = ['live', 'mailbox', 'room'];
const MAILBOX = 1;
const MOST_WORDS = 4;
const LONGEST_WORD = 32;

/** The record that carried it, where that was watched too. */
interface Carried {
  readonly record: RecordTrace | undefined;
  readonly marks: SecretMarks;
}

export function sealedBlock(event: SealedTrace, { record, marks }: Carried): Unfolded {
  const { sealing, layers } = event;
  const { messageKey, payload } = sealing;
  const fields = unfold(event.envelope);
  const rows: Row[] = [
    ...envelopeRows(fields, marks.lab),
    ...payloadRows({ ...payload, size: layers.plainSize }, marks.lab),
    ...signatureRows(layers.signature, sealing.statement, marks.lab),
    keyRow({ ...layers, messageKey, pqKey: pqKeyOf(event, fields?.header) }, marks),
    ...ratchetRow(event, { sending: true, header: fields?.header }, marks),
    chainRow(event.chain, payload.prev),
    ...checkRow(heldParts(layers.made), 'made'),
  ];
  return {
    ...title(event.envelope, { record, header: fields?.header, seq: payload.seq }),
    rows: [...recordRows(record, marks), ...rows],
  };
}

export function openedBlock(event: OpenedTrace, { record, marks }: Carried): Unfolded {
  const { steps, fault } = event;
  const find = <Name extends OpeningStep['step']>(name: Name): Step<Name> | undefined =>
    steps.find((step): step is Step<Name> => step.step === name);
  const messageKey = find('hmac')?.messageKey;
  const unwrapped = find('unwrap')?.unwrapped;
  const headerHash = find('structure')?.structure.headerHash;
  const decrypted = find('decrypt');
  const signed = find('signature')?.signed;
  const fields = unfold(event.envelope);
  const rows: Row[] = [...envelopeRows(fields, marks.lab)];
  if (decrypted !== undefined) {
    rows.push(...payloadRows({ ...decrypted.payload, size: decrypted.size }, marks.lab));
    rows.push(...signatureRows(decrypted.payload.signature, signed?.statement, marks.lab));
  }
  if (messageKey !== undefined && headerHash !== undefined)
    rows.push(keyRow({ ...unwrapped, messageKey, headerHash, pqKey: pqKeyOf(event, fields?.header) }, marks));
  if (messageKey !== undefined) rows.push(...ratchetRow(event, { sending: false, header: fields?.header }, marks));
  if (decrypted !== undefined && signed !== undefined) rows.push(chainRow(event.chain, decrypted.payload.prev));
  const failed: CheckPart[] =
    fault === undefined
      ? []
      : [{ kind: 'check', name: `${fault.code} ${fault.check}`, held: false, note: fault.message }];
  rows.push(...checkRow([...steps.filter((step) => !isFault(step)).map(stepPart), ...failed]));
  const words = title(event.envelope, { record, header: fields?.header, seq: decrypted?.payload.seq });
  const refused = fault === undefined ? words : { ...words, title: `${words.title}, REFUSED` };
  return { ...refused, rows: [...recordRows(record, marks), ...rows] };
}

/** An envelope that came and was never opened: the channel had ended. */
export function unopenedBlock(record: RecordTrace, envelope: Uint8Array, marks: SecretMarks): Unfolded {
  const words = title(envelope, { record });
  const rows = [recordRow(record, marks), ...envelopeRows(unfold(envelope), marks.lab)];
  return { ...words, title: `${words.title}, not opened`, rows };
}

function title(
  envelope: Uint8Array,
  of: {
    readonly record: RecordTrace | undefined;
    readonly header?: Header | undefined;
    readonly seq?: number | undefined;
  },
): Pick<Block, 'frame' | 'size' | 'title'> {
  const { record, header, seq } = of;
  const words = `envelope of ${String(envelope.length)} B${seq === undefined ? '' : `, seq ${String(seq)}`}`;
  // It travels inside the outer sealing, in a request to the relay or in one of its deliveries.
  if (header?.kind === MAILBOX) return { frame: 'mailbox', size: envelope.length, title: words };
  return {
    frame: record === undefined ? 'record' : recordName(record.counter),
    size: record?.frame.length ?? 0,
    title: `[1] ${words}`,
  };
}

function recordRows(record: RecordTrace | undefined, marks: SecretMarks): Row[] {
  return record === undefined ? [] : [recordRow(record, marks)];
}

interface Fields {
  readonly envelope: Envelope;
  readonly header: Header;
}

/** The fields, or undefined for bytes that are no envelope: step 0 says why. */
function unfold(encoded: Uint8Array): Fields | undefined {
  try {
    const envelope = decodeEnvelope(encoded);
    return { envelope, header: decodeHeader(envelope.hdr) };
  } catch (error) {
    if (isProtocolError(error)) return undefined;
    throw error;
  }
}

function envelopeRows(fields: Fields | undefined, whole: boolean): Row[] {
  if (fields === undefined) return [];
  const { envelope, header } = fields;
  return [
    rowOf(bytesPart('hdr', envelope.hdr, { whole })),
    {
      name: '',
      parts: [
        valuePart('kind', KINDS[header.kind] ?? header.kind),
        bytesPart('sid', header.sid, { whole: true }),
        bytesPart('to_device', header.toDevice, { whole: true }),
        bytesPart('dh', header.dh, { whole: true }),
      ],
    },
    ...[
      bytesPart('wrap', envelope.wrap, { whole, layer: 2, original: 'encrypted_session_key' }),
      bytesPart('iv', envelope.iv, { whole, layer: 1, original: 'iv' }),
      bytesPart('ct', envelope.ct, { whole, layer: 1, original: 'ciphertext' }),
      bytesPart('kc', envelope.kc, { whole, layer: 1, original: 'key commitment' }),
      bytesPart('tag', envelope.tag, { whole, layer: 4, original: 'hmac' }),
      ...(whole ? [bytesPart('covered', envelope.covered, { whole, layer: 4, original: 'what tag is over' })] : []),
    ].map(rowOf),
  ];
}

interface Inside {
  readonly items: readonly { readonly type: string; readonly body: Uint8Array }[];
  readonly sent: number;
  readonly ttl: number;
  readonly seq: number;
  readonly ctl: readonly (readonly [string, ...unknown[]])[];
  /** |P| */
  readonly size: number;
}

/** P: what the ciphertext hides. Of an item its type and size; its text for a lab identity only. */
function payloadRows({ items, sent, ttl, seq, ctl, size }: Inside, lab: boolean): Row[] {
  const types = fewOf(items.map(({ type }) => type));
  const bodies = items.reduce((sum, { body }) => sum + body.length, 0);
  const texts: Part[] = lab
    ? items.map(({ type, body }) => valuePart('item', type === TYPE_TEXT ? (textOf(body) ?? '') : toHex(body)))
    : [];
  return [
    {
      name: 'P',
      parts: [
        valuePart('size', `${String(size)} B in ct`),
        valuePart('items', `${String(items.length)} × ${types}, ${String(bodies)} B`),
        ...texts,
        ...(ctl.length === 0 ? [] : [valuePart('ctl', fewOf(ctl.map(([name]) => name)))]),
      ],
    },
    { name: 'L5', parts: [momentPart('sent', sent), valuePart('ttl', `${String(ttl)} s`), valuePart('seq', seq)] },
  ];
}

/** A peer chooses media types and the names in ctl: a few of them, cut, so that they cannot carry a text. */
function fewOf(words: readonly string[]): string {
  const distinct = [...new Set(words)];
  const few = distinct
    .slice(0, MOST_WORDS)
    .map((word) => (word.length > LONGEST_WORD ? `${word.slice(0, LONGEST_WORD)}…` : word));
  return [...few, ...(distinct.length > MOST_WORDS ? ['…'] : [])].join(' ');
}

function signatureRows(signature: Uint8Array, statement: Uint8Array | undefined, whole: boolean): Row[] {
  const options = { whole, inside: true, layer: 3 } as const;
  const signed =
    whole && statement !== undefined ? [bytesPart('signed', statement, { ...options, original: 'statement' })] : [];
  return [bytesPart('sig', signature, { ...options, original: 'signature' }), ...signed].map(rowOf);
}

interface Keys {
  /** pqk_pe; undefined where the header's epoch is none of the state's. */
  readonly pqKey: SecretKey | undefined;
  readonly messageKey: SecretKey;
  readonly headerHash: Uint8Array;
  readonly wrapped?: SecretKey | undefined;
  readonly contentKey?: SecretKey | undefined;
}

function keyRow({ pqKey, messageKey, headerHash, wrapped, contentKey }: Keys, marks: SecretMarks): Row {
  const { macKey, cipherKey } = layerKeys(nodePrimitives, { messageKey, contentKey, headerHash });
  const parts: Part[] = pqKey === undefined ? [] : [marks.show('pqk', pqKey)];
  parts.push(marks.show('mk', messageKey), marks.show('k_mac', macKey));
  if (wrapped !== undefined) parts.push(marks.show('kr', wrapped));
  if (contentKey !== undefined) parts.push(marks.show('K', contentKey));
  if (cipherKey !== undefined) parts.push(marks.show('k_aes', cipherKey));
  return { name: 'keys', parts };
}

/** The key of the epoch that the header names: the own one, or the one before while both are taken (§6). */
function pqKeyOf(
  { ratchet }: Pick<SealedTrace | OpenedTrace, 'ratchet'>,
  header: Header | undefined,
): SecretKey | undefined {
  const { epoch, key, phase } = ratchet.after.pq;
  if (header?.pe === epoch) return key;
  return phase.kind === 'settling' && header?.pe === epoch - 1 ? phase.previous : undefined;
}

/** The step of the ratchet: a new dh moves the root, every flight moves its chain. */
function ratchetRow(
  { ratchet: { before, after } }: Pick<SealedTrace | OpenedTrace, 'ratchet'>,
  flight: { readonly sending: boolean; readonly header: Header | undefined },
  marks: SecretMarks,
): Row[] {
  const { sending, header } = flight;
  const chain = sending ? (after.sending.kind === 'ready' ? after.sending.chain : undefined) : after.receiving?.chain;
  const earlier = sending ? (before.sending.kind === 'ready' ? before.own.publicKey : undefined) : before.receiving?.dh;
  const turned = header !== undefined && (earlier === undefined || toHex(earlier) !== toHex(header.dh));
  const parts: Part[] = [
    valuePart('dh', turned ? 'new' : 'same'),
    ...(header === undefined ? [] : [valuePart('pn', header.pn), valuePart('n', header.n), valuePart('pe', header.pe)]),
    marks.show('RK', before.root),
  ];
  if (turned) parts.push(marks.show("RK'", after.root));
  if (chain !== undefined) parts.push(marks.show("CK'", chain));
  return [{ name: 'ratchet', parts }];
}

/** `prev` is what the flight says; before the first one it is zeros. */
function chainRow({ before, after }: OpenedTrace['chain'], prev: Uint8Array): Row {
  const short = { whole: false, inside: true } as const;
  const parts: Part[] = [
    valuePart('seq', `${String(before?.seq ?? 0)} → ${String(after?.seq ?? 0)}`),
    bytesPart('prev', prev, short),
  ];
  if (after !== undefined) parts.push(bytesPart('hash', after.hash, short));
  return { name: 'chain', parts };
}

/** A freshness whose age is the fault did not hold: the fault itself is listed. */
function isFault(step: OpeningStep): boolean {
  return step.step === 'freshness' && step.freshness.fault !== undefined;
}

function stepPart(step: OpeningStep): CheckPart {
  const part = (name: string, note: string): CheckPart => ({ kind: 'check', name, held: true, took: step.took, note });
  switch (step.step) {
    case 'structure':
      return part('0 structure', '');
    case 'hmac':
      return part('1 hmac', '');
    case 'unwrap':
      return part('2 unwrap', step.unwrapped.wrapKey === 0 ? '' : `own key ${String(step.unwrapped.wrapKey)}`);
    case 'decrypt':
      return part('3 decrypt', '');
    case 'freshness':
      return part(
        '4 freshness',
        `age ${String(step.freshness.age)} ms${step.freshness.gap > 0 ? `, gap ${String(step.freshness.gap)}` : ''}`,
      );
    case 'signature':
      return part('5 signature', `statement ${String(step.signed.statement.length)} B`);
  }
}
