/** Where a relay is, and the account it must prove to have (§11.2): what an address and any link of it begin with. */
import type { RelayLink } from '@waxwing/protocol';

export type RelayAddress = Pick<RelayLink, 'host' | 'port' | 'relay'>;
