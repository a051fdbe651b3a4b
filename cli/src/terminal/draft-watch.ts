/** Tells what is being typed, each time it is another text than before. */
export function watchDraft(onDraft: ((text: string) => void) | undefined): (text: string) => void {
  let before = '';
  return (text) => {
    if (text === before) return;
    before = text;
    onDraft?.(text);
  };
}
