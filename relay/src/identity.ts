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
  const account = {
    publicKey: loadRsaPublicKey(stored.accountPublic),
    privateKey: new RsaPrivateKey(stored.accountPrivate),
  };
  const device = await decodeDevice(p, stored.device);
  // Nobody wraps anything for a relay: its wrap key may stay what it is.
  if (!deviceDue(device, now).renew) return { account, device };
  const renewed = await renewDevice(p, { account, device, now, rotateWrapKey: false, newDeviceId: false });
  return await save(store, { account, device: renewed });
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
