/** Runs classic.json (§13) against any primitives; nothing from node:, so that a browser can run it too. */
import { equalBytes, fromHex, utf8 } from '../../src/bytes.ts';
import {
  CLASSIC_CHECKS,
  ClassicRefusal,
  decodePackage,
  decodePem,
  decryptMessage,
  encodePackage,
  encodePem,
} from '../../src/classic/index.ts';
import { ProtocolError } from '../../src/errors.ts';
import { type Primitives, RsaPrivateKey, SecretKey } from '../../src/primitives.ts';

interface ClassicEntry {
  readonly name: string;
  readonly bytes: string;
  readonly now: number;
  readonly message?: string;
  readonly age?: number;
  readonly fails?: string;
}

export interface ClassicFile {
  readonly count: number;
  readonly good: number;
  readonly recipient_key: string;
  readonly recipient_public_pem: string;
  readonly sender_key: string;
  readonly sender_public_pem: string;
  readonly secret: string;
  readonly vectors: readonly ClassicEntry[];
}

function demand(holds: boolean, name: string, what: string): asserts holds {
  if (!holds) throw new Error(`classic.json, '${name}': ${what}`);
}

/** Throws on the first entry that does not end as it says. */
export async function runClassic(file: ClassicFile, p: Primitives): Promise<{ ran: number; good: number }> {
  const recipientPrivateKey = new RsaPrivateKey(fromHex(file.recipient_key));
  const senderPublicKey = decodePem(utf8(file.sender_public_pem));
  demand(
    equalBytes(encodePem(senderPublicKey), utf8(file.sender_public_pem)),
    'pem',
    'writes the sender key otherwise',
  );
  const secret = new SecretKey(utf8(file.secret));
  let ran = 0;
  let good = 0;
  for (const { name, bytes, now, fails, message, age } of file.vectors) {
    ran++;
    try {
      const sealed = decodePackage(fromHex(bytes));
      const opened = await decryptMessage(p, { package: sealed, recipientPrivateKey, senderPublicKey, secret, now });
      demand(fails === undefined, name, `opens, and has to fail as ${String(fails)}`);
      demand(opened.message === message, name, 'gives another text');
      demand(opened.age === age, name, `gives the age ${opened.age}`);
      demand(opened.checks.map((check) => check.check).join() === CLASSIC_CHECKS.join(), name, 'gives other checks');
      demand(
        opened.checks.every((check) => check.holds),
        name,
        'opens although a check failed',
      );
      if (name === 'protocol 4') {
        demand(equalBytes(encodePackage(sealed), fromHex(bytes)), name, 'is not what the pickler writes for it');
      }
      good++;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      demand(error.code === fails?.replace(':', '-'), name, `fails as ${error.code} (${error.message})`);
      if (error instanceof ClassicRefusal) {
        const last = error.checks.at(-1);
        demand(
          last?.holds === false && `classic:${last.check}` === fails,
          name,
          'names another check as the failed one',
        );
        demand(
          error.checks.slice(0, -1).every((check) => check.holds),
          name,
          'goes on after a failed check',
        );
      }
    }
  }
  return { ran, good };
}
