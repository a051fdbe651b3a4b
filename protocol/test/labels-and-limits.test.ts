import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { textOf } from '../src/bytes.ts';
import * as labels from '../src/labels.ts';
import * as limits from '../src/limits.ts';

const spec = readFileSync(join(import.meta.dirname, '../../spec/protocol.md'), 'utf8');
const texts = Object.entries(labels).flatMap(([name, label]) => {
  if (typeof label === 'number') return []; // the suite
  return [[name, typeof label === 'string' ? label : (textOf(label) ?? '')]] as const;
});

suite('labels', () => {
  test('each stands in the specification as it is', () => {
    for (const [name, label] of texts) {
      const written = label.replaceAll('\n', '\\n');
      const places = name.startsWith('KIND_')
        ? [`\nwaxwing/1 ${written}\n`, `over ${written} {`, `statement ${written} {`]
        : [`"${written}"`, `\`${written}\``];
      assert.ok(written !== '' && places.some((place) => spec.includes(place)), `${name}: ${written}`);
    }
  });

  test('no two are the same', () => {
    assert.equal(new Set(texts.map(([, label]) => label)).size, texts.length);
  });
});

suite('limits', () => {
  test('those that are computed are what the specification writes out', () => {
    const day = 24 * 60 * 60 * 1000;
    assert.deepEqual(
      [limits.CERTIFICATE_RENEW_BEFORE, limits.WRAP_KEY_ROTATION, limits.OLD_WRAP_KEY_LIFE, limits.SKIPPED_KEY_LIFE],
      [30 * day, 30 * day, 60 * day, 30 * day],
    );
    assert.deepEqual([limits.CHANNEL_LIFE, limits.PQ_STEP_TIME], [7 * day, day]);
    assert.deepEqual([limits.MAX_U32, limits.MAX_SAFE_UINT], [0xffff_ffff, Number.MAX_SAFE_INTEGER]);
    assert.deepEqual([limits.RECORDS_PER_KEY, limits.MAX_RECORD_COUNTER], [1_048_576, 281_474_976_710_656]);
  });
});
