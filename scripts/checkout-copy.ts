/** A copy of the checkout in a temporary folder, whose packages resolve inside the copy. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';

const LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'dist-packages', 'coverage', '.stryker-tmp']);

interface Workspace {
  readonly name: string;
  readonly folder: string;
}

function workspacesOf(root: string): Workspace[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  return workspaces.map((folder) => {
    const { name } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as { name: string };
    return { name, folder };
  });
}

/** Links every installed package of `from` into `to`; packages of ours are left to the caller. */
function linkPackages(from: string, to: string, ours: ReadonlySet<string>): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from)) {
    if (entry.startsWith('@')) {
      mkdirSync(join(to, entry), { recursive: true });
      for (const name of readdirSync(join(from, entry))) {
        if (!ours.has(`${entry}/${name}`)) symlinkSync(join(from, entry, name), join(to, entry, name));
      }
    } else if (!ours.has(entry)) {
      symlinkSync(join(from, entry), join(to, entry));
    }
  }
}

/** @returns the folder of the copy; the caller removes it */
export function copyCheckout(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'waxwing-copy-'));
  cpSync(root, copy, { recursive: true, filter: (source) => source === root || !LEFT_OUT.has(basename(source)) });
  const workspaces = workspacesOf(root);
  const ours = new Set(workspaces.map(({ name }) => name));
  linkPackages(join(root, 'node_modules'), join(copy, 'node_modules'), ours);
  for (const { name, folder } of workspaces) {
    const link = join(copy, 'node_modules', name);
    symlinkSync(relative(join(link, '..'), join(copy, folder)), link);
    const nested = join(root, folder, 'node_modules');
    if (existsSync(nested)) linkPackages(nested, join(copy, folder, 'node_modules'), ours);
  }
  return copy;
}
