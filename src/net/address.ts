/**
 * IP addresses as plain numbers: IPv4 is one unsigned 32-bit integer, IPv6 is four of them, most
 * significant first. Text is read strictly (RFC 4291 section 2.2; dotted IPv4 in decimal without
 * leading zeros, since other readers take `010` for octal) and written canonically (RFC 5952).
 *
 * Functions on the hot path take numbers or a word array and an index; `Address` is for people's
 * input and for records that leave the hot path.
 */

export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  /** One unsigned 32-bit word for IPv4, four for IPv6, most significant first. */
  readonly words: readonly number[];
  /** Zone of a scoped IPv6 address, without the `%` (RFC 4007): an interface name or number. */
  readonly zone?: string;
}

const COLON = 0x3a;
const DOT = 0x2e;
const ZERO = 0x30;
/** Interface names are at most 15 octets on Linux; Windows descriptions are not accepted. */
const MAX_ZONE_LENGTH = 64;

/** Dotted decimal of an unsigned (or, as from bitwise arithmetic, signed) 32-bit integer. */
export function formatIPv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Whether the words at `at` hold `::ffff:0:0/96`, an IPv4 address in IPv6 clothes (RFC 4291). */
export function isMappedIPv4(words: ArrayLike<number>, at = 0): boolean {
  return words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff;
}

/**
 * Canonical text (RFC 5952) of the four words at `at`: lower case, no leading zeros, the longest
 * run of two or more zero groups (the first of equals) as `::`, IPv4-mapped addresses in dotted
 * form.
 */
export function formatIPv6(words: ArrayLike<number>, at = 0): string {
  if (isMappedIPv4(words, at)) return `::ffff:${formatIPv4(words[at + 3]!)}`;
  let bestStart = 8;
  let bestLength = 1;
  let runLength = 0;
  for (let index = 0; index < 8; index++) {
    runLength = group(words, at, index) === 0 ? runLength + 1 : 0;
    if (runLength > bestLength) {
      bestLength = runLength;
      bestStart = index + 1 - runLength;
    }
  }
  let text = '';
  for (let index = 0; index < 8; index++) {
    if (index === bestStart) {
      text += '::';
      index += bestLength - 1;
      continue;
    }
    if (index > 0 && index !== bestStart + bestLength) text += ':';
    text += group(words, at, index).toString(16);
  }
  return text;
}

/** The 16-bit group `index` (0 to 7) of the four words at `at`. */
function group(words: ArrayLike<number>, at: number, index: number): number {
  const word = words[at + (index >> 1)]!;
  return (index & 1) === 0 ? word >>> 16 : word & 0xffff;
}

/** Canonical text, with the zone if there is one. */
export function formatAddress(address: Address): string {
  const text = address.family === 4 ? formatIPv4(address.words[0]!) : formatIPv6(address.words);
  return address.zone === undefined ? text : `${text}%${address.zone}`;
}

/**
 * Reads one address; undefined when the text is anything else. Strict: no octal, hexadecimal or
 * short IPv4, no brackets, no blanks, no prefix length, no port. `::` must stand for at least
 * one group. A zone (`fe80::1%eth0`) is accepted on IPv6 only.
 */
export function parseAddress(text: string): Address | undefined {
  const percent = text.indexOf('%');
  const end = percent < 0 ? text.length : percent;
  if (text.lastIndexOf(':', end) < 0) {
    const word = percent < 0 ? parseIPv4(text, 0, end) : -1;
    return word < 0 ? undefined : { family: 4, words: [word] };
  }
  const words = parseIPv6(text, end);
  if (words === undefined) return undefined;
  if (percent < 0) return { family: 6, words };
  const zone = text.slice(percent + 1);
  return isZone(zone) ? { family: 6, words, zone } : undefined;
}

function isZone(zone: string): boolean {
  return zone.length <= MAX_ZONE_LENGTH && /^[\w.:@~+-]+$/.test(zone);
}

/** The IPv4 address in `text[start, end)`, or -1. */
function parseIPv4(text: string, start: number, end: number): number {
  if (end - start < 7 || end - start > 15) return -1;
  let address = 0;
  let octets = 0;
  let at = start;
  while (octets < 4) {
    const first = at;
    let octet = 0;
    for (; at < end; at++) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      octet = octet * 10 + digit;
      if (octet > 255) return -1;
    }
    const digits = at - first;
    if (digits === 0 || (digits > 1 && text.charCodeAt(first) === ZERO)) return -1;
    address = address * 256 + octet;
    octets++;
    if (octets === 4) return at === end ? address : -1;
    if (text.charCodeAt(at) !== DOT) return -1;
    at++;
  }
  return -1;
}

/** The four words of the IPv6 address in `text[0, end)`. */
function parseIPv6(text: string, end: number): number[] | undefined {
  if (end < 2 || end > 45) return undefined;
  const groups: number[] = [];
  let gap = -1;
  let at = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return undefined;
    gap = 0;
    at = 2;
  }
  while (at < end) {
    if (groups.length === 8) return undefined;
    const first = at;
    let value = 0;
    for (; at < end; at++) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (at < end && text.charCodeAt(at) === DOT) {
      const dotted = parseIPv4(text, first, end);
      if (dotted < 0 || groups.length > 6) return undefined;
      groups.push(Math.floor(dotted / 65536), dotted & 0xffff);
      break;
    }
    if (at === first || at - first > 4) return undefined;
    groups.push(value);
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON) return undefined;
    at++;
    if (at === end) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at++;
    }
  }
  return spread(groups, gap);
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= 0x39) return code - ZERO;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Fills the `::` at `gap` (-1: none) with zero groups and packs eight groups into four words. */
function spread(groups: number[], gap: number): number[] | undefined {
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  const all = gap < 0 ? groups : groups.slice(0, gap);
  if (gap >= 0) {
    while (all.length < 8 - (groups.length - gap)) all.push(0);
    all.push(...groups.slice(gap));
  }
  const words: number[] = [];
  for (let index = 0; index < 8; index += 2) words.push(all[index]! * 65536 + all[index + 1]!);
  return words;
}

/** IPv4 before IPv6, then by number, then by zone. For sorting: negative, 0 or positive. */
export function compareAddresses(left: Address, right: Address): number {
  if (left.family !== right.family) return left.family - right.family;
  for (let index = 0; index < left.words.length; index++) {
    const difference = left.words[index]! - right.words[index]!;
    if (difference !== 0) return difference;
  }
  const leftZone = left.zone ?? '';
  const rightZone = right.zone ?? '';
  return leftZone < rightZone ? -1 : leftZone > rightZone ? 1 : 0;
}
