/**
 * Port numbers: single, ranges and lists as people write them (`80`, `135-139`, `22,80,8000-8099`)
 * and the three classes of RFC 6335 section 6.
 */

export interface PortRange {
  /** Lowest port, 0 to 65535. */
  readonly first: number;
  /** Highest port, `first` to 65535; both ends are in the range. */
  readonly last: number;
}

/** System: 0–1023; user (registered): 1024–49151; dynamic (private): 49152–65535. RFC 6335. */
export type PortClass = 'system' | 'user' | 'dynamic';

/** The text is not a port, a range or a list of them. `message` says why, in one sentence. */
export class PortRangeError extends Error {
  override readonly name = 'PortRangeError';
  /** The part at fault, as given. */
  readonly text: string;

  constructor(text: string, why: string) {
    super(`"${text}" is not a port or port range: ${why}`);
    this.text = text;
  }
}

/** Class of a port by RFC 6335. `port` is 0 to 65535. */
export function portClass(port: number): PortClass {
  return port < 1024 ? 'system' : port < 49152 ? 'user' : 'dynamic';
}

/** Reads `80` or `135-139` (blanks around parts allowed). Throws `PortRangeError`. */
export function parsePortRange(text: string): PortRange {
  const parts = text.trim().split('-');
  if (parts.length > 2) throw new PortRangeError(text, 'a range has one hyphen, like 135-139');
  const first = port(parts[0]!, text);
  const last = parts.length === 2 ? port(parts[1]!, text) : first;
  if (last < first) {
    throw new PortRangeError(text, `it runs backwards; write ${last}-${first}`);
  }
  return { first, last };
}

function port(digits: string, text: string): number {
  const trimmed = digits.trim();
  if (!/^[0-9]{1,5}$/.test(trimmed)) {
    throw new PortRangeError(text, 'ports are whole numbers from 0 to 65535');
  }
  const value = Number(trimmed);
  if (value > 65535) throw new PortRangeError(text, 'the highest port is 65535');
  return value;
}

/**
 * Reads a list separated by commas. The result is sorted, and overlapping or adjoining ranges are
 * joined. Throws `PortRangeError`, also for an empty list or item.
 */
export function parsePorts(text: string): PortRange[] {
  return mergePorts(text.split(',').map(parsePortRange));
}

/** The same ports as sorted ranges that neither overlap nor adjoin. */
export function mergePorts(ranges: readonly PortRange[]): PortRange[] {
  const sorted = [...ranges].sort((left, right) => left.first - right.first);
  const merged: PortRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) {
      if (range.last > previous.last) {
        merged[merged.length - 1] = { first: previous.first, last: range.last };
      }
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** Whether any of the ranges (in any order) holds the port. */
export function containsPort(ranges: readonly PortRange[], port: number): boolean {
  for (const range of ranges) {
    if (port >= range.first && port <= range.last) return true;
  }
  return false;
}

/** `80`, `135-139`; ranges joined by `,` in the order given. `parsePorts` reads it back. */
export function formatPorts(ranges: readonly PortRange[]): string {
  return ranges
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(',');
}
