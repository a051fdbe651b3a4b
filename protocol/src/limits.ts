/** Every limit of the protocol (§12), each with its reason. Sizes are bytes, times milliseconds unless named. */

// §1.1 CBOR: what a decoder may be made to build.
export const MAX_CBOR_DEPTH = 5; // our deepest structure has 4 arrays inside one another
export const MAX_CBOR_ARRAY = 1024; // longest list any schema allows, with room for rooms
export const MAX_SAFE_UINT = 2 ** 53 - 1; // a JavaScript number holds it exactly

// §1.2 Statements
export const MAX_STATEMENT = 2048; // a device certificate is about 1,100

// §1.3 RSA
export const SPKI_SIZE = 294;
export const SIGNATURE_SIZE = 256;
export const WRAP_SIZE = 256;
export const PSS_SALT = 32;

// Sizes of values
export const HASH_SIZE = 32;
export const DEVICE_ID_SIZE = 16;
export const X25519_SIZE = 32;
export const MLKEM_EK_SIZE = 1184;
export const MLKEM_CT_SIZE = 1088;
export const MLKEM_SEED_SIZE = 64;
export const SID_SIZE = 16;
export const IV_SIZE = 16;
export const TAG_SIZE = 32;
export const NONCE_SIZE = 32; // r_S, n_C
export const PUZZLE_SIZE = 8;
export const SYMMETRIC_KEY_SIZE = 32; // AES-256, HMAC-SHA256
export const CBC_BLOCK_SIZE = 16;
export const GCM_NONCE_SIZE = 12;
export const GCM_TAG_SIZE = 16;

// §2 Certificates
export const DAY = 86_400_000;
export const MAX_CERTIFICATE_DAYS = 366;
export const CERTIFICATE_BACKDATE = DAY; // a clock a little wrong costs nothing
export const CERTIFICATE_RENEW_BEFORE = 30 * DAY;
export const WRAP_KEY_ROTATION = 30 * DAY;
export const OLD_WRAP_KEY_LIFE = 60 * DAY; // mail in transit was wrapped to it
export const MAX_WRAP_KEYS = 8; // stored at once: three by the rule, and hand-made rotations
export const MAX_RSA_PRIVATE_KEY = 2048; // PKCS#8 of RSA-2048 is about 1,218
export const MAX_STORED_BUNDLE = 4096; // 294 + 2,048 + 256 and heads
export const MAX_NAME_CHARACTERS = 64; // NFC

// §3 Frames and handshake
export const MAX_FRAME_HANDSHAKE = 4096; // prefix included: nothing unauthenticated needs more
export const MAX_FRAME = 131_072; // one full flight with room
export const MAX_SUITES = 16;
export const HANDSHAKE_DEADLINE = 5_000;
export const MAX_UNFINISHED_HANDSHAKES = 256;
export const MAX_UNFINISHED_PER_ADDRESS = 8;
export const PUZZLE_FROM_UNFINISHED = 64; // puzzles begin above this many
export const MIN_PUZZLE_BITS = 12;
export const MAX_PUZZLE_BITS = 20; // the most a server asks
export const MAX_PUZZLE_BITS_ACCEPTED = 22; // the most a client solves
export const SHARED_EPHEMERAL_LIFE = 1_000;
export const CLOCK_WARNING = 60_000;
export const MAX_HANDSHAKE_RETRIES = 3; // bounds grinding of the six-digit sas

// §4 Records
export const RECORDS_PER_KEY = 2 ** 20;
export const MAX_RECORD_COUNTER = 2 ** 48; // far below the nonce's end; a channel is renewed long before
export const PING_AFTER = 30_000;
export const DEAD_AFTER = 90_000;
export const ACK_WITHIN = 1_000; // kept by acknowledging as soon as a flight is stored
export const CHANNEL_LIFE = 7 * DAY;

// §5 Envelope
export const MAX_ITEMS = 64;
export const MAX_BODY = 61_440; // all bodies of a flight: fits MAX_FRAME after padding
export const MAX_MEDIA_TYPE = 64;
export const MAX_CTL = 16;
export const MIN_CIPHERTEXT = 512;
export const MAX_U32 = 2 ** 32 - 1;
export const LIVE_TTL = 60; // seconds
export const LIVE_MAX_AGE = 60_000;
export const LIVE_MAX_FUTURE = 10_000;
export const QUARANTINE_AFTER = 8;
export const MAX_UNACKNOWLEDGED_FLIGHTS = 64;

// §6 Ratchet
export const PQ_STEP_FLIGHTS = 50;
export const PQ_STEP_TIME = DAY;
export const MAX_SKIP_PER_CHAIN = 256; // mailbox and room: what one envelope may cost before its HMAC is known to hold
export const MAX_SKIPPED_KEYS = 1_000; // of a session
export const SKIPPED_KEY_LIFE = 30 * DAY; // as long as a relay keeps an envelope
export const MAX_PAST_CHAINS = 64; // as many envelopes as a relay delivers again may each be of a chain of its own

// §9.1 Prekeys
export const PREKEY_ENTRIES = 100; // always: a number that says nothing of who fetched
export const PREKEY_STATEMENT_LIFE = 7 * DAY; // for initiators
export const PREKEY_KEYS_LIFE = 40 * DAY; // for their owner: the envelope of the seventh day may wait 30 more
export const MAX_PREKEY_PATH = 7; // audit path of one leaf of 100
export const MAX_PREKEYS_A_DAY = 24; // statements of one device at one relay: a relay that asks for more fills nobody's disk
export const PREKEY_REFILL_AT = 20; // the relay says so at this many entries, or fewer

// §9.2 Start
export const MAX_START = 4096; // 1,176 and a sealed bundle of the largest size, with room
export const MIN_SEALED_BUNDLE = 64; // an EtM box of one block
export const MAX_SEALED_BUNDLE = 2672; // that of the largest bundle

// §9.4–§9.6 Mailbox sessions
export const MAX_SESSIONS = 8; // of a pair of devices
export const ENDED_SESSION_LIFE = 30 * DAY; // what is under way comes within it
export const GONE_SID_LIFE = 60 * DAY; // a late copy is known for one
export const MAX_SKIPPED_KEYS_OF_PAIR = 2_000; // of all sessions of a pair of devices
export const MAX_GAPS = 1_024; // ranges of missing flights: what an array holds
export const MAX_GOT_RANGES = 64; // those told to the sender
export const NEW_START_EVERY = 3_600_000; // with a device where a session was lost: anyone at the relay can forge that word
export const MAX_SENT_ANEW = 3; // of an item whose session was lost, for the same reason
export const MAX_REQUESTS = 256; // of strangers, until they are answered: whoever makes accounts fills nobody's disk
export const REQUESTS_TOLD_EVERY = 3_600_000; // and nobody's screen
export const TYPING_EVERY = 3_000; // of a sender's signals

// §9.7 Typing
export const SIGNAL_WITHIN = 60_000; // a signal is of now, or of nothing

// §10 Rooms
export const MAX_ROOM_MEMBERS = 64; // devices: as many copies as one put carries
export const MAX_MEMBER_FILE = 6_784; // 64 of the longest lines, 105 each, and a little
export const MAX_ROOM_NAME = 256; // bytes: 64 characters of the longest encoding
export const ROOM_EPOCH_LIFE = 7 * DAY; // then whoever sends next makes a new secret
export const ROOM_EPOCH_MESSAGES = 500;
export const EARLIER_EPOCH_LIFE = 30 * DAY; // as long as a relay keeps what is under way in it
export const STATE_SETTLES = DAY; // then nobody undoes it who could not change as much now: a night away is no fork
export const MAX_ROOM_EPOCHS = 64; // kept at once: any member can make new ones
export const MAX_HELD = 256; // envelopes of states that have not come
export const MAX_HELD_BYTES = 8 * 2 ** 20;
export const HELD_LIFE = 30 * DAY; // as long as their sender may still be asked
export const ROOM_GOT_EVERY = 60_000; // to one author: 64 members' receipts are a load of their own

// §11 Relay: sizes
export const INVITE_TOKEN_SIZE = 16;
export const LINK_SECRET_SIZE = 16;
export const ENVELOPE_ID_SIZE = 16;
export const OUTER_OVERHEAD = 80; // E, iv, tag
export const OUTER_LENGTHS: readonly number[] = [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 114_688];
export const SIGNAL_LENGTH = 1024; // typing has one size
export const MAX_INVITE_DAYS = 30;
export const MAX_CLAIMED_NAME = 32;
export const MAX_PREKEY_SETS = 8; // devices of an account, later

// §11.4, §11.6 Relay: what one channel may have under way
export const MAX_OPEN_REQUESTS = 64; // more would only wait here
export const MAX_PUTS = 64; // as many as a flight has copies
export const MAX_IDS = 1024; // what an array holds
export const MAX_UNOPENABLE = 64;
export const MAX_UNCONFIRMED = 64; // envelopes, then the relay waits
export const MAX_UNCONFIRMED_BYTES = 2 ** 20;
export const MAX_TAKEN_UNCONFIRMED = 256; // by a client: what was on its way when it asks anew comes twice, and then some
export const MAX_STORED_ROWS = 16_384; // of one account: 10,000 envelopes, and all else there can be
export const MAX_STORED_NAME = 64; // bytes of a table's or column's
export const LONGEST_RETRY = 3_600_000; // a relay's word about time is believed for so long, and no timer overflows
export const MAX_UNWRITTEN = 256 * 1024; // then the relay stops reading that channel
export const SLOW_READER_AFTER = 30_000;
export const FIRST_BYTE_WITHIN = 5_000;
export const ANSWER_WITHIN = 120_000; // a relay that pings and answers nothing would keep what is asked for ever
export const ENVELOPE_DAYS = 30; // what nobody fetched goes, and so does what is told of an envelope
export const MAX_OPEN_INVITES = 20; // of one account
export const MAX_CHANNELS_PER_ADDRESS = 1024;

// §13 Classic
export const CLASSIC_MAX_PACKAGE = 16_384; // the original reads with one recv of this size
export const CLASSIC_MAX_AGE_SECONDS = 60;
export const CLASSIC_SALT = 222;
export const CLASSIC_MAX_PEM = 1_024; // Python writes 451; room for CRLF and short lines
export const CLASSIC_WRITE_SPACING = 50; // ms between two writes, so that one recv of the original sees one package
