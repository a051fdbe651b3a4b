/** jose: a PS256 signature nested in RSA-OAEP-256 with A256CBC-HS512, both RSA-2048. */
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, generateKeyPair } from 'jose';

export async function make() {
  const signer = await generateKeyPair('PS256', { modulusLength: 2048 });
  const recipient = await generateKeyPair('RSA-OAEP-256', { modulusLength: 2048 });
  return {
    async seal(text) {
      const signed = await new CompactSign(Buffer.from(text))
        .setProtectedHeader({ alg: 'PS256' })
        .sign(signer.privateKey);
      return await new CompactEncrypt(Buffer.from(signed))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256CBC-HS512', cty: 'JWT' })
        .encrypt(recipient.publicKey);
    },
    async open(sealed) {
      const { plaintext } = await compactDecrypt(sealed, recipient.privateKey);
      const { payload } = await compactVerify(plaintext, signer.publicKey);
      return Buffer.from(payload).toString();
    },
  };
}
