/** What the relay's port answers to HTTP: whether it lives, whether it serves, what it counts. */
import { Hono } from 'hono';
import type { Metrics } from '../metrics.ts';

export interface HttpOptions {
  readonly metrics: Metrics;
  /** Whether new callers are served: the store answers, and the relay is not draining. */
  readonly ready: () => Promise<boolean>;
}

export function buildHttp({ metrics, ready }: HttpOptions): Hono {
  const app = new Hono();
  app.get('/healthz', (context) => context.text('ok\n'));
  app.get('/readyz', async (context) => ((await ready()) ? context.text('ready\n') : context.text('not ready\n', 503)));
  app.get('/metrics', async (context) => {
    const { type, text } = await metrics.read();
    return context.body(text, 200, { 'content-type': type });
  });
  return app;
}
