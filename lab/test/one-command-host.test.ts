/** The exhibit must not be a way into the machine for anybody but the lab. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { oneCommandHost } from '../src/textbook/one-command-host.ts';
import { dumpsCall, loads } from '../src/textbook/pickle.ts';

suite('the exhibit’s os.system', () => {
  test('runs the one command, in a real shell', () => {
    assert.equal(loads(dumpsCall('os', 'system', 'exit 7'), oneCommandHost('exit 7')), 7);
  });

  test('runs no other command', () => {
    const host = oneCommandHost('exit 7');
    for (const other of ['exit 0', 'exit 7; exit 0', ' exit 7', '']) {
      assert.throws(() => loads(dumpsCall('os', 'system', other), host), /PermissionError/, other);
    }
  });

  test('is not there unless it is asked for', () => {
    assert.throws(() => loads(dumpsCall('os', 'system', 'undefined'), oneCommandHost(undefined)), /AttributeError/);
  });
});
