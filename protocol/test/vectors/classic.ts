/** spec/vectors/classic.json (§13): packages of the original program to open, and pickles to refuse. */
import { fromHex, utf8 } from '../../src/bytes.ts';
import {
  CLASSIC_CHECKS,
  type ClassicMessage,
  ClassicRefusal,
  decodePackage,
  decodePem,
  decryptMessage,
  encodePackage,
  encodePem,
} from '../../src/classic/index.ts';
import { type Primitives, RsaPrivateKey, SecretKey } from '../../src/primitives.ts';
import {
  equal,
  equalHex,
  expectFailure,
  runEntries,
  type VectorEntry,
  type VectorFile,
  type VectorResult,
} from './vector-file.ts';

type ClassicEntry = VectorEntry & {
  readonly bytes: string;
  readonly now: number;
  readonly message?: string;
  readonly age?: number;
};

export type ClassicFile = VectorFile<ClassicEntry> & {
  readonly recipient_key: string;
  readonly recipient_public_pem: string;
  readonly sender_key: string;
  readonly sender_public_pem: string;
  readonly secret: string;
};

/** The refusal's checks hold up to the last, which is the one that failed, and nothing ran after it. */
function examineRefusal(refusal: ClassicRefusal): void {
  const failed = CLASSIC_CHECKS.findIndex((name) => name === refusal.check);
  equal(refusal.checks.length, failed + 1, 'checks');
  refusal.checks.forEach(({ check, holds }, i) => {
    equal(check, CLASSIC_CHECKS[i], 'check');
    equal(holds, i < failed, `${check} holds`);
  });
}

export async function runClassic(file: ClassicFile, p: Primitives): Promise<VectorResult> {
  const recipientPrivateKey = new RsaPrivateKey(fromHex(file.recipient_key));
  const senderPublicKey = decodePem(utf8(file.sender_public_pem));
  const secret = new SecretKey(utf8(file.secret));
  equal(new TextDecoder().decode(encodePem(senderPublicKey)), file.sender_public_pem, 'PEM');
  return runEntries(file, async ({ name, bytes, now, fails, message, age }) => {
    const open = async (): Promise<ClassicMessage> => {
      const sealed = decodePackage(fromHex(bytes));
      if (name === 'protocol 4') equalHex(encodePackage(sealed), bytes, 'pickle');
      return decryptMessage(p, { package: sealed, recipientPrivateKey, senderPublicKey, secret, now });
    };
    if (fails !== undefined) {
      await expectFailure(fails, () =>
        open().catch((error: unknown) => {
          if (error instanceof ClassicRefusal) examineRefusal(error);
          throw error;
        }),
      );
      return;
    }
    const opened = await open();
    equal(opened.message, message, 'text');
    equal(opened.age, age, 'age');
    equal(
      opened.checks
        .filter(({ holds }) => holds)
        .map(({ check }) => check)
        .join(),
      CLASSIC_CHECKS.join(),
      'checks',
    );
  });
}
