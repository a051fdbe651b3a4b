/** A conversation's title as it is shown: no name of a person can look like a room, and no room's name like a sentence. */
import { sanitiseLine, sanitiseName } from './sanitise.ts';

const WORD = /^[\p{L}\p{M}\p{N}._~/-]+$/u;

/** `@alice`, `bob`, `~eve`, `#team`, `SHA256:…`; a name of other characters stands in quotes. Safe to print. */
export function conversationLabel(title: string): string {
  if (/^SHA256:[\w+/]+…?$/u.test(title)) return title; // no name can look like a fingerprint
  if (!title.startsWith('#')) return sanitiseName(title);
  const name = sanitiseLine(title.slice(1).normalize('NFC').trim(), 64);
  return WORD.test(name) ? `#${name}` : `#“${name.replace(/[“”"]/gu, "'")}”`;
}
