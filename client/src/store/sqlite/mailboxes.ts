/** Mailboxes of pairs of devices in SQLite: a row a session, a row a skipped key. */
import { type Bytes, concat, type MailboxChange } from '@waxwing/protocol';
import type { ChainKey } from '../chain.ts';
import type { Mailboxes, MailboxNotes, StoredPair } from '../mailbox.ts';
import type { SeqRange } from '../message.ts';
import { optionalText, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly mailbox: number;
  readonly bundles: Uint8Array;
  readonly chains: Uint8Array;
  readonly owed: number;
  readonly read: number;
  readonly read_told: number;
  readonly peer_read: number;
  readonly voids: string;
  readonly bundle_serial: number;
  readonly bundle_from: number;
  readonly nick: string | null;
  readonly nick_from: number;
  readonly restarted_at: number;
  readonly again: string;
  readonly asked: string;
  readonly answered: string;
}

interface KeyRow {
  readonly own_device: Uint8Array;
  readonly account: Uint8Array;
  readonly peer_device: Uint8Array;
}

const KEY = 'own_device = ? AND account = ? AND peer_device = ?';

export class SqliteMailboxes implements Mailboxes {
  readonly #get: Statement<Row>;
  readonly #sessions: Statement<{
    readonly sid: Uint8Array;
    readonly session: Uint8Array | null;
    readonly lost: number;
  }>;
  readonly #skipped: Statement<{ readonly bytes: Uint8Array }>;
  readonly #ofSession: Statement<KeyRow>;
  readonly #ofAccount: Statement<KeyRow>;
  readonly #add: Statement<never>;
  readonly #setBundles: Statement<never>;
  readonly #update: Statement<never>;
  readonly #setSession: Statement<never>;
  readonly #dropKeys: Statement<never>;
  readonly #endSession: Statement<never>;
  readonly #forgetSession: Statement<never>;
  readonly #addKey: Statement<never>;
  readonly #dropKey: Statement<never>;
  readonly #markLost: Statement<never>;

  constructor(database: Database) {
    this.#get = database.prepare(`SELECT * FROM mailboxes WHERE ${KEY}`);
    this.#sessions = database.prepare(
      'SELECT sid, session, lost FROM mailbox_sessions WHERE mailbox = ? ORDER BY rowid',
    );
    this.#skipped = database.prepare(`SELECT bytes FROM skipped_keys
      WHERE sid IN (SELECT sid FROM mailbox_sessions WHERE mailbox = ?) ORDER BY key`);
    this.#ofSession = database.prepare(`SELECT own_device, account, peer_device FROM mailboxes
      JOIN mailbox_sessions USING (mailbox) WHERE sid = ?`);
    this.#ofAccount = database.prepare(`SELECT own_device, account, peer_device FROM mailboxes
      WHERE account = ? AND own_device = ? ORDER BY mailbox`);
    this.#add = database.prepare(`INSERT INTO mailboxes (own_device, account, peer_device, bundles, chains)
      VALUES (?, ?, ?, zeroblob(0), zeroblob(0))`);
    this.#setBundles = database.prepare('UPDATE mailboxes SET bundles = ? WHERE mailbox = ?');
    this.#update = database.prepare(`UPDATE mailboxes SET chains = ?, owed = ?, read = ?, read_told = ?, peer_read = ?,
      voids = ?, bundle_serial = ?, bundle_from = ?, nick = ?, nick_from = ?, restarted_at = ?,
      again = ?, asked = ?, answered = ? WHERE mailbox = ?`);
    this.#setSession = database.prepare(`INSERT INTO mailbox_sessions (sid, mailbox, session) VALUES (?, ?, ?)
      ON CONFLICT (sid) DO UPDATE SET session = excluded.session`);
    this.#dropKeys = database.prepare('DELETE FROM skipped_keys WHERE sid = ?');
    this.#endSession = database.prepare(`INSERT INTO mailbox_sessions (sid, mailbox) VALUES (?, ?)
      ON CONFLICT (sid) DO UPDATE SET session = NULL`);
    this.#forgetSession = database.prepare('DELETE FROM mailbox_sessions WHERE sid = ?');
    this.#addKey = database.prepare('INSERT INTO skipped_keys (sid, dh, n, bytes) VALUES (?, ?, ?, ?)');
    this.#dropKey = database.prepare('DELETE FROM skipped_keys WHERE sid = ? AND dh = ? AND n = ?');
    this.#markLost = database.prepare('UPDATE mailbox_sessions SET lost = 1 WHERE sid = ?');
  }

  load({ ownDevice, account, peerDevice }: ChainKey): StoredPair | undefined {
    const row = this.#get.get(ownDevice, account, peerDevice);
    if (row === undefined) return undefined;
    const sessions = this.#sessions.all(row.mailbox);
    return {
      mailbox: {
        bundles: splitBundles(row.bundles),
        chains: toBytes(row.chains),
        sessions: sessions.flatMap(({ session }) => (session === null ? [] : [toBytes(session)])),
        skipped: this.#skipped.all(row.mailbox).map(({ bytes }) => toBytes(bytes)),
      },
      notes: notesOf(row),
      lost: sessions.filter(({ lost }) => lost === 1).map(({ sid }) => toBytes(sid)),
    };
  }

  ofSession(sid: Bytes): ChainKey | undefined {
    const row = this.#ofSession.get(sid);
    return row && keyOf(row);
  }

  ofAccount(ownDevice: Bytes, account: Bytes): readonly ChainKey[] {
    return this.#ofAccount.all(account, ownDevice).map(keyOf);
  }

  save({ ownDevice, account, peerDevice }: ChainKey, change: MailboxChange, notes: MailboxNotes): void {
    const mailbox =
      this.#get.get(ownDevice, account, peerDevice)?.mailbox ?? this.#add.run(ownDevice, account, peerDevice).rowid;
    if (change.bundles !== undefined) this.#setBundles.run(joinBundles(change.bundles), mailbox);
    this.#update.run(
      change.chains,
      notes.owed,
      notes.read,
      notes.readTold,
      notes.peerRead,
      JSON.stringify(notes.voids),
      notes.bundleSerial,
      notes.bundleFrom,
      notes.nick ?? null,
      notes.nickFrom,
      notes.restartedAt,
      JSON.stringify(notes.again),
      JSON.stringify(notes.asked),
      JSON.stringify(notes.answered),
      mailbox,
    );
    for (const { sid, row } of change.sessions) this.#setSession.run(sid, mailbox, row);
    for (const { sid, dh, n } of change.spent) this.#dropKey.run(sid, dh, n);
    for (const { sid, dh, n, row } of change.skipped) this.#addKey.run(sid, dh, n, row);
    for (const sid of [...change.ended, ...change.forgotten]) this.#dropKeys.run(sid);
    for (const sid of change.ended) this.#endSession.run(sid, mailbox);
    for (const sid of change.forgotten) this.#forgetSession.run(sid);
  }

  markLost(sid: Bytes): void {
    this.#markLost.run(sid);
  }
}

function keyOf(row: KeyRow): ChainKey {
  return {
    ownDevice: toBytes(row.own_device),
    account: toBytes(row.account),
    peerDevice: toBytes(row.peer_device),
  };
}

function notesOf(row: Row): MailboxNotes {
  return {
    owed: row.owed,
    read: row.read,
    readTold: row.read_told,
    peerRead: row.peer_read,
    voids: JSON.parse(row.voids) as readonly SeqRange[],
    bundleSerial: row.bundle_serial,
    bundleFrom: row.bundle_from,
    nick: optionalText(row.nick),
    nickFrom: row.nick_from,
    restartedAt: row.restarted_at,
    again: JSON.parse(row.again) as MailboxNotes['again'],
    asked: JSON.parse(row.asked) as MailboxNotes['asked'],
    answered: JSON.parse(row.answered) as MailboxNotes['answered'],
  };
}

/** Each with its length (4 bytes) before it. */
function joinBundles(bundles: readonly Bytes[]): Bytes {
  return concat(...bundles.flatMap((bundle) => [new Uint8Array(new Uint32Array([bundle.length]).buffer), bundle]));
}

function splitBundles(joined: Uint8Array): Bytes[] {
  const bundles: Bytes[] = [];
  const view = new DataView(joined.buffer, joined.byteOffset, joined.length);
  for (let at = 0; at < joined.length; ) {
    const end = at + 4 + view.getUint32(at, true);
    bundles.push(new Uint8Array(joined.subarray(at + 4, end)));
    at = end;
  }
  return bundles;
}
