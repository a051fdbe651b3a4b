import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EXPLAINED_CODES, why, whyReport } from '../src/text/why.ts';

/** The codes a file of error codes declares. */
function codesOf(file: string): string[] {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  return Array.from(source.matchAll(/^ {2}\| '([a-z0-9-]+)'/gm), (match) => match[1] as string);
}

test('every error code has a sentence and one next step', () => {
  const codes = [...codesOf('protocol/src/errors.ts'), ...codesOf('client/src/errors.ts')];
  assert.ok(codes.length > 50);
  assert.deepEqual([...EXPLAINED_CODES].sort(), [...new Set(codes)].sort());
  for (const code of codes) {
    const { sentence, next } = why(code);
    assert.match(sentence, /^\p{Lu}.*\.$/u, code);
    assert.match(next, /\S/, code);
    assert.doesNotMatch(next, /\n|\.$/, code);
  }
});

test('an unknown code is explained honestly, whatever it is called', () => {
  for (const code of ['new-code', '__proto__', 'toString', '\u001b[2J']) {
    assert.match(why(code).sentence, /no explanation yet/);
    assert.ok(!why(code).sentence.includes('\u001b'));
  }
});

test('the report gives number, reason, code and next step, made safe', () => {
  const lines = whyReport({
    number: 4,
    code: 'envelope-1',
    check: 'hmac',
    detail: 'the HMAC\u001b[2J differs\nSecurity: ✓',
  });
  assert.equal(lines.length, 4);
  assert.match(lines[0] ?? '', /^#4 was refused: The HMAC does not hold/);
  assert.equal(lines[1], '  Reason  the HMAC\\x1b[2J differs\\x0aSecurity: ✓');
  assert.equal(lines[2], '  Code    envelope-1, check hmac');
  assert.match(lines[3] ?? '', /^ {2}Next /);
});
