/** What an attack on delivery is after: texts that never come to the screen, and nobody who is told. */
import type { Try } from '../attack.ts';
import type { CheckName, Stop } from '../check.ts';

/** Whom the texts were for: a process, or an end of the lab. */
export interface Addressee {
  readonly texts: readonly string[];
  /** What told it that something was wrong. */
  stop(): Stop | undefined;
}

export function silentLoss(texts: readonly string[], addressee: Addressee): Pick<Try, 'wanted' | 'obtained'> {
  const lost = (text: string): string => `lost: ${text.slice(0, 40)}`;
  const told = addressee.stop() !== undefined;
  return {
    wanted: [...texts.map(lost), 'nobody is told'],
    obtained: [
      ...texts.filter((text) => !addressee.texts.includes(text)).map(lost),
      ...(told ? [] : ['nobody is told']),
    ],
  };
}

/** The stop of an attack that was harmless by `check`, as the run shows; or whatever was refused instead. */
export function deliveredBy(check: CheckName, texts: readonly string[], addressee: Addressee): Stop | undefined {
  const arrived = texts.filter((text) => addressee.texts.includes(text)).length;
  if (arrived < texts.length) return addressee.stop();
  return { check, code: undefined, message: `${arrived} of ${texts.length} texts arrived` };
}
