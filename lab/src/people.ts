/** Alice and bob, who chat; carol, a third; mallory, who attacks; and a relay. Made once for all attacks of a run: RSA keys take time. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { createAccount, createDevice, type Device, type RsaKeyPair } from '@waxwing/protocol';
import { nodePrimitives as p } from '@waxwing/protocol/primitives/node';

export interface Person {
  readonly account: RsaKeyPair;
  readonly device: Device;
  /** The account's RSA key, as the textbook uses it for everything. */
  readonly textbook: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
}

export type Name = 'alice' | 'bob' | 'carol' | 'mallory' | 'relay';

export interface People {
  /** Made when first asked for. */
  person(name: Name): Promise<Person>;
  persons<const Names extends readonly Name[]>(...names: Names): Promise<{ [At in keyof Names]: Person }>;
}

const made = new Map<Name, Promise<Person>>();

async function make(): Promise<Person> {
  const account = await createAccount(p);
  const device = await createDevice(p, account, Date.now());
  const der = Buffer.from(account.privateKey.exposeSecretBytes());
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { account, device, textbook: { privateKey, publicKey: createPublicKey(privateKey) } };
}

export const people: People = {
  person: (name) => {
    const known = made.get(name) ?? make();
    made.set(name, known);
    return known;
  },
  persons: async <const Names extends readonly Name[]>(...names: Names) =>
    (await Promise.all(names.map((name) => people.person(name)))) as { [At in keyof Names]: Person },
};
