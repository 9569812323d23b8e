/**
 * Time stamps as logs write them, into ms since 1970. What a stamp lacks is inferred and counted,
 * so that the report can say so: the year (from the input's own time and the order of lines), the
 * zone (UTC unless told).
 *
 * RFC 3164 section 4.1.2 has neither year nor zone; RFC 5424 section 6.2.3 is that of RFC 3339.
 */
import { AddressPool } from '../../net/address-pool.ts';
import { isDigit, isLetter, Scan } from './scan.ts';

const DAY_MS = 86_400_000;
/** A jump back by more than this many months is a new year, not disorder. */
const HALF_YEAR = 6;

/** Days from 1970-01-01 to the given civil date (proleptic Gregorian). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Month 1 to 12 from three octets of its English name, or 0. */
function monthAt(bytes: Uint8Array, at: number): number {
  const packed =
    ((bytes[at]! | 0x20) << 16) | ((bytes[at + 1]! | 0x20) << 8) | (bytes[at + 2]! | 0x20);
  switch (packed) {
    case 0x6a616e:
      return 1;
    case 0x666562:
      return 2;
    case 0x6d6172:
      return 3;
    case 0x617072:
      return 4;
    case 0x6d6179:
      return 5;
    case 0x6a756e:
      return 6;
    case 0x6a756c:
      return 7;
    case 0x617567:
      return 8;
    case 0x736570:
      return 9;
    case 0x6f6374:
      return 10;
    case 0x6e6f76:
      return 11;
    case 0x646563:
      return 12;
    default:
      return 0;
  }
}

/** One for each input: what it infers of a stamp comes from those before it. */
export class Clock {
  /** The stamp last read, ms since 1970. */
  timeMs = Number.NaN;
  /** Stamps read so far without a year, and without a zone. */
  withoutYear = 0;
  withoutZone = 0;
  /** Where the time of day of the stamp last read stands, and digits behind the point of its seconds. */
  timeAt = -1;
  secondsDigits = 0;
  /** What is taken where no zone stands, ms east of UTC. */
  private readonly offsetMs: number;
  /** No line is later than this, as far as the input's own time says. */
  private referenceMs: number;
  private readonly reference: {
    readonly year: number;
    readonly month: number;
    readonly day: number;
  };
  private year = 0;
  /** Of stamps in the month read last. */
  private yearOfMonth = 0;
  /** A year that stood before the month. */
  private givenYear = 0;
  /** A weekday stood before the month. */
  private asctime = false;
  private lastMonth = 0;
  private cachedDay = -1;
  /** Of the stamp last read: its day, its zone, and whether year and zone were inferred. */
  dayMs = 0;
  zoneMs = 0;
  yearless = 0;
  zoneless = 0;
  /** Room for stamps that are put together. */
  private readonly text = new Uint8Array(40);
  private readonly scan = new Scan(new AddressPool(0, 1));

  /**
   * @param referenceMs when the input was last written to, or now
   * @param offsetMs ms east of UTC of stamps that name no zone
   */
  constructor(referenceMs: number, offsetMs: number) {
    this.offsetMs = offsetMs;
    this.referenceMs = referenceMs;
    const local = new Date(referenceMs + offsetMs);
    this.reference = {
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
      day: local.getUTCDate(),
    };
  }

  /** The input was still written to at this moment, in ms since 1970. */
  advance(referenceMs: number): void {
    this.referenceMs = Math.max(this.referenceMs, referenceMs);
  }

  /** Changes when stamps without a year get another one than before. */
  get inferred(): number {
    return 16 * this.yearOfMonth + this.lastMonth;
  }

  /** Reads a stamp of any kind known here into `timeMs`, and passes it. */
  stamp(scan: Scan): boolean {
    const first = scan.peek();
    this.timeAt = -1;
    if (isDigit(first)) return this.iso(scan) || this.epoch(scan) || this.yearFirst(scan);
    if (isLetter(first)) {
      return this.monthFirst(scan) || this.weekdayFirst(scan) || this.slashed(scan);
    }
    return false;
  }

  /** `Oct  3 10:00:01`, `Oct 3 2026 10:00:01.123`, `Oct 3 10:00:01 2026`; a zone may follow. */
  monthFirst(scan: Scan): boolean {
    const { bytes } = scan;
    const start = scan.at;
    if (scan.end - start < 14) return false;
    const month = monthAt(bytes, start);
    if (month === 0 || bytes[start + 3] !== 0x20) return false;
    scan.at = start + 4;
    if (bytes[scan.at] === 0x20) scan.at++;
    let year = this.givenYear;
    if (!this.twoDigits(scan, 1, 31)) return this.refuse(scan, start);
    const day = scan.value;
    if (!scan.take(0x20)) return this.refuse(scan, start);
    if (isDigit(scan.peek(2))) {
      if (!scan.number() || scan.value < 1970 || scan.value > 9999 || !scan.take(0x20)) {
        return this.refuse(scan, start);
      }
      year = scan.value;
    }
    if (!this.timeOfDay(scan)) return this.refuse(scan, start);
    const ofDayMs = scan.value;
    if (year === 0) year = this.yearAfter(scan);
    this.yearless = year === 0 ? 1 : 0;
    if (year === 0) {
      this.withoutYear++;
      year = this.inferredYear(month, day);
    }
    this.settle(year, month, day, ofDayMs, this.zone(scan));
    return true;
  }

  /**
   * `2026-10-03T10:00:01.123456+02:00`, with a blank for the T, a comma for the point; or Sophos
   * UTM's `2026:10:03-10:00:01`.
   */
  iso(scan: Scan): boolean {
    const { bytes } = scan;
    const start = scan.at;
    if (scan.end - start < 19) return false;
    const separator = bytes[start + 4];
    const colons = separator === COLON;
    if (separator !== 0x2d && separator !== SLASH && !colons) return false;
    if (bytes[start + 7] !== separator) return false;
    const year = digits(bytes, start, 4);
    const month = digits(bytes, start + 5, 2);
    const day = digits(bytes, start + 8, 2);
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    const between = bytes[start + 10];
    const usual = between === 0x54 || between === 0x74 || between === 0x20;
    if (colons ? between !== 0x2d : !usual) return false;
    scan.at = start + 11;
    if (!this.timeOfDay(scan)) return this.refuse(scan, start);
    this.yearless = 0;
    this.settle(year, month, day, scan.value, this.zone(scan));
    return true;
  }

  /**
   * A date, a time and perhaps a zone that stand apart: `2026-10-03`, `10:00:01`, `+0200`. Returns
   * ms since 1970, NaN when they are none. Ends are exclusive; an empty zone is none.
   */
  joined(
    bytes: Uint8Array,
    dateStart: number,
    dateEnd: number,
    timeStart: number,
    timeEnd: number,
    zoneStart = 0,
    zoneEnd = 0,
  ): number {
    const lengths = [dateEnd - dateStart, timeEnd - timeStart, zoneEnd - zoneStart];
    if (lengths[0] !== 10 || lengths[1]! < 8 || lengths[1]! > 18 || lengths[2]! > 6)
      return Number.NaN;
    const { text, scan } = this;
    text.set(bytes.subarray(dateStart, dateEnd));
    text[10] = 0x54;
    text.set(bytes.subarray(timeStart, timeEnd), 11);
    text.set(bytes.subarray(zoneStart, zoneEnd), 11 + lengths[1]!);
    const end = 11 + lengths[1]! + lengths[2]!;
    scan.aim(text, 0, end);
    return this.iso(scan) && scan.at === end ? this.timeMs : Number.NaN;
  }

  /** The stamp of any kind in `bytes[start, end)`; NaN for anything else. */
  within(bytes: Uint8Array, start: number, end: number): number {
    const { text, scan } = this;
    if (end - start > text.length) return Number.NaN;
    text.set(bytes.subarray(start, end));
    scan.aim(text, 0, end - start);
    if (!this.stamp(scan)) return Number.NaN;
    scan.skipSpaces();
    return scan.at === scan.end || isLetter(scan.peek()) ? this.timeMs : Number.NaN;
  }

  /** Seconds since 1970, ten digits, perhaps with a fraction: `1790000000.123456`; or ms, thirteen. */
  epoch(scan: Scan): boolean {
    const start = scan.at;
    if (!scan.number()) return false;
    const digits = scan.at - start;
    if (digits === 13 && (scan.at >= scan.end || scan.peek() === 0x20)) {
      this.timeMs = scan.value;
      return true;
    }
    if (digits !== 10) return this.refuse(scan, start);
    const seconds = scan.value;
    const fraction = this.fraction(scan);
    if (scan.at < scan.end && scan.peek() !== 0x20) return this.refuse(scan, start);
    this.timeMs = seconds * 1000 + fraction;
    return true;
  }

  /** NX-OS: `2026 Oct  3 10:00:01`. */
  private yearFirst(scan: Scan): boolean {
    const start = scan.at;
    const year = digits(scan.bytes, start, 4);
    if (scan.end - start < 19 || year < 1970 || scan.peek(4) !== 0x20) return false;
    scan.at = start + 5;
    this.givenYear = year;
    const read = this.monthFirst(scan);
    this.givenYear = 0;
    return read || this.refuse(scan, start);
  }

  /** `Sat 2026-10-03 10:00:01 UTC`, `Sat Oct  3 10:00:01 2026`. */
  private weekdayFirst(scan: Scan): boolean {
    const start = scan.at;
    const { bytes } = scan;
    if (scan.end - start < 20 || bytes[start + 3] !== 0x20 || !isLetter(bytes[start + 2]!)) {
      return false;
    }
    scan.at += 4;
    // Behind a weekday the year follows the time of day, as ctime writes it.
    this.asctime = true;
    const read = isDigit(scan.peek()) ? this.iso(scan) : this.monthFirst(scan);
    this.asctime = false;
    return read || this.refuse(scan, start);
  }

  /** RouterOS up to 6: `oct/03/2026 10:00:01`. */
  private slashed(scan: Scan): boolean {
    const { bytes } = scan;
    const start = scan.at;
    if (scan.end - start < 20 || bytes[start + 3] !== SLASH || bytes[start + 6] !== SLASH) {
      return false;
    }
    const month = monthAt(bytes, start);
    const day = digits(bytes, start + 4, 2);
    const year = digits(bytes, start + 7, 4);
    if (month === 0 || day < 1 || day > 31 || year < 1970 || bytes[start + 11] !== 0x20)
      return false;
    scan.at = start + 12;
    if (!this.timeOfDay(scan)) return this.refuse(scan, start);
    this.yearless = 0;
    this.settle(year, month, day, scan.value, Number.NaN);
    return true;
  }

  private refuse(scan: Scan, start: number): false {
    scan.at = start;
    return false;
  }

  private twoDigits(scan: Scan, least: number, most: number): boolean {
    const first = scan.peek() - 0x30;
    if (first < 0 || first > 9) return false;
    const second = scan.peek(1) - 0x30;
    const two = second >= 0 && second <= 9;
    const value = two ? first * 10 + second : first;
    if (value < least || value > most) return false;
    scan.at += two ? 2 : 1;
    scan.value = value;
    return true;
  }

  /** `10:00:01`, perhaps with a fraction, into `scan.value` in ms of the day. */
  private timeOfDay(scan: Scan): boolean {
    const { bytes } = scan;
    const at = scan.at;
    if (scan.end - at < 8 || bytes[at + 2] !== 0x3a || bytes[at + 5] !== 0x3a) return false;
    const hour = digits(bytes, at, 2);
    const minute = digits(bytes, at + 3, 2);
    const second = digits(bytes, at + 6, 2);
    // 60 is a leap second (RFC 3339 section 5.7).
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
      return false;
    scan.at = at + 8;
    const fraction = this.fraction(scan);
    this.timeAt = at;
    this.secondsDigits = Math.max(0, scan.at - at - 9);
    scan.value = (hour * 60 + minute) * 60_000 + second * 1000 + fraction;
    return true;
  }

  /** Passes `.123456` and returns it in ms. */
  private fraction(scan: Scan): number {
    const mark = scan.peek();
    if ((mark !== DOT && mark !== COMMA) || !isDigit(scan.peek(1))) return 0;
    scan.at++;
    let scale = 100;
    let sum = 0;
    while (isDigit(scan.peek())) {
      sum += (scan.peek() - 0x30) * scale;
      scale /= 10;
      scan.at++;
    }
    return sum;
  }

  /** A year behind the time of day, as asctime and some devices write it. */
  private yearAfter(scan: Scan): number {
    if (scan.peek() !== 0x20 || scan.end - scan.at < 5) return 0;
    const year = digits(scan.bytes, scan.at + 1, 4);
    const next = scan.peek(5);
    // A host that is called 2026 would be followed by more than an end, a colon or a bracket.
    if (year < 1970 || year > 2199) return 0;
    const ends = next === -1 || next === COLON || next === 0x5d;
    if (!ends && !(this.asctime && next === 0x20)) return 0;
    scan.at += 5;
    return year;
  }

  /** `Z`, `+02:00` or ` UTC` behind a stamp: offset in ms, or NaN when no zone stands there. */
  private zone(scan: Scan): number {
    const mark = scan.peek();
    if (mark === 0x20) return this.namedZone(scan);
    if (mark === 0x5a || mark === 0x7a) {
      scan.at++;
      return 0;
    }
    if (mark !== 0x2b && mark !== 0x2d) return Number.NaN;
    const hours = digits(scan.bytes, scan.at + 1, 2);
    const colon = scan.peek(3) === COLON ? 1 : 0;
    const minutes = digits(scan.bytes, scan.at + 3 + colon, 2);
    if (scan.at + 5 + colon > scan.end || hours < 0 || hours > 18 || minutes < 0) return Number.NaN;
    scan.at += 5 + colon;
    const offset = (hours * 60 + minutes) * 60_000;
    return mark === 0x2d ? -offset : offset;
  }

  /** ` UTC` or ` GMT`; other names stand for different zones in different places. */
  private namedZone(scan: Scan): number {
    const { bytes, at, end } = scan;
    if (at + 4 > end) return Number.NaN;
    const packed = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (packed !== 0x555443 && packed !== 0x474d54) return Number.NaN;
    const next = at + 4 < end ? bytes[at + 4]! : -1;
    if (next !== -1 && next !== 0x20 && next !== COLON) return Number.NaN;
    scan.at = at + 4;
    return 0;
  }

  private settle(year: number, month: number, day: number, ofDayMs: number, zoneMs: number): void {
    const key = (year * 16 + month) * 32 + day;
    if (key !== this.cachedDay) {
      this.cachedDay = key;
      this.dayMs = daysFromCivil(year, month, day) * DAY_MS;
    }
    this.zoneless = Number.isNaN(zoneMs) ? 1 : 0;
    this.withoutZone += this.zoneless;
    this.zoneMs = this.zoneless === 1 ? this.offsetMs : zoneMs;
    this.timeMs = this.dayMs + ofDayMs - this.zoneMs;
  }

  /**
   * The year of a stamp without one: at first the latest in which it is not after the input's own
   * time (by more than a day); from then on the next one each time December turns into January.
   */
  private inferredYear(month: number, day: number): number {
    if (month === this.lastMonth) return this.yearOfMonth;
    if (this.year === 0) this.year = this.latestYear(month, day);
    else if (this.lastMonth - month > HALF_YEAR) this.year++;
    else if (month === 12 && this.lastMonth === 1) this.year--; // a line that came late
    this.lastMonth = month;
    const latestMs = this.referenceMs + DAY_MS + this.offsetMs;
    this.year = Math.min(this.year, new Date(latestMs).getUTCFullYear());
    // Of this stamp alone: one of a wrong clock must not take the lines behind it along.
    const isLater = daysFromCivil(this.year, month, day) * DAY_MS > latestMs;
    this.yearOfMonth = isLater ? this.year - 1 : this.year;
    return this.yearOfMonth;
  }

  private latestYear(month: number, day: number): number {
    const { reference } = this;
    const later = month !== reference.month ? month > reference.month : day > reference.day + 1;
    let year = later ? reference.year - 1 : reference.year;
    // The day comes in leap years alone.
    if (month === 2 && day === 29)
      while (new Date(Date.UTC(year, 1, 29)).getUTCDate() !== 29) year--;
    return year;
  }
}

const SLASH = 0x2f;
const DOT = 0x2e;
const COMMA = 0x2c;
const COLON = 0x3a;

/** The number in `count` digits, or -1 when one of them is none. */
function digits(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index++) {
    const digit = (bytes[index] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
