/** Serves the test page on loopback (a secure context, which crypto.subtle needs) under a strict policy: no eval. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>waxwing vectors</title>
<pre id="report"></pre><script type="module" src="/page.js"></script>`;
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";

/** The page's script as one file; that it bundles at all shows that nothing in it needs node. */
async function bundlePage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** `files`: what the page fetches, as paths of the server (`/vectors/cbor`) → files on disk. */
export async function servePage(files: ReadonlyMap<string, string>): Promise<PageServer> {
  const script = await bundlePage();
  const answer = async (path: string): Promise<readonly [type: string, body: string] | undefined> => {
    const file = files.get(path);
    if (file !== undefined) return ['application/json', await readFile(file, 'utf8')];
    if (path === '/files') return ['application/json', JSON.stringify([...files.keys()])];
    if (path === '/page.js') return ['text/javascript', script];
    if (path === '/') return ['text/html', PAGE];
    if (path === '/favicon.ico') return ['image/x-icon', '']; // else the browser reports an error
    return undefined;
  };
  const server = createServer((request, response) => {
    answer(request.url ?? '/').then(
      (found) => {
        response.writeHead(found === undefined ? 404 : 200, {
          'content-type': found?.[0] ?? 'text/plain',
          'content-security-policy': POLICY,
        });
        response.end(found?.[1]);
      },
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
