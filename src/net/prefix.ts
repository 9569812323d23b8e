/**
 * Address prefixes (CIDR, RFC 4632 and RFC 4291 section 2.3): read, written, compared.
 *
 * Bits after the prefix length are an error rather than being cleared silently: `10.0.1.7/24` is
 * either a typing mistake or a host with its netmask, and the two mean different rules.
 */
import { type Address, type Family, formatIPv4, formatIPv6, parseAddress } from './address.ts';

export interface Prefix {
  readonly family: Family;
  /** The network address; every bit after `length` is 0. One word for IPv4, four for IPv6. */
  readonly words: readonly number[];
  /** Leading bits that count: 0 to 32, or 0 to 128. */
  readonly length: number;
}

export type PrefixErrorCode = 'address' | 'length' | 'host-bits' | 'zone';

/** The text is not a prefix. `message` says why in one sentence; `fix` is what to write instead. */
export class PrefixError extends Error {
  override readonly name = 'PrefixError';
  readonly code: PrefixErrorCode;
  /** The text as given. */
  readonly text: string;
  /** The likely intended prefix, where there is one. */
  readonly fix: string | undefined;

  constructor(code: PrefixErrorCode, text: string, why: string, fix?: string) {
    super(fix === undefined ? `"${text}" ${why}` : `"${text}" ${why}; write ${fix}`);
    this.code = code;
    this.text = text;
    this.fix = fix;
  }
}

/** Bits in an address of the family. */
export function addressBits(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** Reads `10.0.1.0/24`, `2001:db8::/32` or a bare address (/32, /128). Throws `PrefixError`. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) {
    throw new PrefixError('address', text, 'is not an IPv4 or IPv6 prefix or address');
  }
  if (address.zone !== undefined) {
    const fix = text.replace(`%${address.zone}`, '');
    throw new PrefixError('zone', text, 'names an interface, which a prefix cannot', fix);
  }
  const bits = addressBits(address.family);
  const digits = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits) || Number(digits) > bits) {
    throw new PrefixError('length', text, `has no prefix length from 0 to ${bits} after the slash`);
  }
  const length = Number(digits);
  const prefix = prefixOf(address, length);
  if (address.words.some((word, index) => word !== prefix.words[index])) {
    const why = `has bits set after the first ${length}`;
    throw new PrefixError('host-bits', text, why, formatPrefix(prefix));
  }
  return prefix;
}

/** The prefix of `length` bits that holds the address. Zones are left out. */
export function prefixOf(address: Address, length: number): Prefix {
  const words = address.words.map((word, index) => (word & maskWord(length, index)) >>> 0);
  return { family: address.family, words, length };
}

/** Word `index` of the mask of `length` leading ones; an unsigned 32-bit integer. */
function maskWord(length: number, index: number): number {
  const ones = length - 32 * index;
  if (ones <= 0) return 0;
  return ones >= 32 ? 0xffffffff : (0xffffffff << (32 - ones)) >>> 0;
}

/** `10.0.1.0/24`; always with the length. */
export function formatPrefix(prefix: Prefix): string {
  const address = prefix.family === 4 ? formatIPv4(prefix.words[0]!) : formatIPv6(prefix.words);
  return `${address}/${prefix.length}`;
}

/** Whether the prefix holds the address. Families never mix: `::ffff:10.0.0.1` is IPv6. */
export function containsAddress(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false;
  return address.words.every(
    (word, index) => (word & maskWord(prefix.length, index)) >>> 0 === prefix.words[index],
  );
}

/** Whether every address of `inner` is in `outer`. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && containsAddress(outer, inner);
}
