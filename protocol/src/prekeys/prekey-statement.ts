/** The statement `prekeys` (§9.1): what a device signs of the keys it leaves at a relay. */
import { type Bytes, equalBytes, fromBase64, toBase64, toHex } from '../bytes.ts';
import { decimalOf, decodeStatement, encodeStatement, hexOf } from '../codec/statement.ts';
import { isProtocolError, ProtocolError } from '../errors.ts';
import type { Bundle } from '../keys/bundle.ts';
import { verifyStatement } from '../keys/profile.ts';
import { KIND_PREKEYS } from '../labels.ts';
import {
  DEVICE_ID_SIZE,
  HASH_SIZE,
  MLKEM_EK_SIZE,
  PREKEY_ENTRIES,
  PREKEY_STATEMENT_LIFE,
  X25519_SIZE,
} from '../limits.ts';
import type { Primitives } from '../primitives.ts';

export interface PrekeyStatement {
  /** 32 */
  readonly account: Bytes;
  /** 16 */
  readonly device: Bytes;
  /** From 1; one more with every statement of the device. */
  readonly counter: number;
  /** X25519, 32: spk. */
  readonly signedPrekey: Bytes;
  /** ML-KEM-768, 1184: for a start without an entry. */
  readonly lastResort: Bytes;
  /** RFC 6962 tree hash over the 100 entries, 32. */
  readonly root: Bytes;
  /** Unix milliseconds. */
  readonly made: number;
  /** At most 7 days after `made`. */
  readonly notAfter: number;
}

const NAMES = [
  'account',
  'device',
  'counter',
  'signed-prekey',
  'last-resort',
  'entries',
  'root',
  'made',
  'not-after',
] as const satisfies readonly string[];

function refuse(check: string, message: string, cause?: unknown): ProtocolError {
  return new ProtocolError('prekeys', check, message, cause === undefined ? undefined : { cause });
}

/** The bytes that the device's sign-key signs. */
export function encodePrekeyStatement(statement: PrekeyStatement): Bytes {
  return encodeStatement(KIND_PREKEYS, [
    ['account', toHex(statement.account)],
    ['device', toHex(statement.device)],
    ['counter', String(statement.counter)],
    ['signed-prekey', toBase64(statement.signedPrekey)],
    ['last-resort', toBase64(statement.lastResort)],
    ['entries', String(PREKEY_ENTRIES)],
    ['root', toHex(statement.root)],
    ['made', String(statement.made)],
    ['not-after', String(statement.notAfter)],
  ]);
}

function known<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw refuse('grammar', `The line of ${name} is not of its form.`);
  return value;
}

/** @throws ProtocolError `prekeys`, check `grammar`, for anything that does not re-serialise to the same bytes */
export function decodePrekeyStatement(bytes: Uint8Array): PrekeyStatement {
  let values: string[];
  try {
    values = decodeStatement(bytes, KIND_PREKEYS, NAMES);
  } catch (cause) {
    if (!isProtocolError(cause, 'statement')) throw cause;
    throw refuse('grammar', 'A prekey statement is not of its grammar.', cause);
  }
  const value = (name: (typeof NAMES)[number]): string => values[NAMES.indexOf(name)] as string;
  const number = (name: (typeof NAMES)[number]): number => known(name, decimalOf(value(name)));
  const key = (name: (typeof NAMES)[number], size: number): Bytes => {
    const decoded = fromBase64(value(name));
    return known(name, decoded?.length === size ? decoded : undefined);
  };
  const statement: PrekeyStatement = {
    account: known('account', hexOf(value('account'), HASH_SIZE)),
    device: known('device', hexOf(value('device'), DEVICE_ID_SIZE)),
    counter: number('counter'),
    signedPrekey: key('signed-prekey', X25519_SIZE),
    lastResort: key('last-resort', MLKEM_EK_SIZE),
    root: known('root', hexOf(value('root'), HASH_SIZE)),
    made: number('made'),
    notAfter: number('not-after'),
  };
  if (statement.counter === 0) throw refuse('grammar', 'Counters of prekey statements begin at 1.');
  if (number('entries') !== PREKEY_ENTRIES)
    throw refuse('grammar', 'A prekey statement has another number of entries.');
  if (statement.notAfter < statement.made || statement.notAfter - statement.made > PREKEY_STATEMENT_LIFE) {
    throw refuse('grammar', 'A prekey statement ends before it begins, or lasts for more than 7 days.');
  }
  return statement;
}

/**
 * The statement of `bytes` as one of this bundle's device: grammar, device, signature, in this order.
 * @throws ProtocolError `prekeys`, check `grammar`, `device` or `signature`
 */
export async function openPrekeyStatement(
  p: Primitives,
  bundle: Bundle,
  signed: { readonly statement: Uint8Array; readonly signature: Uint8Array },
): Promise<PrekeyStatement> {
  const statement = decodePrekeyStatement(signed.statement);
  if (!equalBytes(statement.account, bundle.account) || !equalBytes(statement.device, bundle.device)) {
    throw refuse('device', "A prekey statement is another device's.");
  }
  if (!(await verifyStatement(p, bundle.certificate.signKey, signed.statement, signed.signature))) {
    throw refuse('signature', "A prekey statement's signature does not verify.");
  }
  return statement;
}
