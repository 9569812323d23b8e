/**
 * Packets, octets and new flows over time, in at most 4096 buckets whatever the capture lasts:
 * when a time does not fit, buckets are joined into wider ones. Counted on packet rows, so exact.
 */
import type { TimeSlice } from '../model/use.ts';
import {
  M_INNER,
  P_CARRIED,
  P_IP_LENGTH,
  P_MARKS,
  P_NANOSECONDS,
  P_SECONDS,
  PACKET_WORDS,
} from '../wire/packet-batch.ts';

/** Widths in ms; each divides the next, so that buckets can be joined. */
const WIDTHS = [
  ...[10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000, 864_000_000],
  ...[8_640_000_000, 86_400_000_000],
];
/** Widths of rows for people; multiples of the widths above. */
const NICE = [
  ...[10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000],
  ...[300_000, 600_000, 1_200_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000],
  ...[
    43_200_000, 86_400_000, 172_800_000, 604_800_000, 1_209_600_000, 2_592_000_000, 7_776_000_000,
  ],
];
const BUCKETS = 4096;

/** What lies beyond the widest buckets, before or behind, counts in the first or in the last. */
export class OverTime {
  /** Bucket of index 0, in units of the width since 1970; NaN before the first. */
  private first = Number.NaN;
  private step = 0;
  private readonly packets = new Float64Array(BUCKETS);
  private readonly octets = new Float64Array(BUCKETS);
  private readonly flows = new Float64Array(BUCKETS);
  private readonly accepts: ((words: Int32Array, at: number) => boolean) | undefined;

  /** @param accepts which packet rows count; all without it */
  constructor(accepts?: (words: Int32Array, at: number) => boolean) {
    this.accepts = accepts;
  }

  /** Counts the decoder's rows; a packet in a tunnel counts beside the one that carries it. */
  takeRows(words: Int32Array, count: number): void {
    for (let row = 0; row < count; row++) {
      const at = row * PACKET_WORDS;
      if (this.accepts !== undefined && !this.accepts(words, at)) continue;
      const timeMs = (words[at + P_SECONDS]! >>> 0) * 1000 + words[at + P_NANOSECONDS]! / 1e6;
      const bucket = this.bucketOf(timeMs);
      if ((words[at + P_MARKS]! & M_INNER) === 0 || this.accepts !== undefined) {
        this.packets[bucket]!++;
      }
      this.octets[bucket]! += words[at + P_IP_LENGTH]! - words[at + P_CARRIED]!;
    }
  }

  /** Counts a flow by the time of its first packet, ms since 1970. */
  takeFlow(firstMs: number): void {
    this.flows[this.bucketOf(firstMs)]!++;
  }

  /** At most `most` rows of one width, without gaps; none when nothing was counted. */
  slices(most: number, withPackets = true): TimeSlice[] {
    if (Number.isNaN(this.first)) return [];
    const fine = WIDTHS[this.step]!;
    let last = BUCKETS - 1;
    while (last > 0 && this.isEmpty(last)) last--;
    const startMs = this.first * fine;
    const spanMs = (last + 1) * fine;
    let width = NICE.find(
      (each) => each >= fine && each % fine === 0 && rowsOf(startMs, spanMs, each) <= most,
    );
    if (width === undefined) {
      width = Math.ceil(spanMs / most / fine) * fine;
      while (rowsOf(startMs, spanMs, width) > most) width *= 2;
    }
    const begin = Math.floor(startMs / width) * width;
    const widthMs = width;
    const rows = Array.from({ length: rowsOf(startMs, spanMs, width) }, (_, row) => ({
      startMs: begin + row * widthMs,
      widthMs,
      packets: withPackets ? 0 : null,
      bytes: withPackets ? 0 : null,
      flows: 0,
    }));
    for (let bucket = 0; bucket <= last; bucket++) {
      const row = rows[Math.floor((startMs + bucket * fine - begin) / width)]!;
      if (row.packets !== null) row.packets += this.packets[bucket]!;
      if (row.bytes !== null) row.bytes += this.octets[bucket]!;
      row.flows += this.flows[bucket]!;
    }
    return rows;
  }

  private isEmpty(bucket: number): boolean {
    return this.packets[bucket] === 0 && this.flows[bucket] === 0 && this.octets[bucket] === 0;
  }

  private bucketOf(timeMs: number): number {
    if (Number.isNaN(this.first)) this.first = Math.floor(timeMs / WIDTHS[0]!);
    for (;;) {
      const index = Math.floor(timeMs / WIDTHS[this.step]!) - this.first;
      if (index >= 0 && index < BUCKETS) return index;
      if (index < 0 && this.shift(-index)) continue;
      if (this.step === WIDTHS.length - 1) return index < 0 ? 0 : BUCKETS - 1;
      this.widen();
    }
  }

  /** Makes room for earlier times, where the last buckets are free. */
  private shift(by: number): boolean {
    let last = BUCKETS - 1;
    while (last >= 0 && this.isEmpty(last)) last--;
    if (last + by >= BUCKETS) return false;
    for (const column of [this.packets, this.octets, this.flows]) {
      column.copyWithin(by, 0, last + 1);
      column.fill(0, 0, by);
    }
    this.first -= by;
    return true;
  }

  private widen(): void {
    const factor = WIDTHS[this.step + 1]! / WIDTHS[this.step]!;
    const first = Math.floor(this.first / factor);
    for (const column of [this.packets, this.octets, this.flows]) {
      const joined = new Float64Array(BUCKETS);
      for (let bucket = 0; bucket < BUCKETS; bucket++) {
        joined[Math.floor((this.first + bucket) / factor) - first]! += column[bucket]!;
      }
      column.set(joined);
    }
    this.first = first;
    this.step++;
  }
}

function rowsOf(startMs: number, spanMs: number, width: number): number {
  return Math.floor((startMs + spanMs - 1) / width) - Math.floor(startMs / width) + 1;
}
