/** Recordings: what is written is what was shown, for its owner alone; of what is read nothing is trusted. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { isWaxwingError } from '@waxwing/client';
import { NOW } from '../../protocol/test/fixtures/devices.ts';
import { tracedSession } from '../../protocol/test/fixtures/traced-session.ts';
import { safeJson } from '../src/output.ts';
import type { Block } from '../src/xray/block.ts';
import { Recording } from '../src/xray/recording.ts';
import type { RecordingLine } from '../src/xray/recording-line.ts';
import { readRecording } from '../src/xray/recording-reader.ts';
import { SecretMarks } from '../src/xray/secret-mark.ts';
import { Unfolding } from '../src/xray/unfolding.ts';

function fileIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-xray-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'session.jsonl');
}

async function linesOf(path: string): Promise<RecordingLine[]> {
  const lines: RecordingLine[] = [];
  for await (const line of readRecording(path)) lines.push(line);
  return lines;
}

async function sessionBlocks(lab: boolean): Promise<Block[]> {
  const { client } = await tracedSession();
  const unfolding = new Unfolding(new SecretMarks(lab));
  return client.watcher.events.flatMap((event) => unfolding.take({ connection: 3, remote: 'there', event }, NOW));
}

function record(path: string, blocks: readonly Block[], lab = false): Recording {
  const recording = Recording.begin({ path, role: 'client', lab, now: NOW });
  for (const block of blocks) recording.add(block);
  recording.end();
  return recording;
}

const HEADER = { kind: 'waxwing-xray', version: 1, program: '0.1.0', role: 'server', lab: false, madeAt: NOW };
const BLOCK = { kind: 'block', at: NOW, connection: 1, direction: 'in', frame: 'F1', size: 9, title: 't', rows: [] };
const write = (path: string, ...lines: readonly (object | string)[]): void =>
  writeFileSync(path, lines.map((line) => `${typeof line === 'string' ? line : safeJson(line)}\n`).join(''));

describe('a recording', () => {
  for (const lab of [false, true]) {
    test(`holds the blocks as they were shown, ${lab ? 'of a lab identity too' : 'in order'}`, async (t) => {
      const path = fileIn(t);
      const blocks = await sessionBlocks(lab);
      const { frames } = record(path, blocks, lab);
      const [header, ...rest] = await linesOf(path);
      assert.equal(header?.kind === 'waxwing-xray' && header.lab, lab);
      assert.deepEqual(rest.at(-1), { kind: 'end', why: 'closed', blocks: blocks.length });
      const plain = JSON.parse(JSON.stringify(blocks.map((block) => ({ kind: 'block', ...block })))) as unknown;
      assert.deepEqual(rest.slice(0, -1), plain);
      assert.equal(frames, blocks.length);
    });
  }

  test('can be read by its owner alone, and overwrites nothing', (t) => {
    const path = fileIn(t);
    record(path, []);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const before = readFileSync(path, 'utf8');
    assert.throws(
      () => record(path, []),
      (error: unknown) => isWaxwingError(error, 'file-exists'),
    );
    assert.equal(readFileSync(path, 'utf8'), before);
    assert.throws(
      () => record(join(path, 'inside'), []),
      (error: unknown) => isWaxwingError(error, 'file-unwritable'),
    );
  });

  test('that was never ended is shown as far as it goes', async (t) => {
    const path = fileIn(t);
    const recording = Recording.begin({ path, role: 'server', lab: false, now: NOW });
    for (const block of await sessionBlocks(false)) recording.add(block);
    assert.ok((await linesOf(path)).length > 10);
    recording.end();
  });

  test('ends by itself when it is full, and says so', async (t) => {
    const path = fileIn(t);
    const recording = Recording.begin({ path, role: 'server', lab: true, now: NOW, largest: 10_000 });
    const blocks = await sessionBlocks(true);
    const taken = blocks.map((block) => recording.add(block));
    assert.ok(taken.includes(true) && taken.includes(false));
    assert.ok(!recording.open);
    const last = (await linesOf(path)).at(-1);
    assert.deepEqual(last, { kind: 'end', why: 'full', blocks: taken.filter(Boolean).length });
  });
});

describe('a file that is no recording', () => {
  const refused: readonly (readonly [what: string, lines: readonly (object | string)[]])[] = [
    ['nothing', []],
    ['text', ['hello']],
    ['other JSON', [{ a: 1 }]],
    ['a recording without its header', [BLOCK]],
    ['a header in the middle', [HEADER, HEADER]],
    ['an unknown kind', [HEADER, { ...BLOCK, kind: 'other' }]],
    ['an unknown field', [HEADER, { ...BLOCK, more: 1 }]],
    ['an unknown part', [HEADER, { ...BLOCK, rows: [{ name: 'x', parts: [{ kind: 'image' }] }] }]],
    [
      'a key where a mark should be',
      [
        HEADER,
        { ...BLOCK, rows: [{ name: 'x', parts: [{ kind: 'secret', name: 'k', size: 32, mark: 'ab'.repeat(32) }] }] },
      ],
    ],
    [
      'what is no hex',
      [HEADER, { ...BLOCK, rows: [{ name: 'x', parts: [{ kind: 'bytes', name: 'k', size: 1, hex: 'zz' }] }] }],
    ],
    ['too many rows', [HEADER, { ...BLOCK, rows: Array.from({ length: 100 }, () => ({ name: 'x', parts: [] })) }]],
    ['a title too long', [HEADER, { ...BLOCK, title: 'x'.repeat(500) }]],
    ['a line too long', [HEADER, 'x'.repeat(2 ** 21)]],
    ['what is no JSON', [HEADER, 'xray| → F1']],
    ['a cut line', [HEADER, '{"kind":"block","at":18']],
  ];
  for (const [what, lines] of refused) {
    test(`${what} is refused, with a code and a next step`, async (t) => {
      const path = fileIn(t);
      write(path, ...lines);
      await assert.rejects(linesOf(path), (error: unknown) => {
        assert.ok(isWaxwingError(error, 'recording-invalid'));
        assert.match(error.message, /\.$/);
        assert.match(error.next, /--record FILE\.$/);
        return true;
      });
    });
  }

  test('of a newer version is told so', async (t) => {
    const path = fileIn(t);
    write(path, { ...HEADER, version: 2, more: true });
    await assert.rejects(linesOf(path), /version 2, and this program reads version 1/);
  });

  test('that is not there is told so, and so is a folder', async (t) => {
    const path = fileIn(t);
    for (const wrong of [path, join(path, '..')]) {
      await assert.rejects(linesOf(wrong), (error: unknown) => isWaxwingError(error, 'file-missing'));
    }
  });
});
