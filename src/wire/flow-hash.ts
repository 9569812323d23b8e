/**
 * The hash of a flow key, equal for both directions of a conversation: each endpoint is mixed
 * alone and the sum does not know the order. Seeded, so that strangers cannot choose collisions.
 */

/** Mixes addresses and ports; `ports` holds the source port above and the destination below. */
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
