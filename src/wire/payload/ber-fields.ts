/**
 * Tags and lengths of BER (ITU-T X.690 section 8.1), as SNMP and LDAP use them: one octet of tag,
 * lengths of up to four octets. Nothing is allocated; indefinite lengths are refused.
 */

/** Index of the content of the element at `at`, or -1 when there is no whole header. */
export function berContent(bytes: Uint8Array, at: number, end: number): number {
  if (at < 0 || end - at < 2) return -1;
  const first = bytes[at + 1]!;
  if (first < 0x80) return at + 2;
  const octets = first & 0x7f;
  return octets >= 1 && octets <= 4 && at + 2 + octets <= end ? at + 2 + octets : -1;
}

/** Length of the content of an element that `berContent` accepted. */
export function berLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1]!;
  if (first < 0x80) return first;
  let length = 0;
  for (let index = 0; index < (first & 0x7f); index++) {
    length = length * 256 + bytes[at + 2 + index]!;
  }
  return length;
}

/** Index after the element at `at` when it has that tag and lies before `end`, or -1. */
export function berSkip(bytes: Uint8Array, at: number, end: number, tag: number): number {
  const content = berContent(bytes, at, end);
  if (content < 0 || bytes[at] !== tag) return -1;
  const after = content + berLength(bytes, at);
  return after <= end ? after : -1;
}

/** Value of an INTEGER or ENUMERATED of at most four octets, without sign; -1 when it is none. */
export function berInteger(bytes: Uint8Array, at: number, end: number, tag: number): number {
  const after = berSkip(bytes, at, end, tag);
  if (after < 0) return -1;
  const content = berContent(bytes, at, end);
  if (after === content || after - content > 5) return -1;
  let value = 0;
  for (let next = content; next < after; next++) value = value * 256 + bytes[next]!;
  return value;
}
