/** Invitations of strangers in SQLite. */
import type { Bytes } from '@waxwing/protocol';
import type { RoomInvitation, RoomInvitations } from '../room-invitation.ts';
import { toBytes } from './columns.ts';
import type { Database, Statement } from './database.ts';

interface Row {
  readonly account: Uint8Array;
  readonly device: Uint8Array;
  readonly body: Uint8Array;
  readonly at: number;
}

export class SqliteRoomInvitations implements RoomInvitations {
  readonly #keep: Statement<never>;
  readonly #get: Statement<Row>;
  readonly #list: Statement<Row>;
  readonly #remove: Statement<never>;

  constructor(database: Database) {
    this.#keep =
      database.prepare(`INSERT INTO room_invitations (relay, account, device, body, at) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (relay, account) DO UPDATE SET device = excluded.device, body = excluded.body, at = excluded.at`);
    this.#get = database.prepare('SELECT * FROM room_invitations WHERE relay = ? AND account = ?');
    this.#list = database.prepare('SELECT * FROM room_invitations WHERE relay = ? ORDER BY at, account');
    this.#remove = database.prepare('DELETE FROM room_invitations WHERE relay = ? AND account = ?');
  }

  keep(relay: Bytes, { account, device, body, at }: RoomInvitation): void {
    this.#keep.run(relay, account, device, body, at);
  }

  get(relay: Bytes, account: Bytes): RoomInvitation | undefined {
    const row = this.#get.get(relay, account);
    return row && invitationOf(row);
  }

  list(relay: Bytes): readonly RoomInvitation[] {
    return this.#list.all(relay).map(invitationOf);
  }

  remove(relay: Bytes, account: Bytes): void {
    this.#remove.run(relay, account);
  }
}

function invitationOf({ account, device, body, at }: Row): RoomInvitation {
  return { account: toBytes(account), device: toBytes(device), body: toBytes(body), at };
}
