/**
 * Octets that are looked for at a known place, four at a time; some of them may be anything.
 */
import { octetsOf, type Scan } from './scan.ts';

const WORD = 4;

export class OctetMask {
  length = 0;
  private readonly octets: Uint8Array;
  private readonly asked: Uint8Array;
  /** The same as integers, in this machine's order. */
  private readonly words: Int32Array;
  private readonly masks: Int32Array;

  /** @param most octets, a multiple of four */
  constructor(most: number) {
    this.octets = new Uint8Array(most);
    this.asked = new Uint8Array(most);
    this.words = new Int32Array(this.octets.buffer);
    this.masks = new Int32Array(this.asked.buffer);
  }

  /** Takes `bytes[start, end)`, which must not be more than there is room for. */
  set(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.length = length;
    this.octets.set(bytes.subarray(start, end));
    this.asked.fill(255, 0, length);
    // Behind the last octet anything goes, up to a whole word.
    this.ignore(length, Math.min(length + WORD, this.octets.length));
  }

  /** Octets `start` to `end` may be anything. */
  ignore(start: number, end: number): void {
    this.octets.fill(0, start, end);
    this.asked.fill(0, start, end);
  }

  forget(): void {
    this.length = 0;
  }

  /** From now on it stands nowhere. */
  setNever(): void {
    this.length = Number.POSITIVE_INFINITY;
  }

  /** Passes them if they stand at the cursor. */
  take(scan: Scan): boolean {
    const { at } = scan;
    const behind = at + this.length;
    if (behind > scan.end || !this.isAt(scan, at)) return false;
    scan.at = behind;
    return true;
  }

  /** Whether they stand at `start`; up to three octets behind them are read too, where there are. */
  isAt({ view, room }: Scan, start: number): boolean {
    const { length, words, masks } = this;
    const count = (length + 3) >> 2;
    if (start + 4 * count > room) return this.isNearEnd(view, start);
    for (let index = 0; index < count; index++) {
      const word = view.getInt32(start + 4 * index, true);
      if ((word & masks[index]!) !== words[index]) return false;
    }
    return true;
  }

  private isNearEnd(view: DataView, start: number): boolean {
    const { length, octets, asked } = this;
    if (start + length > view.byteLength) return false;
    for (let index = 0; index < length; index++) {
      if ((view.getUint8(start + index) & asked[index]!) !== octets[index]) return false;
    }
    return true;
  }
}

/** Octets of an ASCII literal, none of which may be anything else. */
export function maskOf(text: string): OctetMask {
  const octets = octetsOf(text);
  const mask = new OctetMask(octets.length + WORD - (octets.length % WORD));
  mask.set(octets, 0, octets.length);
  return mask;
}
