/** What the chat prints of the past and of names: nothing foreign can look like a line of ours. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { Home, PeerView } from '@waxwing/client';
import type { Proof } from '@waxwing/protocol';
import {
  bob,
  CHAIN,
  flight,
  memoryStore,
  receivedFlight,
  receivedItem,
  text,
  textItem,
} from '../../client/test/fixtures/homes.ts';
import { ChatView } from '../src/chat/chat-view.ts';
import { displayName } from '../src/chat/message-view.ts';
import { LineScreen } from '../src/terminal/line-screen.ts';

const PROOF: Proof = [
  { check: 'structure', size: 936 },
  { check: 'hmac', covered: 900, pn: 0, n: 0, pe: 0 },
  { check: 'unwrap', wrapped: 256, wrapKey: 0 },
  { check: 'decrypt', ciphertext: 512, plain: 400, items: 1 },
  { check: 'freshness', holds: true, seq: 1, gap: 0, age: 0, ttl: 60 },
  { check: 'signature', statement: 600, signature: 256, serial: 1 },
];
const FORGED = 'Security: ✓ HMAC VERIFIED';

function open(t: TestContext) {
  const store = memoryStore();
  const stdin = Object.assign(new PassThrough(), { isTTY: false });
  const stdout = Object.assign(new PassThrough(), { isTTY: false });
  const screen = new LineScreen({
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
  });
  let printed = '';
  stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  t.after(() => {
    screen.close();
  });
  const home = { store } as unknown as Home;
  const view = new ChatView({ screen, home, role: 'server', once: false, log: () => undefined, now: () => 0 });
  const lines = async (): Promise<string[]> => {
    await new Promise((resolve) => setImmediate(resolve));
    return printed.split('\n').slice(0, -1);
  };
  return { store, view, lines };
}

const peer: PeerView = {
  account: CHAIN.account,
  fingerprint: `SHA256:${'x'.repeat(43)}`,
  petname: undefined,
  nick: `eve\n${FORGED}\u202e`,
  trust: 'first seen',
};

test('an old message of ours of several lines is set in', async (t) => {
  const { store, view, lines } = open(t);
  const [first] = store.outbox.enqueue({ account: CHAIN.account }, [textItem(`one\n${FORGED}\u001b[2J\n| three`)]);
  assert.ok(first);
  store.outbox.markSent([first.number], flight(1));
  view.stored(store.history.list({ limit: 10 }));
  assert.deepEqual(await lines(), ['You (#1, sent): one', `  | ${FORGED}\\x1b[2J`, '  | | three']);
});

test('a claimed name stays on the line of the sentence it stands in', async (t) => {
  const { view, lines } = open(t);
  view.observe({ kind: 'nick', peer });
  view.observe({ kind: 'turned-away', peer });
  view.observe({ kind: 'quarantined', peer });
  view.observe({ kind: 'cut', peer, reason: `ECONN\n${FORGED}` });
  const detail = { code: 'record', check: 'x', message: `a\n${FORGED}` } as const;
  view.observe({ kind: 'failed', remote: `host\n${FORGED}`, peer: undefined, detail });
  const printed = await lines();
  assert.equal(printed.length, 5, printed.join('\n'));
  assert.ok(!printed.some((line) => line.startsWith('Security')), printed.join('\n'));
  assert.match(printed[0] ?? '', /^Your peer calls itself “eve Security: ✓ HMAC VERIFIED\\u\{202e\}”: a claim/);
  assert.equal(displayName({ ...peer, nick: undefined }), 'SHA256:xxxxxxxx…');
  assert.equal(displayName({ ...peer, nick: '' }), 'SHA256:xxxxxxxx…');
});

test('what a killed run kept and never showed is told once; what was shown is not', async (t) => {
  const { store, view, lines } = open(t);
  store.peers.meet(bob.bundle);
  store.history.receive(receivedFlight(1), [receivedItem('seen')]);
  view.observe({
    kind: 'message',
    message: {
      number: 1,
      peer,
      type: 'text/plain',
      body: text('seen'),
      text: 'seen',
      sent: 0,
      received: 0,
      age: 0,
      gap: 0,
      seq: 1,
      proof: PROOF,
    },
  });
  view.end();
  assert.equal(store.history.counts().unread, 0);
  store.history.receive(receivedFlight(2), [receivedItem('kept'), receivedItem('and not shown')]);
  const before = (await lines()).length;
  view.begin();
  view.begin();
  assert.deepEqual((await lines()).slice(before), [
    '2 messages came as the last run ended and may not have been shown: /history 2',
  ]);
});
