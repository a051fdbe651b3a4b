/** The slash commands of the chat: one table, one parser. */

export type CommandName =
  | 'help'
  | 'quit'
  | 'verify'
  | 'proof'
  | 'why'
  | 'peer'
  | 'history'
  | 'search'
  | 'delete'
  | 'block'
  | 'nick'
  | 'resend'
  | 'name';

/** What an entered line means. */
export type Entry =
  /** To be sent; `//text` comes as `/text`. */
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'empty' }
  /** `exit`, `quit` or `/quit`. */
  | { readonly kind: 'command'; readonly command: Command }
  /** Nothing to send: say `sentence` (safe to print). */
  | { readonly kind: 'mistake'; readonly sentence: string };

export type Command =
  | { readonly name: 'help'; readonly topic?: string }
  | { readonly name: 'quit' }
  | { readonly name: 'verify' }
  | { readonly name: 'peer' }
  | { readonly name: 'proof'; readonly number: number | 'all' | 'off' | 'last' }
  | { readonly name: 'why'; readonly number: number | 'last' }
  | { readonly name: 'history'; readonly count: number }
  | { readonly name: 'search'; readonly words: string }
  | { readonly name: 'delete'; readonly number: number }
  | { readonly name: 'block' }
  | { readonly name: 'nick'; readonly nick?: string }
  | { readonly name: 'name'; readonly peerName?: string }
  | { readonly name: 'resend'; readonly number: number | 'all' };

/** Reads an entered line. `/word` that is no command is a mistake, never a message. */
export declare function parseEntry(text: string): Entry;
/** The lines of `/help` or `/help topic` (safe to print). */
export declare function helpLines(topic?: string): string[];
/** Completes a slash command's name on Tab: the longer text, or undefined. */
export declare function completeEntry(text: string): string | undefined;
