/** What the checks of §5.4 found: one typed result per check, in the order in which they ran. */

interface Timed {
  /** What the check cost, in milliseconds of the caller's stopwatch; absent where none was given. */
  readonly took?: number;
}

/** Step 0: the shape. `size` is the whole envelope in bytes. */
export interface StructureResult extends Timed {
  readonly check: 'structure';
  readonly size: number;
}

/** Step 1: layer 4. `covered` bytes stood under the tag; `pe` is the post-quantum epoch of the key (§6). */
export interface HmacResult extends Timed {
  readonly check: 'hmac';
  readonly covered: number;
  readonly pn: number;
  readonly n: number;
  readonly pe: number;
}

/** Step 2: layer 2. `wrapKey` is the place of the own key that opened it, 0 being the newest. */
export interface UnwrapResult extends Timed {
  readonly check: 'unwrap';
  readonly wrapped: number;
  readonly wrapKey: number;
}

/** Step 3: layer 1. Sizes in bytes, before and after decryption and padding. */
export interface DecryptResult extends Timed {
  readonly check: 'decrypt';
  readonly ciphertext: number;
  readonly plain: number;
  readonly items: number;
}

/** Step 4: layer 5. `age` in milliseconds on the agreed clock; `holds` is false for a flight refused for its age alone. */
export interface FreshnessResult extends Timed {
  readonly check: 'freshness';
  readonly holds: boolean;
  readonly seq: number;
  readonly gap: number;
  readonly age: number;
  readonly ttl: number;
}

/** Step 5: layer 3. `statement` and `signature` in bytes; `serial` is the certificate's. */
export interface SignatureResult extends Timed {
  readonly check: 'signature';
  readonly statement: number;
  readonly signature: number;
  readonly serial: number;
}

export type CheckResult =
  | StructureResult
  | HmacResult
  | UnwrapResult
  | DecryptResult
  | FreshnessResult
  | SignatureResult;

/** The six results of an opened flight, in the frozen order of §5.4. */
export type Proof = readonly [
  StructureResult,
  HmacResult,
  UnwrapResult,
  DecryptResult,
  FreshnessResult,
  SignatureResult,
];
