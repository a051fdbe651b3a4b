/** X-ray of real sessions over real sockets: what it shows, what it never shows, and what a recording of it is. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type ConnectionTrace, DirectClient, openHome, type Watch } from '@waxwing/client';
import { layerKeys } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import type { ChatScreen } from '../../cli/src/terminal/chat-screen.ts';
import { PLAIN_STYLE } from '../../cli/src/text/style.ts';
import { Xray } from '../../cli/src/xray/xray.ts';
import { ChatHomes, startClient, startInTerminal, startServer } from './fixtures/chat-homes.ts';
import type { ChatProgram } from './fixtures/chat-program.ts';
import { Haystack, type Secret, secretsIn, secretsOfHome } from './fixtures/secret-search.ts';
import { records, waxwing } from './fixtures/two-homes.ts';

const TEXT = 'the red wing at noon';
const ANSWER = 'seen and understood';

const xrayRows = ({ lines }: ChatProgram): string[] => lines.filter((line) => line.startsWith('xray| '));

/** The part of a block of a recording with this name. */
function partOf(block: Record<string, unknown>, name: string): string {
  const rows = block['rows'] as { parts: { name: string; hex?: string }[] }[];
  const hex = rows.flatMap(({ parts }) => parts).find((part) => part.name === name)?.hex;
  assert.ok(hex !== undefined, name);
  return hex;
}

/** A client in this process, with X-ray and a recording, whose every secret is collected. */
async function watchedClient(
  home: string,
  port: number,
  record: string,
): Promise<{ shown: string; secrets: Secret[] }> {
  const opened = await openHome({ path: home });
  const shown: string[] = [];
  const screen = {
    notice: (text: string) => shown.push(text),
    lines: (lines: Parameters<ChatScreen['lines']>[0]) =>
      shown.push(...(typeof lines === 'function' ? lines(80, PLAIN_STYLE) : lines)),
  };
  const xray = new Xray({
    screen: screen as unknown as ChatScreen,
    role: 'client',
    lab: opened.lab,
    now: Date.now,
  });
  xray.record(record);
  xray.show(true);
  const traces: ConnectionTrace[] = [];
  const watch: Watch = () => (trace) => {
    traces.push(trace);
    xray.watch()?.(trace);
  };
  const client = new DirectClient({ home: opened, address: { host: '127.0.0.1', port }, watch });
  await client.connect();
  await client.conversation.send(TEXT);
  for await (const { text } of client.conversation) if (text === ANSWER) break;
  await client.conversation.send('one more');
  await client.close();
  xray.close();
  const secrets = [...secretsOfHome(opened, 'home'), ...traces.flatMap(({ event }) => secretsOf(event))];
  opened.close();
  return { shown: shown.join('\n'), secrets };
}

/** Every key that a trace reaches, those that are only named, and what hides a text. */
function secretsOf(event: ConnectionTrace['event']): Secret[] {
  const found = secretsIn(event, event.kind);
  if (event.kind === 'sealed') {
    const { layers, sealing } = event;
    found.push(...secretsIn(layerKeys(nodePrimitives, { ...layers, messageKey: sealing.messageKey }), 'layer keys'));
    found.push(...sealing.payload.items.map(({ opening }) => ({ name: 'opening', bytes: opening })));
  }
  if (event.kind === 'f3') found.push({ name: 'r_S', bytes: event.proof.opening });
  return found;
}

suite('X-ray', { concurrency: 2 }, () => {
  const homes = new ChatHomes();
  before(() => homes.make('alice', 'bob'));
  after(() => {
    homes.remove();
  });

  test('no secret of a real session stands in what X-ray shows or records, and a lab identity’s do', async (t) => {
    const alice = homes.of('alice');
    const [atServer, atClient, atLab] = [homes.empty('record'), homes.empty('record'), homes.empty('record')];
    const { server, port } = await startServer(t, alice, { args: ['--xray', '--record', atServer, '--once'] });
    const answered = server.line(/^Message: /).then(() => {
      server.type(ANSWER);
    });
    const { shown, secrets } = await watchedClient(homes.of('bob'), port, atClient);
    await answered;
    await server.exited;
    const served = await openHome({ path: alice });
    secrets.push(...secretsOfHome(served, 'server'));
    served.close();
    assert.ok(secrets.length > 100, `only ${String(secrets.length)} secrets`);

    const files = [atServer, atClient].map((file) => readFileSync(file, 'latin1'));
    for (const text of [server.out, server.err, shown, ...files])
      assert.deepEqual(new Haystack(text).find(secrets), []);
    for (const text of [...files, shown]) {
      assert.ok(!text.includes(TEXT) && !text.includes(ANSWER), 'a text');
      assert.ok(
        text.includes('encrypted_session_key') && text.includes('5 signature'),
        'there was something to look at',
      );
    }

    // The same looking finds every kind of secret of a lab identity.
    const lab = homes.empty('lab');
    assert.equal((await waxwing(['lab', 'home', lab])).code, 0);
    const second = await startServer(t, homes.of('alice'), { args: ['--once'] });
    const toLab = second.server.line(/^Message: /).then(() => {
      second.server.type(ANSWER);
    });
    const seen = await watchedClient(lab, second.port, atLab);
    await toLab;
    const written = readFileSync(atLab, 'latin1');
    const [onScreen, onDisk] = [seen.shown, written].map((text) => new Haystack(text).find(seen.secrets));
    for (const kind of [
      'f2 SecretKey',
      'f3 SecretKey',
      'established SecretKey',
      'record SecretKey',
      'sealed SecretKey',
    ]) {
      assert.ok(onScreen?.includes(kind) && onDisk?.includes(kind), kind);
    }
    for (const kind of ['opened SecretKey', 'layer keys SecretKey', 'r_S']) assert.ok(onDisk?.includes(kind), kind);
    // What rests in the home is never told, not even of a lab identity.
    assert.deepEqual(
      onDisk?.filter((name) => name.startsWith('home ')),
      [],
    );
    assert.ok(written.includes(TEXT) && written.includes(ANSWER));
  });

  test('both ends show F1 to F5 and every message, and a recording shows again what was shown', async (t) => {
    const [atServer, atClient] = [homes.empty('record'), homes.empty('record')];
    const { server, port } = await startServer(t, homes.of('alice'), { args: ['--xray', '--record', atServer] });
    const client = startClient(t, homes.of('bob'), port, { args: ['--xray', '--record', atClient] });
    await client.line(/^Peer /);
    client.type(TEXT);
    await server.line(/^Message: /);
    server.type(ANSWER);
    await client.line(/^Message: /);
    client.type('exit');
    assert.equal((await client.exited).code, 0);
    await server.line(/ left\.$/);
    server.type('exit');
    assert.equal((await server.exited).code, 0);
    for (const [program, file, own] of [
      [server, atServer, '→ F1'],
      [client, atClient, '→ F2'],
    ] as const) {
      const rows = xrayRows(program);
      for (const what of ['F1', 'F2', 'F3', 'F4', 'keys', 'F5']) {
        assert.equal(rows.filter((row) => new RegExp(`^xray\\| [→←=] ${what} `).test(row)).length, 1, what);
      }
      assert.ok(rows.some((row) => row.startsWith(`xray| ${own}`)));
      assert.equal(rows.filter((row) => row.includes('[1] envelope of 936 B')).length, 2);
      for (const row of rows) assert.ok(row.length <= 80, row);
      assert.doesNotMatch(program.out, /\u001b/);
      // The block of a message stands before the message.
      const at = (pattern: RegExp): number => program.lines.findIndex((line) => pattern.test(line));
      assert.ok(at(/^xray\| ← record \d+ {2}\[1\]/) < at(/^Message: /));

      const shown = await waxwing(['xray', file]);
      assert.equal(shown.code, 0);
      const [head, legend, ...rest] = shown.out.trimEnd().split('\n');
      assert.match(head ?? '', /^A session recorded by a (server|client), /);
      assert.match(legend ?? '', /no keys and no texts/);
      assert.match(rest.pop() ?? '', /^End of the recording: \d+ blocks\.$/);
      assert.deepEqual(rest, rows);
      const json = records(await waxwing(['xray', file, '--json']));
      assert.equal(json[0]?.['kind'], 'waxwing-xray');
      assert.deepEqual(
        json.map((line) => JSON.stringify(line)),
        readFileSync(file, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.stringify(JSON.parse(line))),
      );
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.match((await waxwing(['xray', file, '--color', 'always'])).out, /\u001b\[35m/);
    }
  });

  test('a lab identity says what it is, and openssl computes its keys again', async (t) => {
    const lab = homes.empty('lab');
    const made = await waxwing(['lab', 'home', lab]);
    assert.match(made.out, /^SHA256:\S{43} is a LAB IDENTITY in /);
    assert.match((await waxwing(['id', 'show', '--no-qr'], { home: lab })).out, /^Lab +yes: /m);
    assert.equal(records(await waxwing(['id', 'show', '--json'], { home: lab }))[0]?.['lab'], true);
    const file = homes.empty('record');
    const { server, port } = await startServer(t, lab, { args: ['--record', file, '--once'] });
    assert.match(server.out, /^LAB IDENTITY: .* Never use it for anything real\.$/m);
    const client = startClient(t, homes.of('bob'), port, { input: `${TEXT}\n` });
    assert.equal((await client.exited).code, 0);
    await server.exited;
    assert.ok(!client.out.includes('LAB'));
    assert.match(
      (await waxwing(['xray', file])).out,
      /^It is of a LAB IDENTITY: the keys and texts in it are real\.$/m,
    );

    const block = records(await waxwing(['xray', file, '--json'])).find((line) =>
      String(line['title']).startsWith('[1] envelope'),
    );
    assert.ok(block);
    const [mk, kMac, kr, K, kAes, iv, ct, hdr, covered, tag] = (
      ['mk', 'k_mac', 'kr', 'K', 'k_aes', 'iv', 'ct', 'hdr', 'covered', 'tag'] as const
    ).map((name) => partOf(block, name)) as [string, ...string[]];
    const openssl = (args: readonly string[], hex = ''): Buffer =>
      execFileSync('openssl', args, { input: Buffer.from(hex, 'hex') });
    const hmac = (key = '', data = ''): string =>
      openssl(['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${key}`, '-binary'], data).toString('hex');
    const expand = (key = '', label = ''): string => {
      const full = Buffer.from(`waxwing/1 ${label}`);
      const hh = openssl(['dgst', '-sha256', '-binary'], hdr);
      const info = Buffer.concat([Buffer.from([0, 32, full.length]), full, Buffer.from([hh.length]), hh]);
      return hmac(key, Buffer.concat([info, Buffer.from([1])]).toString('hex'));
    };
    assert.equal(hmac(mk, kr), K);
    assert.equal(expand(K, 'l1 aes'), kAes);
    assert.equal(expand(mk, 'l4 hmac'), kMac);
    assert.equal(hmac(kMac, covered), tag);
    const plain = openssl(['enc', '-d', '-aes-256-cbc', '-K', kAes ?? '', '-iv', iv ?? ''], ct);
    assert.ok(plain.includes(TEXT));
  });

  test('only a new home can be a lab home', async () => {
    const alice = homes.of('alice');
    for (const folder of [alice, join(alice, 'key')]) {
      const refused = await waxwing(['lab', 'home', folder]);
      assert.equal(refused.code, 3);
      assert.match(refused.err, /only a new home can be a lab home\.\n.*\n\[home-not-empty\]/);
    }
    const full = homes.empty('full');
    mkdirSync(full);
    writeFileSync(join(full, 'letter.txt'), 'dear diary');
    assert.equal((await waxwing(['lab', 'home', full])).code, 3);
    assert.equal(records(await waxwing(['id', 'show', '--json'], { home: alice }))[0]?.['lab'], false);
  });

  test('/xray begins and ends it while the chat goes on, and no text looks like it', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'));
    const client = startClient(t, homes.of('bob'), port);
    await server.line(/^Peer /);
    assert.deepEqual(xrayRows(server), []);
    server.type('/xray', '/xray on', '/xray maybe');
    await server.line(/^X-ray is off: \/xray on begins it\.$/);
    await server.line(/^X-ray is on\. \[8 digits\]/);
    await server.line(/^Usage: \/xray \[on\|off\]$/);
    const forged = 'xray| ← F1  hello of the server · 1283 B';
    client.type(forged, `${forged}\u2028${forged}\r${forged}`);
    await server.line(/^Message: xray\|/);
    await server.line(/^Message: xray\|/);
    assert.equal(xrayRows(server).filter((row) => row.includes('F1')).length, 0);
    assert.ok(xrayRows(server).some((row) => row.includes('5 signature')));
    server.type('/xray off');
    await server.line(/^X-ray is off\.$/);
    const before = xrayRows(server).length;
    client.type('unseen');
    await server.line(/^Message: unseen$/);
    assert.equal(xrayRows(server).length, before);
  });

  test('in a terminal it stands above the line being typed, in colour, and folds to the width', async (t) => {
    const { server, port } = await startServer(t, homes.of('alice'));
    const terminal = startInTerminal(t, homes.of('bob'), ['client', `127.0.0.1:${String(port)}`, '--color', 'always']);
    await terminal.shows('Type Message:');
    terminal.type('/xray on\r');
    await terminal.shows('X-ray is on');
    terminal.type('half a line');
    server.type(ANSWER);
    await terminal.shows(`: ${ANSWER}`);
    const rows = terminal.rows();
    assert.equal(rows.at(-1), 'Type Message: half a line');
    const envelope = rows.findIndex((row) => row.includes('[1] envelope'));
    assert.ok(envelope >= 0 && envelope < rows.findIndex((row) => row.includes(`: ${ANSWER}`)));
    assert.ok(rows.some((row) => /^xray\| wrap +256 B {2}L2 encrypted_session_key [0-9a-f]{8} .* …$/.test(row)));
    assert.match(terminal.raw, /\u001b\[2mxray\| \u001b\[22m\u001b\[35mtag/);
    terminal.type('\u0015/quit\r');
    assert.equal((await terminal.exited).exitCode, 0);
  });

  test('a file in the way, a file that is none, and classic are refused with a code and a next step', async () => {
    const home = homes.of('alice');
    const taken = homes.empty('taken');
    writeFileSync(taken, 'mine');
    for (const args of [
      ['server', '--port', '0', '--plain'],
      ['client', '127.0.0.1:1', '--plain'],
    ]) {
      const refused = await waxwing([...args, '--record', taken], { home });
      assert.equal(refused.code, 1);
      assert.match(refused.out, /exists already; a recording overwrites nothing\.\nChoose another file name/);
      assert.equal(readFileSync(taken, 'utf8'), 'mine');
      for (const option of [['--xray'], ['--record', homes.empty('record')]]) {
        const classic = await waxwing([...args, '--classic', ...option], { env: { WAXWING_CLASSIC_SECRET: 'secret' } });
        assert.equal(classic.code, 2);
        assert.match(classic.err, /means nothing with --classic: [\s\S]*\[option-misplaced\]/);
      }
    }
    for (const [file, code] of [
      [taken, 'recording-invalid'],
      [homes.empty('none'), 'file-missing'],
    ] as const) {
      const shown = await waxwing(['xray', file]);
      assert.equal(shown.code, 8);
      assert.match(shown.err, new RegExp(`\\n.+\\n\\[${code}\\]\\n$`));
      assert.equal(shown.out, '');
    }
  });
});
