/** Installs a package of Debian's where that can be done without asking: as root, with apt-get. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Whether it was tried; look whether it is there then. */
export function installDebianPackage(name: string): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.log(`Installing ${name} with apt-get...`);
  // SYSTEMD_OFFLINE: a service that a package would start is not wanted.
  const env = { ...process.env, SYSTEMD_OFFLINE: '1', DEBIAN_FRONTEND: 'noninteractive' };
  const command = `apt-get update && apt-get install -y --no-install-recommends ${name}`;
  spawnSync('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'], env });
  return true;
}
