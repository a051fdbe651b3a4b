/** What message.txt claims (§5.2). Only evidence parses a message statement: a conversation rebuilds it. */
import { decimalOf, decodeStatement, hexOf } from '../codec/statement.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import { KIND_MESSAGE } from '../labels.ts';
import { DEVICE_ID_SIZE, HASH_SIZE, MAX_ITEMS, SID_SIZE } from '../limits.ts';

/** The fields of a message statement. Binary values are lower-case hex. */
export interface Claim {
  readonly conversation: string;
  readonly session: string;
  /** `<account>/<device>` */
  readonly from: string;
  /** H(account ‖ device) of the recipient. */
  readonly to: string;
  readonly seq: number;
  readonly prev: string;
  /** Unix milliseconds, on the sender's clock. */
  readonly sent: number;
  /** Seconds. */
  readonly ttl: number;
  readonly count: number;
  /** H(c_1 ‖ … ‖ c_count) */
  readonly items: string;
}

const NAMES = ['conversation', 'session', 'from', 'to', 'seq', 'prev', 'sent', 'ttl', 'count', 'items'] as const;
const ITEMS_PREFIX = 'sha256:';

function refuse(check: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('evidence', check, message, options);
}

/** The claim of a message statement that keeps its one grammar. @throws ProtocolError `evidence`, check `kind` or `grammar` */
export function decodeClaim(statement: Uint8Array): Claim {
  let values: string[];
  try {
    values = decodeStatement(statement, KIND_MESSAGE, NAMES);
  } catch (error) {
    if (!isProtocolError(error, 'statement')) throw error;
    throw refuse(error.check === 'kind' ? 'kind' : 'grammar', 'message.txt is not a message statement', {
      cause: error,
    });
  }
  const value = (name: (typeof NAMES)[number]): string => values[NAMES.indexOf(name)] as string;
  const wrong = (name: string): ProtocolError =>
    refuse('grammar', `the line of ${name} in message.txt is not of its form`);
  const hex = (name: 'conversation' | 'session' | 'to' | 'prev', size: number): string => {
    if (hexOf(value(name), size) === undefined) throw wrong(name);
    return value(name);
  };
  const number = (name: 'seq' | 'sent' | 'ttl' | 'count', min = 0, max = Number.MAX_SAFE_INTEGER): number => {
    const found = decimalOf(value(name));
    if (found === undefined || found < min || found > max) throw wrong(name);
    return found;
  };
  const from = value('from');
  const slash = 2 * HASH_SIZE;
  const account = hexOf(from.slice(0, slash), HASH_SIZE);
  const device = hexOf(from.slice(slash + 1), DEVICE_ID_SIZE);
  if (account === undefined || from[slash] !== '/' || device === undefined) throw wrong('from');
  const items = value('items').slice(ITEMS_PREFIX.length);
  if (!value('items').startsWith(ITEMS_PREFIX) || hexOf(items, HASH_SIZE) === undefined) throw wrong('items');
  return {
    conversation: hex('conversation', HASH_SIZE),
    session: hex('session', SID_SIZE),
    from,
    to: hex('to', HASH_SIZE),
    seq: number('seq', 1),
    prev: hex('prev', HASH_SIZE),
    sent: number('sent'),
    ttl: number('ttl'),
    count: number('count', 1, MAX_ITEMS),
    items,
  };
}
