-- Outbox and history in one table, the flights that carried them, and the full-text index.

CREATE TABLE bundles (
  bundle INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE flights (
  flight INTEGER PRIMARY KEY,
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  own_device BLOB NOT NULL,
  account BLOB NOT NULL,
  peer_device BLOB NOT NULL,
  seq INTEGER NOT NULL,
  statement BLOB NOT NULL,
  signature BLOB NOT NULL,
  commitments BLOB NOT NULL,
  bundle INTEGER NOT NULL REFERENCES bundles (bundle),
  sent INTEGER NOT NULL, -- the sender's clock
  at INTEGER NOT NULL, -- our own
  outcome TEXT CHECK (outcome IN ('accepted', 'too-old')),
  age INTEGER,
  gap INTEGER NOT NULL DEFAULT 0,
  proof TEXT,
  UNIQUE (direction, own_device, account, peer_device, seq)
) STRICT;
CREATE INDEX flights_of_bundle ON flights (bundle);

CREATE TABLE messages (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as #N, never used again
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'too-old', 'shown')),
  account BLOB CHECK (length(account) = 32),
  address TEXT, -- where it was typed to, before anyone was there
  own_device BLOB,
  peer_device BLOB,
  id BLOB NOT NULL CHECK (length(id) = 32),
  opening BLOB NOT NULL CHECK (length(opening) = 32),
  type TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  received_at INTEGER,
  delivered_at INTEGER,
  seq INTEGER,
  flight INTEGER REFERENCES flights (flight),
  unread INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1)),
  expires_at INTEGER,
  CHECK (account IS NOT NULL OR address IS NOT NULL)
) STRICT;
-- An id is shown once (protocol §5.1). Ids are random, so every entry lands on another page: the fewer pages the better,
-- and six bytes tell ids apart well enough for the whole one to be compared.
CREATE INDEX messages_received ON messages (substr(id, 1, 6)) WHERE direction = 'in';
CREATE INDEX messages_of_account ON messages (account, number);
CREATE INDEX messages_of_address ON messages (address, number) WHERE account IS NULL;
CREATE INDEX messages_queued ON messages (account, number) WHERE state = 'queued';
CREATE INDEX messages_under_way ON messages (account, seq) WHERE state = 'sent';
CREATE INDEX messages_too_old ON messages (account, number) WHERE state = 'too-old';
CREATE INDEX messages_unread ON messages (account, number) WHERE unread = 1;
CREATE INDEX messages_of_flight ON messages (flight) WHERE flight IS NOT NULL;

-- Ids of received messages the user deleted: a late resend must not show them again. A commitment, no content.
CREATE TABLE deleted_ids (
  account BLOB NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE messages_text USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO messages_text (messages_text, rank) VALUES ('secure-delete', 1);

-- The index is brought up to date when somebody searches: keeping it with every flight would double a flight's cost.
CREATE TABLE search_index (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  up_to INTEGER NOT NULL -- the highest number that is in the index
) STRICT;
INSERT INTO search_index (one, up_to) VALUES (1, 0);

CREATE TRIGGER messages_text_delete AFTER DELETE ON messages
WHEN old.type = 'text/plain' AND old.number <= (SELECT up_to FROM search_index) BEGIN
  INSERT INTO messages_text (messages_text, rowid, text) VALUES ('delete', old.number, CAST(old.body AS TEXT));
END;
