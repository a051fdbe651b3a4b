/** One connection of the load, whichever server it is with. */

/** A message of the smallest size that a relay takes (§11.3), for every server. */
export const MESSAGE_SIZE = 1_104;

export interface Peer {
  /** Where others send what is for it, as text: another process is told it. */
  readonly address: string;
  /** `message` has MESSAGE_SIZE bytes. */
  send(to: string, message: Uint8Array): void;
  /** From now on it takes, and acknowledges, what is sent to it. */
  receive(): void;
  close(): Promise<void>;
}

export interface PeerEvents {
  /** So many more of what was sent are acknowledged. */
  acknowledged(count: number): void;
  received(messages: readonly Uint8Array[]): void;
  /** It ended without being asked to, or something was refused. Told once. */
  failed(error: Error): void;
}
