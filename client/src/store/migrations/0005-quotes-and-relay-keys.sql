-- Flights asked for again and given again (protocol §9.6), and which certificate a relay showed last (§2).

ALTER TABLE mailboxes ADD COLUMN again TEXT NOT NULL DEFAULT '[]'; -- the peer's seqs to be asked for: ranges
ALTER TABLE mailboxes ADD COLUMN asked TEXT NOT NULL DEFAULT '[]'; -- those asked for within a day: [from, to, at]
ALTER TABLE mailboxes ADD COLUMN answered TEXT NOT NULL DEFAULT '[]'; -- own ones given again within a day: [seq, at]

ALTER TABLE relays ADD COLUMN device BLOB CHECK (length(device) = 16);
ALTER TABLE relays ADD COLUMN serial INTEGER;
ALTER TABLE relays ADD COLUMN certificate BLOB CHECK (length(certificate) = 32); -- the hash of that of this serial
