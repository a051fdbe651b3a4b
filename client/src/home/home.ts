/** A home: one folder with one identity and everything it remembers, used by one process at a time. */
import {
  type Device,
  deviceDue,
  type Primitives,
  renewDevice,
  type RsaKeyPair,
  type SecretKey,
  toHex,
} from '@waxwing/protocol';
import { nodePrimitives } from '@waxwing/protocol/primitives/node';
import { WaxwingError } from '../errors.ts';
import { createIdentity, type Identity } from '../identity.ts';
import { Database } from '../store/sqlite/database.ts';
import { isLab, markLab } from '../store/sqlite/lab-mark.ts';
import { loadIdentity, saveIdentity } from '../store/sqlite/identity-row.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { openFolder, readFolder } from './folder.ts';
import type { HomeLock } from './lock.ts';

/** Where the database key is: a 0600 file, a file under a passphrase, or nowhere (a home in memory). */
export type Protection = 'key-file' | 'passphrase' | 'memory';

export interface Home {
  readonly path: string;
  /** The profile's name, or undefined where WAXWING_HOME named the folder. */
  readonly profileLabel: string | undefined;
  /** Everything in RAM: nothing of this run will be kept. */
  readonly memory: boolean;
  readonly protection: Protection;
  /** This opening made a new account. */
  readonly created: boolean;
  /** Made to be looked into: X-ray shows its real keys. Decided when it was made, for good. */
  readonly lab: boolean;
  readonly account: RsaKeyPair;
  /** The current device: read it anew for each connection, it changes on renewal and rotation. */
  readonly device: Device;
  readonly store: Store;
  /** Renews the certificate and rotates the wrapping key where due (§2). Whether anything changed. */
  renewIfDue(): Promise<boolean>;
  /** Wholly new keys: a new account that nobody knows. Peers will see it as CHANGED. */
  rotateAccount(): Promise<void>;
  /** A new device (id, keys, sequences) of the same account. */
  rotateDevice(): Promise<void>;
  /** Ends the lock and closes the database. Twice is harmless. */
  close(): void;
}

export interface OpenHomeOptions {
  readonly path: string;
  /** For sentences: the profile's name, undefined where WAXWING_HOME named the folder. */
  readonly profileLabel?: string | undefined;
  /** Asked only where the home is protected and WAXWING_PASSPHRASE_FILE is not set. */
  readonly passphrase?: (() => Promise<string>) | undefined;
  /** Read for WAXWING_PASSPHRASE_FILE only. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Everything in RAM, for a read-only or full disk after the user agreed. Identity, peers and history are taken from
   * the folder where they can be read; the device is a new one of the same account (§5.2: this is a copy).
   */
  readonly memory?: boolean | undefined;
  /** Called before keys are generated, which takes a moment. */
  readonly onGeneratingKeys?: (() => void) | undefined;
  /** Unix milliseconds. */
  readonly now?: (() => number) | undefined;
  /** Another source of the first identity than generating one. */
  readonly identity?: (() => Promise<Identity>) | undefined;
  /** Where keys come from; Node's own primitives unless given. */
  readonly primitives?: Primitives | undefined;
  /** Makes a lab home on disk: one whose secrets are there to be seen. Refused where a home is already. */
  readonly lab?: boolean | undefined;
}

interface Parts {
  readonly path: string;
  readonly profileLabel: string | undefined;
  readonly protection: Protection;
  readonly created: boolean;
  readonly identity: Identity;
  readonly database: Database;
  /** Undefined in memory. */
  readonly key: SecretKey | undefined;
  readonly lock: HomeLock | undefined;
  readonly now: () => number;
  readonly primitives: Primitives | undefined;
}

/** The Home there is; backup and protection need what the port does not show. */
export class OpenHome implements Home {
  readonly path: string;
  readonly profileLabel: string | undefined;
  readonly created: boolean;
  readonly lab: boolean;
  readonly store: Store;
  readonly database: Database;
  readonly key: SecretKey | undefined;
  readonly now: () => number;
  readonly primitives: Primitives;
  protection: Protection;
  readonly #lock: HomeLock | undefined;
  #identity: Identity;
  #open = true;

  constructor(parts: Parts) {
    this.path = parts.path;
    this.profileLabel = parts.profileLabel;
    this.created = parts.created;
    this.lab = isLab(parts.database);
    this.store = new SqliteStore(parts.database, parts.now);
    this.database = parts.database;
    this.key = parts.key;
    this.now = parts.now;
    this.primitives = parts.primitives ?? nodePrimitives;
    this.protection = parts.protection;
    this.#lock = parts.lock;
    this.#identity = parts.identity;
  }

  get memory(): boolean {
    return this.protection === 'memory';
  }

  get account(): RsaKeyPair {
    return this.#identity.account;
  }

  get device(): Device {
    return this.#identity.device;
  }

  async renewIfDue(): Promise<boolean> {
    const { account, device } = this.#identity;
    const now = this.now();
    const { renew, rotateWrapKey } = deviceDue(device, now);
    if (!renew && !rotateWrapKey) return false;
    const options = { account, device, now, rotateWrapKey, newDeviceId: false };
    this.#become({ account, device: await renewDevice(this.primitives, options) }, () => undefined);
    return true;
  }

  async rotateAccount(): Promise<void> {
    const before = this.device.bundle.account;
    const identity = await createIdentity(this.now(), this.primitives);
    this.#become(identity, () =>
      this.store.events.add('own-account-rotated', { account: identity.device.bundle.account, before }),
    );
  }

  async rotateDevice(): Promise<void> {
    const { account, device } = this.#identity;
    const identity = { account, device: await newDeviceOf(this.primitives, this.#identity, this.now()) };
    this.#become(identity, () => {
      const detail = `${toHex(device.bundle.device)} → ${toHex(identity.device.bundle.device)}`;
      this.store.events.add('own-device-rotated', { account: device.bundle.account, detail });
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.database.close();
    this.#lock?.release();
  }

  /** @throws WaxwingError `home-closed` */
  assertOpen(): void {
    if (this.#open) return;
    throw new WaxwingError('home-closed', `${this.path} was closed.`, 'Open it again.');
  }

  /** Kept first, used then: a bundle must not be shown that could be lost. */
  #become(identity: Identity, note: () => void): void {
    this.assertOpen();
    this.store.transaction(() => {
      saveIdentity(this.database, identity, this.now());
      note();
    });
    this.#identity = identity;
  }
}

/**
 * Opens a home, and makes it where there is none.
 * @throws WaxwingError `home-locked`, `home-read-only`, `disk-full`, `home-damaged`, `home-key-missing`,
 *   `home-too-new`, `passphrase-needed`, `passphrase-wrong`; with `lab`: `home-not-empty`
 */
export async function openHome(options: OpenHomeOptions): Promise<Home> {
  const now = options.now ?? Date.now;
  if (options.memory === true) return openCopy(await readFolder(options), options, now);
  const folder = await openFolder(options);
  try {
    const kept = await loadIdentity(folder.database);
    if (kept !== undefined && options.lab === true) throw notNew(options.path);
    const identity = kept ?? (await firstIdentity(options, now));
    if (kept === undefined) {
      folder.database.transaction(() => {
        saveIdentity(folder.database, identity, now());
        if (options.lab === true) markLab(folder.database);
      });
    }
    const home = openHomeOf(options, { ...folder, identity, now, kept });
    await home.renewIfDue();
    return home;
  } catch (error) {
    folder.database.close();
    folder.lock.release();
    throw error;
  }
}

/**
 * Goes on in RAM with everything an open home holds, when its disk has failed and the user agreed. The home is closed;
 * the new one has a new device of the same account, so connections must be made anew.
 */
export async function continueInMemory(home: Home): Promise<Home> {
  if (!(home instanceof OpenHome)) throw new TypeError('not a home of this module');
  home.assertOpen();
  const database = Database.openMemory(home.path, home.database.exposeImage());
  const { path, profileLabel, primitives, now } = home;
  home.close();
  return openCopy(database, { path, profileLabel, primitives }, now);
}

interface Opened extends Pick<Parts, 'protection' | 'identity' | 'database' | 'key' | 'lock' | 'now'> {
  /** The identity that was there before this opening. */
  readonly kept: Identity | undefined;
}

function openHomeOf({ path, profileLabel, primitives }: OpenHomeOptions, { kept, ...opened }: Opened): OpenHome {
  return new OpenHome({ path, profileLabel, primitives, created: kept === undefined, ...opened });
}

/** A home in RAM on a copy of a database. */
async function openCopy(database: Database, options: OpenHomeOptions, now: () => number): Promise<Home> {
  const kept = await loadIdentity(database);
  const identity =
    kept === undefined
      ? await firstIdentity(options, now)
      : { account: kept.account, device: await newDeviceOf(options.primitives ?? nodePrimitives, kept, now()) };
  saveIdentity(database, identity, now());
  const nothing = { key: undefined, lock: undefined };
  return openHomeOf(options, { protection: 'memory', identity, database, now, kept, ...nothing });
}

/** What others know and trust must not become something to be looked into. */
function notNew(path: string): WaxwingError {
  return new WaxwingError(
    'home-not-empty',
    `${path} holds an identity already, and only a new home can be a lab home.`,
    'Name a folder that is not there yet.',
  );
}

function firstIdentity(options: OpenHomeOptions, now: () => number): Promise<Identity> {
  options.onGeneratingKeys?.();
  return options.identity?.() ?? createIdentity(now(), options.primitives);
}

/** A device of another id, with all its keys new (§5.2: for a rotation, and for every copy of a home). */
export function newDeviceOf(p: Primitives, { account, device }: Identity, now: number): Promise<Device> {
  return renewDevice(p, { account, device, now, rotateWrapKey: true, newDeviceId: true });
}
