/**
 * The order in which a host's ports are asked: those most likely to answer first, so that results
 * come soon and a host that limits its answers spends them well; within both parts as the seed
 * shuffles them, each host in its own way, so that no port is asked of all hosts at one time.
 */
import type { CellOrder } from './cells-to-ask.ts';
import { Permutation } from './permutation.ts';

/** Hosts share so many different orders; a power of two. */
const ORDERS = 16;

/** One for all hosts, which share a few orders by their keys. */
export class LikelyFirst implements CellOrder {
  readonly cells: number;
  readonly randomFrom: number;
  private readonly likely: Uint16Array;
  private readonly rest: Uint16Array;
  private readonly seed: number;
  private readonly likelyOrders: Permutation[] = [];
  private readonly restOrders: Permutation[] = [];

  /** @param likely which cells come first; all are numbered from 0 to cells - 1 */
  constructor(cells: number, likely: ReadonlySet<number>, seed: number) {
    this.cells = cells;
    this.randomFrom = likely.size;
    this.seed = seed;
    this.likely = Uint16Array.from(likely).sort();
    this.rest = new Uint16Array(cells - likely.size);
    let rest = 0;
    let next = 0;
    for (let cell = 0; cell < cells; cell++) {
      if (cell === this.likely[next]) next++;
      else this.rest[rest++] = cell;
    }
  }

  at(position: number, key: number): number {
    const slot = key & (ORDERS - 1);
    const first = this.likely.length;
    if (position < first)
      return this.likely[this.order(this.likelyOrders, slot, first).at(position)]!;
    const order = this.order(this.restOrders, slot, this.rest.length);
    return this.rest[order.at(position - first)]!;
  }

  private order(orders: Permutation[], slot: number, size: number): Permutation {
    const known = orders[slot];
    if (known !== undefined) return known;
    const made = new Permutation(size, this.seed, slot);
    orders[slot] = made;
    return made;
  }
}
