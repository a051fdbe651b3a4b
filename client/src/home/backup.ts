/** Backup and restore: one age file (`age -d` opens it to a plain SQLite database) with identity and history. */
import type { Home, OpenHomeOptions } from './home.ts';

export interface BackupOptions {
  readonly home: Home;
  /** The file to write; it must not exist. */
  readonly path: string;
  readonly passphrase: string;
  readonly scryptLogN?: number | undefined;
}

export interface BackupResult {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly messages: number;
  readonly peers: number;
}

/** @throws WaxwingError `backup-exists`, `backup-unwritable`, `passphrase-empty`, `disk-full` */
export declare function backupHome(options: BackupOptions): Promise<BackupResult>;

export interface RestoreOptions {
  /** The backup file. */
  readonly path: string;
  readonly passphrase: string;
  /** The home to restore into: its folder must hold no identity. */
  readonly home: Omit<OpenHomeOptions, 'memory' | 'identity'>;
}

export interface RestoreResult {
  /** Open, with a new device id of the same account (§5.2). The caller closes it. */
  readonly home: Home;
  readonly messages: number;
  readonly peers: number;
  /** Hex. The device in the backup, and the one made in its place. */
  readonly oldDevice: string;
  readonly newDevice: string;
  /** When the backup was made, ms. */
  readonly madeAt: number;
}

/** @throws WaxwingError `backup-missing`, `backup-damaged`, `passphrase-wrong`, `home-not-empty`, `home-too-new`, … */
export declare function restoreHome(options: RestoreOptions): Promise<RestoreResult>;
