/** A client's line to a relay whose process is killed again and again: nothing is lost, and nobody has to do anything. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { isPassing, RelayLine, type RelayRequests } from '@waxwing/client';
import {
  type Bytes,
  createAccount,
  createDevice,
  decodeRelayLink,
  type Device,
  type RelayLink,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '../../protocol/src/primitives/node.ts';
import { envelope, mailboxAt } from '../../relay/test/fixtures/mail.ts';

const PROGRAM = join(import.meta.dirname, '../../cli/bin/waxwing.js');
const ROUNDS = 4;

async function start(
  t: TestContext,
  data: string,
  port: number,
): Promise<{ child: ChildProcess; address: RelayLink; port: number }> {
  const parameters = [PROGRAM, 'relay', '--json', '--open', '--port', String(port), '--data', data];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const said = JSON.parse(line) as { listening: { port: number }; address: string };
  return { child, address: decodeRelayLink(said.address), port: said.listening.port };
}

/** A line whose requests are there whenever a channel is. */
function keep(t: TestContext, relay: RelayLink, device: Device, onUp: (requests: RelayRequests) => void) {
  const delivered: Bytes[] = [];
  let up = Promise.withResolvers<RelayRequests>();
  let isUp = false;
  let ups = 0;
  const line = new RelayLine({
    relay,
    device: async () => device,
    onUp: (requests) => {
      ups += 1;
      void requests.join().then(
        () => {
          onUp(requests);
          isUp = true;
          up.resolve(requests);
        },
        () => undefined, // the relay was killed meanwhile: the next channel joins
      );
    },
    onDown: () => {
      if (isUp) up = Promise.withResolvers(); // otherwise whoever waits goes on waiting
      isUp = false;
    },
    onNews: (news) => {
      if (news.event !== 'deliver') return;
      for (const { id } of news.envelopes)
        if (!delivered.some((one) => Buffer.compare(one, id) === 0)) delivered.push(id);
    },
    onRetry: () => void setTimeout(() => line.wake(), 100), // as somebody would who sees the relay come back
  });
  t.after(() => line.close());
  return { requests: () => up.promise, delivered, ups: () => ups };
}

test('a line survives a relay that is killed at any moment', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'waxwing-relay-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const [alice, bob] = await Promise.all([0, 1].map(async () => createDevice(p, await createAccount(p), Date.now())));
  assert.ok(alice && bob);
  let started = await start(t, data, 0);
  const { address, port } = started;
  const sender = keep(t, address, alice, () => undefined);
  const recipient = keep(t, address, bob, (requests) => void requests.receive().catch(() => undefined));
  await Promise.all([sender.requests(), recipient.requests()]);
  const mailbox = mailboxAt(address.relay, bob);
  let next = 1;
  let unanswered: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await sender.requests(); // a relay that is killed while nobody is there proves nothing
    const killed = once(started.child, 'exit');
    setTimeout(() => started.child.kill('SIGKILL'), 30 + round * 45);
    for (let cut = false; !cut; ) {
      const numbers = unanswered.length > 0 ? unanswered : [next, next + 1, next + 2];
      if (unanswered.length === 0) next += numbers.length;
      try {
        const codes = await (await sender.requests()).put(numbers.map((n) => envelope(mailbox, n)));
        assert.deepEqual(new Set(codes), new Set([0]));
        unanswered = [];
      } catch (error) {
        assert.ok(isPassing(error), String(error));
        unanswered = numbers; // put again under the same ids
        cut = true;
      }
    }
    await killed;
    started = await start(t, data, port);
  }
  const last = unanswered.length > 0 ? unanswered : [next++];
  await (await sender.requests()).put(last.map((n) => envelope(mailbox, n)));
  const total = next - 1;
  assert.ok(total > 3 * ROUNDS, `only ${String(total)} were put`);
  const confirmed = async (): Promise<void> => {
    const requests = await recipient.requests();
    await requests.confirm(recipient.delivered.slice(-1_024));
  };
  while (recipient.delivered.length < total) {
    await confirmed().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const numbers = recipient.delivered.map((id) => Buffer.from(id).readUInt32BE(12));
  assert.deepEqual(
    numbers,
    Array.from({ length: total }, (_, n) => n + 1),
    'each once, in order',
  );
  assert.ok(sender.ups() > ROUNDS && recipient.ups() > 1);
});
