/** Pieces of a page. Whatever is put into one is escaped, unless it is itself a piece. */

/** Text that is HTML or SVG already. Only `html` and `verbatim` make it. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** Nothing stands for undefined. */
export type Insertion = string | number | Html | readonly Html[] | undefined;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Control and format characters, unpaired surrogates, private use, line and paragraph separators. */
const ACTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/** A tagged template: the template is taken as it stands, each insertion is escaped, for text and for quoted attributes. */
export function html(template: TemplateStringsArray, ...insertions: readonly Insertion[]): Html {
  return new Html(template.map((piece, at) => piece + (at < insertions.length ? textOf(insertions[at]) : '')).join(''));
}

/** A text of this house's own, such as the style sheet, as it stands. */
export function verbatim(text: string): Html {
  return new Html(text);
}

function textOf(insertion: Insertion): string {
  if (insertion === undefined) return '';
  if (insertion instanceof Html) return insertion.toString();
  if (typeof insertion === 'object') return insertion.join('');
  return escapeText(String(insertion));
}

/**
 * Marks as entities; whatever could act on whoever reads as its number. Line feeds and tabs stay.
 */
export function escapeText(text: string): string {
  return text
    .replaceAll(/[&<>"'`]/g, (mark) => ENTITIES[mark] as string)
    .replaceAll(ACTING, (character) =>
      character === '\n' || character === '\t'
        ? character
        : `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
    );
}
