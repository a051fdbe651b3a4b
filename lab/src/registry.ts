/** Every attack there is: each file of attacks/ exports one. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack } from './attack.ts';

const FOLDER = join(import.meta.dirname, 'attacks');

/** All attacks, in the order of the catalogue. */
export async function loadAttacks(): Promise<readonly Attack[]> {
  const files = readdirSync(FOLDER).filter((name) => /^[amr]\d\d?-[a-z0-9-]+\.[jt]s$/.test(name));
  const modules = await Promise.all(
    files.map(async (name) => (await import(new URL(`attacks/${name}`, import.meta.url).href)) as { attack: Attack }),
  );
  return modules.map(({ attack }) => attack).toSorted((one, other) => orderOf(one) - orderOf(other));
}

function orderOf({ id }: Attack): number {
  return Number(id.slice(1)) + 100 * 'AMR'.indexOf(id.charAt(0));
}
