/** openpgp: a message signed and encrypted with RSA-2048, AES-256, uncompressed. */
import { createMessage, decrypt, encrypt, enums, generateKey, readMessage } from 'openpgp';

const CONFIG = {
  preferredSymmetricAlgorithm: enums.symmetric.aes256,
  preferredCompressionAlgorithm: enums.compression.uncompressed,
};

const make2048 = (who) =>
  generateKey({ type: 'rsa', rsaBits: 2048, userIDs: [{ name: who }], format: 'object', config: CONFIG });

export async function make() {
  const signer = await make2048('alice');
  const recipient = await make2048('bob');
  return {
    async seal(text) {
      return await encrypt({
        message: await createMessage({ text }),
        encryptionKeys: recipient.publicKey,
        signingKeys: signer.privateKey,
        format: 'binary',
        config: CONFIG,
      });
    },
    async open(sealed) {
      const { data, signatures } = await decrypt({
        message: await readMessage({ binaryMessage: sealed }),
        decryptionKeys: recipient.privateKey,
        verificationKeys: signer.publicKey,
        expectSigned: true,
        config: CONFIG,
      });
      await signatures[0].verified;
      return data;
    },
  };
}
