-- What a home keeps for writing and reading through relays (protocol §9-§11): where, with whom, with which keys, and what is
-- under way.

CREATE TABLE relays (
  account BLOB PRIMARY KEY CHECK (length(account) = 32),
  host TEXT NOT NULL,
  port INTEGER NOT NULL,
  name TEXT, -- claimed there, without @
  joined_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT;

-- Accounts reached at a relay. A request waits there for the user's word.
CREATE TABLE contacts (
  relay BLOB NOT NULL REFERENCES relays (account),
  account BLOB NOT NULL CHECK (length(account) = 32),
  device BLOB CHECK (length(device) = 16), -- the one that is written to
  standing TEXT NOT NULL CHECK (standing IN ('open', 'request')),
  nick TEXT, -- what it calls itself while it is no peer yet
  link_proof BLOB CHECK (length(link_proof) = 16), -- told until the peer has it
  since INTEGER NOT NULL,
  PRIMARY KEY (relay, account)
) STRICT, WITHOUT ROWID;

-- A pair of devices and everything but their sessions.
CREATE TABLE mailboxes (
  mailbox INTEGER PRIMARY KEY,
  own_device BLOB NOT NULL CHECK (length(own_device) = 16),
  account BLOB NOT NULL CHECK (length(account) = 32),
  peer_device BLOB NOT NULL CHECK (length(peer_device) = 16),
  bundles BLOB NOT NULL, -- the peer's, newest first
  chains BLOB NOT NULL, -- the form of §9.5
  owed INTEGER NOT NULL DEFAULT 0, -- flights received that no receipt covers
  read INTEGER NOT NULL DEFAULT 0, -- the peer's flights up to here were on screen
  read_told INTEGER NOT NULL DEFAULT 0,
  peer_read INTEGER NOT NULL DEFAULT 0, -- own flights that were on the peer's screen
  voids TEXT NOT NULL DEFAULT '[]', -- own seqs to be told as void
  bundle_serial INTEGER NOT NULL DEFAULT 0, -- of the own bundle that the peer has
  bundle_from INTEGER NOT NULL DEFAULT 0, -- the first seq that carried a newer one; 0: none did
  nick TEXT, -- told last
  nick_from INTEGER NOT NULL DEFAULT 0, -- with this seq; 0: the peer has it
  restarted_at INTEGER NOT NULL DEFAULT 0, -- the last start after one that was lost
  UNIQUE (own_device, account, peer_device)
) STRICT;
CREATE INDEX mailboxes_of_account ON mailboxes (account);

CREATE TABLE mailbox_sessions (
  sid BLOB PRIMARY KEY NOT NULL CHECK (length(sid) = 16),
  mailbox INTEGER NOT NULL REFERENCES mailboxes (mailbox),
  session BLOB, -- empty once it was given up: its sid alone is remembered
  lost INTEGER NOT NULL DEFAULT 0 CHECK (lost IN (0, 1)) -- an envelope of it did not open at the peer's
) STRICT;
CREATE INDEX mailbox_sessions_of_mailbox ON mailbox_sessions (mailbox);

CREATE TABLE skipped_keys (
  key INTEGER PRIMARY KEY, -- in the order in which they were skipped
  sid BLOB NOT NULL REFERENCES mailbox_sessions (sid),
  dh BLOB NOT NULL CHECK (length(dh) = 32),
  n INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (sid, dh, n)
) STRICT;

-- The private keys of own prekey statements, and the newest statement seen of each device of others.
CREATE TABLE own_prekeys (
  device BLOB NOT NULL CHECK (length(device) = 16),
  counter INTEGER NOT NULL,
  relay BLOB NOT NULL CHECK (length(relay) = 32), -- where it lies
  serial INTEGER NOT NULL, -- of the bundle at that time
  made INTEGER NOT NULL,
  held BLOB, -- empty once it is past its time: the counter stays
  PRIMARY KEY (device, counter)
) STRICT, WITHOUT ROWID;
CREATE TABLE own_bundles (
  device BLOB NOT NULL CHECK (length(device) = 16),
  serial INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (device, serial)
) STRICT, WITHOUT ROWID;
CREATE TABLE peer_prekeys (
  account BLOB NOT NULL CHECK (length(account) = 32),
  device BLOB NOT NULL CHECK (length(device) = 16),
  counter INTEGER NOT NULL,
  statement_hash BLOB NOT NULL CHECK (length(statement_hash) = 32),
  PRIMARY KEY (account, device)
) STRICT, WITHOUT ROWID;

-- Envelopes on their way: until the relay has one on disk with its bytes, then without them until the recipient has it.
CREATE TABLE posted (
  place INTEGER PRIMARY KEY, -- in the order in which they were sealed
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  relay BLOB NOT NULL CHECK (length(relay) = 32),
  target BLOB NOT NULL CHECK (length(target) = 32), -- the mailbox
  own_device BLOB NOT NULL,
  account BLOB NOT NULL,
  peer_device BLOB NOT NULL,
  room BLOB CHECK (length(room) = 32), -- seq is that of the room
  seq INTEGER NOT NULL,
  sid BLOB NOT NULL,
  bytes BLOB,
  at INTEGER NOT NULL,
  lost INTEGER NOT NULL DEFAULT 0 CHECK (lost IN (0, 1)) -- the relay knows nothing of it any more
) STRICT;
CREATE INDEX posted_to_put ON posted (relay, place) WHERE bytes IS NOT NULL;
CREATE INDEX posted_of_chain ON posted (own_device, account, peer_device, seq);

-- Items that are no messages and wait for their recipient like these: states of rooms, quotes.
CREATE TABLE errands (
  errand INTEGER PRIMARY KEY AUTOINCREMENT,
  account BLOB NOT NULL CHECK (length(account) = 32),
  type TEXT NOT NULL,
  body BLOB NOT NULL,
  opening BLOB NOT NULL CHECK (length(opening) = 32),
  own_device BLOB, -- empty while it is queued
  peer_device BLOB,
  seq INTEGER
) STRICT;
CREATE INDEX errands_of_account ON errands (account, errand);

-- How often a message was sent anew because its session was lost.
CREATE TABLE retries (
  number INTEGER PRIMARY KEY,
  tries INTEGER NOT NULL
) STRICT;

CREATE TABLE contact_links (
  proof BLOB PRIMARY KEY CHECK (length(proof) = 16),
  secret BLOB NOT NULL CHECK (length(secret) = 16),
  relay BLOB NOT NULL CHECK (length(relay) = 32),
  made INTEGER NOT NULL,
  ends INTEGER NOT NULL,
  used_by BLOB CHECK (length(used_by) = 32),
  used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE unopenable (
  id BLOB PRIMARY KEY CHECK (length(id) = 16),
  at INTEGER NOT NULL,
  account BLOB CHECK (length(account) = 32),
  code TEXT NOT NULL,
  check_name TEXT NOT NULL
) STRICT, WITHOUT ROWID;
