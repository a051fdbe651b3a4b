/** Putting the database key under a passphrase, and taking it out again. */
import type { Home } from './home.ts';

export interface ProtectOptions {
  /** log2 of scrypt's work; age's own default is 18 (about a second). */
  readonly scryptLogN?: number | undefined;
}

/** @throws WaxwingError `already-protected`, `passphrase-empty`, `disk-full`, `home-read-only` */
export declare function protectHome(home: Home, passphrase: string, options?: ProtectOptions): Promise<void>;
/** The home is open, so its passphrase was given. @throws WaxwingError `not-protected`, … */
export declare function unprotectHome(home: Home): Promise<void>;
