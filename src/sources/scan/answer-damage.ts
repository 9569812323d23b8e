/**
 * Whether an answer was damaged on the way, as the kernel would find: its checksums. What is kept
 * in part is not judged.
 */
import { sumOfWords, sumsUp } from './raw-scan.ts';
import type { UpperLayer } from './upper-layer.ts';

const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_ICMPV6 = 58;
const IPV6_HEADER = 40;

/**
 * @param header octets of the IPv4 header at `at`
 * @param length octets kept
 */
export function isDamaged4(bytes: Uint8Array, at: number, header: number, length: number): boolean {
  const total = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  if (total > length || total < header) return total < header;
  if (!sumsUp(bytes, at, at + header)) return true;
  const protocol = bytes[at + 9]!;
  if (protocol === IPPROTO_ICMP) return !sumsUp(bytes, at + header, at + total);
  if (protocol !== IPPROTO_TCP) return false;
  const pseudo = sumOfWords(bytes, at + 12, at + 20) + protocol + total - header;
  return !sumsUp(bytes, at + header, at + total, pseudo);
}

/** The same for IPv6, whose pseudo header ICMPv6 counts too (RFC 4443 section 2.3). */
export function isDamaged6(
  bytes: Uint8Array,
  at: number,
  { begin, protocol, whole }: UpperLayer,
  length: number,
): boolean {
  const end = at + IPV6_HEADER + ((bytes[at + 4]! << 8) | bytes[at + 5]!);
  if (begin > end) return true;
  if (end > at + length || !whole) return false;
  if (protocol !== IPPROTO_TCP && protocol !== IPPROTO_ICMPV6) return false;
  const pseudo = sumOfWords(bytes, at + 8, at + IPV6_HEADER) + protocol + end - begin;
  return !sumsUp(bytes, begin, end, pseudo);
}
