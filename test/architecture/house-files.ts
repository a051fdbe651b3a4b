/** The house's own files, as the rules about sizes, names, versions and documents read them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOMS = ['protocol', 'client', 'relay', 'cli', 'web', 'lab', 'bench', 'test', 'scripts'];
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', 'reports']);

/** A source file: its path from the root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every TypeScript and JavaScript file of the workspaces, the tests and the scripts. */
export function readSources(root: string): SourceFile[] {
  return ROOMS.filter((room) => existsSync(join(root, room))).flatMap((room) => walk(root, room));
}

function walk(root: string, folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(root, path);
    return /\.[cm]?[jt]sx?$/.test(entry.name) ? [{ path, text: readFileSync(join(root, path), 'utf8') }] : [];
  });
}

/** Product code: what ships, as opposed to tests, scripts and the lab. */
export function isProduct(path: string): boolean {
  return /^(protocol|client|relay|cli|web)\/(src|bin)\//.test(path);
}

export const MAX_LINES = 400;
const VAGUE = /^(utils?|helpers?|common|misc|shared|stuff)(\.|$)/;

/** What is wrong with the file as a file: its name, its size. */
export function fileFaults({ path, text }: SourceFile): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const faults = [];
  if (!/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(name)) faults.push(`${path}: the name is not in kebab-case`);
  if (path.split('/').some((part) => VAGUE.test(part))) faults.push(`${path}: the name says nothing`);
  const lines = text.split('\n').length - 1;
  if (lines > MAX_LINES) faults.push(`${path}: ${String(lines)} lines, more than ${String(MAX_LINES)}`);
  return faults;
}

/** Uses of `unsafe…` names in product code outside the file that exports them. */
export function unsafeFaults({ path, text }: SourceFile): string[] {
  if (!isProduct(path)) return [];
  const named = new Set(text.match(/\bunsafe[A-Z]\w*/g) ?? []);
  const declared = new Set(
    [...text.matchAll(/^export (?:(?:async )?(?:function|const|class|type|interface)|\* as) (unsafe[A-Z]\w*)/gm)].map(
      ([, name]) => name,
    ),
  );
  return [...named].filter((name) => !declared.has(name)).map((name) => `${path}: uses ${name}`);
}

export interface Manifest {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** name → version, of all kinds of dependency */
  readonly dependencies: ReadonlyMap<string, string>;
}

interface ManifestJson {
  readonly name: string;
  readonly version: string;
  readonly [kind: `${string}ependencies`]: Readonly<Record<string, string>> | undefined;
}

/** The manifests of the root and the workspaces. */
export function readManifests(root: string): Manifest[] {
  return readManifestsAt(root, ['package.json', ...ROOMS.map((room) => `${room}/package.json`)]);
}

/** What the benchmarks install beside the product. */
export function readComparators(root: string): Manifest[] {
  return readManifestsAt(root, ['bench/comparators/package.json']);
}

function readManifestsAt(root: string, paths: readonly string[]): Manifest[] {
  return paths
    .filter((path) => existsSync(join(root, path)))
    .map((path) => {
      const json = JSON.parse(readFileSync(join(root, path), 'utf8')) as ManifestJson;
      const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
      const dependencies = new Map(kinds.flatMap((kind) => Object.entries(json[kind] ?? {})));
      return { path, name: json.name, version: json.version, dependencies };
    });
}

/** Codes of the union type `name` in a source text: `| 'one' | 'two'`. */
export function readUnion(source: string, name: string): string[] {
  const start = source.indexOf(`type ${name} =`);
  if (start < 0) throw new Error(`no union ${name}`);
  const body = source.slice(start, source.indexOf(';', start)).replaceAll(/\/\/.*$/gm, '');
  return [...body.matchAll(/'([a-z0-9-]+)'/g)].map(([, code]) => code as string);
}

/** Rows of a document's tables: the cells, trimmed, where the first is one word in backticks. */
export function readRows(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => /^\| *`[^`|]+` *\|/.test(line))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Optional packages (of other platforms, mostly) that package-lock.json does not name: `npm ci` refuses such a lock. */
export function lockFaults(lock: { readonly packages: Readonly<Record<string, LockedPackage>> }): string[] {
  const named = new Set(Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
  return Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !named.has(name))
      .map((name) => `${path} → ${name}`),
  );
}
