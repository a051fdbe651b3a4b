/** The full report of `/proof N`. */
import { formatMoment } from './duration.ts';
import { CLASSIC_WARNING, allHeld, deliveryWords, freshWords, keyStateWord } from './proof-line.ts';
import type { CheckView, KeyState, ProofView } from './proof-view.ts';
import { sanitiseLine, sanitiseName } from './sanitise.ts';

const COLUMN = 13;

/** All five checks with ages and sizes, where the key came from, sequence and record: lines, safe to print. */
export function proofReport(proof: ProofView): string[] {
  const lines = [headline(proof)];
  const row = (name: string, ...values: readonly string[]): void => {
    values.forEach((value, index) => lines.push(`  ${(index === 0 ? name : '').padEnd(COLUMN)}${value}`));
  };
  for (const [name, value] of checkRows(proof)) row(name, value);
  row('Key', ...keyRows(proof));
  if (proof.protocol === 'classic') row('Protocol', CLASSIC_WARNING);
  if (proof.sent !== undefined) row('Sent', formatMoment(proof.sent));
  if (proof.received !== undefined) row('Received', formatMoment(proof.received));
  if (proof.seq !== undefined) row('Sequence', sequenceWords(proof));
  const sizes = sizeWords(proof);
  if (sizes !== '') row('Sizes', sizes);
  if (proof.id !== undefined) row('Message id', hex(proof.id));
  if (proof.record !== undefined) row('Record', recordWords(proof.record));
  return lines;
}

function headline(proof: ProofView): string {
  const number = `#${String(proof.number)}`;
  if (proof.direction === 'sent') {
    const state = proof.delivery === undefined ? '' : ` (${deliveryWords(proof.delivery)})`;
    return `Proof of ${number}, sent by you${state}:`;
  }
  const from = proof.peer?.name === undefined ? 'from your peer' : `from ${sanitiseName(proof.peer.name)}`;
  if (proof.quoted === true && allHeld(proof)) {
    return `Proof of ${number}, ${from}: its signed original, given again; signature and sequence hold`;
  }
  return `Proof of ${number}, ${from}: ${allHeld(proof) ? 'all five checks hold' : 'NOT all five checks hold'}`;
}

function checkRows(proof: ProofView): [string, string][] {
  const { hmac, unwrap, decrypt, freshness, signature } = proof.checks;
  const sizes = proof.sizes ?? {};
  const limit = proof.ttl === undefined || proof.late === true ? '' : `, ${limitWords(proof.ttl)}`;
  const stamped =
    proof.protocol === 'classic' ? 'stamped with a time that nothing protects' : 'time and sequence are signed';
  const fresh = proof.direction === 'sent' ? stamped : `${freshWords(proof)}${limit}`;
  const signed = proof.direction === 'sent' ? 'Signed by this device' : 'Signature verified!';
  return [
    ['1 HMAC', outcome(hmac, `HMAC VERIFIED${of(sizes.envelope, 'HMAC-SHA256 over')}`)],
    ['2 Unwrap', outcome(unwrap, `message key unwrapped${of(sizes.wrap, 'RSA-2048-OAEP,')}`)],
    ['3 Decrypt', outcome(decrypt, `decrypted${of(sizes.ciphertext, 'AES-256-CBC,')}`)],
    ['4 Freshness', outcome(freshness, fresh)],
    ['5 Signature', outcome(signature, `${signed}${of(sizes.statement, 'RSA-PSS-SHA256 over a statement of')}`)],
  ];
}

/** Live messages have a limit; a relay's may wait for their recipient (§5.5). */
function limitWords(ttl: number): string {
  return ttl === 0 ? 'no limit: a relay keeps it until it is fetched' : `limit ${String(ttl)} s`;
}

function of(bytes: number | undefined, words: string): string {
  return bytes === undefined ? '' : ` (${words} ${count(bytes, 'byte')})`;
}

function outcome(check: CheckView, held: string): string {
  if (check.result === 'not-run') return '- not reached: an earlier check failed';
  const took = check.micros === undefined ? '' : `, took ${tookWords(check.micros)}`;
  return check.result === 'held' ? `✓ ${held}${took}` : `✗ ${sanitiseLine(check.detail, 200)}${took}`;
}

function tookWords(micros: number): string {
  return micros < 1000 ? `${String(Math.round(micros))} µs` : `${(micros / 1000).toFixed(1)} ms`;
}

function keyRows(proof: ProofView): string[] {
  const { peer } = proof;
  if (peer === undefined) return ['unknown'];
  const name = peer.name === undefined ? '' : `${sanitiseName(peer.name)} `;
  const fingerprint = peer.fingerprint === undefined ? '' : `${sanitiseLine(peer.fingerprint)} `;
  const since = peer.keySince === undefined ? '' : `, known since ${formatMoment(peer.keySince)}`;
  return [`${name}${fingerprint}(${keyStateWord(peer.keyState)}${since})`, provenance(peer.keyState)];
}

/** What the state of a key means, in a sentence. */
export function provenance(state: KeyState): string {
  switch (state) {
    case 'verified':
      return 'you compared it, or it came with an invite of theirs';
    case 'first-seen':
      return 'taken as it came at first contact: compare with /verify to be sure who holds it';
    case 'changed':
      return 'NOT the key you knew under this name: nothing is sent until you decide';
    case 'unverifiable':
      return 'the classic protocol proves nobody to be who they say: whoever answered may hold it';
  }
}

function sequenceWords(proof: ProofView): string {
  const parts = [`flight ${String(proof.seq)}`];
  if (proof.items !== undefined) {
    parts.push(`message ${String(proof.items.place)} of ${String(proof.items.count)} in it`);
  }
  const gap = proof.gap ?? 0;
  parts.push(gap === 0 ? 'nothing missing before it' : missingWords(gap));
  return parts.join(', ');
}

/** `2 deliveries missing before this one` */
export function missingWords(gap: number): string {
  return `${count(gap, 'delivery', 'deliveries')} missing before this one`;
}

function sizeWords(proof: ProofView): string {
  const { body, envelope, signature } = proof.sizes ?? {};
  const parts: string[] = [];
  if (body !== undefined) parts.push(`text ${count(body, 'byte')}`);
  if (envelope !== undefined) parts.push(`on the wire ${count(envelope, 'byte')}`);
  if (signature !== undefined) parts.push(`signature ${count(signature, 'byte')}`);
  return parts.join(', ');
}

function recordWords(record: 'on' | 'off'): string {
  return record === 'on'
    ? 'on the record: signed, so a third party can check it (waxwing evidence export)'
    : 'off the record: nothing a third party could check';
}

/** `1 byte`, `2,048 bytes` */
function count(value: number, one: string, many = `${one}s`): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? one : many}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
