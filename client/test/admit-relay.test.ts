import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Bundle } from '@waxwing/protocol';
import { alice, aliceSecond } from '../../protocol/test/fixtures/devices.ts';
import { admitRelay } from '../src/messenger/admit-relay.ts';
import { RelayFailure } from '../src/relay/relay-failure.ts';
import { memoryHome } from './fixtures/messengers.ts';

const { bundle } = alice;
/** Of the relay's device, a certificate later. */
const withSerial = (serial: number, hash = bundle.certificateHash): Bundle => ({
  ...bundle,
  certificate: { ...bundle.certificate, serial },
  certificateHash: hash,
});
const isRollback = (error: unknown): boolean =>
  error instanceof RelayFailure && error.code === 'relay-rollback' && !error.passing && error.next !== '';

suite('which certificates of a relay pass (§2)', () => {
  test('the newest one, and newer ones; what is older, or another of one serial, is refused', (t) => {
    const home = memoryHome('bob');
    t.after(() => {
      home.close();
    });
    const { relays } = home.store;
    admitRelay(relays, withSerial(5));
    admitRelay(relays, withSerial(5));
    assert.throws(() => admitRelay(relays, withSerial(4)), isRollback);
    assert.throws(() => admitRelay(relays, withSerial(5, new Uint8Array(32))), isRollback);
    admitRelay(relays, withSerial(6));
    assert.throws(() => admitRelay(relays, withSerial(5)), isRollback);
    assert.equal(relays.knownSerial(bundle.account, bundle.device)?.serial, 6);
    admitRelay(relays, aliceSecond.bundle); // another device, as after a restore
    assert.throws(() => admitRelay(relays, withSerial(5)), isRollback, 'and of each its own is remembered');
  });
});
