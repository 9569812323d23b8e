/** Addresses, prefixes and their ranges, as iptables takes them (iptables(8), iptables-extensions(8)). */
import { parseAddress } from '../net/address.ts';
import { type AddressRange, rangeOfAddress, rangeOfPrefix } from '../net/address-range.ts';
import { addressBits, prefixOf } from '../net/prefix.ts';

/** An option or value that is not understood. */
export class UnknownOption extends Error {}

/** `10.0.1.7`, `10.0.1.0/24`, `10.0.1.0/255.255.255.0`; bits behind the mask do not matter. */
export function addressOf(word: string): AddressRange {
  const [text, mask, ...more] = word.split('/');
  const address = parseAddress(text!);
  if (address === undefined || more.length > 0) {
    throw new UnknownOption(`“${word}” is not an address or prefix; names are not read.`);
  }
  if (mask === undefined) return rangeOfAddress(address);
  const bits = addressBits(address.family);
  const length = /^\d{1,3}$/.test(mask) ? Number(mask) : maskLength(mask);
  if (length < 0 || length > bits) throw new UnknownOption(`“${word}” has no prefix length.`);
  return rangeOfPrefix(prefixOf(address, length));
}

/** Length of a dotted netmask; -1 for anything else. */
function maskLength(mask: string): number {
  const parsed = parseAddress(mask);
  if (parsed?.family !== 4) return -1;
  const ones = Math.clz32(~parsed.words[0]!);
  return prefixOf({ family: 4, words: [0xffffffff] }, ones).words[0] === parsed.words[0]
    ? ones
    : -1;
}

/** `10.0.1.7-10.0.1.9`. */
export function rangeOf(word: string): AddressRange {
  const [low, high, ...more] = word.split('-').map(parseAddress);
  if (low === undefined || more.length > 0 || (high !== undefined && high.family !== low.family)) {
    throw new UnknownOption(`“${word}” is not a range of addresses.`);
  }
  const last = high ?? low;
  const at = low.words.findIndex((value, index) => value !== last.words[index]);
  if (at >= 0 && low.words[at]! > last.words[at]!) {
    throw new UnknownOption(`The range “${word}” runs backwards.`);
  }
  return { family: low.family, first: low.words, last: last.words };
}
