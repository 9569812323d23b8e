/**
 * How many events in each stretch of time, without knowing beforehand how long the log is: a fixed
 * number of bins that double their width when a time does not fit.
 */

/** Bins kept; a chart has fewer. */
const BINS = 1024;
const FIRST_WIDTH_MS = 1000;

export class TimeSeries {
  widthMs = FIRST_WIDTH_MS;
  /** Start of the first bin, a multiple of the width; NaN before the first event. */
  startMs = Number.NaN;
  /** Events by bin, for each of the series. */
  readonly bins: readonly Float64Array[];

  /** @param series how many kinds of events are counted side by side */
  constructor(series: number) {
    this.bins = Array.from({ length: series }, () => new Float64Array(BINS));
  }

  /** Counts events of one kind. Times of NaN are left out. */
  add(series: number, timeMs: number, events: number): void {
    let index = Math.floor((timeMs - this.startMs) / this.widthMs);
    if (!(index >= 0 && index < BINS)) {
      if (Number.isNaN(timeMs)) return;
      index = this.fit(timeMs);
    }
    this.bins[series]![index]! += events;
  }

  /** Moves and widens the bins until the time fits; returns its bin. */
  private fit(timeMs: number): number {
    if (Number.isNaN(this.startMs)) {
      // In the middle, so that lines that are a little out of order fit too.
      this.startMs = (Math.floor(timeMs / this.widthMs) - (BINS >> 4)) * this.widthMs;
    }
    for (;;) {
      const index = Math.floor((timeMs - this.startMs) / this.widthMs);
      if (index >= 0 && index < BINS) return index;
      this.widen();
    }
  }

  private widen(): void {
    const width = 2 * this.widthMs;
    const start = Math.floor(this.startMs / width) * width;
    // A start that is not a multiple of the new width begins half a bin in.
    const shift = Math.round((this.startMs - start) / this.widthMs);
    // Times before the start need room in front: half of the bins then free.
    for (const bins of this.bins) {
      const old = bins.slice();
      bins.fill(0);
      for (let index = 0; index < BINS; index++) {
        bins[((index + shift) >> 1) + (BINS >> 3)]! += old[index]!;
      }
    }
    this.widthMs = width;
    this.startMs = start - (BINS >> 3) * width;
  }

  /** At most `most` columns that together hold every event, from the first to the last one. */
  columns(most: number): { startMs: number; widthMs: number; counts: number[][] } {
    let first = BINS;
    let last = -1;
    for (const bins of this.bins) {
      for (let index = 0; index < BINS; index++) {
        if (bins[index] === 0) continue;
        first = Math.min(first, index);
        last = Math.max(last, index);
      }
    }
    if (last < 0) return { startMs: Number.NaN, widthMs: 0, counts: this.bins.map(() => []) };
    const each = Math.ceil((last - first + 1) / most);
    const counts = this.bins.map((bins) => {
      const sums: number[] = [];
      for (let from = first; from <= last; from += each) {
        sums.push(bins.subarray(from, Math.min(last + 1, from + each)).reduce((a, b) => a + b, 0));
      }
      return sums;
    });
    const widthMs = each * this.widthMs;
    return { startMs: this.startMs + first * this.widthMs, widthMs, counts };
  }
}
