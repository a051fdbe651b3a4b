/** The schema as numbered steps: `migrations/NNNN-name.sql`, each applied once, in order. */
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('migrations/', import.meta.url);
const NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

export interface Migration {
  readonly version: number;
  readonly name: string;
  read(): string;
}

/** The migrations that come with this program, in order and without gaps. */
export function listMigrations(): readonly Migration[] {
  const names = readdirSync(FOLDER).filter((name) => NAME.test(name));
  return names.sort().map((name, index) => {
    if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`migration ${name} is out of order`);
    return { version: index + 1, name, read: () => readFileSync(new URL(name, FOLDER), 'utf8') };
  });
}
