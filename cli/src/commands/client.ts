/** `waxwing client`: connects to a server and chats with it. */
import { DirectClient, parseAddress } from '@waxwing/client';
import type { ExitCode } from '../exit-code.ts';
import { type ChatFlags, readPeer } from './chat-options.ts';
import { runDirectChat } from './direct-chat.ts';

/** Piped input has nobody to wait for: a cut connection is mended for this long, ms. */
const RETRY_FOR = 60_000;

export async function runClient(address: string, flags: ChatFlags): Promise<ExitCode> {
  const parsed = parseAddress(address);
  const peer = readPeer(flags);
  if (flags.classic === true) {
    const { runClassicClient } = await import('./classic.ts');
    return await runClassicClient({ ...flags, ...parsed });
  }
  const retryFor = process.stdin.isTTY ? undefined : RETRY_FOR;
  return await runDirectChat('client', flags, async ({ chat, home, xray }) => {
    const client = new DirectClient({
      home,
      address: parsed,
      peer,
      retryFor,
      observe: chat.observe,
      watch: xray.watch,
    });
    return await chat.connect(client);
  });
}
