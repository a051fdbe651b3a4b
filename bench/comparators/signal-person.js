/** One person with libsignal's double ratchet, all stores in memory. Used by libsignal.js and libsignal-peer.js. */
import {
  IdentityChange,
  IdentityKeyStore,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyBundle,
  PreKeyRecord,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  ProtocolAddress,
  PublicKey,
  processPreKeyBundle,
  SessionRecord,
  SessionStore,
  SignalMessage,
  SignedPreKeyRecord,
  SignedPreKeyStore,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
} from '@signalapp/libsignal-client';

/** As the library's own documentation asks: a session is kept serialised, so that every message could be stored. */
class Sessions extends SessionStore {
  #records = new Map();
  async saveSession(name, record) {
    this.#records.set(name.toString(), record.serialize());
  }
  async getSession(name) {
    const bytes = this.#records.get(name.toString());
    return bytes === undefined ? null : SessionRecord.deserialize(bytes);
  }
  async getExistingSessions(names) {
    return Promise.all(names.map((name) => this.getSession(name)));
  }
}

class Identities extends IdentityKeyStore {
  #key;
  #known = new Map();
  constructor(key) {
    super();
    this.#key = key;
  }
  async getIdentityKey() {
    return this.#key;
  }
  async getLocalRegistrationId() {
    return 1;
  }
  async saveIdentity(name, key) {
    this.#known.set(name.toString(), key);
    return IdentityChange.NewOrUnchanged;
  }
  async isTrustedIdentity(name, key) {
    const known = this.#known.get(name.toString());
    return known === undefined || Buffer.from(known.serialize()).equals(Buffer.from(key.serialize()));
  }
  async getIdentity(name) {
    return this.#known.get(name.toString()) ?? null;
  }
}

class PreKeys extends PreKeyStore {
  #records = new Map();
  async savePreKey(id, record) {
    this.#records.set(id, record);
  }
  async getPreKey(id) {
    return this.#records.get(id);
  }
  async removePreKey(id) {
    this.#records.delete(id);
  }
}

class SignedPreKeys extends SignedPreKeyStore {
  #records = new Map();
  async saveSignedPreKey(id, record) {
    this.#records.set(id, record);
  }
  async getSignedPreKey(id) {
    return this.#records.get(id);
  }
}

class KyberPreKeys extends KyberPreKeyStore {
  #records = new Map();
  async saveKyberPreKey(id, record) {
    this.#records.set(id, record);
  }
  async getKyberPreKey(id) {
    return this.#records.get(id);
  }
  async markKyberPreKeyUsed() {}
}

export class SignalPerson {
  #address;
  #peer;
  #sessions = new Sessions();
  #identity = PrivateKey.generate();
  #identities = new Identities(this.#identity);
  #preKeys = new PreKeys();
  #signedPreKeys = new SignedPreKeys();
  #kyberPreKeys = new KyberPreKeys();

  constructor(name, peer) {
    this.#address = ProtocolAddress.new(name, 1);
    this.#peer = ProtocolAddress.new(peer, 1);
  }

  /** What a peer needs to begin, as one list of byte strings. */
  async publish() {
    const preKey = PrivateKey.generate();
    const signed = PrivateKey.generate();
    const kyber = KEMKeyPair.generate();
    const signature = this.#identity.sign(signed.getPublicKey().serialize());
    const kyberSignature = this.#identity.sign(kyber.getPublicKey().serialize());
    await this.#preKeys.savePreKey(1, PreKeyRecord.new(1, preKey.getPublicKey(), preKey));
    await this.#signedPreKeys.saveSignedPreKey(
      1,
      SignedPreKeyRecord.new(1, Date.now(), signed.getPublicKey(), signed, signature),
    );
    await this.#kyberPreKeys.saveKyberPreKey(1, KyberPreKeyRecord.new(1, Date.now(), kyber, kyberSignature));
    return [
      preKey.getPublicKey().serialize(),
      signed.getPublicKey().serialize(),
      signature,
      this.#identity.getPublicKey().serialize(),
      kyber.getPublicKey().serialize(),
      kyberSignature,
    ].map((bytes) => Buffer.from(bytes).toString('base64'));
  }

  /** Begins a session with a peer who published. */
  async begin(published) {
    const [preKey, signed, signature, identity, kyber, kyberSignature] = published.map(
      (text) => new Uint8Array(Buffer.from(text, 'base64')),
    );
    const bundle = PreKeyBundle.new(
      1,
      1,
      1,
      PublicKey.deserialize(preKey),
      1,
      PublicKey.deserialize(signed),
      signature,
      PublicKey.deserialize(identity),
      1,
      KEMPublicKey.deserialize(kyber),
      kyberSignature,
    );
    await processPreKeyBundle(bundle, this.#peer, this.#address, this.#sessions, this.#identities);
  }

  /** The serialised message. */
  async encrypt(text) {
    const bytes = new Uint8Array(Buffer.from(text));
    const message = await signalEncrypt(bytes, this.#peer, this.#address, this.#sessions, this.#identities);
    return message.serialize();
  }

  async decrypt(bytes) {
    const message = SignalMessage.deserialize(bytes);
    return Buffer.from(
      await signalDecrypt(message, this.#peer, this.#address, this.#sessions, this.#identities),
    ).toString();
  }

  /** The first message of a session. */
  async decryptFirst(bytes) {
    const message = PreKeySignalMessage.deserialize(bytes);
    const stores = [this.#sessions, this.#identities, this.#preKeys, this.#signedPreKeys, this.#kyberPreKeys];
    return Buffer.from(await signalDecryptPreKey(message, this.#peer, this.#address, ...stores)).toString();
  }
}
