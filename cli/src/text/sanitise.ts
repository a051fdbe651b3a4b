/**
 * Makes strings from elsewhere safe to show: nothing invisible acts, nothing foreign can look like a line of ours.
 *
 * What acts on a terminal or on the reading order (control characters, bidirectional controls, line separators, invisible
 * characters, tags, lone surrogates, noncharacters) is shown as `\x1b` or `\u{202e}`. Backslashes before something that
 * reads like such an escape are doubled, so what is shown stands for one text only.
 */

/** Prefix of every further line of a message. */
export const CONTINUATION = '  | ';

/** Combining characters kept on one base: real scripts need five at most, floods cover the lines around them. */
export const MAX_MARKS = 8;
/** Zero-width joiners kept in one emoji: the longest recommended ones hold three. */
const MAX_JOINERS = 7;

const MAX_NAME = 64; // §12
const TAB = '    ';

const ORDINARY = /^[\x20-\x5b\x5d-\x7e]*$/;
const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/u;
// Format characters that are signs of their own (Arabic number sign and its like) are seen and do nothing.
const VISIBLE_FORMAT = /[\u{600}-\u{605}\u{6dd}\u{70f}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}]/u;
const STACKS = /[\p{M}\u{1160}-\u{11ff}\u{d7b0}-\u{d7fb}]/u; // marks, and Hangul vowels and finals, which are as wide as nothing
const JOINS = '\u{200d}';
const NON_JOINER = '\u{200c}';
const PICTOGRAPH = /\p{Extended_Pictographic}/u;
const EMOJI = /[\p{Emoji}]/u;
const EMOJI_TAIL = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{fe0f}]/u;
// Scripts whose spelling needs the joiners.
const JOINING_SCRIPT =
  /[\p{sc=Arab}\p{sc=Syrc}\p{sc=Mand}\p{sc=Mong}\p{sc=Nkoo}\p{sc=Adlm}\p{sc=Rohg}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}\p{sc=Bali}\p{sc=Java}]/u;
const VARIED = /[\p{sc=Han}\p{sc=Mymr}\p{sc=Phag}\p{sc=Mani}\p{Sm}]/u;
const FLAG_OF_TAGS = /^\p{RGI_Emoji_Tag_Sequence}$/v;
const TAGGED_FLAG = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/uy;
const READS_AS_ESCAPE = /^\\+(?:x[0-9a-f]{2}|u\{[0-9a-f]+\})/;

/** A foreign text as safe lines (at least one), without prefixes: split at `\n` (and `\r\n`), everything else that acts escaped. */
export function sanitiseLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => safe(line, true));
}

/**
 * A foreign text as one safe line (file names, error details): line breaks are escaped too. At most `max` characters as
 * people count them, then `…`.
 */
export function sanitiseLine(text: string, max?: number): string {
  const line = safe(text, true);
  return max === undefined ? line : shorten(line, max);
}

/**
 * A foreign name: one safe line of at most 64 characters, in quotes where it holds more than letters, digits and ` ._'@-`
 * (after a `~` of ours, perhaps), or is a word our own lines begin with.
 */
export function sanitiseName(name: string): string {
  const line = shorten(safe(name.normalize('NFC').trim().replace(/\s+/gu, ' '), true), MAX_NAME);
  const plain = /^~?[\p{L}\p{M}\p{N} ._'@-]+$/u.test(line);
  const ours = /^(?:message|security|type message|waxwing|peer|you|proof|xray)$/i.test(line.normalize('NFKC'));
  return plain && !ours ? line : `“${line.replace(/[“”"]/gu, "'")}”`;
}

/** Sentences of our own that may quote something: lines, made safe again without doubling their escapes. */
export function sanitiseOwn(text: string): string[] {
  return text.split('\n').map((line) => safe(line, false));
}

function safe(line: string, unambiguous: boolean): string {
  if (ORDINARY.test(line)) return line;
  let out = '';
  let slashes = 0; // backslashes at the end of out
  let base = ''; // the last character kept, or '' where a mark would have nothing of the text's own to stand on
  let marks = 0;
  let joiners = 0;
  for (let at = 0; at < line.length; ) {
    const character = String.fromCodePoint(line.codePointAt(at) as number);
    const flag = character === '\u{1f3f4}' ? taggedFlag(line, at) : undefined;
    const piece = flag ?? character;
    at += piece.length;
    if (piece === '\\') {
      slashes += 1;
      out += piece;
      base = piece;
      if (unambiguous && line[at] !== '\\' && READS_AS_ESCAPE.test(line.slice(at - 1, at + 12))) {
        out += '\\'.repeat(slashes);
        slashes = 0;
      }
      continue;
    }
    let kept: string | undefined;
    if (flag !== undefined) kept = flag;
    else if (piece === '\t') kept = TAB;
    else if (ACTS.test(piece) && !VISIBLE_FORMAT.test(piece)) {
      if (piece === JOINS) joiners += 1;
      kept = keptInvisible(piece, base, joiners, line.slice(at, at + 2));
    } else if (STACKS.test(piece)) {
      marks += 1;
      kept = base !== '' && marks <= MAX_MARKS ? piece : undefined;
    } else {
      kept = piece;
      marks = 0;
      if (base !== JOINS) joiners = 0;
    }
    if (kept === undefined) {
      if (unambiguous) out += '\\'.repeat(slashes);
      out += escapeOf(piece);
      base = '';
    } else {
      out += kept;
      base = flag === undefined ? kept : '\u{1f3f4}';
    }
    slashes = 0;
  }
  return out;
}

/** An invisible character is kept only where emoji or a script's spelling need it. */
function keptInvisible(piece: string, base: string, joiners: number, next: string): string | undefined {
  const code = piece.codePointAt(0) as number;
  if (piece === JOINS && EMOJI_TAIL.test(base) && PICTOGRAPH.test(next))
    return joiners <= MAX_JOINERS ? piece : undefined;
  if (piece === JOINS || piece === NON_JOINER) return JOINING_SCRIPT.test(base) ? piece : undefined;
  if (code === 0xfe0e || code === 0xfe0f) return EMOJI.test(base) ? piece : undefined;
  if (code >= 0xfe00 && code <= 0xfe0d) return VARIED.test(base) ? piece : undefined;
  if (code >= 0xe0100 && code <= 0xe01ef) return /\p{sc=Han}/u.test(base) ? piece : undefined;
  if (code >= 0x180b && code <= 0x180f) return /[\p{sc=Mong}--[\u{180b}-\u{180f}]]/v.test(base) ? piece : undefined;
  return undefined;
}

/** England, Scotland and Wales are a black flag and tags; any other tags hide text. */
function taggedFlag(line: string, at: number): string | undefined {
  TAGGED_FLAG.lastIndex = at;
  const found = TAGGED_FLAG.exec(line)?.[0];
  return found !== undefined && FLAG_OF_TAGS.test(found) ? found : undefined;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) as number;
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

function shorten(line: string, max: number): string {
  if (line.length <= max) return line;
  let out = '';
  let count = 0;
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(line)) {
    if (++count > max) return `${out}…`;
    out += segment;
  }
  return out;
}
