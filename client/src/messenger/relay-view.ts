/** A relay as it is shown. */
export interface RelayView {
  /** Its address, `waxwing://host:port/#A`: what others need to reach it, no secret. */
  readonly address: string;
  /** `SHA256:…` of its account. */
  readonly fingerprint: string;
  /** The name claimed there, without `@`. */
  readonly name: string | undefined;
  readonly connected: boolean;
}
