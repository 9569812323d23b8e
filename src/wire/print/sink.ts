/**
 * Text on its way out, as octets in one growing buffer: numbers and addresses are written digit
 * by digit, so that printing a packet makes no strings.
 */
import { formatIPv6 } from '../../net/address.ts';

/** Digits of the numbers 0 to 255: length in the first octet, then up to three. */
const OCTET_DIGITS = new Uint8Array(1024);
for (let value = 0; value < 256; value++) {
  const text = String(value);
  OCTET_DIGITS[value * 4] = text.length;
  for (let index = 0; index < text.length; index++) {
    OCTET_DIGITS[value * 4 + 1 + index] = text.charCodeAt(index);
  }
}
const HEX = new Uint8Array(16);
for (let digit = 0; digit < 16; digit++) HEX[digit] = digit.toString(16).charCodeAt(0);
const ZERO = 48;
const DOT = 46;
/** Room that is there before every piece: longer than any of them but `text`. */
const ROOM = 256;
/** IPv6 addresses whose text is kept. */
const KEPT_ADDRESSES = 8192;

/**
 * `bytes` is its own and may be another after a write: take `subarray(0, length)` anew each time.
 */
export class Sink {
  bytes: Uint8Array;
  length = 0;
  private readonly addresses = new Map<string, string>();
  private readonly words = [0, 0, 0, 0];

  constructor(octets = 1 << 16) {
    this.bytes = new Uint8Array(octets);
  }

  private room(octets: number): void {
    if (this.length + octets <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + octets));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** ASCII text. */
  text(text: string): void {
    this.room(text.length + ROOM);
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < text.length; index++) bytes[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /** One ASCII character. */
  code(code: number): void {
    this.room(ROOM);
    this.bytes[this.length++] = code;
  }

  /** A whole number of 0 or more, in decimal. */
  decimal(value: number): void {
    this.room(ROOM);
    if (value < 256) {
      this.octet(value);
      return;
    }
    let digits = 3;
    for (let limit = 1000; value >= limit && digits < 16; limit *= 10) digits++;
    const end = this.length + digits;
    let left = value;
    for (let at = end - 1; at >= this.length; at--) {
      const rest = Math.floor(left / 10);
      this.bytes[at] = ZERO + (left - rest * 10);
      left = rest;
    }
    this.length = end;
  }

  /** The same with zeros in front, `digits` wide. */
  padded(value: number, digits: number): void {
    this.room(ROOM);
    let left = value;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const rest = Math.floor(left / 10);
      this.bytes[at] = ZERO + (left - rest * 10);
      left = rest;
    }
    this.length += digits;
  }

  /** `digits` hexadecimal digits; without it as many as are needed. */
  hex(value: number, digits = 0): void {
    this.room(ROOM);
    let wide = digits === 0 ? 1 : digits;
    if (digits === 0) while (wide < 8 && value >>> (wide * 4) !== 0) wide++;
    for (let shift = (wide - 1) * 4; shift >= 0; shift -= 4) {
      this.bytes[this.length++] = HEX[(value >>> shift) & 15]!;
    }
  }

  private octet(value: number): void {
    const { bytes } = this;
    const at = value * 4;
    const digits = OCTET_DIGITS[at]!;
    for (let index = 1; index <= digits; index++) {
      bytes[this.length++] = OCTET_DIGITS[at + index]!;
    }
  }

  /** Dotted IPv4 of four octets. */
  ipv4(from: Uint8Array, at: number): void {
    this.room(ROOM);
    this.octet(from[at]!);
    this.bytes[this.length++] = DOT;
    this.octet(from[at + 1]!);
    this.bytes[this.length++] = DOT;
    this.octet(from[at + 2]!);
    this.bytes[this.length++] = DOT;
    this.octet(from[at + 3]!);
  }

  /** IPv6 as inet_ntop(3) has it: like RFC 5952, and `::192.0.2.1` for compatible addresses. */
  ipv6(view: DataView, at: number): void {
    const { words } = this;
    for (let index = 0; index < 4; index++) words[index] = view.getUint32(at + index * 4);
    const key = String.fromCharCode(
      words[0]! >>> 16,
      words[0]! & 0xffff,
      words[1]! >>> 16,
      words[1]! & 0xffff,
      words[2]! >>> 16,
      words[2]! & 0xffff,
      words[3]! >>> 16,
      words[3]! & 0xffff,
    );
    let text = this.addresses.get(key);
    if (text === undefined) {
      text = textOf(words);
      if (this.addresses.size >= KEPT_ADDRESSES) this.addresses.clear();
      this.addresses.set(key, text);
    }
    this.text(text);
  }

  /** Six octets with colons between, or any other number of them. */
  mac(from: Uint8Array, at: number, octets = 6): void {
    for (let index = 0; index < octets; index++) {
      if (index > 0) this.code(58);
      this.hex(from[at + index]!, 2);
    }
  }
}

function textOf(words: readonly number[]): string {
  const compatible = words[0] === 0 && words[1] === 0 && words[2] === 0 && words[3]! > 0xffff;
  if (!compatible) return formatIPv6(words);
  const word = words[3]!;
  return `::${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}
