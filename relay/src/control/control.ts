/** What an operator may do with a relay, whether it runs or not. */

/** A day as `2026-12-31`. */
export type DayText = string;

export interface RelayStatus {
  readonly running: boolean;
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** Without a secret: lets nobody in (but into an open relay). */
  readonly address: string;
  readonly open: boolean;
  readonly users: number;
  /** Envelopes that wait, and their bytes. */
  readonly envelopes: number;
  readonly bytes: number;
  /** Invites that can still be used. */
  readonly invites: number;
  /** Open channels; 0 where it does not run. */
  readonly channels: number;
}

export interface RelayInvite {
  readonly link: string;
  readonly uses: number;
  /** The last day on which it lets anyone in. */
  readonly ends: DayText;
}

export interface RelayUser {
  readonly fingerprint: string;
  readonly name: string | null;
  readonly joined: DayText;
  readonly waiting: number;
}

export interface RelayBackup {
  readonly file: string;
  readonly bytes: number;
}

export interface RelayControl {
  status(): Promise<RelayStatus>;
  /** Counted from today: with 1 day it lets people in until tomorrow's end. */
  invite(wanted: { readonly uses: number; readonly days: number }): Promise<RelayInvite>;
  users(): Promise<readonly RelayUser[]>;
  /** By `@name`, name or fingerprint. @throws RelayError `relay-user-unknown` */
  remove(who: string): Promise<RelayUser>;
  /** Into a file that is not there yet; an absolute path. @throws RelayError `relay-backup-exists`, `relay-disk` */
  backup(file: string): Promise<RelayBackup>;
  close(): Promise<void>;
}
