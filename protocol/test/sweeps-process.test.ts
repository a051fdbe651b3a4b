/** Sweeps over every byte: hundreds of verifications each, and so a process of its own beside the quick unit tests. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { concat } from '../src/bytes.ts';
import { isProtocolError, type ProtocolErrorCode } from '../src/errors.ts';
import { exportEvidence } from '../src/evidence/export.ts';
import { EVIDENCE_FILES } from '../src/evidence/files.ts';
import { verifyEvidence } from '../src/evidence/verify.ts';
import { openBundle } from '../src/keys/bundle.ts';
import { nodePrimitives as p } from '../src/primitives/node.ts';
import { flipBit, FRAME_NAMES, type FrameName, recorded, tryConnect } from './fixtures/connect.ts';
import { alice, NOW } from './fixtures/devices.ts';
import { memoized } from './fixtures/memoized.ts';
import { signedItem } from './fixtures/signed-flight.ts';
import { without } from './fixtures/without.ts';

const PROVING = EVIDENCE_FILES.slice(0, 8);

const fails =
  (code: ProtocolErrorCode, check?: string) =>
  (error: unknown): boolean =>
    isProtocolError(error, code) && (check === undefined || error.check === check);

suite('sweeps', () => {
  test('any flipped bit of F1 to F5 keeps the client from a channel', async () => {
    const stride: Record<FrameName, number> = { F1: 311, F2: 307, F3: 401, F4: 397, F5: 1 };
    const one = memoized(p);
    const two = memoized(p);
    const primitives = { serverPrimitives: one.p, clientPrimitives: two.p };
    const sizes = await recorded(primitives);
    for (const name of FRAME_NAMES) {
      const bits = new Set<number>();
      for (let bit = 0; bit < 40; bit++) bits.add(bit);
      for (let bit = 40; bit < sizes[name].length * 8; bit += stride[name]) bits.add(bit);
      for (const bit of bits) {
        one.rewind();
        two.rewind();
        const { client, server, failure } = await tryConnect({
          ...primitives,
          wire: (frame, at) => [at === name ? flipBit(frame, bit) : frame],
        });
        assert.equal(client, undefined, `${name} bit ${bit}`);
        if (name !== 'F5') assert.equal(server, undefined, `${name} bit ${bit}`);
        // A longer length is no failure: the rest never comes, and the deadline ends it.
        if (bit >= 40) assert.ok(failure !== undefined, `${name} bit ${bit}`);
      }
    }
  });

  test('any changed byte of a bundle is refused, with the one error', async () => {
    const good = alice.bundle.bytes;
    for (let i = 0; i < good.length; i++) {
      const changed = good.slice();
      changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
      await assert.rejects(openBundle(p, changed, NOW), fails('bundle'), `byte ${i}`);
    }
  });

  test('any one changed, added or missing byte of any file that proves something is refused', async () => {
    const good = await exportEvidence(p, await signedItem(1));
    for (const name of PROVING) {
      const contents = good[name];
      const refuse = (changed: Uint8Array, what: string): Promise<void> =>
        assert.rejects(verifyEvidence(p, { ...good, [name]: changed }), fails('evidence'), `${name}: ${what}`);
      for (let at = 0; at < contents.length; at++) {
        const changed = contents.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        await refuse(changed, `byte ${at}`);
      }
      await refuse(concat(contents, new Uint8Array([0x0a])), 'line feed added');
      await refuse(concat(contents, new Uint8Array(1)), 'NUL added');
      await refuse(concat(new Uint8Array([0x20]), contents), 'space in front');
      await refuse(contents.subarray(0, -1), 'last byte missing');
      await refuse(contents.subarray(1), 'first byte missing');
      await refuse(new Uint8Array(0), 'empty');
      await assert.rejects(verifyEvidence(p, without(good, name)), fails('evidence', 'files'), `${name} missing`);
    }
  });
});
