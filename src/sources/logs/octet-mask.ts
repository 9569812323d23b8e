/**
 * Octets that are looked for at a known place, eight at a time: as floats, which are equal when their
 * octets are, but for those that are no number or zero. Text holds neither; what does is compared octet
 * by octet.
 */
import { octetsOf, type Scan } from './scan.ts';

const FLOAT = 8;
const WORD = 4;

export class OctetMask {
  length = 0;
  private readonly octets: Uint8Array;
  /** The same, eight at a time; the last ones overlap those before. */
  private readonly floats: Float64Array;
  /** Of four to seven octets the first four and the last four. */
  private head = 0;
  private tail = 0;
  private hasFloats = false;
  private hasWords = false;

  /** @param most octets */
  constructor(most: number) {
    this.octets = new Uint8Array(most);
    this.floats = new Float64Array(1 + Math.ceil(most / FLOAT));
  }

  /** Takes `bytes[start, end)`, which must not be more than there is room for. */
  set(bytes: Uint8Array, start: number, end: number): void {
    const { octets, floats } = this;
    const length = end - start;
    this.length = length;
    octets.set(bytes.subarray(start, end));
    const view = new DataView(octets.buffer);
    this.hasWords = length >= WORD && length < FLOAT;
    if (this.hasWords) {
      this.head = view.getInt32(0, true);
      this.tail = view.getInt32(length - WORD, true);
    }
    this.hasFloats = length >= FLOAT;
    for (let index = 0; this.hasFloats && FLOAT * index < length; index++) {
      const float = view.getFloat64(Math.min(FLOAT * index, length - FLOAT), true);
      floats[index] = float;
      if (float === 0 || Number.isNaN(float)) this.hasFloats = false;
    }
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

  /** Whether they stand at `start`; there must be as many octets. */
  isAt({ view, bytes }: Scan, start: number): boolean {
    const { length } = this;
    if (this.hasFloats) {
      const { floats } = this;
      const last = (start + length - FLOAT) | 0;
      let index = 0;
      for (let at = start; at < last; at = (at + FLOAT) | 0) {
        if (view.getFloat64(at, true) !== floats[index]) return false;
        index = (index + 1) | 0;
      }
      return view.getFloat64(last, true) === floats[index];
    }
    if (this.hasWords) {
      return (
        view.getInt32(start, true) === this.head &&
        view.getInt32((start + length - WORD) | 0, true) === this.tail
      );
    }
    const { octets } = this;
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== octets[index]) return false;
    }
    return true;
  }
}

/** Octets of an ASCII literal. */
export function maskOf(text: string): OctetMask {
  const octets = octetsOf(text);
  const mask = new OctetMask(octets.length);
  mask.set(octets, 0, octets.length);
  return mask;
}
