/** Which certificates of a relay pass: none older than the newest one it has shown here (§2). */
import { type Bundle, checkSerial, encodeFingerprint, isProtocolError, type KnownSerial } from '@waxwing/protocol';
import { RelayFailure } from '../relay/relay-failure.ts';
import type { Relays } from '../store/relay.ts';

/**
 * Remembers the certificate that a relay has shown in a handshake, or refuses it.
 * @throws RelayFailure `relay-rollback`
 */
export function admitRelay(relays: Relays, bundle: Bundle): void {
  const { account, device } = bundle;
  const known = relays.knownSerial(account, device);
  const serial = check(known, bundle);
  if (known?.serial !== serial.serial) relays.noteSerial(account, device, serial);
}

function check(known: KnownSerial | undefined, bundle: Bundle): KnownSerial {
  try {
    return checkSerial(known, bundle);
  } catch (cause) {
    if (!isProtocolError(cause, 'bundle')) throw cause;
    throw new RelayFailure(
      'relay-rollback',
      [
        `The relay ${encodeFingerprint(bundle.account)} shows an older certificate than the one seen before (serial ${String(bundle.certificate.serial)}, ${String(known?.serial)} was seen): its old keys may have leaked, or it was set up from an old copy.`,
        'Ask its operator over another way. A relay that was set up from a copy of its files needs waxwing relay restore, which gives it new keys.',
      ],
      { passing: false, cause },
    );
  }
}
