/** Where a peer listens: `host:port`, as typed; the typed form is also the name a pin binds (product rules of pins). */
import { WaxwingError } from '../errors.ts';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host`, `host:port`, `[v6]`, `[v6]:port`; parts left out are 127.0.0.1 and 8000.
 * @throws WaxwingError `address-invalid`
 */
export function parseAddress(text: string): Address {
  const match = /^(?:\[(?<v6>[0-9a-fA-F:.%a-z]+)\]|(?<host>[^:[\]\s/]*))(?::(?<port>\d{1,5}))?$/u.exec(text.trim());
  const port = match?.groups?.['port'] === undefined ? DEFAULT_PORT : Number(match.groups['port']);
  if (match === null || port < 1 || port > 65_535) {
    throw new WaxwingError(
      'address-invalid',
      `"${text}" is no address.`,
      'Write host:port, for example 127.0.0.1:8000 or [::1]:8000.',
    );
  }
  const host = match.groups?.['v6'] ?? match.groups?.['host'];
  return { host: host === undefined || host === '' ? DEFAULT_HOST : host, port };
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}

/** Whether an address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.');
}
