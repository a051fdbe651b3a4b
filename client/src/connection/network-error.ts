/** What the operating system says of a socket, as a sentence with a next step. */
import { WaxwingError } from '../errors.ts';
import { type Address, formatAddress } from './address.ts';

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

/** A failure to listen. */
export function listenError(error: unknown, address: Address): WaxwingError {
  const where = formatAddress(address);
  const options = { cause: error };
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new WaxwingError(
        'port-in-use',
        `Another program already listens on ${where}.`,
        'End that program, or choose another port with --port.',
        options,
      );
    case 'EACCES':
      return new WaxwingError(
        'port-forbidden',
        `This user may not listen on ${where}.`,
        'Choose a port above 1023 with --port.',
        options,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new WaxwingError(
        'address-invalid',
        `This machine has no address ${address.host}.`,
        'Use --host 127.0.0.1 for this machine alone, or --host 0.0.0.0 for all its networks.',
        options,
      );
    default:
      return new WaxwingError(
        'connection-failed',
        `Cannot listen on ${where}: ${systemCode(error)}.`,
        'Check the address and the network of this machine.',
        options,
      );
  }
}

/** A failure to connect. */
export function dialError(error: unknown, address: Address): WaxwingError {
  const where = formatAddress(address);
  const options = { cause: error };
  switch (systemCode(error)) {
    case 'ECONNREFUSED':
      return new WaxwingError(
        'connection-refused',
        `Nobody listens on ${where}.`,
        'Start "waxwing server" there first, or check host and port.',
        options,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new WaxwingError(
        'host-not-found',
        `There is no host named ${address.host}.`,
        'Check the spelling of the host and the network of this machine.',
        options,
      );
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new WaxwingError(
        'host-unreachable',
        `${where} cannot be reached from here.`,
        'Check the network, the address and any firewall between.',
        options,
      );
    default:
      return new WaxwingError(
        'connection-failed',
        `Cannot connect to ${where}: ${systemCode(error)}.`,
        'Check host, port and network, then try again.',
        options,
      );
  }
}
