import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mailboxOf } from '@waxwing/protocol/wire';
import { alice, bob, p, runRelay } from './fixtures/running-relay.ts';

const outer = (fill: number, length = 1024): Uint8Array<ArrayBuffer> => new Uint8Array(length + 80).fill(fill);
const id = (n: number): Uint8Array<ArrayBuffer> => new Uint8Array(16).fill(n);

describe('a relay', () => {
  for (const over of ['tcp', 'web-socket'] as const) {
    it(`keeps envelopes and delivers them, over ${over}`, async (t) => {
      const relay = await runRelay(t);
      const sender = await relay.member(alice, { over });
      const recipient = await relay.member(bob, { over });
      const mailbox = mailboxOf(p, { relay: relay.account, account: bob.bundle.account, device: bob.bundle.device });
      const envelopes = [1, 2, 3].map((n) => ({ mailbox, id: id(n), outer: outer(n) }));
      assert.deepEqual(await sender.ask({ op: 'put', envelopes }), { op: 'put', codes: [0, 0, 0] });
      await recipient.ask({ op: 'receive' });
      const { envelopes: got } = await recipient.event('deliver');
      assert.deepEqual(
        got,
        envelopes.map(({ id, outer }) => ({ id, outer })),
      );
      await recipient.ask({ op: 'confirm', ids: [id(1), id(2), id(3)] });
      assert.deepEqual(await sender.ask({ op: 'status', ids: [id(1)] }), { op: 'status', states: [0] });
    });
  }
});
