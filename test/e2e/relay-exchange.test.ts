/** Many people and one relay, all of them real processes: killed, cut off, with wrong clocks, away for months. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test, type TestContext } from 'node:test';
import { openHome, openMessenger } from '@waxwing/client';
import { Exchange, MARK, type Surroundings } from './exchange/exchange.ts';
import { faketimeLibrary, onAnotherDay } from './exchange/faketime.ts';
import { foundIn, foundInFolder } from './exchange/found-in.ts';
import { Cable } from './fixtures/cable.ts';

const ROUNDS = 20;
const DAY = 86_400_000;

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-exchange-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const LIBRARY = faketimeLibrary();

const clocks =
  LIBRARY === undefined
    ? { skip: 'no faketime here (Debian: apt-get install faketime): no process can be given another clock' }
    : {};

function at(offset: string): Surroundings {
  return onAnotherDay(LIBRARY ?? '', offset);
}

describe('five people and a relay', () => {
  test('10,000 messages arrive once and in order, whoever is killed, and the relay knows nothing of them', async (t) => {
    const folder = temporaryFolder(t);
    const cwd = join(folder, 'core');
    mkdirSync(cwd);
    const under = ['sh', '-c', 'ulimit -c unlimited; exec "$@"', 'sh'];
    const exchange = await Exchange.start(t, { folder, people: 5, each: 500, relay: { under, cwd } });
    const victims: string[] = [];
    // A kill whenever another twentieth of it all has arrived, at a random point of it.
    for (let round = 1; round <= ROUNDS; round++) {
      const aim = ((round - Math.random()) / ROUNDS) * 2 * exchange.total * 0.9;
      await exchange.until(() => exchange.progress >= aim);
      victims.push(await exchange.killOne());
    }
    t.diagnostic(`killed: ${victims.join(' ')}`);
    await exchange.settle();
    await exchange.verify();

    const words: string[] = [];
    await t.test('what waits at the relay says neither what it is nor whose', async () => {
      const [first, second] = exchange.people;
      assert.ok(first !== undefined && second !== undefined);
      const home = await openHome({ path: first.home });
      const messenger = await openMessenger({ home });
      const conversation = await messenger.open(`@${second.name}`);
      conversation.post(Array.from({ length: 20 }, (_, n) => `${MARK} text ${String(n)}`));
      const room = await messenger.createRoom(`${MARK}room`);
      if (!('room' in room.view.key)) throw new Error('a room has a room for its key');
      await messenger.invite(room.view.key.room, `@${second.name}`);
      room.post([`${MARK} said in a room`]);
      assert.ok(await conversation.flush('sent', 30_000));
      assert.ok(await room.flush('sent', 30_000));
      const { account, device } = home.device.bundle;
      await messenger.close();
      home.close();

      // A text, the name of a room, and a line of its list of members (§10.1) all hold one of these.
      words.push(MARK, `${Buffer.from(account).toString('hex')}/`);
      assert.deepEqual(await foundInFolder(join(folder, 'relay'), words), []);
      // The relay keeps its database locked: a copy of the files is what a thief of its disk has.
      cpSync(join(folder, 'relay'), join(folder, 'copy'), {
        recursive: true,
        filter: (path) => !path.endsWith('.sock'),
      });
      const database = new DatabaseSync(join(folder, 'copy', 'relay.db'));
      const rows = database.prepare('SELECT * FROM envelopes').all();
      database.close();
      assert.ok(rows.length > 0);
      for (const row of rows) {
        assert.deepEqual(Object.keys(row).sort(), ['goes', 'id', 'mailbox', 'number', 'sealed']);
        const blobs = Object.values(row).filter((value) => value instanceof Uint8Array);
        for (const own of [account, device]) {
          assert.ok(!blobs.some((blob) => Buffer.from(blob).includes(Buffer.from(own))), 'nothing names the sender');
        }
      }
    });

    await t.test('its memory holds no text', async (t2) => {
      if (!readFileSync('/proc/sys/kernel/core_pattern', 'utf8').startsWith('core')) {
        t2.skip('this system does not put core dumps into the folder of the process');
        return;
      }
      await exchange.relay.kill('SIGABRT');
      const [core] = readdirSync(cwd);
      assert.ok(core !== undefined, 'the relay left a core dump');
      // What must be there shows that the search finds what is there.
      assert.deepEqual(await foundIn(join(cwd, core), [...words, 'mailbox']), ['mailbox']);
    });
  });

  test('a network that fails again and again costs nothing but time', async (t) => {
    let cable: Cable | undefined;
    const dial = async (port: number): Promise<number> => {
      cable = await Cable.lay(t, port);
      return cable.port;
    };
    const exchange = await Exchange.start(t, { folder: temporaryFolder(t), people: 3, each: 200, dial });
    for (let round = 1; round <= 6; round++) {
      await exchange.until(() => exchange.progress >= (round / 8) * 2 * exchange.total);
      if (cable === undefined) throw new Error('the exchange dials through a cable');
      cable.down = true;
      if (round % 2 === 0) cable.cut();
      else cable.loseClient();
      await sleep(50 * round);
      cable.down = false;
    }
    await exchange.settle();
    await exchange.verify();
  });

  for (const offset of ['+1d', '-1d']) {
    test(`a clock that is wrong by a day (${offset}) loses nothing`, clocks, async (t) => {
      const around = (person: number): Surroundings => (person === 1 ? at(offset) : {});
      const exchange = await Exchange.start(t, { folder: temporaryFolder(t), people: 3, each: 50, around });
      await exchange.settle();
      await exchange.verify();
    });
  }

  test('who is back after 90 days gets everything, and what comes late says so', clocks, async (t) => {
    const exchange = await Exchange.start(t, { folder: temporaryFolder(t), people: 3, each: 5 });
    await exchange.settle();
    const [first, second, away] = exchange.people;
    if (first === undefined || second === undefined || away === undefined) throw new Error('there are three');
    /** The two others write some more to the one who is away, and all is on the relay's disk. */
    const others = async (each: number, around: Surroundings): Promise<void> => {
      for (const person of [first, second]) {
        await person.kill('SIGKILL');
        person.start({ each, ...around });
      }
      await exchange.until(() => [first, second].every(({ report }) => report.queued === 0));
      for (const person of [first, second]) await person.kill('SIGKILL');
    };
    const everybody = async (each: number, around: Surroundings): Promise<void> => {
      for (const person of exchange.people) person.start({ each, ...around });
      await exchange.settle(each);
    };

    await away.kill('SIGKILL');
    await others(10, {});
    await exchange.relay.kill('SIGKILL');
    await exchange.relay.start(at('+20d'));
    await everybody(10, at('+20d'));
    assert.ok((away.report.longestWait ?? 0) > 19 * DAY, 'after 20 days it was still there, and was shown as late');

    await away.kill('SIGKILL');
    await others(15, at('+20d'));
    await exchange.relay.kill('SIGKILL');
    await exchange.relay.start(at('+110d'));
    await everybody(15, at('+110d'));
    await exchange.verify(15);
  });
});
