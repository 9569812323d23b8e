/**
 * Tries in flight to one host, oldest first, by how many times the usual wait is doubled for them:
 * within one such level the oldest is given up first.
 */
import { CellQueue } from './cell-queue.ts';

/** The wait of a try is at most doubled so often. */
export const MOST_DOUBLINGS = 3;

/** Cells, by when they were sent; those that were answered are left in and passed over. */
export class Flights {
  private readonly levels = Array.from({ length: MOST_DOUBLINGS + 1 }, () => new CellQueue());
  private readonly isAirborne: (cell: number) => boolean;

  /** @param isAirborne whether a cell's latest try is still in flight */
  constructor(isAirborne: (cell: number) => boolean) {
    this.isAirborne = isAirborne;
  }

  push(cell: number, doublings: number): void {
    this.levels[doublings]!.push(cell);
  }

  /** Whether any were sent that were not taken out yet: some may be answered. */
  get any(): boolean {
    return this.levels.some(({ length }) => length > 0);
  }

  /** The oldest of a level that is still in flight, -1: none is. Forgets those that are not. */
  oldest(doublings: number): number {
    const queue = this.levels[doublings]!;
    while (queue.length > 0) {
      const cell = queue.peek();
      if (this.isAirborne(cell)) return cell;
      queue.shift();
    }
    return -1;
  }

  /** Takes out the oldest of a level. */
  shift(doublings: number): void {
    this.levels[doublings]!.shift();
  }
}
