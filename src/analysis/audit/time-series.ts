/**
 * How many events in each stretch of time, without knowing beforehand how long the log is: a fixed
 * number of bins that double their width when a time does not fit. Bins begin at multiples of
 * their width and lie in a ring, so that what is counted, and how wide the bins are, depends on the
 * times alone, not on their order.
 */

/** Bins kept; a chart has fewer. */
const BINS = 1024;
const FIRST_WIDTH_MS = 1000;

/** The state of a series, as it goes from one thread to another. */
export interface SeriesPart {
  readonly widthMs: number;
  readonly first: number;
  readonly last: number;
  readonly bins: readonly Float64Array[];
}

export class TimeSeries {
  widthMs = FIRST_WIDTH_MS;
  /** The earliest and the latest bin in use, in widths since 1970; NaN before the first event. */
  private first = Number.NaN;
  private last = Number.NaN;
  /** Events by bin, for each of the series; bin N lies at N modulo their number. */
  private bins: readonly Float64Array[];
  /** The bin last counted in: most events fall into the same one. */
  private lowMs = Number.NaN;
  private highMs = Number.NaN;
  private slot = 0;

  /** @param series how many kinds of events are counted side by side */
  constructor(series: number) {
    this.bins = Array.from({ length: series }, () => new Float64Array(BINS));
  }

  /** Counts events of one kind. Times of NaN are left out. */
  add(series: number, timeMs: number, events: number): void {
    if (!(timeMs >= this.lowMs && timeMs < this.highMs)) {
      if (Number.isNaN(timeMs)) return;
      this.aim(timeMs);
    }
    this.bins[series]![this.slot]! += events;
  }

  /** The series that another thread counted; takes over its bins. */
  static of({ widthMs, first, last, bins }: SeriesPart): TimeSeries {
    const series = new TimeSeries(0);
    series.widthMs = widthMs;
    series.first = first;
    series.last = last;
    series.bins = bins;
    return series;
  }

  /** What was counted, for another thread. */
  part(): SeriesPart {
    const { widthMs, first, last, bins } = this;
    return { widthMs, first, last, bins };
  }

  /** Makes the time's bin the present one, wherever it lies. */
  private aim(timeMs: number): void {
    for (;;) {
      const bin = Math.floor(timeMs / this.widthMs);
      const isFirst = Number.isNaN(this.first);
      const first = isFirst ? bin : Math.min(bin, this.first);
      const last = isFirst ? bin : Math.max(bin, this.last);
      if (last - first < BINS) {
        this.first = first;
        this.last = last;
        this.slot = slotOf(bin);
        this.lowMs = bin * this.widthMs;
        this.highMs = this.lowMs + this.widthMs;
        return;
      }
      this.widen();
    }
  }

  private widen(): void {
    const { first, last } = this;
    this.widthMs *= 2;
    this.lowMs = this.highMs = Number.NaN;
    if (Number.isNaN(first)) return;
    this.bins = this.bins.map((old) => {
      const bins = new Float64Array(BINS);
      for (let bin = first; bin <= last; bin++) {
        bins[slotOf(Math.floor(bin / 2))]! += old[slotOf(bin)]!;
      }
      return bins;
    });
    this.first = Math.floor(first / 2);
    this.last = Math.floor(last / 2);
  }

  /** At most `most` columns that together hold every event, from the first to the last one. */
  columns(most: number): { startMs: number; widthMs: number; counts: number[][] } {
    const isEmpty = (bin: number): boolean => this.bins.every((bins) => bins[slotOf(bin)] === 0);
    let { first, last } = this;
    while (first <= last && isEmpty(first)) first++;
    while (last > first && isEmpty(last)) last--;
    if (!(first <= last)) {
      return { startMs: Number.NaN, widthMs: 0, counts: this.bins.map(() => []) };
    }
    const each = Math.ceil((last - first + 1) / most);
    const counts = this.bins.map((bins) => {
      const sums: number[] = [];
      for (let bin = first; bin <= last; bin++) {
        const column = Math.floor((bin - first) / each);
        sums[column] = (sums[column] ?? 0) + bins[slotOf(bin)]!;
      }
      return sums;
    });
    return { startMs: first * this.widthMs, widthMs: each * this.widthMs, counts };
  }
}

/** Where a bin lies; its number may be larger than 32 bits hold. */
function slotOf(bin: number): number {
  return bin - Math.floor(bin / BINS) * BINS;
}
