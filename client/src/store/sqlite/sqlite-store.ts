/** The store in one SQLite database. */
import type { Chains } from '../chain.ts';
import type { ContactLinks } from '../contact-link.ts';
import type { Errands } from '../errand.ts';
import type { Mail } from '../mail.ts';
import type { Mailboxes } from '../mailbox.ts';
import type { History, Outbox } from '../message.ts';
import type { Events, Peers, Pins } from '../peer.ts';
import type { Posted } from '../posted.ts';
import type { Prekeys } from '../prekeys.ts';
import type { Contacts, Relays } from '../relay.ts';
import type { Rooms, RoomStrays } from '../room.ts';
import type { RoomInvitations } from '../room-invitation.ts';
import type { Settings, Store } from '../store.ts';
import type { UnopenedEnvelopes } from '../unopenable.ts';
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
import { SqliteContactLinks } from './contact-links.ts';
import { SqliteContacts } from './contacts.ts';
import { SqliteErrands } from './errands.ts';
import { SqliteMail } from './mail.ts';
import { SqliteMailboxes } from './mailboxes.ts';
import { SqlitePosted } from './posted.ts';
import { SqlitePrekeys } from './prekeys.ts';
import { SqliteRelays } from './relays.ts';
import { SqliteRoomInvitations } from './room-invitations.ts';
import { SqliteRoomStrays } from './room-strays.ts';
import { SqliteRooms } from './rooms.ts';
import { SqliteUnopened } from './unopened.ts';

export class SqliteStore implements Store {
  readonly chains: Chains;
  readonly peers: Peers;
  readonly pins: Pins;
  readonly events: Events;
  readonly outbox: Outbox;
  readonly history: History;
  readonly settings: Settings;
  readonly relays: Relays;
  readonly contacts: Contacts;
  readonly contactLinks: ContactLinks;
  readonly mailboxes: Mailboxes;
  readonly prekeys: Prekeys;
  readonly posted: Posted;
  readonly errands: Errands;
  readonly mail: Mail;
  readonly rooms: Rooms;
  readonly roomStrays: RoomStrays;
  readonly roomInvitations: RoomInvitations;
  readonly unopened: UnopenedEnvelopes;
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
    this.relays = new SqliteRelays(database, now);
    this.contacts = new SqliteContacts(database, now);
    this.contactLinks = new SqliteContactLinks(database, now);
    this.mailboxes = new SqliteMailboxes(database);
    this.prekeys = new SqlitePrekeys(database, now);
    this.posted = new SqlitePosted(database, now);
    this.errands = new SqliteErrands(database);
    this.mail = new SqliteMail(database, flights, now);
    this.rooms = new SqliteRooms(database);
    this.roomStrays = new SqliteRoomStrays(database);
    this.roomInvitations = new SqliteRoomInvitations(database);
    this.unopened = new SqliteUnopened(database);
  }

  transaction<T>(fn: () => T): T {
    return this.#database.transaction(fn);
  }

  flush(): void {
    this.#database.flush();
  }
}
