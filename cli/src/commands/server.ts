/** `waxwing server`: waits for one peer and chats with it. */
import { listen, WaxwingError } from '@waxwing/client';
import type { ExitCode } from '../exit-code.ts';
import { type ChatFlags, readPeer } from './chat-options.ts';
import { runDirectChat } from './direct-chat.ts';

export interface ServerFlags extends ChatFlags {
  readonly host?: string;
  readonly port?: string;
}

export async function runServer(flags: ServerFlags): Promise<ExitCode> {
  const port = readPort(flags.port ?? '8000');
  const peer = readPeer(flags);
  if (flags.classic === true) {
    const { runClassicServer } = await import('./classic.ts');
    return await runClassicServer({ ...flags, host: flags.host ?? '127.0.0.1', port });
  }
  return await runDirectChat('server', flags, async ({ chat, home, xray }) => {
    const once = flags.once === true;
    const { watch } = xray;
    const server = await listen({ home, host: flags.host, port, peer, once, observe: chat.observe, watch });
    return await chat.serve(server, once);
  });
}

/** @throws WaxwingError `address-invalid` */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw new WaxwingError('address-invalid', `"${text}" is no port.`, 'A port is a number from 1 to 65535.');
}
