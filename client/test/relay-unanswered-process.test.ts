import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bob } from '../../protocol/test/fixtures/devices.ts';
import { ChannelRequests } from '../src/relay/channel-requests.ts';
import { openRelayChannel } from '../src/relay/open-relay-channel.ts';
import { isPassing } from '../src/relay/relay-failure.ts';
import { NOW } from './fixtures/homes.ts';
import { scriptedRelay } from './fixtures/relay-lines.ts';

suite('a channel on which something is asked', () => {
  test('is given up where the relay lives and answers nothing for two minutes', async (t) => {
    const relay = await scriptedRelay(t);
    t.mock.timers.enable({ apis: ['setInterval'] });
    let time = 0;
    const { channel } = await openRelayChannel({
      relay: relay.address,
      device: bob,
      now: () => NOW,
      signal: new AbortController().signal,
      connection: 1,
      stopwatch: () => time,
    });
    const theirs = await relay.next();
    const heard: string[] = [];
    const ended = channel.run(({ event }) => void heard.push(event));
    const requests = new ChannelRequests(channel);
    let pings = 0;
    /** So many seconds, in which it lives. */
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 5) {
        time += 5_000;
        t.mock.timers.tick(5_000);
        theirs.say({ kind: 'ping' });
        pings += 1;
        await theirs.until(({ said }) => said.filter((kind) => kind === 'pong').length === pings);
      }
    };
    await pass(200); // nothing is asked
    const [first, second] = [requests.claim('alice'), requests.receive()];
    void second.catch(() => undefined);
    await theirs.until(({ asked }) => asked.length === 2);
    await pass(115);
    theirs.reply({ kind: 'answer', id: 1, answer: { op: 'claim' } });
    await first;
    await pass(115);
    theirs.reply({ kind: 'event', event: { event: 'entries', left: 3 } });
    while (heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await pass(115);
    time += 5_000;
    t.mock.timers.tick(5_000);
    await assert.rejects(second, (error) => isPassing(error) && error.code === 'connection-cut');
    assert.match((await ended)?.message ?? '', /unanswered/);
  });
});
