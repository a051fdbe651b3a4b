/** What commands print: lines for people, one JSON object a line for scripts. */

/** Whatever acts on a terminal or on the reading order, also beyond what JSON itself escapes. */
const ACTS = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/gu;

/** Prints lines that are safe already. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Prints one value as one line. */
export function printJson(value: unknown): void {
  print(safeJson(value));
}

/** JSON in which every character that could act stands as `\u` escapes; it reads back as the same value. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(ACTS, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
