/** Devices that an account has certified although they are none of the protocol's. */
import {
  type Bytes,
  type Device,
  encodeBundle,
  PSS_SALT,
  RsaPublicKey,
  textOf,
  toBase64,
  utf8,
} from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';
import type { Person } from '../people.ts';

/** The public keys that stand in the certificate in the place of the device's own: DER SPKI, of whatever kind. */
export interface OtherKeys {
  readonly signKey?: Uint8Array;
  readonly wrapKey?: Uint8Array;
}

/** The person's device with other keys in its certificate, which its account has signed. */
export async function certifyOther({ account, device }: Person, keys: OtherKeys): Promise<Device> {
  const { bundle } = device;
  let text = textOf(bundle.certificateBytes) ?? '';
  if (keys.signKey !== undefined) text = text.replace(/^sign-key: .*$/m, `sign-key: ${toBase64(keys.signKey)}`);
  if (keys.wrapKey !== undefined) text = text.replace(/^wrap-key: .*$/m, `wrap-key: ${toBase64(keys.wrapKey)}`);
  const certificateBytes = utf8(text);
  const certificateSignature = await p.signPss(account.privateKey, certificateBytes, PSS_SALT);
  const bytes: Bytes = encodeBundle({ accountKey: bundle.accountKey, certificateBytes, certificateSignature });
  const certificate = {
    ...bundle.certificate,
    ...(keys.signKey === undefined ? {} : { signKey: new RsaPublicKey(keys.signKey) }),
    ...(keys.wrapKey === undefined ? {} : { wrapKey: new RsaPublicKey(keys.wrapKey) }),
  };
  const other = { ...bundle, bytes, hash: p.sha256(bytes), certificate, certificateBytes, certificateSignature };
  return { ...device, bundle: other };
}
