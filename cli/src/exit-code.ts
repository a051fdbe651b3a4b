/** Exit codes of the command: few, documented in docs/errors.md, the same for the same kind of trouble. */
import type { ClientErrorCode } from '@waxwing/client';
import type { RelayErrorCode } from '@waxwing/relay';

export const EXIT = {
  ok: 0,
  /** Something unexpected, a finding of the doctor that is left to the user, a question answered with no, or a file in the way. */
  failure: 1,
  /** The command line does not read. */
  usage: 2,
  /** The home, or a relay's data folder, cannot be used: missing, locked, read-only, full, damaged, passphrase. */
  home: 3,
  /** Nobody could be reached, or a port could not be had; a relay that serves nobody just now. */
  network: 4,
  /** The peer or relay is there and does not talk to us: busy, rejected, blocked, quarantined, no member, too fast. */
  refused: 5,
  /** Another key under a known name, or a fingerprint that differs. */
  changed: 6,
  /** The connection ended before everything was delivered: kept, and sent on the next connection, or for `/resend`. */
  undelivered: 7,
  /** What was asked for does not hold or does not exist: evidence, a backup, a recording, a name, a message, an invite. */
  notFound: 8,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF: Readonly<Record<ClientErrorCode | RelayErrorCode, ExitCode>> = {
  'home-locked': EXIT.home,
  'home-read-only': EXIT.home,
  'disk-full': EXIT.home,
  'home-io': EXIT.home,
  'home-damaged': EXIT.home,
  'home-key-missing': EXIT.home,
  'home-too-new': EXIT.home,
  'home-closed': EXIT.failure,
  'home-missing': EXIT.home,
  'home-not-empty': EXIT.home,
  'profile-invalid': EXIT.usage,
  'passphrase-needed': EXIT.home,
  'passphrase-wrong': EXIT.home,
  'passphrase-empty': EXIT.home,
  'already-protected': EXIT.home,
  'not-protected': EXIT.home,
  'backup-exists': EXIT.home,
  'backup-missing': EXIT.notFound,
  'backup-damaged': EXIT.notFound,
  'backup-unwritable': EXIT.home,
  'peer-changed': EXIT.changed,
  'peer-blocked': EXIT.refused,
  'peer-quarantined': EXIT.refused,
  'peer-rollback': EXIT.changed,
  'name-unknown': EXIT.notFound,
  'name-ambiguous': EXIT.notFound,
  'name-taken': EXIT.notFound,
  'name-invalid': EXIT.usage,
  'message-unknown': EXIT.notFound,
  'no-evidence': EXIT.notFound,
  'fingerprint-differs': EXIT.changed,
  'too-large': EXIT.usage,
  'not-text': EXIT.usage,
  'not-acknowledged': EXIT.undelivered,
  'restored-copy': EXIT.home,
  'file-exists': EXIT.failure,
  'file-missing': EXIT.notFound,
  'file-unwritable': EXIT.failure,
  'confirmation-needed': EXIT.usage,
  'option-misplaced': EXIT.usage,
  'lab-missing': EXIT.notFound,
  'attack-unknown': EXIT.usage,
  'check-unknown': EXIT.usage,
  'recording-invalid': EXIT.notFound,
  'secret-missing': EXIT.usage,
  'address-invalid': EXIT.usage,
  'port-in-use': EXIT.network,
  'port-forbidden': EXIT.network,
  'connection-refused': EXIT.network,
  'host-not-found': EXIT.network,
  'host-unreachable': EXIT.network,
  'connection-failed': EXIT.network,
  'handshake-failed': EXIT.network,
  'peer-busy': EXIT.refused,
  'peer-rejected': EXIT.refused,
  'connection-cut': EXIT.undelivered,
  'relay-changed': EXIT.changed,
  'relay-rollback': EXIT.changed,
  'relay-refused': EXIT.refused,
  'relay-flood': EXIT.refused,
  'relay-unavailable': EXIT.network,
  'relay-replaced': EXIT.refused,
  'not-a-member': EXIT.refused,
  'invite-unknown': EXIT.notFound,
  'invite-used': EXIT.notFound,
  'invite-expired': EXIT.notFound,
  'account-unknown': EXIT.notFound,
  'prekeys-missing': EXIT.notFound,
  'mailbox-full': EXIT.undelivered,
  'prekeys-bad': EXIT.changed,
  'too-fast': EXIT.refused,
  'not-connected': EXIT.network,
  'no-relay': EXIT.notFound,
  'not-in-room': EXIT.refused,
  'not-admin': EXIT.refused,
  'last-admin': EXIT.refused,
  'room-full': EXIT.refused,
  'room-forked': EXIT.refused,
  'not-delivered': EXIT.undelivered,
  'relay-config': EXIT.usage,
  'relay-cannot-listen': EXIT.network,
  'relay-running': EXIT.home,
  'relay-missing': EXIT.home,
  'relay-disk': EXIT.home,
  'relay-damaged': EXIT.home,
  'relay-too-new': EXIT.home,
  'relay-control': EXIT.failure,
  'relay-user-unknown': EXIT.notFound,
  'relay-backup-exists': EXIT.home,
  'relay-backup-damaged': EXIT.notFound,
  'relay-not-empty': EXIT.home,
};

/** The exit code of an error of the SDK or of the relay. */
export function exitCodeOf(code: ClientErrorCode | RelayErrorCode): ExitCode {
  return EXIT_OF[code];
}
