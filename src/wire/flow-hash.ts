/**
 * Hashes of what a flow is known by.
 *
 * Tables that probe for a free place need a seed that strangers do not know: who can choose
 * collisions makes every look-up slow. Where a collision only costs an entry its place (caches of
 * fixed size, bitmaps), an attacker gains nothing that as many packets would not gain anyway, and
 * the hash is the same in every run, so that what was found is, too.
 */

/**
 * Seeded, and equal for both directions of a conversation: each endpoint is mixed alone and the
 * sum does not know the order. Mixes addresses and ports; `ports` holds the source port above and the
 * destination below.
 */
export function symmetricHash(
  seed: number,
  source: number,
  destination: number,
  ports: number,
): number {
  let h = Math.imul(source ^ seed, 0x85ebca6b) ^ Math.imul((ports >>> 16) + seed, 0xc2b2ae35);
  let g =
    Math.imul(destination ^ seed, 0x85ebca6b) ^ Math.imul((ports & 0xffff) + seed, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f);
  g = Math.imul(g ^ (g >>> 15), 0x27d4eb2f);
  return ((h ^ (h >>> 13)) + (g ^ (g >>> 13))) | 0;
}

/** Adds protocol, family and context (the `P_KIND` word) and spreads the result. */
export function finishHash(h: number, kind: number): number {
  const mixed = Math.imul(h ^ kind, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Without a seed, of one direction: addresses and ports as in `symmetricHash`. */
export function plainHash(source: number, destination: number, ports: number): number {
  let h = Math.imul(source, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 16)) + destination, 0xc2b2ae35);
  return Math.imul(h ^ (h >>> 15) ^ ports, 0x27d4eb2f);
}
