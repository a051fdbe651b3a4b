-- Rooms (protocol §10): what this device holds of each, what of its own is under way there, and what came too early.

-- Conversations and flights name a room where they name an account otherwise: both are hashes, and never alike.
ALTER TABLE conversations ADD COLUMN room INTEGER NOT NULL DEFAULT 0 CHECK (room IN (0, 1)); -- account is a room's id
ALTER TABLE flights ADD COLUMN author BLOB CHECK (length(author) = 48); -- received in a room: account and device of its author
ALTER TABLE errands ADD COLUMN state BLOB CHECK (length(state) = 32); -- the state of a room whose secret it carries
CREATE INDEX errands_of_state ON errands (state) WHERE state IS NOT NULL;

CREATE TABLE rooms (
  room BLOB PRIMARY KEY NOT NULL CHECK (length(room) = 32),
  relay BLOB NOT NULL CHECK (length(relay) = 32),
  bytes BLOB NOT NULL -- this and the rows in the form of §10.5
) STRICT, WITHOUT ROWID;
CREATE TABLE room_rows (
  place INTEGER PRIMARY KEY, -- in the order in which they came
  room BLOB NOT NULL REFERENCES rooms (room),
  kind TEXT NOT NULL CHECK (kind IN ('epochs', 'authors', 'skipped', 'held')),
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX room_rows_of_room ON room_rows (room, kind);

-- Own flights that a member has not confirmed.
CREATE TABLE room_unconfirmed (
  room BLOB NOT NULL CHECK (length(room) = 32),
  account BLOB NOT NULL CHECK (length(account) = 32),
  device BLOB NOT NULL CHECK (length(device) = 16),
  seq INTEGER NOT NULL,
  PRIMARY KEY (room, account, device, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_unconfirmed_of_seq ON room_unconfirmed (room, seq);

-- Envelopes of rooms not known yet, and states whose predecessor has not come.
CREATE TABLE room_strays (
  stray INTEGER PRIMARY KEY,
  address BLOB NOT NULL CHECK (length(address) = 16), -- of the room, as envelopes name it
  account BLOB CHECK (length(account) = 32), -- of a state: who brought it
  device BLOB CHECK (length(device) = 16),
  bytes BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX room_strays_of_room ON room_strays (address);

-- Bundles of members that were fetched because nothing was ever said between the two.
CREATE TABLE room_bundles (
  account BLOB NOT NULL CHECK (length(account) = 32),
  device BLOB NOT NULL CHECK (length(device) = 16),
  serial INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (account, device, serial)
) STRICT, WITHOUT ROWID;
