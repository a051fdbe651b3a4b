/** The house rules that a machine can check (docs/architecture.md, CONTRIBUTING.md). */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import {
  fileFaults,
  isProduct,
  lockFaults,
  readComparators,
  readManifests,
  readRows,
  readSources,
  readUnion,
  unsafeFaults,
} from './architecture/house-files.ts';
import { EXIT, exitCodeOf } from '../cli/src/exit-code.ts';
import type { ClientErrorCode } from '../client/src/errors.ts';
import type { RelayErrorCode } from '../relay/src/errors.ts';
import { judgeImports } from './architecture/import-rules.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A small house in which every import below is wrong, each by the rule it names. */
const WRONG: readonly (readonly [rule: string, file: string, source: string])[] = [
  ['floor 0: bytes.ts', 'protocol/src/bytes.ts', "import './codec/fine.ts';"],
  ['floor 1: codec/', 'protocol/src/codec/upwards.ts', "import '../keys/key.ts';"],
  ['floor 1: codec/', 'protocol/src/codec/typed.ts', "import type { Key } from '../keys/key.ts'; export type T = Key;"],
  ['floor 1: codec/', 'protocol/src/codec/lazy.ts', "await import('../keys/key.ts');"],
  ['floor 3: ratchet/', 'protocol/src/ratchet/sideways.ts', "import '../envelope/fine.ts';"],
  ['floor 5: channel/', 'protocol/src/channel/sideways.ts', "export * from '../conversation/fine.ts';"],
  ['every room has its floor', 'protocol/src/attic/box.ts', 'export const box = 1;'],
  ['only the lab takes the protocol apart', 'client/src/apart.ts', "import '../../protocol/src/unsafe.ts';"],
  ['the protocol is pure', 'protocol/src/keys/file.ts', "import 'node:fs';"],
  ['the protocol is pure', 'protocol/src/channel/socket.ts', "import 'net';"],
  ['the protocol is pure', 'protocol/src/primitives/web.ts', "import 'node:crypto';"],
  ['an adapter is chosen outside the protocol', 'protocol/src/keys/adapter.ts', "import '../primitives/node.ts';"],
  ['neighbours of protocol', 'protocol/src/evidence/file.ts', "import '../../../client/src/index.ts';"],
  ['neighbours of client', 'client/src/upwards.ts', "import '../../cli/src/main.ts';"],
  ['neighbours of relay', 'relay/src/client.ts', "import '@waxwing/client';"],
  ['neighbours of bench', 'bench/claims/cli.ts', "import '../../cli/src/main.ts';"],
  ['bench enters others by their doors', 'bench/pair/window.ts', "import '../../protocol/src/keys/key.ts';"],
  ['neighbours of client', 'client/src/timed.ts', "import '../../bench/claims/fine.ts';"],
  ['neighbours of lab', 'lab/src/cli.ts', "import '../../cli/src/main.ts';"],
  ['client enters others by their doors', 'client/src/window.ts', "import '../../protocol/src/keys/key.ts';"],
  ['the relay sees sealed envelopes only', 'relay/src/opener.ts', "import '@waxwing/protocol';"],
  [
    'nothing behind the relay’s doors opens or seals an envelope',
    'protocol/src/wire.ts',
    "import './envelope/side-door.ts';",
  ],
  ['only the lab command imports the lab', 'cli/src/server.ts', "import '../../lab/src/index.ts';"],
  ['the product imports no test', 'client/src/tested.ts', "import '../test/some.test.ts';"],
  ['no cycles', 'client/src/hen.ts', "import './egg.ts';"],
  ['no cycles', 'client/src/egg.ts', "import './hen.ts';"],
  ['every import resolves', 'client/src/nowhere.ts', "import './not-there.ts';"],
];

const RIGHT: readonly (readonly [file: string, source: string])[] = [
  [
    'protocol/package.json',
    JSON.stringify({ exports: { '.': './src/index.ts', './wire': './src/wire.ts', './unsafe': './src/unsafe.ts' } }),
  ],
  ['client/package.json', JSON.stringify({ exports: { '.': './src/index.ts' } })],
  ['lab/package.json', JSON.stringify({ exports: { '.': './src/index.ts' } })],
  ['protocol/src/index.ts', "export * from './keys/key.ts'; export * from './bytes.ts';"],
  ['protocol/src/keys/key.ts', "import './same-room.ts'; import '../codec/fine.ts'; export interface Key { a: 1 }"],
  ['protocol/src/keys/same-room.ts', "import '../errors.ts';"],
  ['protocol/src/errors.ts', 'export const errors = 1;'],
  ['protocol/src/codec/fine.ts', "import '../errors.ts';"],
  ['protocol/src/envelope/fine.ts', "import '../keys/key.ts';"],
  ['protocol/src/envelope/side-door.ts', "import './open.ts';"],
  ['protocol/src/envelope/open.ts', "import '../keys/key.ts';"],
  ['protocol/src/conversation/fine.ts', "import '../envelope/fine.ts';"],
  ['protocol/src/primitives/node.ts', "import 'node:crypto';"],
  ['client/src/index.ts', "import '@waxwing/protocol'; import 'node:net';"],
  ['client/test/some.test.ts', "import '../src/index.ts';"],
  ['cli/src/main.ts', "import '@waxwing/client'; import './lab-command.ts';"],
  ['cli/src/lab-command.ts', "await import('../../lab/src/index.ts');"],
  ['protocol/src/unsafe.ts', "export * as unsafeOpen from './envelope/open.ts';"],
  ['lab/src/index.ts', "import '@waxwing/protocol'; import '@waxwing/protocol/unsafe';"],
  ['bench/claims/fine.ts', "import '@waxwing/protocol';"],
  ['relay/src/index.ts', "import '@waxwing/protocol/wire';"],
];

function buildHouse(): string {
  const root = mkdtempSync(join(tmpdir(), 'waxwing-house-'));
  for (const [file, source] of [...RIGHT, ...WRONG.map(([, file, source]) => [file, source] as const)]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${source}\n`);
  }
  mkdirSync(join(root, 'node_modules/@waxwing'), { recursive: true });
  for (const name of ['protocol', 'client']) symlinkSync(join(root, name), join(root, 'node_modules/@waxwing', name));
  return root;
}

describe('imports', () => {
  test('the house keeps every rule', async () => {
    const { modules, faults } = await judgeImports(ROOT);
    assert.deepEqual(faults, []);
    assert.ok(modules >= 6, `only ${String(modules)} modules were read`);
  });

  test('each rule finds the wrong import made for it, and nothing in the right ones', async (t) => {
    const root = buildHouse();
    t.after(() => rmSync(root, { recursive: true }));
    const { faults } = await judgeImports(root);
    for (const [rule, file] of WRONG) {
      assert.ok(
        faults.some((fault) => fault.rule === rule && (fault.from === file || fault.to === file)),
        `${rule} did not find ${file}`,
      );
    }
    const right = new Set(RIGHT.map(([file]) => file));
    assert.deepEqual(
      faults.filter(({ from }) => right.has(from)),
      [],
    );
  });
});

describe('files', () => {
  const sources = readSources(ROOT);

  test('a file is one noun in kebab-case of at most 400 lines', () => {
    assert.deepEqual(sources.flatMap(fileFaults), []);
    const long = 'x\n'.repeat(401);
    assert.equal(fileFaults({ path: 'client/src/utils.ts', text: '' }).length, 1);
    assert.equal(fileFaults({ path: 'client/src/misc/file.ts', text: '' }).length, 1);
    assert.equal(fileFaults({ path: 'client/src/CamelCase.ts', text: '' }).length, 1);
    assert.equal(fileFaults({ path: 'client/src/long.ts', text: long }).length, 1);
    assert.equal(fileFaults({ path: 'client/src/long.ts', text: long.slice(2) }).length, 0);
  });

  test('what is named unsafe is used by the lab and by tests only', () => {
    assert.deepEqual(sources.flatMap(unsafeFaults), []);
    const use = "import { unsafeOpen } from '@waxwing/protocol';";
    assert.equal(unsafeFaults({ path: 'client/src/a.ts', text: use }).length, 1);
    assert.equal(unsafeFaults({ path: 'lab/src/a.ts', text: use }).length, 0);
    assert.equal(unsafeFaults({ path: 'protocol/src/a.ts', text: 'export function unsafeOpen() {}' }).length, 0);
    assert.equal(unsafeFaults({ path: 'protocol/src/a.ts', text: "export * as unsafeOpen from './b.ts'" }).length, 0);
  });

  test('every limit is used, or says why it is not', () => {
    const lines = read('protocol/src/limits.ts').split('\n');
    const product = sources.filter(({ path }) => isProduct(path) && path !== 'protocol/src/limits.ts');
    const words = new Set(product.flatMap(({ text }) => text.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []));
    for (const line of lines)
      for (const word of line.split(' = ')[1]?.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []) words.add(word);
    const limits = lines.flatMap((line) => {
      const name = /^export const ([A-Z0-9_]+)/.exec(line)?.[1];
      return name === undefined ? [] : [{ name, excused: /\/\/ .*(draft|kept by)/.test(line) }];
    });
    assert.deepEqual(
      limits.filter(({ name, excused }) => words.has(name) === excused),
      [],
    );
  });
});

describe('dependencies', () => {
  const manifests = readManifests(ROOT);
  const comparators = readComparators(ROOT);

  test('every version is exact', () => {
    const loose = [...manifests, ...comparators].flatMap(({ path, dependencies }) =>
      [...dependencies]
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name]) => `${path}: ${name}`),
    );
    assert.deepEqual(loose, []);
  });

  test('the workspaces carry one version, and ask for it of each other', () => {
    const versions = new Map(manifests.map(({ name, version }) => [name, version]));
    assert.equal(new Set(versions.values()).size, 1);
    for (const { path, dependencies } of manifests) {
      for (const [name, version] of dependencies) {
        assert.equal(version, versions.get(name) ?? version, `${path} asks for another ${name}`);
      }
    }
  });

  test('what the benchmarks compare with is no dependency of the product', () => {
    const compared = comparators.flatMap(({ dependencies }) => [...dependencies.keys()]);
    assert.ok(compared.length > 0);
    const lock = read('package-lock.json');
    assert.deepEqual(
      compared.filter((name) => lock.includes(`"node_modules/${name}"`)),
      [],
    );
  });

  test('the locks name the optional packages of every platform', () => {
    for (const path of ['package-lock.json', 'bench/comparators/package-lock.json']) {
      assert.deepEqual(lockFaults(JSON.parse(read(path)) as Parameters<typeof lockFaults>[0]), []);
    }
    assert.deepEqual(lockFaults({ packages: { a: { optionalDependencies: { b: '1.0.0' } } } }), ['a → b']);
  });

  test('every dependency has its sentence in docs/dependencies.md, and nothing else has', () => {
    const own = new Set(manifests.map(({ name }) => name));
    const used = new Set(
      [...manifests, ...comparators]
        .flatMap(({ dependencies }) => [...dependencies.keys()])
        .filter((name) => !own.has(name)),
    );
    const rows = readRows(read('docs/dependencies.md'));
    assert.deepEqual(rows.map(([name]) => name?.replaceAll('`', '')).toSorted(), [...used].toSorted());
    for (const cells of rows) assert.match(cells.at(-1) ?? '', /^[A-Z].{20,}\.$/, `${String(cells[0])}: no sentence`);
  });
});

describe('errors', () => {
  const table = read('docs/errors.md');
  const rows = readRows(table);
  const clientCodes = readUnion(read('client/src/errors.ts'), 'ClientErrorCode');
  const relayCodes = readUnion(read('relay/src/errors.ts'), 'RelayErrorCode');

  test('every code stands in docs/errors.md with its meaning and a next step, and nothing else does', () => {
    const codes = [...readUnion(read('protocol/src/errors.ts'), 'ProtocolErrorCode'), ...clientCodes, ...relayCodes];
    assert.deepEqual(rows.map(([code]) => code?.replaceAll('`', '')).toSorted(), codes.toSorted());
    for (const [code, meaning, next] of rows) {
      assert.match(meaning ?? '', /^.{10,}\.$/, `${String(code)}: no meaning`);
      assert.match(next ?? '', /^.{10,}\.$/, `${String(code)}: no next step`);
    }
  });

  test('the exit codes are the ones the command gives', () => {
    for (const code of [...clientCodes, ...relayCodes]) {
      const row = rows.find(([name]) => name === `\`${code}\``);
      assert.equal(row?.at(-1), String(exitCodeOf(code as ClientErrorCode | RelayErrorCode)), code);
    }
    const documented = [...table.matchAll(/^\| (\d+) \| .+\.? \|$/gm)].map(([, number]) => Number(number));
    assert.deepEqual(documented, Object.values(EXIT));
  });
});
