/** The first few of many, without sorting them all. */

/**
 * The first `most` of the numbers 0 to `count - 1` in the order that `before` gives, which must be
 * a strict one. Takes time in step with `count`, memory with `most`.
 */
export function firstOf(
  count: number,
  most: number,
  before: (left: number, right: number) => boolean,
): number[] {
  // A heap of the best so far with the worst of them on top.
  const heap: number[] = [];
  for (let each = 0; each < count; each++) {
    if (heap.length < most) {
      heap.push(each);
      rise(heap, before);
    } else if (most > 0 && before(each, heap[0]!)) {
      heap[0] = each;
      sink(heap, before);
    }
  }
  return heap.sort((left, right) => (before(left, right) ? -1 : 1));
}

function rise(heap: number[], before: (left: number, right: number) => boolean): void {
  let at = heap.length - 1;
  const item = heap[at]!;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!before(heap[above]!, item)) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = item;
}

function sink(heap: number[], before: (left: number, right: number) => boolean): void {
  const item = heap[0]!;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && before(heap[below]!, heap[below + 1]!)) below++;
    if (!before(item, heap[below]!)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = item;
}
