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
    this.#add = database.prepare('INSERT INTO conversations (account, address) VALUES (?, ?)');
    this.#delete = database.prepare('DELETE FROM conversations WHERE address = ?');
    this.#readUpTo = database.prepare('SELECT read_up_to FROM conversations WHERE conversation = ?');
    this.#markRead = database.prepare(`UPDATE conversations SET read_up_to = ? WHERE conversation = ?
      AND read_up_to < ?`);
  }

  find(key: ConversationKey): number | undefined {
    const row = 'account' in key ? this.#ofAccount.get(key.account) : this.#ofAddress.get(key.address);
    return row?.conversation;
  }

  /** The number of a conversation, which begins with this where there was none. */
  findOrAdd(key: ConversationKey): number {
    const known = this.find(key);
    if (known !== undefined) return known;
    return 'account' in key ? this.#add.run(key.account, null).rowid : this.#add.run(null, key.address).rowid;
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

/** A condition on `messages` with the values to bind; none for all conversations. */
export function conversationFilter(key: ConversationKey | undefined): {
  readonly sql: string;
  readonly values: readonly SqlValue[];
} {
  if (key === undefined) return { sql: 'TRUE', values: [] };
  const column = 'account' in key ? 'account' : 'address';
  const value: Bytes | string = 'account' in key ? key.account : key.address;
  return {
    sql: `messages.conversation = (SELECT conversation FROM conversations WHERE ${column} = ?)`,
    values: [value],
  };
}
