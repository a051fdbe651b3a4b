-- Flights asked for again and given again (protocol §9.6), and which certificate a relay showed last (§2).

ALTER TABLE mailboxes ADD COLUMN again TEXT NOT NULL DEFAULT '[]'; -- the peer's seqs to be asked for: ranges
ALTER TABLE mailboxes ADD COLUMN asked TEXT NOT NULL DEFAULT '[]'; -- those asked for within a day: [from, to, at]
ALTER TABLE mailboxes ADD COLUMN answered TEXT NOT NULL DEFAULT '[]'; -- own ones given again within a day: [seq, at]

-- The newest certificate that each device of a relay has shown. It stays when the relay is left.
CREATE TABLE relay_certificates (
  relay BLOB NOT NULL CHECK (length(relay) = 32),
  device BLOB NOT NULL CHECK (length(device) = 16),
  serial INTEGER NOT NULL,
  certificate_hash BLOB NOT NULL CHECK (length(certificate_hash) = 32),
  PRIMARY KEY (relay, device)
) STRICT, WITHOUT ROWID;
