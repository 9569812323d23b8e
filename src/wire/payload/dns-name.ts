/**
 * Domain names as DNS, mDNS, LLMNR, NetBIOS and DHCP spell them (RFC 1035 section 3.1): labels of at
 * most 63 octets, ended by an empty label or by a pointer to an earlier name of the message
 * (section 4.1.4). A pointer is followed only to before the name it stands in, so none can loop.
 */
import { textAt } from './octets.ts';

/** A name has at most 255 octets (RFC 1035 section 2.3.4). */
const MOST_OCTETS = 255;
const MOST_LABEL = 63;
const POINTER = 0xc0;

/** Index after the name at `at` without following its pointer, or -1 when it is none. */
export function skipName(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && next - at < MOST_OCTETS) {
    const length = bytes[next]!;
    if (length === 0) return next + 1;
    if (length >= POINTER) return next + 2 <= end ? next + 2 : -1;
    if (length > MOST_LABEL) return -1;
    next += 1 + length;
  }
  return -1;
}

/**
 * The name at `at` as text, without a dot at its end; dots and backslashes within a label are
 * escaped as in zone files. Undefined when it is broken, cut, too long, or points forwards.
 *
 * @param message index of the message's first octet: pointers count from there
 */
export function nameAt(
  bytes: Uint8Array,
  message: number,
  at: number,
  end: number,
): string | undefined {
  const labels: string[] = [];
  let next = at;
  let start = at;
  let octets = 0;
  for (;;) {
    if (next >= end) return undefined;
    const length = bytes[next]!;
    if (length === 0) return labels.join('.');
    if (length >= POINTER) {
      if (next + 2 > end) return undefined;
      const target = message + (((length & 0x3f) << 8) | bytes[next + 1]!);
      if (target >= start) return undefined;
      start = target;
      next = target;
      continue;
    }
    octets += 1 + length;
    if (length > MOST_LABEL || next + 1 + length > end || octets >= MOST_OCTETS) return undefined;
    const label = textAt(bytes, next + 1, next + 1 + length);
    const plain = !label.includes('.') && !label.includes('\\');
    labels.push(plain ? label : label.replaceAll(/[\\.]/g, '\\$&'));
    next += 1 + length;
  }
}

/** The address that a name of the reverse trees stands for (RFC 1035 section 3.5, RFC 3596). */
export function reverseAddress(name: string): Uint8Array | undefined {
  const labels = name.toLowerCase().split('.');
  const root = labels.splice(-2).join('.');
  if (root === 'in-addr.arpa' && labels.length === 4) {
    const parts = labels.reverse().map((label) => (/^\d{1,3}$/.test(label) ? Number(label) : 256));
    return parts.every((part) => part < 256) ? Uint8Array.from(parts) : undefined;
  }
  if (root === 'ip6.arpa' && labels.length === 32 && labels.every((l) => /^[0-9a-f]$/.test(l))) {
    const digits = labels.reverse().join('');
    return Uint8Array.from(digits.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  }
  return undefined;
}
