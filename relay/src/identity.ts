/** The relay's own account and device: made once, renewed in time (§2). */
import {
  createAccount,
  createDevice,
  decodeDevice,
  type Device,
  deviceDue,
  encodeDevice,
  loadRsaPublicKey,
  type Primitives,
  renewDevice,
  type RsaKeyPair,
  RsaPrivateKey,
} from '@waxwing/protocol/wire';
import type { RelayStore } from './store/store.ts';

export interface RelayIdentity {
  readonly account: RsaKeyPair;
  readonly device: Device;
}

/** The identity that is stored, renewed where that is due; a new one where there is none. It is on disk when this resolves. */
export async function keepIdentity(p: Primitives, store: RelayStore, now: number): Promise<RelayIdentity> {
  const stored = await store.identity();
  if (stored === undefined) {
    const account = await createAccount(p);
    return await save(store, { account, device: await createDevice(p, account, now) });
  }
  const { account, device } = await read(p, stored);
  // Nobody wraps anything for a relay: its wrap key may stay what it is.
  if (!deviceDue(device, now).renew) return { account, device };
  const renewed = await renewDevice(p, { account, device, now, rotateWrapKey: false, newDeviceId: false });
  return await save(store, { account, device: renewed });
}

/**
 * A relay restored from a copy is a new device of the same account, as every home is: its members refuse an older certificate
 * than the one they have seen (§2). False where no identity is stored.
 */
export async function renewRestored(p: Primitives, store: RelayStore, now: number): Promise<boolean> {
  const stored = await store.identity();
  if (stored === undefined) return false;
  const { account, device } = await read(p, stored);
  const renewed = await renewDevice(p, { account, device, now, rotateWrapKey: false, newDeviceId: true });
  await save(store, { account, device: renewed });
  return true;
}

async function read(
  p: Primitives,
  stored: NonNullable<Awaited<ReturnType<RelayStore['identity']>>>,
): Promise<RelayIdentity> {
  const account = {
    publicKey: loadRsaPublicKey(stored.accountPublic),
    privateKey: new RsaPrivateKey(stored.accountPrivate),
  };
  return { account, device: await decodeDevice(p, stored.device) };
}

async function save(store: RelayStore, identity: RelayIdentity): Promise<RelayIdentity> {
  const { account, device } = identity;
  await store.commit([
    {
      kind: 'identity',
      accountPublic: account.publicKey.spki,
      accountPrivate: account.privateKey.exposeSecretBytes(),
      device: encodeDevice(device),
    },
  ]);
  return identity;
}
