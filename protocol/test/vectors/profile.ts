/** spec/vectors/profile.json: RSA keys to load, PSS signatures to verify, OAEP wraps to open. */
import { fromHex, utf8 } from '../../src/bytes.ts';
import { isProtocolError, ProtocolError } from '../../src/errors.ts';
import { accountOf } from '../../src/keys/fingerprint.ts';
import { loadRsaPublicKey, verifyStatement } from '../../src/keys/profile.ts';
import { type Primitives, RsaPrivateKey } from '../../src/primitives.ts';
import {
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

interface KeyToLoad {
  readonly spki: string;
  readonly account?: string;
}

interface SignatureToVerify {
  readonly spki: string;
  readonly text: string;
  readonly signature: string;
}

interface WrapToOpen {
  readonly private: string;
  readonly label: string;
  readonly wrap: string;
  readonly key?: string;
}

type ProfileEntry = VectorEntry & (KeyToLoad | SignatureToVerify | WrapToOpen);

export interface ProfileFile extends VectorFile<ProfileEntry> {
  readonly keys: Readonly<Record<string, string>>;
}

async function verify(entry: SignatureToVerify, p: Primitives): Promise<void> {
  const key = loadRsaPublicKey(fromHex(entry.spki));
  const good = await verifyStatement(p, key, utf8(entry.text), fromHex(entry.signature));
  if (!good) throw new ProtocolError('profile', 'signature', 'the signature does not verify');
}

/** What an envelope's recipient does: anything but 32 bytes inside is a failure (§5.4). */
async function unwrap(entry: WrapToOpen, privateKey: string, p: Primitives): Promise<Uint8Array> {
  try {
    const key = await p.unwrapOaep(new RsaPrivateKey(fromHex(privateKey)), fromHex(entry.label), fromHex(entry.wrap));
    if (key.length === 32) return key;
  } catch (error) {
    if (!isProtocolError(error, 'primitive')) throw error;
  }
  throw new ProtocolError('profile', 'wrap', 'the wrap does not open to 32 bytes');
}

export async function runProfile(file: ProfileFile, p: Primitives): Promise<VectorResult> {
  return runEntries(file, async (entry) => {
    const run = async (): Promise<void> => {
      if ('wrap' in entry) {
        equalHex(await unwrap(entry, file.keys[entry.private] ?? '', p), entry.key ?? '');
      } else if ('signature' in entry) {
        await verify(entry, p);
      } else {
        const key = loadRsaPublicKey(fromHex(entry.spki));
        equalHex(key.spki, entry.spki);
        equalHex(accountOf(p, key), entry.account ?? '', 'account');
      }
    };
    if (entry.fails === undefined) await run();
    else await expectFailure(entry.fails, run);
  });
}
