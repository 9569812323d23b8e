/** Queue of cells over a ring that grows: probes on their way, ports to be asked again. */

/** First in, first out. `peek` and `shift` ask for a cell that is there. */
export class CellQueue {
  length = 0;
  private cells = new Int32Array(64);
  private head = 0;

  push(cell: number): void {
    if (this.length === this.cells.length) {
      const larger = new Int32Array(2 * this.cells.length);
      for (let index = 0; index < this.length; index++) larger[index] = this.peek(index);
      this.cells = larger;
      this.head = 0;
    }
    this.cells[(this.head + this.length++) & (this.cells.length - 1)] = cell;
  }

  peek(index = 0): number {
    return this.cells[(this.head + index) & (this.cells.length - 1)]!;
  }

  shift(): number {
    const cell = this.peek();
    this.head = (this.head + 1) & (this.cells.length - 1);
    this.length--;
    return cell;
  }
}
