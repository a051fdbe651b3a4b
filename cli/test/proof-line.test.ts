import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageSeconds, formatDuration } from '../src/text/duration.ts';
import { CLASSIC_WARNING, keyStateWord, peerLine, proofLine, proofMark } from '../src/text/proof-line.ts';
import { proofReport } from '../src/text/proof-report.ts';
import type { ProofView } from '../src/text/proof-view.ts';

const held = { result: 'held' } as const;
const notRun = { result: 'not-run' } as const;
const good: ProofView = {
  number: 1,
  protocol: 'waxwing',
  direction: 'received',
  checks: { hmac: held, unwrap: held, decrypt: held, freshness: held, signature: held },
  age: 1999,
};

test('the exact words of a good message', () => {
  assert.equal(proofLine(good), 'Security: ✓ HMAC VERIFIED | ✓ Message verified(1s old) | ✓ Signature verified! | #1');
  assert.equal(proofMark(good), '✓ #1');
});

test('ages are whole seconds and never below 0', () => {
  assert.match(proofLine({ ...good, age: -3000 }), /\(0s old\)/);
  assert.equal(ageSeconds(-0.5), 0);
  assert.ok(Object.is(ageSeconds(-1), 0));
  assert.equal(ageSeconds(59_999), 59);
});

test('late delivery is told and is no failure', () => {
  const late = { ...good, late: true, age: 3 * 3_600_000 + 5 };
  assert.equal(
    proofLine(late),
    'Security: ✓ HMAC VERIFIED | ✓ Message verified, delivered late (3 h) | ✓ Signature verified! | #1',
  );
  assert.equal(proofMark(late), '✓ delivered late (3 h) #1');
});

test('classic says in words that it is insecure', () => {
  const classic = { ...good, protocol: 'classic' as const };
  assert.equal(
    proofLine(classic),
    `Security: ✓ HMAC VERIFIED | ✓ Message verified(1s old) | ✓ Signature verified! | ${CLASSIC_WARNING} | #1`,
  );
  assert.match(proofMark(classic), /INSECURE/);
});

test('what failed and what never ran are told apart', () => {
  const tooOld = {
    ...good,
    number: 7,
    checks: { ...good.checks, freshness: { result: 'failed', detail: '75 s old\u001b' } as const },
  };
  assert.equal(
    proofLine(tooOld),
    'Security: ✓ HMAC VERIFIED | ✗ Message refused(75 s old\\x1b) | ✓ Signature verified! | #7',
  );
  assert.equal(proofMark(tooOld), '✗ #7');
  const forged = {
    hmac: { result: 'failed', detail: 'differs' },
    unwrap: notRun,
    decrypt: notRun,
    freshness: notRun,
    signature: notRun,
  } as const;
  assert.equal(
    proofLine({ ...good, checks: forged }),
    'Security: ✗ HMAC FAILED | - Age not checked | - Signature not checked | #1',
  );
  const garbled = { ...forged, hmac: held, decrypt: { result: 'failed', detail: 'kc' } } as const;
  assert.match(proofLine({ ...good, checks: garbled }), /✗ Decryption failed/);
});

test('the state of a key, and the peer', () => {
  assert.deepEqual((['verified', 'first-seen', 'changed'] as const).map(keyStateWord), [
    'verified',
    'first seen',
    'CHANGED',
  ]);
  assert.equal(peerLine({ fingerprint: 'SHA256:abc', keyState: 'first-seen' }), 'Peer SHA256:abc (first seen)');
  assert.equal(
    peerLine({ fingerprint: 'SHA256:abc', name: 'al\u001bice', keyState: 'verified' }),
    'Peer “al\\x1bice” SHA256:abc (verified)',
  );
});

test('the report names all five checks, the key, sizes, sequence and record', () => {
  const text = proofReport({
    ...good,
    checks: { ...good.checks, signature: { result: 'held', micros: 42 } },
    peer: { name: 'alice', fingerprint: 'SHA256:abc', keyState: 'first-seen' },
    sizes: { body: 5, envelope: 936, ciphertext: 512, wrap: 256, statement: 612, signature: 256 },
    ttl: 60,
    seq: 17,
    gap: 2,
    items: { count: 3, place: 2 },
    record: 'on',
    id: new Uint8Array([1, 255]),
    sent: 1_800_000_000_000,
  }).join('\n');
  for (const words of [
    'Proof of #1, from alice: all five checks hold',
    '1 HMAC       ✓ HMAC VERIFIED (HMAC-SHA256 over 936 bytes)',
    '2 Unwrap     ✓',
    '3 Decrypt    ✓',
    '4 Freshness  ✓ Message verified(1s old), limit 60 s',
    '5 Signature  ✓ Signature verified! (RSA-PSS-SHA256 over a statement of 612 bytes), took 42 µs',
    'SHA256:abc (first seen)',
    'flight 17, message 2 of 3 in it, 2 deliveries missing before this one',
    'text 5 bytes, on the wire 936 bytes, signature 256 bytes',
    '01ff',
    'on the record',
  ]) {
    assert.ok(text.includes(words), `${words}\n---\n${text}`);
  }
  assert.match(proofReport({ ...good, ttl: 0 }).join('\n'), /Message verified\(1s old\), no limit: a relay keeps it/);
  assert.match(proofReport({ ...good, direction: 'sent', delivery: 'too-old' })[0] ?? '', /too old on arrival/);
});

for (const [ms, words] of [
  [-5, '0 s'],
  [999, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [10_800_000, '3 h'],
  [172_800_000, '2 d'],
] as const) {
  test(`${String(ms)} ms read as ${words}`, () => {
    assert.equal(formatDuration(ms), words);
  });
}
