/** Frames by number, as findings and flows name them: `27`, `27,331-340`, `500-`. */
import { InvalidArgumentError } from 'commander';

/** Frames are numbered by 32 bits. */
const LAST = 0xffff_ffff;

/** Frames are counted from 1, as Wireshark does; both ends of a range belong to it. */
export class FrameNumbers {
  private readonly ranges: readonly (readonly [first: number, last: number])[];

  constructor(ranges: readonly (readonly [first: number, last: number])[]) {
    this.ranges = ranges;
  }

  has(frame: number): boolean {
    for (const [first, last] of this.ranges) if (frame >= first && frame <= last) return true;
    return false;
  }

  /** No frame after this one is among them. */
  get last(): number {
    return Math.max(...this.ranges.map(([, last]) => last));
  }
}

/** Parses for commander. */
export function frameNumbers(text: string): FrameNumbers {
  const ranges = text.split(',').map((part): [number, number] => {
    const [, first = '', dash, last = ''] =
      /^\s*(\d{1,10})\s*(-?)\s*(\d{0,10})\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = dash !== '-' ? from : last === '' ? LAST : Number(last);
    if (first === '' || (dash !== '-' && last !== '') || from < 1 || to < from || to > LAST) {
      throw new InvalidArgumentError('Such as 27, 27,331-340 or 500-.');
    }
    return [from, to];
  });
  return new FrameNumbers(ranges);
}
