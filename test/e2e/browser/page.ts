/**
 * Runs in the browser: fetches each file the page server offers, runs it on webPrimitives, and writes what came of it
 * into the document as JSON.
 */
import { webPrimitives } from '../../../protocol/src/primitives/web.ts';
import { runWycheproof, type WycheproofFile } from '../../../protocol/test/vectors/wycheproof.ts';
import { RUNNERS } from './runners.ts';

/** What the page found out: per file its counts, or the sentence of its first mismatch. */
export interface PageReport {
  readonly secureContext: boolean;
  readonly results: Readonly<Record<string, unknown>>;
}

declare const isSecureContext: boolean;
declare const document: {
  getElementById(id: string): { textContent: string; dataset: Record<string, string> } | null;
};

async function fetchJson(path: string): Promise<unknown> {
  return (await fetch(path)).json();
}

async function runOne(path: string): Promise<unknown> {
  const [folder, name = ''] = path.split('/').slice(1);
  try {
    const file = await fetchJson(path);
    if (folder === 'wycheproof') return await runWycheproof(name, file as WycheproofFile, webPrimitives);
    const run = RUNNERS[name];
    if (run === undefined) return `${name}: no runner`;
    return await run(file, webPrimitives);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const results: Record<string, unknown> = {};
for (const path of (await fetchJson('/files')) as string[]) results[path] = await runOne(path);
const report: PageReport = { secureContext: isSecureContext, results };
const output = document.getElementById('report');
if (output !== null) {
  output.textContent = JSON.stringify(report);
  output.dataset['done'] = 'yes';
}
