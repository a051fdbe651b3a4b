/** The identity's one row: the only place where its secrets rest. */
import { decodeDevice, encodeDevice, isProtocolError, loadRsaPublicKey, RsaPrivateKey } from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { WaxwingError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { Database } from './database.ts';

interface Row {
  readonly account_spki: Uint8Array;
  readonly account_pkcs8: Uint8Array;
  readonly device: Uint8Array;
}

export function hasIdentity(database: Database): boolean {
  return database.prepare('SELECT 1 FROM identity').get() !== undefined;
}

/** The identity kept here, if any. @throws WaxwingError `home-damaged` */
export async function loadIdentity(database: Database): Promise<Identity | undefined> {
  const row = database.prepare<Row>('SELECT account_spki, account_pkcs8, device FROM identity').get();
  if (row === undefined) return undefined;
  try {
    return {
      account: {
        publicKey: loadRsaPublicKey(new Uint8Array(row.account_spki)),
        privateKey: new RsaPrivateKey(row.account_pkcs8),
      },
      device: await decodeDevice(nodePrimitives, new Uint8Array(row.device)),
    };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    throw new WaxwingError(
      'home-damaged',
      `The identity in ${database.place} cannot be read.`,
      'Restore a backup with waxwing restore FILE --profile NAME.',
      { cause: error },
    );
  }
}

/** Keeps this identity in place of any other. */
export function saveIdentity(database: Database, { account, device }: Identity, now: number): void {
  database
    .prepare(`INSERT INTO identity (one, account_spki, account_pkcs8, device, made_at) VALUES (1, ?, ?, ?, ?)
      ON CONFLICT (one) DO UPDATE SET account_spki = excluded.account_spki, account_pkcs8 = excluded.account_pkcs8,
      device = excluded.device, made_at = excluded.made_at`)
    .run(account.publicKey.spki, account.privateKey.exposeSecretBytes(), encodeDevice(device), now);
}
