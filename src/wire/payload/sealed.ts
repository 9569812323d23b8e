/**
 * Whether octets look like those that a specification wants random or enciphered: keys, nonces, tags.
 * Numbers, structures and repeated octets, which hold many zeros or few different octets, do not.
 */

const LOOKED_AT = 16;
/** Of 16 random octets more are zero once in 2 million times. */
const MOST_ZEROS = 3;
/** Of 16 random octets fewer differ, and none has its highest bit, once in 100,000 times each. */
const LEAST_DIFFERENT = 11;
const HIGH = 0x80;

/** Of the first 16 octets from `at`; true where fewer than 16 were captured before `end`. */
export function looksSealed(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = at + LOOKED_AT;
  if (stop > end) return true;
  let zeros = 0;
  let bits = 0;
  let different = 0;
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    bits |= octet;
    if (octet === 0 && ++zeros > MOST_ZEROS) return false;
    let before = at;
    while (bytes[before] !== octet) before++;
    if (before === next) different++;
  }
  return different >= LEAST_DIFFERENT && bits >= HIGH;
}
