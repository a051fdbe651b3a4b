/** The operator's door of a running relay: HTTP on a Unix socket in its data folder, which only its owner may open. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { integer, maxValue, minValue, number, object, parse, pipe, string } from 'valibot';
import { isRelayError, RelayError } from '../errors.ts';
import { failureFields, type RelayLog } from '../log.ts';
import type { RelayControl } from './control.ts';

/** The system's limit on a socket's path is 107 bytes (103 on some). */
const LONGEST_PATH = 103;

/** Where the socket of a data folder is. @throws RelayError `relay-config` where the path is too long for one */
export function socketPath(data: string): string {
  const path = join(data, 'control.sock');
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new RelayError(
      'relay-config',
      `The path ${data} is too long: a socket in it could not be opened.`,
      'Choose a shorter one with --data.',
    );
  }
  return path;
}

const INVITE = object({
  uses: pipe(number(), integer(), minValue(1), maxValue(1_000_000)),
  days: pipe(number(), integer(), minValue(1), maxValue(3_650)),
});
const BACKUP = object({ file: string() });

/** Serves until the result is called. Whoever calls this holds the data folder: a socket that is there is a dead one's. */
export async function serveControl(data: string, control: RelayControl, log: RelayLog): Promise<() => Promise<void>> {
  const path = socketPath(data);
  rmSync(path, { force: true });
  const app = new Hono()
    .get('/status', async (context) => context.json(await control.status()))
    .post('/invites', async (context) => context.json(await control.invite(parse(INVITE, await context.req.json()))))
    .get('/users', async (context) => context.json(await control.users()))
    .delete('/users/:who', async (context) => context.json(await control.remove(context.req.param('who'))))
    .post('/backup', async (context) => {
      const { file } = parse(BACKUP, await context.req.json());
      return context.json(await control.backup(file));
    })
    .onError((error, context) => {
      if (isRelayError(error)) {
        const { code, message, next } = error;
        return context.json({ code, message, next }, 409);
      }
      log.error({ event: 'command failed', ...failureFields(error) });
      return context.json({}, 500);
    });
  // eslint-disable-next-line @typescript-eslint/no-misused-promises -- node:http awaits nothing, and it answers its own failures
  const server = createServer(getRequestListener(app.fetch));
  const before = process.umask(0o177); // the socket is never open to others, not even at first
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return () => close(server);
}

async function close(server: Server): Promise<void> {
  server.closeIdleConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
