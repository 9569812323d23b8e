/**
 * BSD null (LINKTYPE_NULL: address family in the capturing host's byte order) and OpenBSD loop
 * (LINKTYPE_LOOP: in network order). AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on
 * NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS, 23 on Windows.
 */
import type { Decoder } from './decoder.ts';
import { KIND_FAMILY } from './faults.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';

const HEADER = 4;

/** Both kinds: no address family reaches 65,536, so a larger number is in the other byte order. */
export function decodeNull(d: Decoder, at: number): void {
  if (!d.has(at, HEADER)) return;
  const big = d.view.getUint32(at);
  decodeFamily(d, big > 0xffff ? d.view.getUint32(at, true) : big, at + HEADER);
}

function decodeFamily(d: Decoder, family: number, at: number): void {
  switch (family) {
    case 2:
      return decodeIpv4(d, at);
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
      return decodeIpv6(d, at);
    default:
      d.notIp(KIND_FAMILY + (family & 0xffff));
  }
}
