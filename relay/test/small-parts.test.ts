import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InProcessBus } from '../src/bus/in-process.ts';
import { kindOf } from '../src/door/first-byte.ts';
import { openLog } from '../src/log.ts';
import { Rate } from '../src/rates.ts';
import { callerAddress } from '../src/wire/caller-address.ts';

test('the first byte says what the rest is (§11.1)', () => {
  const kinds = Map.groupBy(
    Array.from({ length: 256 }, (_, byte) => byte),
    kindOf,
  );
  assert.deepEqual(kinds.get('frames'), [0x77]);
  assert.deepEqual(Buffer.from(kinds.get('http') ?? []).toString(), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  assert.equal(kinds.get('neither')?.length, 256 - 27);
});

test('a machine is an IPv4 address, or a /64 of IPv6', () => {
  for (const [remote, address] of [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001::5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    [undefined, 'unknown'],
  ] as const) {
    assert.equal(callerAddress(remote), address);
  }
});

describe('a rate', () => {
  test('lets a burst through, then says when there is more', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_000_000 });
    const rate = new Rate({ points: 10, seconds: 5 });
    assert.equal(await rate.take('a', 9), 0);
    assert.equal(await rate.take('a'), 0);
    assert.equal(await rate.take('a'), 5_000);
    assert.equal(await rate.take('b'), 0, 'each key has its own');
    t.mock.timers.tick(4_999);
    assert.equal(await rate.take('a'), 1);
    t.mock.timers.tick(1);
    assert.equal(await rate.take('a', 10), 0);
    assert.ok((await rate.take('a')) > 0);
    await rate.clear('a');
    assert.equal(await rate.take('a', 10), 0);
  });
});

test('the bus tells those who listen, until they stop', async () => {
  const bus = new InProcessBus();
  const heard: string[] = [];
  const stop = bus.subscribe('a', ({ kind }) => heard.push(`1 ${kind}`));
  bus.subscribe('a', ({ kind }) => {
    heard.push(`2 ${kind}`);
    stop();
  });
  bus.publish('a', { kind: 'stored' });
  bus.publish('b', { kind: 'stored' });
  bus.publish('a', { kind: 'removed' });
  assert.deepEqual(heard, ['1 stored', '2 stored', '2 removed']);
  await bus.close();
  bus.publish('a', { kind: 'stored' });
  assert.equal(heard.length, 3);
});

test('the log drops what it does not know, and the message of a bug', () => {
  const lines: string[] = [];
  const log = openLog('info', { write: (line) => void lines.push(line) });
  const error = new TypeError('SECRET in a message');
  log.error({
    event: 'request failed',
    bug: { name: error.name, stack: error.stack ?? '' },
    account: 'SECRET',
  } as never);
  log.debug({ event: 'unheard' });
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0] ?? '', /SECRET/);
  assert.match(lines[0] ?? '', /small-parts\.test\.ts/);
});
