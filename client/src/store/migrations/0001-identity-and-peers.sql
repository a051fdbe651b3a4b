-- The identity of this home, its peers, the names bound to them, and the chains of statements between us.

CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  account_spki BLOB NOT NULL,
  account_pkcs8 BLOB NOT NULL,
  device BLOB NOT NULL, -- the storage form of a device, which contains its secrets
  made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
  account BLOB PRIMARY KEY CHECK (length(account) = 32),
  fingerprint TEXT NOT NULL UNIQUE,
  account_spki BLOB,
  petname TEXT,
  petname_key TEXT UNIQUE, -- case-folded: two names that look alike are one
  nick TEXT,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  verified_at INTEGER,
  verified_how TEXT,
  blocked_at INTEGER
) STRICT;

-- Outlives its peer: a serial must never fall (protocol §2).
CREATE TABLE devices (
  account BLOB NOT NULL CHECK (length(account) = 32),
  device BLOB NOT NULL CHECK (length(device) = 16),
  serial INTEGER NOT NULL,
  certificate_hash BLOB NOT NULL CHECK (length(certificate_hash) = 32),
  bundle BLOB,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (account, device)
) STRICT;

CREATE TABLE pins (
  name TEXT PRIMARY KEY,
  account BLOB NOT NULL REFERENCES peers (account),
  since INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
) STRICT;
CREATE INDEX pins_of_account ON pins (account);

CREATE TABLE events (
  event INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  account BLOB,
  name TEXT,
  before BLOB,
  detail TEXT
) STRICT;

-- Never deleted: a sequence number must not be used twice (protocol §5.2).
CREATE TABLE chains (
  own_device BLOB NOT NULL CHECK (length(own_device) = 16),
  account BLOB NOT NULL CHECK (length(account) = 32),
  peer_device BLOB NOT NULL CHECK (length(peer_device) = 16),
  sent_seq INTEGER NOT NULL DEFAULT 0,
  sent_hash BLOB NOT NULL DEFAULT (zeroblob(32)) CHECK (length(sent_hash) = 32),
  acknowledged_seq INTEGER NOT NULL DEFAULT 0,
  received_seq INTEGER,
  received_hash BLOB CHECK (length(received_hash) = 32),
  failures INTEGER NOT NULL DEFAULT 0,
  quarantined_at INTEGER,
  PRIMARY KEY (own_device, account, peer_device),
  CHECK (acknowledged_seq <= sent_seq),
  CHECK ((received_seq IS NULL) = (received_hash IS NULL))
) STRICT;
CREATE INDEX chains_of_account ON chains (account);
