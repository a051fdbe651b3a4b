/** Looks for words in files of any size: as UTF-8 and as UTF-16, which is how a process may hold a text. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Which of the words stand in the file. */
export async function foundIn(file: string, words: readonly string[]): Promise<string[]> {
  const needles = words.flatMap((word) => [
    { word, bytes: Buffer.from(word, 'utf8') },
    { word, bytes: Buffer.from(word, 'utf16le') },
  ]);
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1;
  const found = new Set<string>();
  let before = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 24 })) {
    const piece = Buffer.concat([before, chunk as Buffer]);
    for (const { word, bytes } of needles) if (piece.includes(bytes)) found.add(word);
    before = piece.subarray(Math.max(0, piece.length - overlap));
  }
  return [...found];
}

/** Which of the words stand in any file of a folder. */
export async function foundInFolder(folder: string, words: readonly string[]): Promise<string[]> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const found = await Promise.all(files.map(({ parentPath, name }) => foundIn(join(parentPath, name), words)));
  return [...new Set(found.flat())];
}
