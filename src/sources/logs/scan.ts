/**
 * A cursor over the octets of one line, with scanners for what logs are made of: numbers,
 * addresses, words. Nothing here makes a string or looks beyond `end`; a scanner that does not find
 * what it looks for leaves the cursor where it was and returns false.
 */
import type { AddressPool } from '../../net/address-pool.ts';

const ZERO = 0x30;
const COLON = 0x3a;
const DOT = 0x2e;
/** Largest number of digits that a double holds exactly. */
const MOST_DIGITS = 15;

/**
 * Aimed at one line after another; octets are borrowed. Addresses of IPv6 are interned in its pool.
 */
export class Scan {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same octets, to compare four at a time. */
  view: DataView = new DataView(this.bytes.buffer);
  /** How many octets there are, of which the line is a part. */
  room = 0;
  /** Where reading goes on. */
  at = 0;
  /** One beyond the line's last octet. */
  end = 0;
  /** The number last read; of addresses the integer or the index in the pool. */
  value = 0;
  /** Family of the address last read: 4 or 6. */
  family = 0;
  private readonly addresses: AddressPool;
  private readonly groups = new Int32Array(8);

  constructor(addresses: AddressPool) {
    this.addresses = addresses;
  }

  /** Aims the cursor at `bytes[start, end)`, which are borrowed. */
  aim(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.room = bytes.length;
    }
    this.at = start;
    this.end = end;
  }

  /** The octet `ahead` of the cursor, or -1 beyond the end. */
  peek(ahead = 0): number {
    const at = this.at + ahead;
    return at < this.end ? this.bytes[at]! : -1;
  }

  /** Passes the octet if it is next. */
  take(octet: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== octet) return false;
    this.at++;
    return true;
  }

  /** Passes the text if it is next; `text` are its octets. */
  takeText(text: Uint8Array): boolean {
    if (!this.isAt(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Whether the octets of `text` stand at `at`. */
  isAt(text: Uint8Array, at: number): boolean {
    const length = text.length;
    if (at + length > this.end) return false;
    const bytes = this.bytes;
    for (let index = 0; index < length; index++) {
      if (bytes[at + index] !== text[index]) return false;
    }
    return true;
  }

  /** Index of the next `text` at or after `from`, or -1. */
  find(text: Uint8Array, from = this.at): number {
    const bytes = this.bytes;
    const first = text[0]!;
    const last = this.end - text.length;
    for (let at = from; at <= last; at++) {
      if (bytes[at] === first && this.isAt(text, at)) return at;
    }
    return -1;
  }

  skipSpaces(): void {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
    this.at = at;
  }

  /** Index of the next `octet` at or after the cursor, or the line's end. */
  until(octet: number): number {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end && bytes[at] !== octet) at++;
    return at;
  }

  /** Reads decimal digits into `value`; false when there are none, or more than 15. */
  number(): boolean {
    const { bytes, end } = this;
    const start = this.at;
    let at = start;
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === start || at - start > MOST_DIGITS) return false;
    this.at = at;
    this.value = value;
    return true;
  }

  /** Reads a number that is at most `most`, not followed by a further digit, dot or letter. */
  numberUpTo(most: number): boolean {
    const start = this.at;
    if (this.number() && this.value <= most && !isWordOctet(this.peek())) return true;
    this.at = start;
    return false;
  }

  /** Reads a dotted IPv4 address into `value`, as a signed integer. No octal, no short forms. */
  ipv4(): boolean {
    const { bytes, end } = this;
    let at = this.at;
    let address = 0;
    for (let octets = 1; ; octets++) {
      let octet = at < end ? bytes[at]! - ZERO : -1;
      if (octet < 0 || octet > 9) return false;
      let digit = ++at < end ? bytes[at]! - ZERO : -1;
      if (digit >= 0 && digit <= 9) {
        if (octet === 0) return false;
        octet = octet * 10 + digit;
        digit = ++at < end ? bytes[at]! - ZERO : -1;
        if (digit >= 0 && digit <= 9) {
          octet = octet * 10 + digit;
          if (octet > 255) return false;
          at++;
        }
      }
      address = (address << 8) | octet;
      if (octets === 4) break;
      if (at >= end || bytes[at] !== DOT) return false;
      at++;
    }
    if (at < end) {
      const next = bytes[at]!;
      // A fourth digit; and 1.2.3.4.5 is a version or a counter, no address.
      if (isDigit(next)) return false;
      if (next === DOT && at + 1 < end && isDigit(bytes[at + 1]!)) return false;
    }
    this.at = at;
    this.value = address;
    this.family = 4;
    return true;
  }

  /** Reads an address of either family: an integer, or an index into the pool. */
  address(): boolean {
    return this.ipv4() || this.ipv6();
  }

  /** Reads an IPv6 address (RFC 4291 section 2.2) up to the first octet that cannot be in one. */
  ipv6(): boolean {
    const { bytes, end, groups } = this;
    const start = this.at;
    let at = start;
    let count = 0;
    let gap = -1;
    if (at + 1 < end && bytes[at] === COLON && bytes[at + 1] === COLON) {
      gap = 0;
      at += 2;
    }
    while (at < end && count < 8) {
      const first = at;
      let value = 0;
      while (at < end && at - first < 5) {
        const digit = hexDigit(bytes[at]!);
        if (digit < 0) break;
        value = value * 16 + digit;
        at++;
      }
      if (at === first) break;
      if (at < end && bytes[at] === DOT && count <= 6) {
        // The last four octets in dotted form.
        this.at = first;
        if (!this.ipv4()) {
          this.at = start;
          return false;
        }
        groups[count++] = this.value >>> 16;
        groups[count++] = this.value & 0xffff;
        at = this.at;
        this.at = start;
        break;
      }
      if (at - first > 4) return false;
      groups[count++] = value;
      if (at >= end || bytes[at] !== COLON) break;
      if (at + 1 < end && bytes[at + 1] === COLON) {
        if (gap >= 0) return false;
        gap = count;
        at += 2;
      } else if (at + 1 < end && hexDigit(bytes[at + 1]!) >= 0 && count < 8) at++;
      else break;
    }
    if (gap < 0 ? count !== 8 : count > 7) return false;
    if (gap >= 0) {
      const tail = count - gap;
      for (let index = 7; index >= 8 - tail; index--) groups[index] = groups[index - 8 + count]!;
      for (let index = gap; index < 8 - tail; index++) groups[index] = 0;
    }
    this.at = at;
    this.value = this.addresses.intern(
      (groups[0]! << 16) | groups[1]!,
      (groups[2]! << 16) | groups[3]!,
      (groups[4]! << 16) | groups[5]!,
      (groups[6]! << 16) | groups[7]!,
    );
    this.family = 6;
    return true;
  }
}

export function isDigit(octet: number): boolean {
  return octet >= ZERO && octet <= 0x39;
}

/** A letter, a digit, `_`, `.` or an octet beyond ASCII: what a number must not run into. */
function isWordOctet(octet: number): boolean {
  return isDigit(octet) || isLetter(octet) || octet === DOT || octet === 0x5f || octet >= 0x80;
}

export function isLetter(octet: number): boolean {
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function hexDigit(octet: number): number {
  if (octet >= ZERO && octet <= 0x39) return octet - ZERO;
  const lower = octet | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Octets of an ASCII literal. */
export function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
