/** Settings in SQLite. */
import type { SettingName, Settings } from '../store.ts';
import type { Database, Statement } from './database.ts';
import { refuseLabMark } from './lab-mark.ts';

interface Row {
  readonly name: string;
  readonly value: string;
}

export class SqliteSettings implements Settings {
  readonly #get: Statement<Row>;
  readonly #set: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #list: Statement<Row>;

  constructor(database: Database) {
    this.#get = database.prepare('SELECT name, value FROM settings WHERE name = ?');
    this.#set = database.prepare(
      'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
    this.#delete = database.prepare('DELETE FROM settings WHERE name = ?');
    this.#list = database.prepare('SELECT name, value FROM settings ORDER BY name');
  }

  get(name: SettingName): string | undefined {
    return this.#get.get(name)?.value;
  }

  set(name: SettingName, value: string): void {
    refuseLabMark(name);
    this.#set.run(name, value);
  }

  delete(name: SettingName): void {
    refuseLabMark(name);
    this.#delete.run(name);
  }

  list(): ReadonlyMap<string, string> {
    return new Map(this.#list.all().map(({ name, value }) => [name, value]));
  }
}
