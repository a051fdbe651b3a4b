/** Conversations in SQLite: one small number for each account, or for an address nobody has answered at yet. */
import type { Bytes } from '@waxwing/protocol';
import type { ConversationKey } from '../message.ts';
import type { Database, SqlValue, Statement } from './database.ts';

interface Row {
  readonly conversation: number;
}

export class SqliteConversations {
  readonly #ofAccount: Statement<Row>;
  readonly #ofAddress: Statement<Row>;
  readonly #add: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #readUpTo: Statement<{ readonly read_up_to: number }>;
  readonly #markRead: Statement<never>;

  constructor(database: Database) {
    this.#ofAccount = database.prepare('SELECT conversation FROM conversations WHERE account = ?');
    this.#ofAddress = database.prepare('SELECT conversation FROM conversations WHERE address = ?');
    this.#add = database.prepare('INSERT INTO conversations (account, address, room) VALUES (?, ?, ?)');
    this.#delete = database.prepare('DELETE FROM conversations WHERE address = ?');
    this.#readUpTo = database.prepare('SELECT read_up_to FROM conversations WHERE conversation = ?');
    this.#markRead = database.prepare(`UPDATE conversations SET read_up_to = ? WHERE conversation = ?
      AND read_up_to < ?`);
  }

  find(key: ConversationKey): number | undefined {
    const row = 'address' in key ? this.#ofAddress.get(key.address) : this.#ofAccount.get(idOf(key));
    return row?.conversation;
  }

  /** The number of a conversation, which begins with this where there was none. */
  findOrAdd(key: ConversationKey): number {
    const known = this.find(key);
    if (known !== undefined) return known;
    if ('address' in key) return this.#add.run(null, key.address, 0).rowid;
    return this.#add.run(idOf(key), null, 'room' in key ? 1 : 0).rowid;
  }

  /** For an address whose messages have all moved to an account. */
  forget(address: string): void {
    this.#delete.run(address);
  }

  /** The number up to which it was read before. */
  markRead(conversation: number, upToNumber: number): number {
    const before = this.#readUpTo.get(conversation)?.read_up_to ?? 0;
    this.#markRead.run(upToNumber, conversation, upToNumber);
    return before;
  }
}

/** What stands in the column `account`: an account, or a room's id. */
export function idOf(key: Exclude<ConversationKey, { readonly address: string }>): Bytes {
  return 'room' in key ? key.room : key.account;
}

/** A condition on `messages` with the values to bind; none for all conversations. */
export function conversationFilter(key: ConversationKey | undefined): {
  readonly sql: string;
  readonly values: readonly SqlValue[];
} {
  if (key === undefined) return { sql: 'TRUE', values: [] };
  const column = 'address' in key ? 'address' : 'account';
  const value: Bytes | string = 'address' in key ? key.address : idOf(key);
  return {
    sql: `messages.conversation = (SELECT conversation FROM conversations WHERE ${column} = ?)`,
    values: [value],
  };
}
