import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DoctorReport, Finding } from '@waxwing/client';
import { doctorLines } from '../src/relay-chat/doctor-lines.ts';

const WELL: DoctorReport = {
  connected: true,
  clockOffset: 300,
  prekeys: { left: 83, made: Date.UTC(2026, 10, 24, 10), today: 1 },
  unopenable: [],
  findings: [],
};

function found(more: Partial<Finding>): Finding {
  return {
    cause: 'missing',
    code: undefined,
    about: undefined,
    sentence: '',
    repaired: undefined,
    next: undefined,
    ...more,
  };
}

test('who is well is told so, and how keys and clocks stand', () => {
  const [first, keys, clocks, ...more] = doctorLines(WELL);
  assert.equal(first, 'Everything that came was opened, and nothing is missing.');
  assert.match(keys ?? '', /^One-time keys at the relay: 83 of 100, made 2026-11-24 /u);
  assert.match(clocks ?? '', /^The clocks of this machine and of the relay differ by 0 s\.$/u);
  assert.deepEqual(more, []);
});

test('what is left to the user stands apart from what mends itself, and no name becomes a line', () => {
  const lines = doctorLines({
    ...WELL,
    clockOffset: undefined,
    prekeys: { left: undefined, made: undefined, today: 0 },
    findings: [
      found({ about: '@bob', sentence: '2 deliveries did not arrive.', repaired: 'Asked for.', next: 'Ask them.' }),
      found({
        cause: 'session-lost',
        about: '#te\na',
        sentence: 'A session was lost.',
        repaired: 'Another one stands.',
      }),
      found({ cause: 'held-back', code: 'mailbox-full', sentence: 'Full\u001b[2J.', next: 'Wait.' }),
    ],
  });
  assert.deepEqual(lines, [
    'Repaired, or on its way by itself:',
    '  #“te\\x0aa”: A session was lost. [session-lost] Another one stands.',
    'Left to you:',
    '  @bob: 2 deliveries did not arrive. [missing] Asked for. Next: Ask them.',
    '  Full\\x1b[2J. [held-back, mailbox-full] Next: Wait.',
  ]);
});
