/** The mark of a lab home, a setting that only the making of a home can write: what is real must never become a lab. */
import type { Database } from './database.ts';

const LAB = 'lab-identity';

export function isLab(database: Database): boolean {
  return database.prepare('SELECT 1 FROM settings WHERE name = ?').get(LAB) !== undefined;
}

/** Call in the transaction that saves the first identity. */
export function markLab(database: Database): void {
  database.prepare("INSERT INTO settings (name, value) VALUES (?, 'yes')").run(LAB);
}

/** @throws TypeError where somebody sets or removes the mark like any other setting */
export function refuseLabMark(name: string): void {
  if (name === LAB) throw new TypeError('whether a home is a lab home is decided when it is made');
}
