-- SQLite and PostgreSQL both read this file: bigint and bytea are types of the one and plain names to the other.
-- A day is counted from 1970; nothing finer is kept (spec §11.5).

CREATE TABLE relay (
  one bigint PRIMARY KEY CHECK (one = 1),
  account_public bytea NOT NULL,
  account_private bytea NOT NULL,
  device bytea NOT NULL
);

-- mailbox = H(relay, account, device): the name of the device in the tables below.
CREATE TABLE accounts (
  account bytea PRIMARY KEY,
  device bytea NOT NULL,
  mailbox bytea NOT NULL UNIQUE,
  name text UNIQUE,
  bundle bytea NOT NULL,
  joined bigint NOT NULL
);

CREATE TABLE invites (
  token_hash bytea PRIMARY KEY,
  uses bigint NOT NULL,
  ends bigint NOT NULL,
  account bytea
);
CREATE INDEX invites_of_account ON invites (account);

CREATE TABLE prekeys (
  mailbox bytea PRIMARY KEY,
  counter bigint NOT NULL,
  statement bytea NOT NULL,
  signature bytea NOT NULL,
  leaves bytea NOT NULL
);

CREATE TABLE entries (
  mailbox bytea NOT NULL,
  number bigint NOT NULL,
  opk bytea NOT NULL,
  ek bytea NOT NULL,
  PRIMARY KEY (mailbox, number)
);

-- sealed: what the spec calls outer.
CREATE TABLE envelopes (
  id bytea PRIMARY KEY,
  mailbox bytea NOT NULL,
  number bigint NOT NULL,
  sealed bytea NOT NULL,
  goes bigint NOT NULL
);
CREATE UNIQUE INDEX envelopes_in_order ON envelopes (mailbox, number);
CREATE INDEX envelopes_by_day ON envelopes (goes);

CREATE TABLE notices (
  id bytea PRIMARY KEY,
  state bigint NOT NULL,
  goes bigint NOT NULL
);
