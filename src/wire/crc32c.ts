/**
 * The CRC-32C that SCTP guards its packets with (RFC 9260 appendix A): Castagnoli's polynomial,
 * bits reflected. SCTP puts it on the wire with the least significant octet first.
 */

/** 0x1edc6f41 with its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Int32Array.from({ length: 256 }, (_, octet) => {
  let rest = octet;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? POLYNOMIAL : 0);
  return rest;
});

/** CRC of `length` octets from `at` on, 0 to 2^32 - 1. */
export function crc32c(bytes: ArrayLike<number>, at: number, length: number): number {
  let rest = -1;
  for (let index = at; index < at + length; index++) {
    rest = TABLE[(rest ^ bytes[index]!) & 255]! ^ (rest >>> 8);
  }
  return ~rest >>> 0;
}
