-- A message's state follows from the flight that carries it, so that sending, acknowledging and reading change one row of a
-- flight or of a conversation and not one of every message.

CREATE TABLE conversations (
  conversation INTEGER PRIMARY KEY,
  account BLOB UNIQUE CHECK (length(account) = 32),
  address TEXT UNIQUE, -- where something was typed to before anyone was there
  read_up_to INTEGER NOT NULL DEFAULT 0, -- received messages above this number are unread
  CHECK ((account IS NULL) <> (address IS NULL))
) STRICT;
INSERT INTO conversations (account, read_up_to)
  SELECT account, coalesce(min(number) FILTER (WHERE unread = 1) - 1, max(number)) FROM messages
    WHERE account IS NOT NULL GROUP BY account;
INSERT INTO conversations (address) SELECT DISTINCT address FROM messages WHERE account IS NULL;

-- The messages of a flight are those between the two numbers that name it.
ALTER TABLE flights ADD COLUMN first_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flights ADD COLUMN last_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE flights ADD COLUMN kept INTEGER NOT NULL DEFAULT 0; -- how many of them there still are
ALTER TABLE flights ADD COLUMN decided_at INTEGER; -- outgoing: when its outcome became known
UPDATE flights SET first_number = carried.first, last_number = carried.last, kept = carried.kept,
  decided_at = carried.delivered FROM (SELECT flight, min(number) AS first, max(number) AS last, count(*) AS kept,
    max(delivered_at) AS delivered FROM messages WHERE flight IS NOT NULL GROUP BY flight) AS carried
  WHERE carried.flight = flights.flight;
CREATE INDEX flights_open ON flights (account, seq) WHERE direction = 'out' AND outcome IS NOT 'accepted';

CREATE TABLE messages_by_flight (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- shown as #N, never used again
  conversation INTEGER NOT NULL REFERENCES conversations (conversation),
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  -- -2^40 while it is queued: that takes as much room as any flight's number, so that no page overflows when it is sent.
  flight INTEGER NOT NULL CHECK (flight > 0 OR (flight = -1099511627776 AND direction = 'out')),
  id BLOB CHECK (length(id) = 32), -- of received ones; that of an own message follows from the opening and the body
  opening BLOB NOT NULL CHECK (length(opening) = 32),
  type TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL, -- typed or received
  expires_at INTEGER,
  address TEXT, -- where it was typed to, before anyone was there
  CHECK ((id IS NULL) = (direction = 'out'))
) STRICT;
INSERT INTO messages_by_flight SELECT number,
  (SELECT conversation FROM conversations
    WHERE conversations.account = messages.account OR (messages.account IS NULL AND conversations.address = messages.address)),
  direction, CASE state WHEN 'queued' THEN -1099511627776 ELSE flight END, CASE direction WHEN 'in' THEN id END, opening, type,
  body, created_at, expires_at, address FROM messages ORDER BY number;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'messages')
  WHERE name = 'messages_by_flight';
INSERT INTO sqlite_sequence (name, seq) SELECT 'messages_by_flight', seq FROM sqlite_sequence
  WHERE name = 'messages' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'messages_by_flight');
DROP TABLE messages;
ALTER TABLE messages_by_flight RENAME TO messages;
CREATE INDEX messages_of_conversation ON messages (conversation, number);
CREATE INDEX messages_queued ON messages (conversation, number) WHERE flight < 0;

-- An id is shown once (protocol §5.1). Ids are random: in one index each would land on a page of its own, which is encrypted
-- with every commit. So they gather in a small index and move to the large one together, in its order. Six bytes tell ids
-- apart well enough for the whole one to be compared.
CREATE TABLE recent_ids (
  start BLOB NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (start, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE received_ids (
  start BLOB NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (start, number)
) STRICT, WITHOUT ROWID;
INSERT INTO received_ids SELECT substr(id, 1, 6) AS start, number FROM messages WHERE direction = 'in' ORDER BY start;

CREATE TRIGGER messages_text_delete AFTER DELETE ON messages
WHEN old.type = 'text/plain' AND old.number <= (SELECT up_to FROM search_index) BEGIN
  INSERT INTO messages_text (messages_text, rowid, text) VALUES ('delete', old.number, CAST(old.body AS TEXT));
END;
CREATE TRIGGER messages_flight_delete AFTER DELETE ON messages WHEN old.flight > 0 BEGIN
  UPDATE flights SET kept = kept - 1 WHERE flight = old.flight;
END;
CREATE TRIGGER messages_id_delete AFTER DELETE ON messages WHEN old.direction = 'in' BEGIN
  DELETE FROM recent_ids WHERE start = substr(old.id, 1, 6) AND number = old.number;
  DELETE FROM received_ids WHERE start = substr(old.id, 1, 6) AND number = old.number;
END;
