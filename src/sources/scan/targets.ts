/**
 * Which addresses a scan asks: single addresses, prefixes, ranges between two addresses and
 * Nmap's octet ranges (`10.0.0-3.1-254`), for IPv4 and IPv6 together, less exclusions.
 *
 * A set is kept as sorted spans, so that a /8 takes no more memory than an address, and every
 * address has a number: what is scanned depends on the set alone, not on how it was written.
 */
import { type Address, formatAddress, parseAddress } from '../../net/address.ts';
import { classifyAddress } from '../../net/address-class.ts';
import { addressBits } from '../../net/prefix.ts';

/** A target nobody can scan, or text that is none. `message` is one sentence for people. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  /** The text as given. */
  readonly text: string;

  constructor(text: string, why: string) {
    super(`"${text}" ${why}`);
    this.text = text;
  }
}

/** Addresses from `first` to `last`, both ends included. */
export interface Span {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly zone?: string;
}

/** More addresses in one IPv6 prefix are no list of hosts, and would take years. */
const MOST_IPV6 = 2n ** 24n;
/** Octet ranges with holes make one span for each of their runs. */
const MOST_SPANS = 1_000_000;

/**
 * Splits words at commas, but for those inside octet ranges (`10.0.0.1,3`): what is a target as it
 * stands is left whole. Blanks and empty words are left out.
 */
export function splitTargets(text: string): string[] {
  const words = text.split(/\s+/).filter(Boolean);
  return words.flatMap((word) =>
    word.includes(',') && !isTarget(word) ? word.split(',').filter(Boolean) : [word],
  );
}

function isTarget(text: string): boolean {
  try {
    parseSpans(text);
    return true;
  } catch {
    return false;
  }
}

/** Spans of a target in figures; undefined: the text is a name, to be resolved. */
export function parseTarget(text: string): Span[] | undefined {
  const spans = parseExclusion(text);
  for (const span of spans ?? []) checkHosts(text, span);
  return spans;
}

/** The same of what is left out, which may well hold what nobody could scan. */
export function parseExclusion(text: string): Span[] | undefined {
  return parseSpans(text)?.map(unmapped);
}

/** `::ffff:192.0.2.1` is an IPv4 host in the notation of IPv6 (RFC 4291 section 2.5.5.2). */
function unmapped(span: Span): Span {
  const { family, first, last } = span;
  if (family === 4 || first >> 32n !== 0xffffn || last >> 32n !== 0xffffn) return span;
  return { family: 4, first: first & 0xffffffffn, last: last & 0xffffffffn };
}

function parseSpans(text: string): Span[] | undefined {
  checkAlone(text);
  const slash = text.indexOf('/');
  if (slash >= 0) return [prefixSpan(text, slash)];
  const single = parseAddress(text);
  if (single !== undefined) return [spanOf(single, toNumber(single), toNumber(single))];
  if (/^[\d.,*-]+$/.test(text) && text.includes('.')) {
    return betweenAddresses(text) ?? octetRanges(text);
  }
  if (text.includes(':')) {
    const between = betweenAddresses(text);
    if (between !== undefined) return between;
    throw new TargetError(text, 'is not an IPv6 address, prefix or range');
  }
  if (/(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(text)) {
    // Resolvers read 7 as 0.0.0.7 and 0x7f.1 as 127.0.0.1, which nobody means.
    throw new TargetError(text, 'is not an address, and no name ends in a number');
  }
  if (isName(text)) return undefined;
  throw new TargetError(text, 'is not an address, prefix, range or name');
}

/** Throws for what holds a host, and more than that. */
function checkAlone(text: string): void {
  if (/^[a-z][\w.+-]*:\/\//i.test(text)) {
    throw new TargetError(text, 'is the address of a page: write the host alone');
  }
  if (/^(?:\[[^\]]*\]|[^:/]+):\d+$/.test(text)) {
    throw new TargetError(text, 'names a port: write the host alone, and its ports after -p');
  }
  if (/^\[.*\]$/.test(text)) throw new TargetError(text, 'stands in brackets: write it without');
}

/** Host names by RFC 1123 section 2.1, with the underscore that some use. */
function isName(text: string): boolean {
  return text.length <= 253 && /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(text);
}

function prefixSpan(text: string, slash: number): Span {
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) {
    throw new TargetError(text, 'is not a prefix: only an address can stand before the slash');
  }
  const bits = addressBits(address.family);
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits) || Number(digits) > bits) {
    throw new TargetError(text, `has no prefix length from 0 to ${bits} after the slash`);
  }
  const size = 1n << BigInt(bits - Number(digits));
  // The network that holds the address is meant, as everywhere in scanners.
  const first = toNumber(address) & ~(size - 1n);
  return spanOf(address, first, first + size - 1n);
}

function betweenAddresses(text: string): Span[] | undefined {
  for (let hyphen = text.indexOf('-'); hyphen >= 0; hyphen = text.indexOf('-', hyphen + 1)) {
    const first = parseAddress(text.slice(0, hyphen));
    const last = parseAddress(text.slice(hyphen + 1));
    if (first === undefined || last === undefined || first.family !== last.family) continue;
    const zone = first.zone ?? last.zone;
    if ((first.zone ?? zone) !== (last.zone ?? zone)) {
      throw new TargetError(text, 'begins on one interface and ends on another');
    }
    const [low, high] = [toNumber(first), toNumber(last)];
    if (high < low) throw new TargetError(text, 'runs backwards');
    return [spanOf(zone === undefined ? first : { ...first, zone }, low, high)];
  }
  return undefined;
}

function octetRanges(text: string): Span[] {
  const parts = text.split('.');
  if (parts.length !== 4) throw new TargetError(text, 'has not four parts between its dots');
  const octets = parts.map((part) => octetRuns(text, part));
  // A full last octet joins with the next one up; the set joins what adjoins.
  const [a, b, c, d] = octets as [Run[], Run[], Run[], Run[]];
  const numbers = (runs: readonly Run[]): number[] =>
    runs.flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, step) => low + step));
  if (numbers(a).length * numbers(b).length * numbers(c).length * d.length > MOST_SPANS) {
    throw new TargetError(text, 'has too many ranges; write prefixes instead');
  }
  const spans: Span[] = [];
  for (const first of numbers(a)) {
    for (const second of numbers(b)) {
      for (const third of numbers(c)) {
        const base = ((first * 256 + second) * 256 + third) * 256;
        for (const [low, high] of d) {
          const address: Address = { family: 4, words: [base + low] };
          spans.push(spanOf(address, BigInt(base + low), BigInt(base + high)));
        }
      }
    }
  }
  return spans;
}

type Run = readonly [low: number, high: number];

function octetRuns(text: string, part: string): Run[] {
  if (part === '*') return [[0, 255]];
  const runs = part.split(',').map((piece): Run => {
    const [, low, hyphen, high] = /^(\d{0,3})(-?)(\d{0,3})$/.exec(piece) ?? [];
    if (low === undefined || (low === '' && hyphen === '')) {
      throw new TargetError(text, `has a part "${piece}" that is no octet or range of octets`);
    }
    if (/^0\d/.test(low) || /^0\d/.test(high!)) {
      throw new TargetError(
        text,
        `has a part "${piece}" with a leading zero, octal to some readers`,
      );
    }
    const first = low === '' ? 0 : Number(low);
    const last = hyphen === '' ? first : high === '' ? 255 : Number(high);
    if (first > 255 || last > 255) throw new TargetError(text, 'has an octet above 255');
    if (last < first) throw new TargetError(text, `has a range "${piece}" that runs backwards`);
    return [first, last];
  });
  runs.sort((left, right) => left[0] - right[0]);
  return runs;
}

/** Addresses of groups (RFC 5771, RFC 4291 section 2.7). */
const GROUPS: Readonly<Record<4 | 6, readonly [bigint, bigint]>> = {
  4: [0xe0000000n, 0xefffffffn],
  6: [0xffn << 120n, (1n << 128n) - 1n],
};

function spanOf({ family, zone }: Address, first: bigint, last: bigint): Span {
  return { family, first, last, ...(zone === undefined ? {} : { zone }) };
}

function checkHosts(text: string, { family, first, last }: Span): void {
  const [group, lastGroup] = GROUPS[family];
  if (first <= lastGroup && last >= group) {
    throw new TargetError(text, 'holds multicast addresses, which are no hosts');
  }
  for (const end of [first, last]) {
    const kind = classifyAddress(fromNumber(family, end));
    if (kind === 'broadcast' || (kind === 'unspecified' && first === last)) {
      throw new TargetError(text, `holds ${kind} addresses, which are no hosts`);
    }
  }
  if (family === 6 && last - first >= MOST_IPV6) {
    const bits = (last - first + 1n).toString(2).length - 1;
    throw new TargetError(
      text,
      `holds 2^${bits} addresses, too many to ask one by one: name hosts, a prefix from /104 on, or --local for who is on this machine's links`,
    );
  }
}

function toNumber(address: Address): bigint {
  return address.words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

function fromNumber(family: 4 | 6, number: bigint, zone?: string): Address {
  if (family === 4) return { family, words: [Number(number)] };
  const words = [96n, 64n, 32n, 0n].map((shift) => Number((number >> shift) & 0xffffffffn));
  return { family, words, ...(zone === undefined ? {} : { zone }) };
}

/** A set of addresses, each with a number from 0 on: IPv4 first, then IPv6, in order. */
export class TargetSet {
  /** Sorted; they neither overlap nor adjoin. */
  readonly spans: readonly Span[];
  /** Addresses in the set. */
  readonly size: number;
  /** Number of each span's first address. */
  private readonly starts: readonly number[];

  constructor(included: readonly Span[], excluded: readonly Span[] = []) {
    this.spans = subtract(merge(included), merge(excluded));
    const starts: number[] = [];
    let size = 0;
    for (const { first, last } of this.spans) {
      starts.push(size);
      size += Number(last - first) + 1;
    }
    this.starts = starts;
    this.size = size;
  }

  /** The address with that number, 0 to size - 1. */
  at(number: number): Address {
    let low = 0;
    let high = this.spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= number) low = middle;
      else high = middle - 1;
    }
    const span = this.spans[low];
    if (span === undefined || number < 0 || number >= this.size) {
      throw new TypeError(`there is no target number ${number}`);
    }
    return fromNumber(span.family, span.first + BigInt(number - this.starts[low]!), span.zone);
  }

  /** Whether the address, as text, is in the set. */
  has(text: string): boolean {
    const address = parseAddress(text);
    if (address === undefined) return false;
    const number = toNumber(address);
    return this.spans.some(
      ({ family, first, last, zone }) =>
        family === address.family && zone === address.zone && number >= first && number <= last,
    );
  }

  /** The set as text that `parseTarget` reads back, for resume files. */
  toString(): string {
    return this.spans
      .map(({ family, first, last, zone }) => {
        const text = formatAddress(fromNumber(family, first, zone));
        return first === last ? text : `${text}-${formatAddress(fromNumber(family, last, zone))}`;
      })
      .join(' ');
  }
}

function compare(left: Span, right: Span): number {
  if (left.family !== right.family) return left.family - right.family;
  const [leftZone, rightZone] = [left.zone ?? '', right.zone ?? ''];
  if (leftZone !== rightZone) return leftZone < rightZone ? -1 : 1;
  return left.first < right.first ? -1 : left.first > right.first ? 1 : 0;
}

function sameSpace(left: Span, right: Span): boolean {
  return left.family === right.family && left.zone === right.zone;
}

function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort(compare)) {
    const previous = merged.at(-1);
    if (previous !== undefined && sameSpace(previous, span) && span.first <= previous.last + 1n) {
      if (span.last > previous.last) merged[merged.length - 1] = { ...previous, last: span.last };
    } else {
      merged.push(span);
    }
  }
  return merged;
}

/** Both are merged. An exclusion without a zone holds for every zone. */
function subtract(spans: readonly Span[], holes: readonly Span[]): Span[] {
  return spans.flatMap((span) => {
    let rest: Span[] = [span];
    for (const hole of holes) {
      if (hole.family !== span.family) continue;
      if (hole.zone !== undefined && hole.zone !== span.zone) continue;
      if (hole.last < span.first || hole.first > span.last) continue;
      rest = rest.flatMap((piece) => {
        if (hole.last < piece.first || hole.first > piece.last) return [piece];
        const left = piece.first < hole.first ? [{ ...piece, last: hole.first - 1n }] : [];
        const right = piece.last > hole.last ? [{ ...piece, first: hole.last + 1n }] : [];
        return [...left, ...right];
      });
    }
    return rest;
  });
}
