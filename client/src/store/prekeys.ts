/** Own prekeys and bundles, and what was seen of others' (§9.1): none of it may ever fall back. */
import type { Bytes, HeldPrekeys, KnownPrekeys, KnownSerial } from '@waxwing/protocol';

/** A statement of ours and where it lies. */
export interface OwnPrekeys {
  readonly held: HeldPrekeys;
  /** 32 */
  readonly relay: Bytes;
  /** Of the certificate at that time. */
  readonly serial: number;
}

export interface Prekeys {
  /** Before anything is uploaded. */
  add(device: Bytes, prekeys: OwnPrekeys): void;
  /** The statements whose keys are held, newest first. */
  held(device: Bytes): readonly OwnPrekeys[];
  /** The highest counter that this device ever used; 0 before the first. */
  lastCounter(device: Bytes): number;
  /** What a start left of one statement. */
  replace(device: Bytes, held: HeldPrekeys): void;
  /** The keys of statements made before `time` go; their counters stay. */
  dropBefore(time: number): void;
  /** Remembers an own bundle with its serial, and lets go those that were replaced before `time`. */
  noteBundle(bundle: { readonly device: Bytes; readonly serial: number; readonly bytes: Bytes }, time: number): void;
  /** The own bundles that a start may name, encoded. */
  ownBundles(device: Bytes): readonly Bytes[];
  /** The newest statement seen of another's device. */
  known(account: Bytes, device: Bytes): KnownPrekeys | undefined;
  note(account: Bytes, device: Bytes, known: KnownPrekeys): void;
  /** The newest certificate seen of another's device. */
  knownSerial(account: Bytes, device: Bytes): KnownSerial | undefined;
}
