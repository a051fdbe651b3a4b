/**
 * Builds the packages and packs them into dist-packages/*.tgz. Node refuses TypeScript under node_modules, so each package
 * is staged with its exports rewritten to the built dist/, and the stage is packed.
 *
 * Usage: node scripts/pack.ts [destination]
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = join(import.meta.dirname, '..');
const OUTPUT = join(ROOT, 'dist-packages');
const PACKAGES = ['protocol', 'client', 'relay', 'cli'];

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly devDependencies?: unknown;
}

function run(command: string, ...parameters: string[]): void {
  const { status, stdout, stderr } = spawnSync(command, parameters, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} failed:\n${stdout}${stderr}`);
}

/** `./src/index.ts` → the built file and its types. */
function builtExport(source: string): { readonly types: string; readonly default: string } {
  const stem = source.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
  return { types: `${stem}.d.ts`, default: `${stem}.js` };
}

/** tsc points at a declaration of ours from where it built; in the package it stands beside the file that asks for it. */
function moveReferences(built: string, sources: string): void {
  for (const file of readdirSync(built, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.d.ts'),
  )) {
    const folder = dirname(join(built, file));
    const text = readFileSync(join(built, file), 'utf8');
    const moved = text.replaceAll(/(?<=<reference path=")[^"]+/g, (path) => {
      return `./${relative(join(sources, dirname(file)), resolve(folder, path)).replaceAll('\\', '/')}`;
    });
    if (moved !== text) writeFileSync(join(built, file), moved);
  }
}

function stage(name: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  moveReferences(join(OUTPUT, 'build', name, 'src'), join(ROOT, name, 'src'));
  cpSync(join(OUTPUT, 'build', name, 'src'), join(folder, 'dist'), { recursive: true });
  // What the sources read at run time beside themselves: numbered SQL files and the like.
  cpSync(join(ROOT, name, 'src'), join(folder, 'dist'), {
    recursive: true,
    filter: (source) => source.endsWith('.d.ts') || !source.endsWith('.ts'),
  });
  if (existsSync(join(ROOT, name, 'bin'))) cpSync(join(ROOT, name, 'bin'), join(folder, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  const readme = join(ROOT, name, 'README.md');
  cpSync(existsSync(readme) ? readme : join(ROOT, 'README.md'), join(folder, 'README.md'));

  const {
    devDependencies: _,
    exports,
    ...manifest
  } = JSON.parse(readFileSync(join(ROOT, name, 'package.json'), 'utf8')) as PackageJson;
  // The door to single steps is for the attack lab, which is not packed.
  rmSync(join(folder, 'dist/unsafe.js'), { force: true });
  rmSync(join(folder, 'dist/unsafe.d.ts'), { force: true });
  const doors = Object.entries(exports ?? {}).filter(([door]) => door !== './unsafe');
  const built = doors.map(([door, source]) => [door, builtExport(source)]);
  const rewritten = { ...manifest, ...(exports && { exports: Object.fromEntries(built) as unknown }) };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(rewritten, null, 2)}\n`);
}

async function judge(folder: string): Promise<void> {
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  for (const message of messages)
    console.log(`publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
  if (messages.length > 0) throw new Error(`publint finds fault with ${basename(folder)}`);
}

const destination = resolve(process.argv[2] ?? OUTPUT);
rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(destination, { recursive: true });
run(process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, 'tsconfig.build.json'));
const folders = PACKAGES.map((name) => join(OUTPUT, 'stage', name));
for (const [i, folder] of folders.entries()) stage(PACKAGES[i] as string, folder);
for (const folder of folders) await judge(folder);
run('npm', 'pack', '--silent', '--pack-destination', destination, ...folders);
for (const file of readdirSync(destination).filter((name) => name.endsWith('.tgz')))
  console.log(join(destination, file));
