/** Listening and dialling for classic, with the SDK's sentences about what goes wrong. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Address, dialError, listenError } from '@waxwing/client';

const CONNECT_DEADLINE = 10_000;
/** A peer whose machine is gone is noticed after some of these, ms. */
const KEEP_ALIVE = 30_000;
const OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE } as const;

/** @throws WaxwingError `port-in-use`, `port-forbidden`, `address-invalid`, `connection-failed` */
export async function listenClassic(address: Address, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(OPTIONS, onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(error, address));
    });
    server.listen(address.port, address.host, resolve);
  });
  return server;
}

/**
 * A connected socket; undefined where `stop` was raised first.
 * @throws WaxwingError `connection-refused`, `host-not-found`, `host-unreachable`, `connection-failed`
 */
export async function dialClassic(address: Address, stop: AbortSignal): Promise<Socket | undefined> {
  const socket = connect({ ...OPTIONS, host: address.host, port: address.port });
  const deadline = setTimeout(() => {
    socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
  }, CONNECT_DEADLINE);
  const giveUp = (): void => {
    socket.destroy(new Error('stopped'));
  };
  stop.addEventListener('abort', giveUp);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return socket;
  } catch (error) {
    if (stop.aborted) return undefined;
    throw dialError(error, address);
  } finally {
    clearTimeout(deadline);
    stop.removeEventListener('abort', giveUp);
  }
}
