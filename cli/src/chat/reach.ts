/** Who can reach a listening address. */
import { networkInterfaces } from 'node:os';
import { type Address, formatAddress } from '@waxwing/client';

/** What others can dial where an address stands for every one of this machine (`0.0.0.0`, `::`); otherwise nothing. */
export function dialableAddresses({ host, port }: Address): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [];
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((one) => !one.internal && (host === '::' || one.family === 'IPv4') && !one.address.startsWith('fe80:'))
    .map((one) => formatAddress({ host: one.address, port }));
}
