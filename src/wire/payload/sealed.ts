/**
 * Whether octets look like those that a specification wants random or enciphered: keys, nonces, tags.
 * Numbers, structures and repeated octets, which hold many zeros or few different octets, do not.
 */

const LOOKED_AT = 16;
/** Fewer say nothing. */
const LEAST = 8;
/** Of 16 random octets more are zero once in 2 million times. */
const MOST_ZEROS = 3;
/** Of 16 random octets fewer differ, and none has its highest bit, once in 100,000 times each. */
const LEAST_DIFFERENT = 11;
const HIGH = 0x80;

/**
 * Of the first 16 octets from `at`, or as many as were captured before `end`: fewer are mistaken more
 * often, less than 8 are taken as they are.
 */
export function looksSealed(bytes: Uint8Array, at: number, end: number): boolean {
  const count = Math.min(LOOKED_AT, end - at);
  if (count < LEAST) return true;
  const stop = at + count;
  let zeros = 0;
  let bits = 0;
  let different = 0;
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    bits |= octet;
    if (octet === 0) zeros++;
    let before = at;
    while (bytes[before] !== octet) before++;
    if (before === next) different++;
  }
  if (zeros * LOOKED_AT > MOST_ZEROS * count) return false;
  if (different * LOOKED_AT < (LEAST_DIFFERENT - 1) * count) return false;
  return count < LOOKED_AT || (different >= LEAST_DIFFERENT && bits >= HIGH);
}
