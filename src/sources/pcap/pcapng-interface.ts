/**
 * Interface description and interface statistics blocks of pcapng (draft-ietf-opsawg-pcapng,
 * sections 4.2 and 4.6): name, link type, clock, and how many packets were lost.
 */
import type { CaptureInterface } from '../../wire/frame-batch.ts';
import { eachOption, optionCount, optionText } from './pcapng-options.ts';
import type { InterfaceStatistics } from './walker.ts';

/** Where a block lies in the window, its padded length, and its section's byte order. */
interface BlockPlace {
  readonly start: number;
  readonly octets: number;
  readonly little: boolean;
}

export interface InterfaceDescription {
  readonly entry: Omit<CaptureInterface, 'source'>;
  /** if_tsresol; 6 (microseconds) when not stated. */
  readonly resolution: number;
  /** if_tsoffset in seconds. */
  readonly offsetSeconds: number;
  /** Index of an option that runs beyond the block, or -1. */
  readonly bad: number;
}

/** Reads an interface description of at least 20 octets: link type 8, snap length 12. */
export function readInterface(
  bytes: Uint8Array,
  view: DataView,
  { start, octets, little }: BlockPlace,
): InterfaceDescription {
  const entry: { -readonly [K in keyof CaptureInterface]?: CaptureInterface[K] } = {};
  let resolution = 6;
  let offsetSeconds = 0;
  const bad = eachOption(view, little, start + 16, start + octets - 4, (option) => {
    if (option.code === 2) entry.name = optionText(bytes, option);
    else if (option.code === 3) entry.description = optionText(bytes, option);
    else if (option.code === 9 && option.length >= 1) resolution = bytes[option.at]!;
    else if (option.code === 11 && option.length >= 1) {
      // One octet names the kind of filter: 0 = text as given to tcpdump, else a program.
      const text = { ...option, at: option.at + 1, length: option.length - 1 };
      if (bytes[option.at] === 0) entry.filter = optionText(bytes, text);
    } else if (option.code === 13 && option.length >= 1) entry.fcsLength = fcs(bytes[option.at]!);
    else if (option.code === 14 && option.length >= 8) {
      offsetSeconds = Number(view.getBigInt64(option.at, little));
    }
  });
  const linkType = view.getUint16(start + 8, little);
  const snapLength = view.getUint32(start + 12, little);
  return { entry: { ...entry, linkType, snapLength }, resolution, offsetSeconds, bad };
}

/** if_fcslen is in bits by the text of the draft, in octets by its example: 16 and 32 are bits. */
function fcs(stated: number): number {
  return stated >= 16 ? stated >>> 3 : stated;
}

/**
 * Reads the counters of an interface statistics block into `statistics`; a later block of the
 * same interface overwrites. Returns the index of a bad option, or -1.
 */
export function readStatistics(
  view: DataView,
  { start, octets, little }: BlockPlace,
  statistics: InterfaceStatistics,
): number {
  return eachOption(view, little, start + 20, start + octets - 4, (option) => {
    const count = optionCount(view, little, option);
    if (count === undefined) return;
    if (option.code === 4) statistics.received = count;
    else if (option.code === 5) statistics.dropped = count;
    else if (option.code === 6) statistics.acceptedByFilter = count;
    else if (option.code === 7) statistics.droppedBySystem = count;
    else if (option.code === 8) statistics.delivered = count;
  });
}
