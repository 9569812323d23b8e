/**
 * Frames by length in twenty bins: nineteen of 80 octets, up to the longest Ethernet frame without
 * jumbo (1518 octets), and one for all that is longer.
 */
import type { SizeBin } from '../model/use.ts';

const BINS = 20;
const WIDTH = 80;

/** @param lengths frames by length; the last entry, at `(BINS - 1) * WIDTH`, counts all longer */
export function sizeBins(lengths: Float64Array): SizeBin[] {
  return Array.from({ length: BINS }, (_, bin) => {
    const least = bin * WIDTH;
    const last = bin === BINS - 1;
    const packets = lengths
      .subarray(least, last ? undefined : least + WIDTH)
      .reduce((sum, frames) => sum + frames, 0);
    return { least, most: last ? null : least + WIDTH - 1, packets };
  });
}
