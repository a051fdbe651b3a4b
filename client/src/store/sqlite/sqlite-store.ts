/** The store in one SQLite database. */
import type { Chains } from '../chain.ts';
import type { History, Outbox } from '../message.ts';
import type { Events, Peers, Pins } from '../peer.ts';
import type { Settings, Store } from '../store.ts';
import { SqliteChains } from './chains.ts';
import { SqliteConversations } from './conversations.ts';
import type { Database } from './database.ts';
import { SqliteEvents } from './events.ts';
import { SqliteFlights } from './flights.ts';
import { SqliteHistory } from './history.ts';
import { SqliteOutbox } from './outbox.ts';
import { SqlitePeers } from './peers.ts';
import { SqlitePins } from './pins.ts';
import { SqliteSettings } from './settings.ts';

export class SqliteStore implements Store {
  readonly chains: Chains;
  readonly peers: Peers;
  readonly pins: Pins;
  readonly events: Events;
  readonly outbox: Outbox;
  readonly history: History;
  readonly settings: Settings;
  readonly #database: Database;

  /** On a database of the newest schema (see `migrate`). */
  constructor(database: Database, now: () => number) {
    const flights = new SqliteFlights(database, now);
    const conversations = new SqliteConversations(database);
    this.#database = database;
    this.chains = new SqliteChains(database, now);
    this.events = new SqliteEvents(database, now);
    this.peers = new SqlitePeers(database, this.events, now);
    this.pins = new SqlitePins(database, this.events, now);
    this.outbox = new SqliteOutbox({ database, chains: this.chains, conversations, flights, now });
    this.history = new SqliteHistory({ database, conversations, flights, now });
    this.settings = new SqliteSettings(database);
  }

  transaction<T>(fn: () => T): T {
    return this.#database.transaction(fn);
  }

  flush(): void {
    this.#database.flush();
  }
}
