/** What X-ray shows of one frame, as plain data: it is rendered on a screen, and written as one line of a recording. */

/** Bytes that stand on the wire, or inside a layer without being a secret. `hex` may be their beginning only. */
export interface BytesPart {
  readonly kind: 'bytes';
  /** The name of the specification. */
  readonly name: string;
  /** The name of the original program, where it had one. */
  readonly original?: string | undefined;
  /** Which of the five layers it belongs to. */
  readonly layer?: number | undefined;
  /** Bytes in all. */
  readonly size: number;
  readonly hex: string;
}

/** A secret. Without a lab identity it is known by its mark alone: equal marks, equal secrets, in one recording. */
export interface SecretPart {
  readonly kind: 'secret';
  readonly name: string;
  readonly size: number;
  readonly mark: string;
  /** Of a lab identity only. */
  readonly hex?: string | undefined;
}

export interface ValuePart {
  readonly kind: 'value';
  readonly name: string;
  readonly value: string;
}

/** A check, or a step of making. `took` in milliseconds. */
export interface CheckPart {
  readonly kind: 'check';
  readonly name: string;
  readonly held: boolean;
  readonly took?: number | undefined;
  readonly note?: string | undefined;
}

export type Part = BytesPart | SecretPart | ValuePart | CheckPart;

export interface Row {
  /** What the parts belong to: a layer, the ratchet, the chain, the checks. */
  readonly name: string;
  readonly parts: readonly Part[];
}

export interface Block {
  /** Unix milliseconds, the own clock. */
  readonly at: number;
  /** The connections of a run are counted from 1. */
  readonly connection: number;
  readonly direction: 'out' | 'in' | 'here';
  /** `F1` … `F5`, `record 7`, `reject`, `keys`. */
  readonly frame: string;
  /** The whole frame in bytes, its five header bytes included; 0 for what is no frame. */
  readonly size: number;
  readonly title: string;
  readonly rows: readonly Row[];
}
