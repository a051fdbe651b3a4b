-- Whom one is in a room with is not therefore a contact (protocol §9.6), and an invitation of a stranger waits like his messages.

CREATE TABLE contacts_with_members (
  relay BLOB NOT NULL REFERENCES relays (account),
  account BLOB NOT NULL CHECK (length(account) = 32),
  device BLOB CHECK (length(device) = 16), -- the one that is written to
  standing TEXT NOT NULL CHECK (standing IN ('open', 'request', 'member')),
  nick TEXT, -- what it calls itself while it is no peer yet
  link_proof BLOB CHECK (length(link_proof) = 16), -- told until the peer has it
  since INTEGER NOT NULL,
  PRIMARY KEY (relay, account)
) STRICT, WITHOUT ROWID;
INSERT INTO contacts_with_members SELECT relay, account, device, standing, nick, link_proof, since FROM contacts;
DROP TABLE contacts;
ALTER TABLE contacts_with_members RENAME TO contacts;

CREATE TABLE room_invitations (
  relay BLOB NOT NULL,
  account BLOB NOT NULL,
  device BLOB NOT NULL CHECK (length(device) = 16),
  body BLOB NOT NULL, -- the item as it came
  at INTEGER NOT NULL,
  PRIMARY KEY (relay, account),
  FOREIGN KEY (relay, account) REFERENCES contacts (relay, account) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
