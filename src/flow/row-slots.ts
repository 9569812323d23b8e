/**
 * The slots of the flow table: pairs of a hash and a row's number + 1 (0 = empty), found by linear
 * probing. A large array is reserved once, as zeros that take no memory before they are written,
 * and its used part doubled in place: growing by copies would hold old and new at once, and the old
 * ones until they are collected.
 */

/** Words in use at the start. */
export const FIRST_SLOT_WORDS = 1 << 13;
/** Arrays up to this length (words) are replaced when they grow, longer ones reserved in full. */
const SMALL = 1 << 16;

/** Zeros for the first `used` words and for growth; `most` rows fill at most half of it. */
export function reserveSlots(used: number, most: number): Int32Array {
  let length = used;
  if (used > SMALL) while (length < 4 * most) length *= 2;
  return new Int32Array(length);
}

/** Puts a pair into the first empty slot from its home on. */
export function putSlot(slots: Int32Array, mask: number, hash: number, held: number): void {
  let slot = (hash << 1) & mask;
  while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
  slots[slot] = hash;
  slots[slot + 1] = held;
}

/**
 * Makes the first `after` words the table, where the first `before` were, without the rows that are
 * `gone`. Returns how many pairs there are.
 *
 * Pairs are moved in the order of their slots: none then comes to lie behind one that is still to
 * move. Those that ran over the end and lie at the beginning are set aside and moved last.
 */
export function resettle(
  slots: Int32Array,
  before: number,
  after: number,
  gone?: Uint8Array,
): number {
  let start = 0;
  while (start < before && slots[start + 1] !== 0) start += 2;
  const aside = slots.slice(0, start);
  slots.fill(0, 0, start);
  const later = moveAll(slots, slots, start, before, after - 1, gone);
  return later + moveAll(aside, slots, 0, start, after - 1, gone);
}

function moveAll(
  from: Int32Array,
  to: Int32Array,
  start: number,
  end: number,
  mask: number,
  gone: Uint8Array | undefined,
): number {
  let moved = 0;
  for (let slot = start; slot < end; slot += 2) {
    const held = from[slot + 1]!;
    if (held === 0) continue;
    from[slot + 1] = 0;
    if (gone !== undefined && gone[held - 1] === 1) continue;
    putSlot(to, mask, from[slot]!, held);
    moved++;
  }
  return moved;
}
