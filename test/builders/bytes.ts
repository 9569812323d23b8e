/**
 * The letters that packets are spelled with: big-endian integers, addresses, and the checksums of
 * RFC 1071 (internet), RFC 9260 (CRC-32C) and IEEE 802.3 (CRC-32). Everything returns new bytes.
 */

export type Payload = Uint8Array | string;

export const octets = (payload: Payload): Uint8Array =>
  typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;

export function join(...parts: Payload[]): Uint8Array {
  const arrays = parts.map(octets);
  const whole = new Uint8Array(arrays.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of arrays) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const u8 = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const u16 = (...values: number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >>> 8, value]));
export const u24 = (value: number): Uint8Array => u8(value >>> 16, value >>> 8, value);
export const u32 = (...values: number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >>> 24, value >>> 16, value >>> 8, value]));

/** The same octets, last first: little-endian spelling of `u16` and `u32`. */
export const little = (value: Uint8Array): Uint8Array => value.slice().reverse();

export const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Appends zero octets until the length is a multiple of `unit`. */
export const padTo = (unit: number, bytes: Uint8Array): Uint8Array =>
  join(bytes, zeros((unit - (bytes.length % unit)) % unit));

/** Octets from hexadecimal digits; anything else between them is ignored. */
export const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.replaceAll(/[^0-9a-f]/gi, '').match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );

/** The four octets of a dotted IPv4 address. */
export function ip4(text: string): Uint8Array {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255)))
    throw new TypeError(`not an IPv4 address: ${text}`);
  return Uint8Array.from(parts);
}

/** The sixteen octets of an IPv6 address; `::` and a dotted tail are understood, zones are not. */
export function ip6(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const plain = dotted
    ? `${dotted[1]}${Buffer.from(ip4(dotted[2] ?? ''))
        .toString('hex')
        .replace(/^(....)/, '$1:')}`
    : text;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string | undefined) => (part ? part.split(':') : []);
  const missing = 8 - groups(head).length - groups(tail).length;
  if (tail === undefined ? missing !== 0 : missing < 1)
    throw new TypeError(`not an IPv6 address: ${text}`);
  const all = [...groups(head), ...new Array<string>(missing).fill('0'), ...groups(tail)];
  return u16(...all.map((group) => Number.parseInt(group, 16)));
}

/** Overwrites a 16-bit big-endian field in place. */
export function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** RFC 1071 checksum over all octets (an odd last octet is padded with zero). */
export function internetChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2)
    sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** Reflected CRC-32 with the given reversed polynomial, as an unsigned integer. */
function reflectedCrc(polynomial: number, bytes: Uint8Array): number {
  let crc = ~0;
  for (const octet of bytes) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? polynomial : 0);
  }
  return ~crc >>> 0;
}

/** IEEE 802.3 frame check sequence; on the wire its least significant octet comes first. */
export const crc32 = (bytes: Uint8Array): number => reflectedCrc(0xedb88320, bytes);

/** Castagnoli CRC of SCTP (RFC 9260 appendix A); on the wire least significant octet first. */
export const crc32c = (bytes: Uint8Array): number => reflectedCrc(0x82f63b78, bytes);

/** So many octets that look random and are always the same: what stands for something enciphered. */
export function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 48_271) % 0x7fff_ffff;
    return state >>> 16;
  });
}
