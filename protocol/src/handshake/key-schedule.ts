/** From the two agreed secrets to everything a handshake derives (§3, §4). */
import { type Bytes, concat } from '../bytes.ts';
import {
  LABEL_EXPORTER,
  LABEL_FIN_CLIENT,
  LABEL_FIN_SERVER,
  LABEL_HS_CLIENT,
  LABEL_HS_SERVER,
  LABEL_RECORD_CLIENT,
  LABEL_RECORD_CLIENT_IV,
  LABEL_RECORD_SERVER,
  LABEL_RECORD_SERVER_IV,
  LABEL_ROOT,
  LABEL_SAS,
  LABEL_SID,
  PREFIX_HANDSHAKE,
} from '../labels.ts';
import { GCM_NONCE_SIZE, SID_SIZE, SYMMETRIC_KEY_SIZE } from '../limits.ts';
import { type Primitives, SecretKey } from '../primitives.ts';
import { expand, expandPublic, extract } from '../symmetric/expand.ts';
import type { RecordKeys, Role } from './handshake-result.ts';

type Derive = Pick<Primitives, 'sha256' | 'hmacSha256'>;

const BOX_KEY_SIZE = 2 * SYMMETRIC_KEY_SIZE; // first half AES, second half MAC (§3)
const SAS_SIZE = 5;
const SAS_DIGITS = 6;

/** prk = Extract(H("waxwing/1 handshake"), ss_mlkem ‖ ss_x25519): hybrid, either secret alone protects it. */
export function handshakeSecret(p: Derive, mlKemShared: SecretKey, dhShared: SecretKey): SecretKey {
  const both = new SecretKey(concat(mlKemShared.exposeSecretBytes(), dhShared.exposeSecretBytes()));
  return extract(p, p.sha256(PREFIX_HANDSHAKE), both);
}

/** k_s or k_c, 64: the key of the box F3 (server) or F4 (client). */
export function boxKey(p: Derive, prk: SecretKey, sender: Role, th1: Uint8Array): SecretKey {
  const label = sender === 'server' ? LABEL_HS_SERVER : LABEL_HS_CLIENT;
  return expand(p, prk, label, { context: th1, size: BOX_KEY_SIZE });
}

/** The key of mac_S or mac_C. */
export function finishKey(p: Derive, prk: SecretKey, sender: Role, th1: Uint8Array): SecretKey {
  return expand(p, prk, sender === 'server' ? LABEL_FIN_SERVER : LABEL_FIN_CLIENT, { context: th1 });
}

/** mac_S = HMAC(finish key, TH2 ‖ sig_S), mac_C with TH4 ‖ sig_C: whoever signed also holds the agreed secret. */
export function finishMac(p: Derive, key: SecretKey, transcript: Uint8Array, signature: Uint8Array): Bytes {
  return p.hmacSha256(key.exposeSecretBytes(), concat(transcript, signature));
}

/** sas: six digits of Expand(Extract(r_S, prk), "sas", TH1, 5), all committed to before F3 was seen. */
export function shortAuthenticationString(p: Derive, prk: SecretKey, opening: Uint8Array, th1: Uint8Array): string {
  const digits = expandPublic(p, extract(p, opening, prk), LABEL_SAS, { context: th1, size: SAS_SIZE });
  let number = 0;
  for (const byte of digits) number = number * 256 + byte; // 40 bits: exact
  return String(number % 10 ** SAS_DIGITS).padStart(SAS_DIGITS, '0');
}

export interface HandshakeOutputs {
  readonly root: SecretKey;
  readonly sid: Bytes;
  readonly exporter: SecretKey;
  readonly recordKeys: RecordKeys;
}

/** Everything that comes from TH5, as `own` side sees it (§3, §4). */
export function handshakeOutputs(p: Derive, prk: SecretKey, own: Role, th5: Uint8Array): HandshakeOutputs {
  const direction = (label: string, ivLabel: string): { key: SecretKey; iv: Bytes } => ({
    key: expand(p, prk, label, { context: th5 }),
    iv: expandPublic(p, prk, ivLabel, { context: th5, size: GCM_NONCE_SIZE }),
  });
  const server = direction(LABEL_RECORD_SERVER, LABEL_RECORD_SERVER_IV);
  const client = direction(LABEL_RECORD_CLIENT, LABEL_RECORD_CLIENT_IV);
  const [send, receive] = own === 'server' ? [server, client] : [client, server];
  return {
    root: expand(p, prk, LABEL_ROOT, { context: th5 }),
    sid: expandPublic(p, prk, LABEL_SID, { context: th5, size: SID_SIZE }),
    exporter: expand(p, prk, LABEL_EXPORTER, { context: th5 }),
    recordKeys: { sendKey: send.key, sendIv: send.iv, receiveKey: receive.key, receiveIv: receive.iv },
  };
}
