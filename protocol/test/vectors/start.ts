/** start.json (§9.2, §9.3): what B holds, an inner, and the session and text that come of it. */
import { equalBytes, fromHex, toHex, utf8 } from '../../src/bytes.ts';
import { MailboxConversation, readMailboxHeader } from '../../src/conversation/mailbox-conversation.ts';
import { encodeMailboxState, newMailboxState } from '../../src/conversation/mailbox-state.ts';
import { type Bundle, type KnownSerial, readBundle } from '../../src/keys/bundle.ts';
import type { Device } from '../../src/keys/device.ts';
import { decodeInner } from '../../src/outer/inner.ts';
import { type HeldPrekeys, isRemembered, spendPrekeys } from '../../src/prekeys/held-prekeys.ts';
import { decodePrekeyStatement } from '../../src/prekeys/prekey-statement.ts';
import { MlKemPrivateKey, type Primitives, RsaPrivateKey, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import { ratchetSend } from '../../src/ratchet/ratchet.ts';
import { initiate } from '../../src/start/initiate.ts';
import { respond } from '../../src/start/respond.ts';
import { decodeStart } from '../../src/start/start-message.ts';
import { bundleKey, firstKey, startRoot, startTranscript } from '../../src/start/start-schedule.ts';
import { openEtm } from '../../src/symmetric/etm.ts';
import { drawing } from './drawing.ts';
import {
  equal,
  equalHex,
  expectFailureOf,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface Keys {
  readonly sign_key: string;
  readonly wrap_key: string;
  readonly dh_key: string;
  readonly bundle: string;
}

interface StartEntry extends VectorEntry {
  readonly check?: string;
  readonly inner: string;
  readonly now: number;
  readonly used?: readonly number[];
  readonly remembered?: readonly string[];
  readonly highest_serial?: { readonly serial: number; readonly certificate_hash: string };
  readonly e?: string;
  readonly a1?: string;
  readonly ct?: string;
  readonly ss?: string;
  readonly iv?: string;
  readonly k0?: string;
  readonly tr?: string;
  readonly SK?: string;
  readonly sid?: string;
  readonly sealed?: string;
  readonly start?: string;
  readonly typing_ab?: string;
  readonly typing_ba?: string;
  readonly root_after_first_step?: string;
  readonly chain?: string;
  readonly pqk_0?: string;
  readonly message_key?: string;
  readonly envelope?: string;
  readonly n?: number;
  readonly entry?: number;
  readonly seq?: number;
  readonly gap?: number;
  readonly text?: string;
  readonly id?: string;
}

export interface StartFile extends VectorFile<StartEntry> {
  readonly base: {
    readonly A: Keys;
    readonly B: Keys;
    readonly statement: string;
    readonly spk: string;
    readonly last_resort_seed: string;
    readonly entries: readonly { readonly index: number; readonly opk: string; readonly seed: string }[];
  };
}

interface Ends {
  readonly a: Device;
  readonly b: Device;
  readonly held: HeldPrekeys;
}

async function deviceOf(p: Primitives, keys: Keys): Promise<Device> {
  const bundle = await readBundle(p, fromHex(keys.bundle));
  const wrapKey = { privateKey: new RsaPrivateKey(fromHex(keys.wrap_key)), publicKey: bundle.certificate.wrapKey };
  return {
    bundle,
    signKey: new RsaPrivateKey(fromHex(keys.sign_key)),
    dhKey: new X25519PrivateKey(fromHex(keys.dh_key)),
    wrapKeys: [{ ...wrapKey, madeAt: 0 }],
  };
}

async function endsOf({ base }: StartFile, p: Primitives): Promise<Ends> {
  const statement = utf8(base.statement);
  const { counter, made } = decodePrekeyStatement(statement);
  return {
    a: await deviceOf(p, base.A),
    b: await deviceOf(p, base.B),
    held: {
      counter,
      made,
      statementHash: p.sha256(statement),
      signedPrekey: new X25519PrivateKey(fromHex(base.spk)),
      lastResort: new MlKemPrivateKey(fromHex(base.last_resort_seed)),
      entries: base.entries.map(({ index, opk, seed }) => ({
        index,
        opk: new X25519PrivateKey(fromHex(opk)),
        ek: new MlKemPrivateKey(fromHex(seed)),
      })),
      remembered: [],
    },
  };
}

export async function runStart(file: StartFile, p: Primitives): Promise<VectorResult> {
  const ends = await endsOf(file, p);
  return runEntries(file, async (entry) => {
    const opened = await openAtB(p, ends, entry);
    if (opened === undefined) return;
    const [item] = opened.flight.items;
    equalHex(opened.flight.sid, entry.sid ?? '', 'sid');
    equal(opened.flight.seq, entry.seq, 'seq');
    equal(opened.flight.gap, entry.gap, 'gap');
    equalHex(item?.body ?? new Uint8Array(0), toHex(utf8(entry.text ?? '')), 'text');
    if (entry.id !== undefined) equalHex(item?.id ?? new Uint8Array(0), entry.id, 'id');
    if (entry.e !== undefined) checkInitiator(p, ends, entry);
  });
}

/** As a device does with what lay in its mailbox; undefined where the entry is refused as it says. */
async function openAtB(p: Primitives, { a, b, held }: Ends, entry: StartEntry) {
  const known: KnownSerial | undefined = entry.highest_serial && {
    serial: entry.highest_serial.serial,
    certificateHash: fromHex(entry.highest_serial.certificate_hash),
  };
  const holds: HeldPrekeys = {
    ...held,
    entries: held.entries.filter(({ index }) => entry.used?.includes(index) !== true),
    remembered: (entry.remembered ?? []).map(fromHex),
  };
  const context = { device: b, bundles: [b.bundle], prekeys: [holds], knownSerial: () => known };
  const conversations: MailboxConversation[] = [];
  const meet = (peer: Bundle): MailboxConversation => {
    const conversation = new MailboxConversation(p, { device: b, state: newMailboxState(peer) });
    conversations.push(conversation);
    return conversation;
  };
  const run = async () => {
    const inner = decodeInner(fromHex(entry.inner));
    if (inner.kind !== 'envelope') throw new Error('the inner holds no envelope');
    const { sid } = readMailboxHeader(b.bundle.device, inner.envelope);
    if (inner.start.length === 0)
      return { flight: await meet(a.bundle).open(inner.envelope, entry.now), use: undefined };
    const opened = await respond(p, context, { start: inner.start, sid, now: entry.now });
    return { flight: await meet(opened.peer).openStarted(opened, inner.envelope, entry.now), use: opened.use };
  };
  await expectFailureOf(entry, run);
  if (entry.fails !== undefined) {
    // A failure changes nothing: neither a session nor a chain is there.
    for (const { state } of conversations) {
      const nothing = encodeMailboxState(newMailboxState(state.peer));
      equal(JSON.stringify(encodeMailboxState(state)), JSON.stringify(nothing), 'state after a failure');
    }
    return undefined;
  }
  const { flight, use } = await run();
  if (use === undefined) throw new Error('there is no start');
  const [left] = spendPrekeys([holds], use);
  if (left === undefined) throw new Error('the prekeys are gone');
  if (use.kind === 'entry') equal(left.entries.length, holds.entries.length - 1, 'entries left');
  else equal(isRemembered(left, use.ciphertextHash), true, 'remembered');
  return { flight };
}

/** Every derived value, as A derives it from the given draws. */
function checkInitiator(p: Primitives, { a, b, held }: Ends, entry: StartEntry): void {
  const { e = '', a1 = '', ct = '', ss = '', iv = '', start = '' } = entry;
  const oneTime = held.entries.find(({ index }) => index + 1 === entry.entry);
  const used = oneTime && {
    index: oneTime.index,
    opk: p.x25519PublicKey(oneTime.opk),
    ek: p.mlKemPublicKey(oneTime.ek),
  };
  const lastResort = p.mlKemPublicKey(held.lastResort);
  const signedPrekey = p.x25519PublicKey(held.signedPrekey);
  const wanted = used?.ek ?? lastResort;
  const scripted: Primitives = {
    ...drawing(p, fromHex(e), fromHex(iv), fromHex(a1)),
    mlKemEncapsulate: (ek) => {
      equal(equalBytes(ek, wanted), true, 'ek');
      return { ciphertext: fromHex(ct), shared: new SecretKey(fromHex(ss)) };
    },
  };
  const { counter, statementHash, made } = held;
  const { account, device } = b.bundle;
  const session = initiate(scripted, {
    device: a,
    now: entry.now,
    prekeys: {
      bundle: b.bundle,
      statement: { account, device, counter, signedPrekey, lastResort, root: statementHash, made, notAfter: made },
      entry: used,
      statementHash,
    },
  });
  equalHex(session.start, start, 'start');
  equalHex(session.sid, entry.sid ?? '', 'sid');
  equalSecret(session.typingOut, entry.typing_ab, 'typing, A to B');
  equalSecret(session.typingIn, entry.typing_ba, 'typing, B to A');
  equalSecret(session.ratchet.root, entry.root_after_first_step, 'root after the first step');
  const { sending, pq } = session.ratchet;
  if (sending.kind === 'ready') equalSecret(sending.chain, entry.chain, 'first chain');
  equalSecret(pq.key, entry.pqk_0, 'pqk_0');
  let step = ratchetSend(p, session.ratchet, entry.now);
  for (let n = 0; n < (entry.n ?? 0); n++) step = ratchetSend(p, step.state, entry.now);
  equalSecret(step.messageKey, entry.message_key, 'message key');
  checkSchedule(p, { a, b, held }, entry);
}

/** k0, tr, SK and the sealed bundle, as B derives them. */
function checkSchedule(p: Primitives, { a, b, held }: Ends, entry: StartEntry): void {
  const { ephemeral, ciphertext, sealed } = decodeStart(fromHex(entry.start ?? ''));
  equalHex(sealed, entry.sealed ?? '', 'sealed bundle');
  const oneTime = held.entries.find(({ index }) => index + 1 === entry.entry);
  const shared = p.mlKemDecapsulate(oneTime?.ek ?? held.lastResort, ciphertext);
  equalSecret(shared, entry.ss, 'ss');
  const withSigned = p.x25519(held.signedPrekey, ephemeral);
  const k0 = firstKey(p, shared, withSigned);
  equalSecret(k0, entry.k0, 'k0');
  const aad = fromHex(toHex(ephemeral) + toHex(ciphertext));
  equalHex(openEtm(p, { key: bundleKey(p, k0), aad, box: sealed }), toHex(a.bundle.bytes), 'bundle');
  const transcript = startTranscript(p, {
    initiator: a.bundle,
    responder: b.bundle,
    statementHash: held.statementHash,
    signedPrekey: p.x25519PublicKey(held.signedPrekey),
    oneTime: oneTime && p.x25519PublicKey(oneTime.opk),
    encapsulation: p.mlKemPublicKey(oneTime?.ek ?? held.lastResort),
    ephemeral,
    ciphertext,
  });
  equalHex(transcript, entry.tr ?? '', 'tr');
  const agreed = [p.x25519(held.signedPrekey, a.bundle.certificate.dhKey), p.x25519(b.dhKey, ephemeral), withSigned];
  if (oneTime !== undefined) agreed.push(p.x25519(oneTime.opk, ephemeral));
  equalSecret(startRoot(p, k0, agreed, transcript), entry.SK, 'SK');
}

function equalSecret(actual: SecretKey, expected: string | undefined, what: string): void {
  equalHex(actual.exposeSecretBytes(), expected ?? '', what);
}
