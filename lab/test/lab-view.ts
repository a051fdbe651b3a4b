import { CONTINUATION, sanitiseLines } from '../../cli/src/text/sanitise.ts';

/** The shipped program's view of a text, as the lab command hands it to the lab. */
export const OPTIONS = {
  view: (text: string): string[] => sanitiseLines(text).map((line, at) => (at === 0 ? line : CONTINUATION + line)),
};
