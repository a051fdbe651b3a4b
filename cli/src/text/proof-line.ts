/** The proof line of a message, in the exact words users know. */
import { ageSeconds, formatDuration } from './duration.ts';
import type { CheckView, DeliveryState, KeyState, ProofView } from './proof-view.ts';
import { sanitiseLine, sanitiseName } from './sanitise.ts';

/** Said in every proof line of the classic protocol (§13). */
export const CLASSIC_WARNING = 'INSECURE: classic protocol, nobody has proved who this is';

/**
 * `Security: ✓ HMAC VERIFIED | ✓ Message verified(1s old) | ✓ Signature verified! | #1`. A check that failed or never ran
 * says so in its place; unwrap and decrypt appear only when they failed.
 */
export function proofLine(proof: ProofView): string {
  const { hmac, unwrap, decrypt, freshness, signature } = proof.checks;
  const parts = [part(hmac, 'HMAC VERIFIED', 'HMAC FAILED', 'HMAC not checked')];
  if (unwrap.result === 'failed' || decrypt.result === 'failed') parts.push('✗ Decryption failed');
  parts.push(
    part(freshness, freshWords(proof), `Message refused(${staleWords(freshness)})`, 'Age not checked'),
    part(signature, 'Signature verified!', 'Signature failed!', 'Signature not checked'),
  );
  if (proof.protocol === 'classic') parts.push(CLASSIC_WARNING);
  parts.push(...remarksOf(proof));
  return `Security: ${[...parts, `#${String(proof.number)}`].join(' | ')}`;
}

/** The short mark after a message in a terminal: `✓ #1`, `✗ #1`; classic says in words that it is insecure. */
export function proofMark(proof: ProofView): string {
  const mark = allHeld(proof) ? '✓' : '✗';
  const words = proof.protocol === 'classic' ? ['INSECURE (classic)'] : [...lateWords(proof), ...remarksOf(proof)];
  return [mark, ...(words.length === 0 ? [] : [words.join(', ')]), `#${String(proof.number)}`].join(' ');
}

/** Whether every one of the five checks held; of a quote, both that there are. */
export function allHeld(proof: ProofView): boolean {
  const { freshness, signature } = proof.checks;
  const checks = proof.quoted === true ? [freshness, signature] : Object.values<CheckView>({ ...proof.checks });
  return checks.every((check) => check.result === 'held');
}

/** What `Message verified` says about time. */
export function freshWords(proof: ProofView): string {
  return proof.late === true
    ? `Message verified, delivered late (${formatDuration(proof.age)})`
    : `Message verified(${String(ageSeconds(proof.age))}s old)`;
}

/** `verified`, `first seen`, `CHANGED`: where the trust in a key comes from. */
export function keyStateWord(state: KeyState): string {
  switch (state) {
    case 'verified':
      return 'verified';
    case 'first-seen':
      return 'first seen';
    case 'changed':
      return 'CHANGED';
    case 'unverifiable':
      return 'NOT AUTHENTICATED';
  }
}

/** `Peer SHA256:… (first seen)`, with the name where there is one. */
export function peerLine(peer: {
  readonly fingerprint: string;
  readonly name?: string;
  readonly keyState: KeyState;
}): string {
  const name = peer.name === undefined ? '' : `${sanitiseName(peer.name)} `;
  return `Peer ${name}${sanitiseLine(peer.fingerprint)} (${keyStateWord(peer.keyState)})`;
}

/** The mark of a message of ours: `…` queued, `✓` sent, `✓✓` delivered, `✓✓ read` shown there, `✗` not delivered. */
export function deliveryMark(state: DeliveryState): string {
  return { queued: '…', sent: '✓', delivered: '✓✓', read: '✓✓ read', 'too-old': '✗', failed: '✗' }[state];
}

/** How far a message of ours came, in words. */
export function deliveryWords(state: DeliveryState): string {
  return {
    queued: 'waiting to be sent',
    sent: 'sent',
    delivered: 'delivered',
    read: 'read',
    'too-old': 'not delivered: too old on arrival',
    failed: 'not delivered',
  }[state];
}

function part(check: CheckView, held: string, failed: string, notRun: string): string {
  if (check.result === 'held') return `✓ ${held}`;
  return check.result === 'failed' ? `✗ ${failed}` : `- ${notRun}`;
}

function staleWords(check: CheckView): string {
  return check.result === 'failed' ? sanitiseLine(check.detail, 120) : '';
}

function lateWords(proof: ProofView): string[] {
  return proof.late === true ? [`delivered late (${formatDuration(proof.age)})`] : [];
}

/** A remark may quote a name: it must not look like a further part of the line. */
function remarksOf(proof: ProofView): string[] {
  return (proof.remarks ?? []).map((remark) => sanitiseLine(remark.replaceAll('|', '¦').replaceAll('#', '♯'), 120));
}
