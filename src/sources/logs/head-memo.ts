/**
 * The header of the line before. Most lines of a log begin with the same octets but for the time of
 * day in their stamp: those are compared instead of being taken apart again.
 *
 * Kept is what stands between the priority and the message, when that is one stamp that the clock
 * read, a host and a program. Only digits of the time of day may differ.
 */
import type { Clock } from './clock.ts';
import { OctetMask } from './octet-mask.ts';
import type { Scan } from './scan.ts';

const LESS = 0x3c;
const GREATER = 0x3e;
const PERCENT = 0x25;
const COLON = 0x3a;
const ZERO = 0x30;
/** Octets of a header that are kept; longer ones are read each time. */
const LONGEST = 160;

export class HeadMemo {
  /** Where the remembered header begins in the line last matched: behind the priority. */
  start = 0;
  /** Behind the header that was matched. */
  end = 0;
  /** ms since 1970 of the line last matched. */
  timeMs = Number.NaN;
  /** Places in the header, from its start. */
  hostStart = 0;
  hostEnd = 0;
  programStart = 0;
  programEnd = 0;
  /** Octets in front of the time of day, and behind it. */
  private readonly front = new OctetMask(LONGEST);
  private readonly back = new OctetMask(LONGEST);
  /** All of them; 0 where none are kept. */
  private length = 0;
  /** Where those behind the time of day begin. */
  private backAt = 0;
  private prioritised = false;
  /** Where the time of day stands: `10:00:01`. */
  private timeAt = 0;
  /** Digits behind the point of the seconds, and that point or comma. */
  private digits = 0;
  private point = 0;
  /** The message begins with a percent sign, which alone tells where the header ends. */
  percent = false;
  private clock: Clock | undefined;
  private dayMs = 0;
  private zoneMs = 0;
  private yearless = 0;
  private zoneless = 0;
  /** What the clock had inferred; once that changes, the same octets may stand for another year. */
  private inferred = 0;

  /** Whether the line at the cursor begins with the header that is remembered. */
  matches(scan: Scan, clock: Clock): boolean {
    const { bytes, at } = scan;
    const { timeAt, digits, length } = this;
    if (length === 0 || clock !== this.clock || clock.inferred !== this.inferred) return false;
    let start = at;
    if (this.prioritised) {
      start = behindPriority(bytes, at);
      if (start < 0) return false;
    } else if (bytes[at] === LESS) return false;
    // An octet of the message must follow.
    if (start + length >= scan.end || !this.front.isAt(scan, start)) return false;
    if (!this.back.isAt(scan, start + this.backAt)) return false;
    const time = start + timeAt;
    if (bytes[time + 2] !== COLON || bytes[time + 5] !== COLON) return false;
    const hours = twoDigits(bytes, time);
    const minutes = twoDigits(bytes, time + 3);
    const seconds = twoDigits(bytes, time + 6);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
    if (seconds < 0 || seconds > 60) return false;
    let fraction = 0;
    if (digits > 0) {
      if (bytes[time + 8] !== this.point) return false;
      // The same sum in the same order as the clock's, so that it is the same number.
      let scale = 100;
      const first = time + 9;
      for (let index = first; index < first + digits; index++) {
        const digit = bytes[index]! - ZERO;
        if (digit < 0 || digit > 9) return false;
        fraction += digit * scale;
        scale /= 10;
      }
    }
    this.start = start;
    this.end = start + length;
    const ofDayMs = (hours * 60 + minutes) * 60_000 + seconds * 1000 + fraction;
    this.timeMs = this.dayMs + ofDayMs - this.zoneMs;
    return true;
  }

  /** Counts what was inferred for the stamp of the line that matched. */
  count(clock: Clock): void {
    clock.withoutYear += this.yearless;
    clock.withoutZone += this.zoneless;
  }

  /** Keeps `bytes[start, end)`, which stand behind a priority or not; the clock read their stamp. */
  keep(
    bytes: Uint8Array,
    start: number,
    end: number,
    prioritised: boolean,
    clock: Clock,
    head: { hostStart: number; hostEnd: number; programStart: number; programEnd: number },
  ): void {
    const length = end - start;
    const timeAt = clock.timeAt - start;
    this.length = 0;
    if (length > LONGEST || timeAt < 0 || timeAt + 8 > length) return;
    const { secondsDigits } = clock;
    this.backAt = timeAt + 8 + (secondsDigits > 0 ? 1 + secondsDigits : 0);
    this.front.set(bytes, start, clock.timeAt);
    this.back.set(bytes, start + this.backAt, end);
    this.length = length;
    this.point = bytes[clock.timeAt + 8]!;
    this.prioritised = prioritised;
    this.timeAt = timeAt;
    this.digits = secondsDigits;
    this.clock = clock;
    this.inferred = clock.inferred;
    this.dayMs = clock.dayMs;
    this.zoneMs = clock.zoneMs;
    this.yearless = clock.yearless;
    this.zoneless = clock.zoneless;
    this.percent = bytes[end] === PERCENT;
    this.hostStart = head.hostStart - start;
    this.hostEnd = head.hostEnd - start;
    this.programStart = head.programStart - start;
    this.programEnd = head.programEnd - start;
    this.start = start;
    this.end = end;
  }

  forget(): void {
    this.length = 0;
  }
}

/** Where `<134>` ends that begins at `at`, of at most three digits; -1 without. */
function behindPriority(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== LESS) return -1;
  let next = at + 1;
  while (bytes[next]! >= ZERO && bytes[next]! <= 0x39) next++;
  return next > at + 1 && next < at + 5 && bytes[next] === GREATER ? next + 1 : -1;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - ZERO;
  const ones = bytes[at + 1]! - ZERO;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : 10 * tens + ones;
}
