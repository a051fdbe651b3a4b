/** Every domain-separation string of the protocol, in one place. */
import { utf8 } from './bytes.ts';

/** The protocol's name as it stands in F1 (§3) and begins every label (§1). */
export const PROTOCOL = 'waxwing/1';

/** The one suite there is (§1.3). */
export const SUITE = 1;

/** Labels of Expand (§1): `waxwing/1 ` is put before them there. */
export const LABEL_HS_SERVER = 'hs server'; // §3
export const LABEL_HS_CLIENT = 'hs client';
export const LABEL_FIN_SERVER = 'fin server';
export const LABEL_FIN_CLIENT = 'fin client';
export const LABEL_ROOT = 'root';
export const LABEL_SID = 'sid';
export const LABEL_EXPORTER = 'exporter';
export const LABEL_SAS = 'sas';
export const LABEL_RECORD_SERVER = 'record server'; // §4
export const LABEL_RECORD_CLIENT = 'record client';
export const LABEL_RECORD_SERVER_IV = 'record server iv';
export const LABEL_RECORD_CLIENT_IV = 'record client iv';
export const LABEL_RECORD_NEXT = 'record next';
export const LABEL_HMAC = 'l4 hmac'; // §5
export const LABEL_AES = 'l1 aes';
export const LABEL_COMMIT = 'l1 commit';
export const LABEL_RATCHET = 'ratchet'; // §6
export const LABEL_PQ = 'pq';
export const LABEL_FIRST_CLIENT_CHAIN = 'first client chain';
export const LABEL_START_BUNDLE = 'start bundle'; // §9.2
export const LABEL_TYPING = 'typing';
export const LABEL_SENDER = 'sender'; // §10.3
export const LABEL_OUTER = 'outer'; // §11.3

/** Prefixes of hashes and of the OAEP label: whole byte strings. */
export const PREFIX_HANDSHAKE = utf8('waxwing/1 handshake'); // §3
export const PREFIX_COMMIT = utf8('waxwing/1 commit\n'); // §3
export const PREFIX_SAFETY = utf8('waxwing/1 safety\n'); // §2
export const PREFIX_CONVERSATION = utf8('waxwing/1 conversation\n'); // §5.2
export const PREFIX_WRAP = utf8('waxwing/1 wrap\n'); // §5
export const PREFIX_PREKEY = utf8('waxwing/1 prekey'); // §9.2
export const PREFIX_START = utf8('waxwing/1 start\n');
export const PREFIX_ROOM_ID = utf8('waxwing/1 room id\n'); // §10.1
export const PREFIX_EPOCH = utf8('waxwing/1 epoch\n');
export const PREFIX_SENDER = utf8('waxwing/1 sender\n'); // §10.3
export const PREFIX_FORK = utf8('waxwing/1 fork\n'); // §10.5
export const PREFIX_INVITE = utf8('waxwing/1 invite\n'); // §11.2
export const PREFIX_CONTACT = utf8('waxwing/1 contact\n');
export const PREFIX_MAILBOX = utf8('waxwing/1 mailbox\n'); // §11.3
export const PREFIX_OUTER = utf8('waxwing/1 outer');

/** Kinds of statement (§1.2). */
export const KIND_DEVICE = 'device'; // §2
export const KIND_HANDSHAKE_SERVER = 'handshake-server'; // §3
export const KIND_HANDSHAKE_CLIENT = 'handshake-client';
export const KIND_MESSAGE = 'message'; // §5.2
export const KIND_PREKEYS = 'prekeys'; // §9.1
export const KIND_ROOM_STATE = 'room'; // §10.1
export const KIND_ROOM_LEAVE = 'room-leave';

/** Item types (§5.1, §6, §9.6, §10.2). */
export const TYPE_TEXT = 'text/plain';
export const TYPE_STEP = 'application/waxwing-step';
export const TYPE_QUOTE = 'application/waxwing-quote';
export const TYPE_ROOM = 'application/waxwing-room'; // §10.2
export const TYPE_ROOM_LEAVE = 'application/waxwing-room-leave';
