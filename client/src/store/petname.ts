/** Names of peers: what may be one, and when two are the same. */
import { MAX_NAME_CHARACTERS } from '@waxwing/protocol';
import { WaxwingError } from '../errors.ts';

/** Control, format (bidi overrides, zero width) and unassigned characters, and line ends: they make names that lie. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?!\u200d)\p{Cf}/gu;

function tidy(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim();
}

/**
 * The petname a user typed: NFC, trimmed, 1..64 characters, nothing invisible, no fingerprint and no number sign.
 * @throws WaxwingError `name-invalid`
 */
export function parsePetname(typed: string): string {
  const name = tidy(typed);
  if (name === '') throw invalid('A name has at least one character.');
  if (Array.from(name).length > MAX_NAME_CHARACTERS)
    throw invalid(`A name has at most ${MAX_NAME_CHARACTERS} characters.`);
  if (name.search(UNSAFE) !== -1) throw invalid('A name has no control characters or invisible ones.');
  if (/^sha256:/iu.test(name)) throw invalid('A name cannot look like a fingerprint.');
  if (/^[/#-]/u.test(name)) throw invalid('A name does not begin with /, # or -.');
  return name;
}

/** What a peer calls itself, made harmless: unsafe characters dropped, cut to 64 characters; possibly empty. */
export function cleanNick(claimed: string): string {
  const name = tidy(tidy(claimed).replace(UNSAFE, ''));
  return tidy(Array.from(name).slice(0, MAX_NAME_CHARACTERS).join(''));
}

/** Two petnames with one key are the same name. */
export function petnameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function invalid(message: string): WaxwingError {
  return new WaxwingError('name-invalid', message, 'Choose another name: waxwing peers name PEER NAME.');
}
