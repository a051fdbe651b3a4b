/** What the exhibit offers a pickle to call: a real shell, for one command only. */
import { spawnSync } from 'node:child_process';
import type { Host } from './pickle.ts';

/**
 * `os.system` for `command` and nothing else, and no `os.system` where there is no command: the exhibit listens on
 * loopback, and must not open the machine to everybody else on it.
 */
export function oneCommandHost(command: string | undefined): Host {
  if (command === undefined) return new Map();
  const system = (asked: unknown): number => {
    if (asked !== command) throw new Error('PermissionError: not the command of this exhibit');
    return spawnSync(command, { shell: true }).status ?? -1;
  };
  return new Map([['os.system', system]]);
}
