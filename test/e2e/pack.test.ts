/** The packed packages, installed together into an empty project, work there: types, library and command. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
// npm, npx and the command find the Node.js that runs this test.
const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };

/** The one block of TypeScript in the README. */
function readmeExample(): string {
  const block = /```ts\n(.*?)```/s.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
  assert.ok(block !== undefined);
  return block;
}

const TYPES = `
import { createAccount, createDevice, encodeFingerprint, isProtocolError, type Primitives } from '@waxwing/protocol';
import { type Channel, HandshakingServer } from '@waxwing/protocol/channel';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { isWaxwingError, openHome, type ReceivedMessage } from '@waxwing/client';
import { DEFAULTS, type RelayControl, serveRelay } from '@waxwing/relay';

const p: Primitives = nodePrimitives;
export const fingerprint = async (): Promise<string> => {
  const device = await createDevice(p, await createAccount(p), 1);
  return encodeFingerprint(device.bundle.account);
};
export const textOf = (message: ReceivedMessage): string | undefined => message.text;
export const never: Channel | undefined = undefined;
export const control = async (data: string): Promise<RelayControl> =>
  (await serveRelay({ primitives: p, settings: { ...DEFAULTS, data }, logTo: process.stderr })).control;
export { HandshakingServer, isProtocolError, isWaxwingError, openHome };
// @ts-expect-error a home has a path
void openHome({});
`;

interface LabRefusal {
  readonly code: number;
  readonly stderr: string;
}

describe('packed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'waxwing-pack-'));
  const project = join(folder, 'project');
  let tarballs: string[] = [];

  before(async () => {
    await run(process.execPath, [join(ROOT, 'scripts/pack.ts'), join(folder, 'tarballs')], { env });
    tarballs = readdirSync(join(folder, 'tarballs')).map((name) => join(folder, 'tarballs', name));
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', ['install', ...quiet, ...tarballs], { cwd: project, env });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  test('four tarballs hold JavaScript, types and a licence, and no sources', async () => {
    assert.equal(tarballs.length, 4);
    for (const name of ['@waxwing/protocol', '@waxwing/client', '@waxwing/relay', 'waxwing']) {
      const installed = join(project, 'node_modules', name);
      const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
      for (const needed of ['LICENSE', 'README.md', 'package.json'])
        assert.ok(files.includes(needed), `${name}: ${needed}`);
      assert.deepEqual(
        files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')),
        [],
      );
      assert.ok(files.some((file) => file.endsWith('.js')) && files.some((file) => file.endsWith('.d.ts')));
    }
  });

  test('no door to single steps is packed, and the lab says where it is', async () => {
    const manifest = readFileSync(join(project, 'node_modules/@waxwing/protocol/package.json'), 'utf8');
    const files = readdirSync(join(project, 'node_modules/@waxwing/protocol/dist'));
    assert.ok(!manifest.includes('unsafe') && !files.some((file) => file.includes('unsafe')));
    const command = ['--no-install', 'waxwing', 'lab', 'list'];
    const refused = await run('npx', command, { cwd: project, env }).catch((error: unknown) => error as LabRefusal);
    assert.equal((refused as LabRefusal).code, 8);
    assert.match((refused as LabRefusal).stderr, /not part of this package[\s\S]*\[lab-missing\]/);
  });

  test('the README’s two peers talk', async () => {
    writeFileSync(join(project, 'two-peers.ts'), readmeExample());
    const { stdout } = await run(process.execPath, ['two-peers.ts'], { cwd: project, env });
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      'Alice reads: Hello Alice!',
      '✓ structure ✓ hmac ✓ unwrap ✓ decrypt ✓ freshness ✓ signature',
      'Bob’s message was delivered'.replace('’', "'"),
      'Bob reads: Hello Bob!',
    ]);
  });

  test('the types check in a strict project', async () => {
    writeFileSync(join(project, 'types.ts'), TYPES);
    writeFileSync(join(project, 'two-peers.ts'), readmeExample());
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    const { stdout } = await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
      cwd: project,
      env,
    }).catch((error: unknown) => error as { stdout: string });
    assert.equal(stdout, '');
  });

  test('the command runs', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'cli/package.json'), 'utf8')) as { version: string };
    const { stdout } = await run('npx', ['--no-install', 'waxwing', '--version'], { cwd: project, env });
    assert.equal(stdout.trim().split(' ').at(-1), version);
  });
});
