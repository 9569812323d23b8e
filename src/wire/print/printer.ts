/**
 * Packets as lines of text in tcpdump's form, into one buffer of octets. The form is the one
 * people and their scripts know; what differs from tcpdump is listed in docs/capture.md.
 */
import type { FrameBatch } from '../frame-batch.ts';
import { printEtherType } from './ether-type.ts';
import { printIpv4 } from './ip.ts';
import { printEthernet, printLink } from './link.ts';
import { asciiLines, hexLines, Page, type PrintOptions } from './page.ts';

/** How the time stands before a packet: `-t` to `-ttttt` of tcpdump. */
export type TimeStyle = 'clock' | 'none' | 'epoch' | 'delta' | 'date' | 'since-first';

export interface PrinterOptions extends PrintOptions {
  readonly time?: TimeStyle;
  readonly nanoseconds?: boolean;
  /** Octets too: in hexadecimal (`-x`), with their text (`-X`), as text (`-A`). */
  readonly dump?: 'hex' | 'both' | 'text';
  /** The dump begins with the link header (`-xx`, `-XX`). */
  readonly dumpLink?: boolean;
  /** The number of the frame first (`-#`). */
  readonly numbers?: boolean;
  /** Minutes that local time is ahead of UTC, at a time in seconds since 1970. */
  readonly offsetMinutes?: (seconds: number) => number;
}

const DAY = 86_400;

/**
 * Prints one frame after another into its buffer. Times of a style such as `delta` are those since
 * the frame printed before, so frames come in their order.
 */
export class Printer {
  private readonly page: Page;
  private readonly options: PrinterOptions;
  private readonly time: TimeStyle;
  private begun = false;
  private baseSeconds = 0;
  private baseNanoseconds = 0;
  private offsetFrom = -1;
  private offset = 0;

  constructor(options: PrinterOptions) {
    this.options = options;
    this.page = new Page(options, {
      ipv4: printIpv4,
      ethernet: printEthernet,
      etherType: printEtherType,
    });
    this.time = options.time ?? 'clock';
  }

  /** What was printed and not taken yet; borrowed until the next line. */
  get text(): Uint8Array {
    return this.page.out.bytes.subarray(0, this.page.out.length);
  }

  get length(): number {
    return this.page.out.length;
  }

  /** Empties the buffer. */
  clear(): void {
    this.page.out.length = 0;
  }

  /** Prints a frame of a batch, of the given link type, with its line end. */
  print(batch: FrameBatch, index: number, linkType: number): void {
    const { page, options } = this;
    const { out } = page;
    const at = batch.offset[index]!;
    const captured = batch.captured[index]!;
    if (options.numbers) {
      out.text(String(batch.number[index]!).padStart(5));
      out.text('  ');
    }
    this.stamp(batch.seconds[index]!, batch.nanoseconds[index]!);
    page.bytes = batch.bytes;
    page.view = batch.view;
    page.end = at + captured;
    page.depth = 0;
    printLink(page, linkType, at, batch.original[index]!);
    if (options.dump !== undefined) this.dump(at, captured, linkType);
    out.code(10);
  }

  private dump(at: number, captured: number, linkType: number): void {
    const { page, options } = this;
    const skip = options.dumpLink ? 0 : Math.min(captured, LINK_HEADERS.get(linkType) ?? 0);
    const from = at + skip;
    const length = captured - skip;
    if (options.dump === 'text') asciiLines(page.out, page.bytes, from, length);
    else hexLines(page.out, page.bytes, from, length, options.dump === 'both');
  }

  private stamp(seconds: number, nanoseconds: number): void {
    const { out } = this.page;
    switch (this.time) {
      case 'none':
        return;
      case 'epoch':
        out.decimal(seconds);
        break;
      case 'clock':
      case 'date': {
        const local = seconds + this.offsetAt(seconds) * 60;
        if (this.time === 'date') {
          out.text(new Date(local * 1000).toISOString().slice(0, 10));
          out.code(32);
        }
        this.clock(((local % DAY) + DAY) % DAY);
        break;
      }
      default:
        return this.since(seconds, nanoseconds);
    }
    this.fraction(nanoseconds);
    out.code(32);
  }

  private clock(seconds: number): void {
    const { out } = this.page;
    out.padded(Math.floor(seconds / 3600), 2);
    out.code(58);
    out.padded(Math.floor(seconds / 60) % 60, 2);
    out.code(58);
    out.padded(seconds % 60, 2);
  }

  private fraction(nanoseconds: number): void {
    const { out } = this.page;
    out.code(46);
    if (this.options.nanoseconds) out.padded(nanoseconds, 9);
    else out.padded(Math.floor(nanoseconds / 1000), 6);
  }

  /** Time since the frame before, or since the first. */
  private since(seconds: number, nanoseconds: number): void {
    const { out } = this.page;
    if (!this.begun) {
      this.begun = true;
      this.baseSeconds = seconds;
      this.baseNanoseconds = nanoseconds;
    }
    let apart = seconds - this.baseSeconds;
    let fraction = nanoseconds - this.baseNanoseconds;
    if (fraction < 0) {
      apart--;
      fraction += 1e9;
    }
    if (apart < 0) {
      out.code(45);
      apart = fraction === 0 ? -apart : -apart - 1;
      fraction = fraction === 0 ? 0 : 1e9 - fraction;
    } else out.code(32);
    this.clock(apart);
    this.fraction(fraction);
    out.code(32);
    if (this.time === 'delta') {
      this.baseSeconds = seconds;
      this.baseNanoseconds = nanoseconds;
    }
  }

  /** Looked up once an hour: rules of daylight saving change on the hour. */
  private offsetAt(seconds: number): number {
    const hour = Math.floor(seconds / 900);
    if (hour !== this.offsetFrom) {
      this.offsetFrom = hour;
      this.offset = this.options.offsetMinutes?.(seconds) ?? 0;
    }
    return this.offset;
  }
}

/** Octets of link headers, which dumps leave out. */
const LINK_HEADERS: ReadonlyMap<number, number> = new Map([
  [0, 4],
  [1, 14],
  [9, 2],
  [104, 4],
  [108, 4],
  [113, 16],
  [276, 20],
]);
