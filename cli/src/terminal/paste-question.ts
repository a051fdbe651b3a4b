/** What to do with a paste of many lines: nobody wants fifty messages sent by a slip of the hand. */
import type { Question } from './chat-screen.ts';

export type PasteAnswer = 'one' | 'many' | 'edit' | 'discard';

/** The lines of a text that are messages each for itself. */
export function messagesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** Asks about a pasted text of several lines; the fallback leaves it in the line being typed. */
export function pasteQuestion(text: string): Question<PasteAnswer> {
  return {
    text: `You pasted ${text.split('\n').length} lines. Send them?`,
    choices: [
      { key: 'o', label: 'as one message', answer: 'one' },
      { key: 'n', label: `as ${messagesOf(text).length} messages`, answer: 'many' },
      { key: 'e', label: 'not yet: edit', answer: 'edit' },
      { key: 'd', label: 'discard the paste', answer: 'discard' },
    ],
    fallback: 'edit',
  };
}
