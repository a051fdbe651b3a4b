/** A home: one folder with one identity and everything it remembers, used by one process at a time. */
import type { Device, RsaKeyPair } from '@waxwing/protocol';
import type { Identity } from '../identity.ts';
import type { Store } from '../store/store.ts';

/** Where the database key is: a 0600 file, a file under a passphrase, or nowhere (a home in memory). */
export type Protection = 'key-file' | 'passphrase' | 'memory';

export interface Home {
  readonly path: string;
  /** The profile's name, or undefined where WAXWING_HOME named the folder. */
  readonly profileLabel: string | undefined;
  /** Everything in RAM: nothing of this session will be kept. */
  readonly memory: boolean;
  readonly protection: Protection;
  /** This opening made a new account. */
  readonly created: boolean;
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
}

/**
 * Opens a home, and makes it where there is none.
 * @throws WaxwingError `home-locked`, `home-read-only`, `disk-full`, `home-damaged`, `home-key-missing`,
 *   `home-too-new`, `passphrase-needed`, `passphrase-wrong`
 */
export declare function openHome(options: OpenHomeOptions): Promise<Home>;
