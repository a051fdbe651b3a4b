import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProtocolError, ProtocolError } from '../src/errors.ts';

test('an error is of its class, and of the codes asked for', () => {
  const error = new ProtocolError('frame', 'limit', 'a frame is too long', { cause: 'why' });
  assert.deepEqual([error.code, error.check, error.cause], ['frame', 'limit', 'why']);
  assert.equal(String(error), 'ProtocolError: a frame is too long');
  assert.ok(error instanceof Error);
  assert.equal(isProtocolError(error), true);
  assert.equal(isProtocolError(error, 'frame'), true);
  assert.equal(isProtocolError(error, 'cbor', 'frame'), true);
  assert.equal(isProtocolError(error, 'cbor', 'record'), false);
  for (const other of [new Error('x'), { code: 'frame', check: 'limit' }, 'frame', undefined, null]) {
    assert.equal(isProtocolError(other), false);
    assert.equal(isProtocolError(other, 'frame'), false);
  }
});
