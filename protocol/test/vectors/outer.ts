/** outer.json (§11.3, §9.7): mailboxes, sizes, outer sealings, typing signals. */
import { fromHex, toHex } from '../../src/bytes.ts';
import { ProtocolError } from '../../src/errors.ts';
import { decodeInner, encodeInner } from '../../src/outer/inner.ts';
import { openOuter, outerLength, sealOuter } from '../../src/outer/outer.ts';
import { openTypingSignal, sealTypingSignal } from '../../src/outer/typing-signal.ts';
import { type Primitives, SecretKey, X25519PrivateKey } from '../../src/primitives.ts';
import { mailboxOf } from '../../src/relay-messages/mailbox.ts';
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

interface OuterEntry extends VectorEntry {
  readonly check?: string;
  readonly relay?: string;
  readonly account?: string;
  readonly device?: string;
  readonly mailbox?: string;
  readonly size?: number;
  readonly padded?: number;
  readonly outer?: string;
  readonly e?: string;
  readonly iv?: string;
  readonly inner?: string;
  readonly envelope?: string;
  readonly start?: string;
  readonly sid?: string;
  readonly box?: string;
  readonly typing_key?: string;
  readonly on?: number;
  readonly room?: string;
  readonly time?: number;
  readonly last_time?: number;
  readonly now?: number;
}

export interface OuterFile extends VectorFile<OuterEntry> {
  readonly base: { readonly dh_key: string; readonly mailbox: string };
}

export function runOuter(file: OuterFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    if (entry.size !== undefined) await checkLength(entry, entry.size);
    else if (entry.outer !== undefined) await checkOuter(file, entry, p);
    else if (entry.typing_key !== undefined) await checkSignal(entry, p);
    else {
      const { relay = '', account = '', device = '' } = entry;
      const owner = { relay: fromHex(relay), account: fromHex(account), device: fromHex(device) };
      equalHex(mailboxOf(p, owner), entry.mailbox ?? '', 'mailbox');
    }
  });
}

function checkLength(entry: OuterEntry, size: number): Promise<void> {
  if (entry.fails === undefined) equal(outerLength(size), entry.padded, 'padded length');
  return expectFailureOf(entry, () => {
    if (outerLength(size) === undefined) throw new ProtocolError('limit', 'outer', 'no size holds it');
  });
}

async function checkOuter(file: OuterFile, entry: OuterEntry, p: Primitives): Promise<void> {
  const dhKey = new X25519PrivateKey(fromHex(file.base.dh_key));
  const mailbox = fromHex(entry.mailbox ?? file.base.mailbox);
  const outer = fromHex(entry.outer ?? '');
  await expectFailureOf(entry, () => openOuter(p, { outer, dhKey, mailbox }));
  if (entry.fails !== undefined) return;
  const inner = openOuter(p, { outer, dhKey, mailbox });
  equalHex(encodeInner(inner), entry.inner ?? '', 'inner');
  if (entry.envelope !== undefined) equalHex(inner.kind === 'envelope' ? inner.envelope : outer, entry.envelope);
  if (entry.start !== undefined) equalHex(inner.kind === 'envelope' ? inner.start : outer, entry.start);
  if (entry.sid !== undefined) equalHex(inner.kind === 'signal' ? inner.sid : outer, entry.sid);
  if (entry.box !== undefined) equalHex(inner.kind === 'signal' ? inner.box : outer, entry.box);
  const scripted = drawing(p, fromHex(entry.e ?? ''), fromHex(entry.iv ?? ''));
  const again = { inner: decodeInner(fromHex(entry.inner ?? '')), dhKey: p.x25519PublicKey(dhKey), mailbox };
  equalHex(sealOuter(scripted, again), toHex(outer), 'sealed again');
}

async function checkSignal(entry: OuterEntry, p: Primitives): Promise<void> {
  const key = { key: new SecretKey(fromHex(entry.typing_key ?? '')), sid: fromHex(entry.sid ?? '') };
  const { box = '', last_time: lastTime = 0, now = 0 } = entry;
  const open = () => openTypingSignal(p, key, { box: fromHex(box), lastTime, now });
  await expectFailureOf(entry, open);
  if (entry.fails !== undefined) return;
  const signal = open();
  equal(signal.time, entry.time, 'time');
  equalHex(signal.room, entry.room ?? '', 'room');
  equal(signal.on ? 1 : 0, entry.on, 'on');
  equalHex(sealTypingSignal(drawing(p, fromHex(entry.iv ?? '')), key, signal), box, 'sealed again');
}
