/**
 * How many events in each stretch of time, without knowing beforehand how long the log is: a fixed
 * number of bins that become wider when a time does not fit. Bins begin at multiples of their width
 * and lie in a ring, so that what is counted, and how wide the bins are, depends on the times
 * alone, not on their order. Widths are those of clocks and calendars, so that a chart's rows begin
 * at times that people think in.
 */

/** Bins kept; a chart has fewer. */
const BINS = 1024;
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
/** Widths of bins in ms; each divides the next, so that bins can be joined. */
const WIDTHS: readonly number[] = [
  ...[SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, DAY],
  ...[10 * DAY, 100 * DAY, 1000 * DAY],
];
/** Widths of rows for people. */
const SHOWN: readonly number[] = [
  ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 4, 8, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 30, 90].map((days) => days * DAY),
];

/** The state of a series, as it goes from one thread to another. */
export interface SeriesPart {
  readonly widthMs: number;
  readonly first: number;
  readonly last: number;
  readonly bins: readonly Float64Array[];
}

/**
 * Times are ms since 1970; events that lie too far apart for its bins make them wider, never fewer.
 */
export class TimeSeries {
  widthMs = WIDTHS[0]!;
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
    const wider = WIDTHS[WIDTHS.indexOf(this.widthMs) + 1] ?? 10 * this.widthMs;
    const factor = wider / this.widthMs;
    this.widthMs = wider;
    this.lowMs = this.highMs = Number.NaN;
    if (Number.isNaN(first)) return;
    this.bins = this.bins.map((old) => {
      const bins = new Float64Array(BINS);
      for (let bin = first; bin <= last; bin++) {
        bins[slotOf(Math.floor(bin / factor))]! += old[slotOf(bin)]!;
      }
      return bins;
    });
    this.first = Math.floor(first / factor);
    this.last = Math.floor(last / factor);
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
    const { widthMs } = this;
    const width = shownWidth(first * widthMs, (last + 1) * widthMs, widthMs, most);
    const begin = Math.floor((first * widthMs) / width);
    const counts = this.bins.map((bins) => {
      const sums = new Array<number>(Math.floor((last * widthMs) / width) - begin + 1).fill(0);
      for (let bin = first; bin <= last; bin++) {
        sums[Math.floor((bin * widthMs) / width) - begin]! += bins[slotOf(bin)]!;
      }
      return sums;
    });
    return { startMs: begin * width, widthMs: width, counts };
  }
}

/** The smallest width that people think in, or a multiple of the bins', with few enough rows. */
function shownWidth(startMs: number, endMs: number, binMs: number, most: number): number {
  const rows = (width: number): number => Math.ceil(endMs / width) - Math.floor(startMs / width);
  const shown = SHOWN.find((width) => width % binMs === 0 && rows(width) <= most);
  if (shown !== undefined) return shown;
  let width = Math.max(binMs, 90 * DAY - ((90 * DAY) % binMs));
  while (rows(width) > most) width *= 2;
  return width;
}

/** Where a bin lies; its number may be larger than 32 bits hold. */
function slotOf(bin: number): number {
  return bin - Math.floor(bin / BINS) * BINS;
}
