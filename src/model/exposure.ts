/**
 * From where a socket can be reached, judged by the address it is bound to, and by the interface
 * where that is the loopback. A firewall, a router or a container network may allow less, and
 * forwarding may allow more.
 */
import type { Address } from '../net/address.ts';
import { classifyAddress } from '../net/address-class.ts';

/** From the most to the least exposed. */
export const EXPOSURES = [
  /** Bound to `0.0.0.0` or `::`: every address that the machine has or will have. */
  'every-address',
  /** Bound to one unicast address that is none of the below. */
  'one-address',
  /** Bound to a multicast group or a broadcast address: receives only what is sent to it. */
  'group',
  /** `169.254.0.0/16`, `fe80::/10`: only from the same link (RFC 3927, RFC 4291). */
  'link-local',
  /** `127.0.0.0/8`, `::1`: only from this machine. */
  'loopback',
] as const;

export type Exposure = (typeof EXPOSURES)[number];

/** Nothing comes in by these but what the machine sends itself (Linux; the BSDs and macOS). */
const LOOPBACK = /^lo0?$/;

/** How exposed a socket bound to this address is, and to this interface where there is one. */
export function exposureOf(address: Address, device?: string): Exposure {
  if (device !== undefined && LOOPBACK.test(device)) return 'loopback';
  switch (classifyAddress(address)) {
    case 'unspecified':
      return 'every-address';
    case 'loopback':
      return 'loopback';
    case 'link-local':
      return 'link-local';
    case 'multicast':
    case 'broadcast':
      return 'group';
    default:
      return 'one-address';
  }
}
