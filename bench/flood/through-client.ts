/**
 * One end of a flood through @waxwing/client, as a process: `receive HOME MEMORY` prints its port, `send HOME MEMORY PORT COUNT`
 * sends texts and prints the seconds until all are acknowledged. MEMORY is `memory` or `disk`. Both end with their processor time.
 */
import { dial, listen, openHome } from '@waxwing/client';
import { endWith, say, startProcessorTime, textOf } from './process-lines.ts';

const BATCH = 1_024;
/** Posted and not yet acknowledged, at most. */
const UNDER_WAY = 8_192;

const [role = '', path = '', where = '', port = '', total = ''] = process.argv.slice(2);
const home = await openHome({ path, memory: where === 'memory' });

if (role === 'receive') {
  let next = 0;
  let processorTime = startProcessorTime();
  const server = await listen({
    home,
    port: 0,
    observe: (event) => {
      if (event.kind === 'connected') processorTime = startProcessorTime();
      if (event.kind === 'message' && event.message.text !== textOf(next++)) throw new Error('out of order');
      if (event.kind === 'left') void end();
    },
  });
  say('port', server.address.port);
  const end = async (): Promise<void> => {
    await server.close();
    home.close();
    endWith(next, processorTime());
  };
} else {
  let acknowledged = 0;
  let wake = (): void => undefined;
  const client = await dial({
    home,
    address: { host: '127.0.0.1', port: Number(port) },
    observe: (event) => {
      if (event.kind !== 'delivered') return;
      acknowledged += event.numbers.length;
      wake();
    },
  });
  const count = Number(total);
  const processorTime = startProcessorTime();
  const start = performance.now();
  let posted = 0;
  while (acknowledged < count) {
    while (posted < count && posted - acknowledged < UNDER_WAY) {
      const texts = Array.from({ length: Math.min(BATCH, count - posted) }, (_, index) => textOf(posted + index));
      client.conversation.post(texts);
      posted += texts.length;
    }
    await new Promise<void>((resolve) => (wake = resolve));
  }
  say('seconds', (performance.now() - start) / 1_000);
  await client.close();
  home.close();
  endWith(acknowledged, processorTime());
}
