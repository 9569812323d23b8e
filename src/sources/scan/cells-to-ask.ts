/**
 * Which cell of a host is asked next: new ones in the order of the scan, and those that are to be
 * asked again, in turns, so that loss shows while there is still much to ask.
 */
import { PENDING } from '../../model/port-state.ts';
import { CellQueue } from './cell-queue.ts';

/** The order in which a host's cells are asked; shared by all hosts but for the key. */
export interface CellOrder {
  readonly cells: number;
  /** From this position on the order is random: any part of it answers like any other. */
  readonly randomFrom: number;
  /** The cell at a position, 0 to cells - 1, for the host with that number. */
  at(position: number, key: number): number;
}

/** What is known of each cell; the host's own. */
interface Cells {
  readonly outcomes: Uint8Array;
  readonly tries: Uint8Array;
  isAirborne(cell: number): boolean;
}

/** Cells with an outcome are passed over when their turn comes, whoever gave it. */
export class CellsToAsk {
  /** How many cells were taken from the order. */
  position = 0;
  private readonly order: CellOrder;
  private readonly key: number;
  private readonly cells: Cells;
  private readonly again = new CellQueue();
  /** Whether a cell waits to be asked again. */
  private readonly queued: Uint8Array;
  private turn = false;

  /** @param key of the host in the order */
  constructor(order: CellOrder, key: number, cells: Cells) {
    this.order = order;
    this.key = key;
    this.cells = cells;
    this.queued = new Uint8Array(order.cells);
  }

  /** Whether cells of the order are left. */
  get hasFresh(): boolean {
    return this.position < this.order.cells;
  }

  /** Cells waiting to be asked again. */
  get waiting(): number {
    return this.again.length;
  }

  /** The cell at a position of the order. */
  at(position: number): number {
    return this.order.at(position, this.key);
  }

  /** The next cell; -1: none is to be asked now. @param early hears of new cells in no random order */
  next(early: (cell: number) => void): number {
    this.turn = !this.turn;
    if (this.turn) {
      const cell = this.nextAgain();
      return cell >= 0 ? cell : this.nextFresh(early);
    }
    const cell = this.nextFresh(early);
    return cell >= 0 ? cell : this.nextAgain();
  }

  private nextFresh(early: (cell: number) => void): number {
    const { outcomes, tries } = this.cells;
    while (this.hasFresh) {
      const position = this.position++;
      const cell = this.at(position);
      if (outcomes[cell] !== PENDING || tries[cell] !== 0) continue;
      if (position < this.order.randomFrom) early(cell);
      return cell;
    }
    return -1;
  }

  private nextAgain(): number {
    while (this.again.length > 0) {
      const cell = this.again.shift();
      this.queued[cell] = 0;
      if (this.cells.outcomes[cell] === PENDING && !this.cells.isAirborne(cell)) return cell;
    }
    return -1;
  }

  askAgain(cell: number): void {
    if (this.queued[cell] === 1) return;
    this.queued[cell] = 1;
    this.again.push(cell);
  }
}
