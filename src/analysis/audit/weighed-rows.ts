/**
 * The foremost of many rows, kept as they come: neither all rows need be kept, nor looked up again
 * in a table where each comparison would wait for memory.
 */
import { firstOf } from '../heaviest.ts';

/** Candidates kept beyond those wanted before the worst are let go. */
const SPARE = 256;

export class WeighedRows {
  /** How many were added. */
  count = 0;
  private readonly most: number;
  /** Candidates. After `letGo` the foremost of all in order. */
  private entries: number[] = [];
  private weights: number[] = [];
  private events: number[] = [];
  /** What a row must exceed to be among the foremost; less than any until there are enough. */
  private leastWeight = Number.NEGATIVE_INFINITY;
  private leastEvents = Number.NEGATIVE_INFINITY;

  /** @param most rows wanted at most */
  constructor(most: number) {
    this.most = most;
  }

  /** @param entry number of the row; those that are added later are greater */
  add(entry: number, weight: number, events: number): void {
    this.count++;
    const { leastWeight } = this;
    if (weight < leastWeight || (weight === leastWeight && events <= this.leastEvents)) return;
    this.entries.push(entry);
    this.weights.push(weight);
    this.events.push(events);
    if (this.entries.length >= this.most + SPARE) this.letGo();
  }

  /** Their numbers: the weightiest first, of those the most frequent, of those the earliest. */
  first(): readonly number[] {
    this.letGo();
    return this.entries;
  }

  private letGo(): void {
    const { entries, weights, events, most } = this;
    const before = (left: number, right: number): boolean => {
      const heavier = weights[left]! - weights[right]!;
      if (heavier !== 0) return heavier > 0;
      const more = events[left]! - events[right]!;
      return more === 0 ? entries[left]! < entries[right]! : more > 0;
    };
    const kept = firstOf(entries.length, most, before);
    this.entries = kept.map((at) => entries[at]!);
    this.weights = kept.map((at) => weights[at]!);
    this.events = kept.map((at) => events[at]!);
    if (kept.length < most) return;
    this.leastWeight = this.weights.at(-1) ?? Number.POSITIVE_INFINITY;
    this.leastEvents = this.events.at(-1) ?? Number.POSITIVE_INFINITY;
  }
}
