/** Peers in SQLite. */
import {
  type Bundle,
  type Bytes,
  checkSerial,
  encodeFingerprint,
  equalBytes,
  isProtocolError,
} from '@waxwing/protocol';
import { WaxwingError } from '../../errors.ts';
import type { Events, Peer, Peers, VerifiedHow } from '../peer.ts';
import { cleanNick, parsePetname, petnameKey } from '../petname.ts';
import { optionalBytes, optionalNumber, optionalText, toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly account: Uint8Array;
  readonly fingerprint: string;
  readonly account_spki: Uint8Array | null;
  readonly petname: string | null;
  readonly nick: string | null;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly verified_at: number | null;
  readonly verified_how: VerifiedHow | null;
  readonly blocked_at: number | null;
}

interface DeviceRow {
  readonly serial: number;
  readonly certificate_hash: Uint8Array;
}

const FINGERPRINT_PREFIX = 'SHA256:';
/** A beginning of a fingerprint shorter than this is likely a mistyped name. */
const SHORTEST_PREFIX = 4;

export class SqlitePeers implements Peers {
  readonly #database: Database;
  readonly #events: Events;
  readonly #now: () => number;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #byPetname: Statement<Row>;
  readonly #byFingerprint: Statement<Row>;
  readonly #byPin: Statement<Row>;
  readonly #pins: Statement<{ readonly name: string }>;
  readonly #upsert: Statement<never>;
  readonly #device: Statement<DeviceRow>;
  readonly #setDevice: Statement<never>;
  readonly #setPetname: Statement<never>;
  readonly #setNick: Statement<never>;
  readonly #setVerified: Statement<never>;
  readonly #setBlocked: Statement<never>;
  readonly #forget: readonly Statement<never>[];

  constructor(database: Database, events: Events, now: () => number) {
    this.#database = database;
    this.#events = events;
    this.#now = now;
    this.#get = database.prepare('SELECT * FROM peers WHERE account = ?');
    this.#list = database.prepare('SELECT * FROM peers ORDER BY last_seen DESC, fingerprint');
    this.#byPetname = database.prepare('SELECT * FROM peers WHERE petname_key = ?');
    this.#byFingerprint = database.prepare('SELECT * FROM peers WHERE substr(fingerprint, 1, ?) = ?');
    this.#byPin = database.prepare(
      'SELECT peers.* FROM pins JOIN peers ON peers.account = pins.account WHERE pins.name = ?',
    );
    this.#pins = database.prepare('SELECT name FROM pins WHERE account = ? ORDER BY name');
    this.#upsert = database.prepare(`INSERT INTO peers (account, fingerprint, account_spki, first_seen, last_seen)
      VALUES (?, ?, ?, ?, ?) ON CONFLICT (account)
      DO UPDATE SET account_spki = coalesce(excluded.account_spki, account_spki), last_seen = excluded.last_seen`);
    this.#device = database.prepare('SELECT serial, certificate_hash FROM devices WHERE account = ? AND device = ?');
    this.#setDevice =
      database.prepare(`INSERT INTO devices (account, device, serial, certificate_hash, bundle, last_seen)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, device) DO UPDATE SET serial = excluded.serial,
      certificate_hash = excluded.certificate_hash, bundle = excluded.bundle, last_seen = excluded.last_seen`);
    this.#setPetname = database.prepare('UPDATE peers SET petname = ?, petname_key = ? WHERE account = ?');
    this.#setNick = database.prepare('UPDATE peers SET nick = ? WHERE account = ?');
    this.#setVerified = database.prepare('UPDATE peers SET verified_at = ?, verified_how = ? WHERE account = ?');
    this.#setBlocked = database.prepare('UPDATE peers SET blocked_at = ? WHERE account = ?');
    this.#forget = [
      'DELETE FROM pins WHERE account = ?',
      'UPDATE devices SET bundle = NULL WHERE account = ?',
      `UPDATE peers SET petname = NULL, petname_key = NULL, nick = NULL, verified_at = NULL, verified_how = NULL
        WHERE account = ?`,
      'DELETE FROM peers WHERE account = ? AND blocked_at IS NULL', // forgetting lets nobody in again
    ].map((sql) => database.prepare<never>(sql));
  }

  meet(bundle: Bundle): Peer {
    return this.#database.transaction(() => {
      const row = this.#device.get(bundle.account, bundle.device);
      const known = row && { serial: row.serial, certificateHash: row.certificate_hash };
      const { serial, certificateHash } = checkRollback(known, bundle);
      const now = this.#now();
      this.#remember(bundle.account, bundle.accountKey.spki);
      this.#setDevice.run(bundle.account, bundle.device, serial, certificateHash, bundle.bytes, now);
      return this.#mustGet(bundle.account);
    });
  }

  get(account: Bytes): Peer | undefined {
    const row = this.#get.get(account);
    return row && this.#peerOf(row);
  }

  list(): readonly Peer[] {
    return this.#list.all().map((row) => this.#peerOf(row));
  }

  find(text: string): Peer {
    const wanted = text.trim();
    const named = this.#byPetname.get(petnameKey(wanted));
    if (named !== undefined) return this.#peerOf(named);
    const prefix = wanted.startsWith(FINGERPRINT_PREFIX) ? wanted : FINGERPRINT_PREFIX + wanted;
    const long = prefix.length >= FINGERPRINT_PREFIX.length + SHORTEST_PREFIX;
    const rows = long ? this.#byFingerprint.all(prefix.length, prefix) : [];
    if (rows.length > 1) {
      throw new WaxwingError(
        'name-ambiguous',
        `${String(rows.length)} peers have a fingerprint that begins with this.`,
        'Type more of it: waxwing peers list shows them all.',
      );
    }
    const row = rows[0] ?? this.#byPin.get(wanted);
    if (row === undefined) throw unknownPeer();
    return this.#peerOf(row);
  }

  rename(account: Bytes, petname: string | undefined): Peer {
    const name = petname === undefined ? undefined : parsePetname(petname);
    return this.#database.transaction(() => {
      const before = this.#mustGet(account);
      if (name !== undefined) {
        const holder = this.#byPetname.get(petnameKey(name)) ?? this.#byPin.get(name);
        if (holder !== undefined && !equalBytes(holder.account, account)) throw taken(name, holder.fingerprint);
      }
      this.#setPetname.run(name ?? null, name === undefined ? null : petnameKey(name), account);
      this.#events.add('renamed', { account, detail: `${before.petname ?? '(none)'} → ${name ?? '(none)'}` });
      return this.#mustGet(account);
    });
  }

  claimNick(account: Bytes, nick: string): string {
    const clean = cleanNick(nick);
    this.#setNick.run(clean === '' ? null : clean, account);
    return clean;
  }

  verify(account: Bytes, how: VerifiedHow): Peer {
    return this.#database.transaction(() => {
      if (this.get(account) === undefined) this.#remember(account, null);
      this.#setVerified.run(this.#now(), how, account);
      this.#events.add('verified', { account, detail: how });
      return this.#mustGet(account);
    });
  }

  block(account: Bytes): Peer {
    return this.#database.transaction(() => {
      if (this.get(account) === undefined) this.#remember(account, null);
      this.#setBlocked.run(this.#now(), account);
      this.#events.add('blocked', { account });
      return this.#mustGet(account);
    });
  }

  unblock(account: Bytes): Peer {
    return this.#database.transaction(() => {
      this.#mustGet(account);
      this.#setBlocked.run(null, account);
      this.#events.add('unblocked', { account });
      return this.#mustGet(account);
    });
  }

  forget(account: Bytes): void {
    this.#database.transaction(() => {
      const peer = this.#mustGet(account);
      for (const statement of this.#forget) statement.run(account);
      this.#events.add('forgotten', { account, detail: peer.petname });
    });
  }

  #remember(account: Bytes, spki: Bytes | null): void {
    const now = this.#now();
    this.#upsert.run(account, encodeFingerprint(account), spki, now, now);
  }

  #mustGet(account: Bytes): Peer {
    const peer = this.get(account);
    if (peer === undefined) throw unknownPeer();
    return peer;
  }

  #peerOf(row: Row): Peer {
    return {
      account: toBytes(row.account),
      fingerprint: row.fingerprint,
      accountKey: optionalBytes(row.account_spki),
      petname: optionalText(row.petname),
      nick: optionalText(row.nick),
      firstSeen: row.first_seen,
      lastSeen: row.last_seen,
      verifiedAt: optionalNumber(row.verified_at),
      verifiedHow: row.verified_how ?? undefined,
      blockedAt: optionalNumber(row.blocked_at),
      pins: this.#pins.all(row.account).map(({ name }) => name),
    };
  }
}

function checkRollback(known: Parameters<typeof checkSerial>[0], bundle: Bundle): ReturnType<typeof checkSerial> {
  try {
    return checkSerial(known, bundle);
  } catch (error) {
    if (!isProtocolError(error, 'bundle')) throw error;
    throw new WaxwingError(
      'peer-rollback',
      'The peer presents an older certificate of its device than the one seen before: its old keys may have leaked.',
      'Ask the peer to run waxwing id rotate --device, and compare fingerprints another way.',
      { cause: error },
    );
  }
}

function unknownPeer(): WaxwingError {
  return new WaxwingError('name-unknown', 'No peer is known by this name.', 'See waxwing peers list.');
}

function taken(name: string, holder: string): WaxwingError {
  return new WaxwingError(
    'name-taken',
    `Another peer is already called ${name}: ${holder}.`,
    'Choose another name, or take it away first: waxwing peers name PEER "".',
  );
}
