/**
 * The floor of one message: the bare node:crypto calls that its five layers cannot do without, each made in the cheapest
 * way there is, on buffers that lie ready. No encoding, no check of a field, no state, no key wrapped in a class.
 *
 * Sealing: 3 random draws (kr, iv, the item's opening) · 4 SHA-256 (header, item, list of items, statement) · 8 HMAC-SHA256
 * (ratchet: mk_ec, the next chain key, mk; envelope: k_mac, K, k_aes, kc, tag) · 1 AES-256-CBC encryption · 1 RSA-PSS
 * signature · 1 RSA-OAEP wrap.
 * Opening: the same 4 SHA-256 and 8 HMAC, one HMAC more (the secret of the implicit rejection, always computed) · 1 RSA-OAEP
 * unwrap · 1 AES-256-CBC decryption · 1 RSA-PSS verification.
 *
 * RSA is called synchronously: on an idle machine that is cheaper than the hop to another thread and back.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';

/** What the 8 HMACs read, in bytes: the ratchet's two, mk; then k_mac, K, k_aes, kc (info of a label and hh). */
const HMAC_INPUTS = [1, 1, 32, 62, 32, 61, 64] as const;
const REJECTION_INPUT = 256;
/** What the hashes read beside the item: the header, the list of one commitment, the statement. */
const HASH_INPUTS = [93, 32, 700] as const;
/** Bytes of an item beside its body, and of an envelope beside its ciphertext. */
const ITEM_HEAD = 43;
const COVERED_HEAD = 430;
const LABEL = new Uint8Array(47);

export class Floor {
  readonly #signing: { key: KeyObject; padding: number; saltLength: number };
  readonly #verifying: { key: KeyObject; padding: number; saltLength: number };
  readonly #wrapping: { key: KeyObject; padding: number; oaepHash: string; oaepLabel: Uint8Array };
  readonly #unwrapping: { key: KeyObject; padding: number; oaepHash: string; oaepLabel: Uint8Array };
  readonly #statement = randomBytes(HASH_INPUTS[2]);
  readonly #item: Buffer;
  readonly #covered: Buffer;
  /** One byte short of whole blocks, as the padding leaves it. */
  readonly #padded: Buffer;
  readonly #inputs = HMAC_INPUTS.map((size) => randomBytes(size));
  readonly #hashed = [randomBytes(HASH_INPUTS[0]), randomBytes(HASH_INPUTS[1])] as const;
  readonly #wrapBytes = randomBytes(REJECTION_INPUT);

  /** @param ciphertext its size for that body, as the product makes it */
  constructor(body: number, ciphertext: number) {
    const signer = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const recipient = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: LABEL };
    this.#signing = { key: signer.privateKey, ...pss };
    this.#verifying = { key: signer.publicKey, ...pss };
    this.#wrapping = { key: recipient.publicKey, ...oaep };
    this.#unwrapping = { key: recipient.privateKey, ...oaep };
    this.#item = randomBytes(ITEM_HEAD + body);
    this.#covered = randomBytes(COVERED_HEAD + ciphertext);
    this.#padded = randomBytes(ciphertext - 1);
  }

  seal(): SealedBare {
    const kr = randomBytes(32);
    const iv = randomBytes(16);
    randomBytes(32);
    this.#hashes();
    const key = this.#hmacs();
    const signature = sign('sha256', this.#statement, this.#signing);
    const wrap = publicEncrypt(this.#wrapping, kr);
    const cipher = createCipheriv('aes-256-cbc', createSecretKey(key), iv);
    const parts = [cipher.update(this.#padded), cipher.final()];
    this.#tag(key);
    return { signature, wrap, iv, key, parts };
  }

  open({ signature, wrap, iv, key, parts }: SealedBare): boolean {
    this.#hashes();
    this.#hmacs();
    this.#tag(key);
    createHmac('sha256', createSecretKey(key)).update(this.#wrapBytes).digest();
    privateDecrypt(this.#unwrapping, wrap);
    const cipher = createDecipheriv('aes-256-cbc', createSecretKey(key), iv);
    for (const part of parts) cipher.update(part);
    cipher.final();
    return verify('sha256', this.#statement, this.#verifying, signature);
  }

  #hashes(): void {
    for (const input of this.#hashed) hash('sha256', input, 'buffer');
    hash('sha256', this.#item, 'buffer');
    hash('sha256', this.#statement, 'buffer');
  }

  /** Each keyed with the one before, as the derivations are. */
  #hmacs(): Buffer {
    let key: Buffer = this.#hashed[1];
    for (const input of this.#inputs) key = createHmac('sha256', createSecretKey(key)).update(input).digest();
    return key;
  }

  #tag(key: Buffer): void {
    createHmac('sha256', createSecretKey(key)).update(this.#covered).digest();
  }
}

export interface SealedBare {
  readonly signature: Buffer;
  readonly wrap: Buffer;
  readonly iv: Buffer;
  readonly key: Buffer;
  readonly parts: readonly Buffer[];
}
