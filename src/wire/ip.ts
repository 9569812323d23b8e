/** Raw IP: no link header; the version nibble tells IPv4 from IPv6. */
import type { Decoder } from './decoder.ts';
import { LINK_INVALID } from './faults.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';

/** Any other version is a fault of the link: this is no IP. */
export function decodeIp(d: Decoder, at: number): void {
  if (!d.has(at, 1)) return;
  const version = d.bytes[at]! >>> 4;
  if (version === 4) decodeIpv4(d, at);
  else if (version === 6) decodeIpv6(d, at);
  else d.fault(LINK_INVALID);
}
