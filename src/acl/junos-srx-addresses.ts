/**
 * Address books of an SRX: the global one, those attached to zones, and the older ones within zones
 * (Junos OS CLI Reference: address-book). A name is looked for in the books of the policy's zone, then
 * in the global one; the members of a set stand in its own book.
 */
import { parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  compareRanges,
  mergeRanges,
  rangeOfAddress,
  wholeFamily,
} from '../net/address-range.ts';
import { LineFault } from './line-fault.ts';
import { prefixRange, wildcardRanges } from './list-line.ts';
import { leavesOf } from './nested-groups.ts';

const ANY_ADDRESS: ReadonlyMap<string, readonly AddressRange[]> = new Map([
  ['any', [wholeFamily(4), wholeFamily(6)]],
  ['any-ipv4', [wholeFamily(4)]],
  ['any-ipv6', [wholeFamily(6)]],
]);
const GLOBAL = 'global';

interface Book {
  /** A text: why the address is not known. */
  readonly addresses: Map<string, readonly AddressRange[] | string>;
  readonly sets: Map<string, string[]>;
  readonly zones: Set<string>;
}

export class SrxAddresses {
  private readonly books = new Map<string, Book>();

  /** `NAME …` of `security address-book`. Throws `LineFault`. */
  define([name = '', ...rest]: readonly string[], inherited: boolean): void {
    const book = this.book(name);
    if (rest[0] === 'attach' && rest[1] === 'zone' && rest.length === 3 && name !== GLOBAL) {
      book.zones.add(rest[2]!);
    } else if (rest[0] !== 'description' || rest.length !== 2) entry(book, rest, inherited);
  }

  /** The rest of `address-book` within a zone. Throws `LineFault`. */
  defineIn(zone: string, words: readonly string[], inherited: boolean): void {
    // No name of a book holds a blank, unless somebody quotes it.
    const book = this.book(`zone\n${zone}`);
    book.zones.add(zone);
    entry(book, words, inherited);
  }

  /** Addresses by these names, for a policy of the zone, or a global one. Throws `LineFault`. */
  named(names: readonly string[], zone: string | undefined): AddressRange[] {
    if (names.length === 0) throw new LineFault('The policy lacks a source or a destination.');
    const asked = names.map((name) => this.keyOf(name, zone));
    return mergeRanges(
      leavesOf(asked, (key) => this.membersOf(key)).flatMap((key) => this.single(key)),
    );
  }

  private book(name: string): Book {
    const book = this.books.get(name) ?? {
      ...{ addresses: new Map(), sets: new Map(), zones: new Set<string>() },
    };
    this.books.set(name, book);
    return book;
  }

  /** A name with its book before it, each of which may hold anything but a tabulator. */
  private keyOf(name: string, zone: string | undefined): string {
    if (ANY_ADDRESS.has(name)) return name;
    const holds = ({ addresses, sets }: Book) => addresses.has(name) || sets.has(name);
    for (const [key, book] of this.books) {
      if (key !== GLOBAL && zone !== undefined && book.zones.has(zone) && holds(book)) {
        return `${key}\t${name}`;
      }
    }
    return `${GLOBAL}\t${name}`;
  }

  private found(key: string): { readonly book: Book | undefined; readonly name: string } {
    const at = key.indexOf('\t');
    return { book: this.books.get(key.slice(0, at)), name: key.slice(at + 1) };
  }

  private membersOf(key: string): readonly string[] | undefined {
    if (ANY_ADDRESS.has(key)) return undefined;
    const { book, name } = this.found(key);
    if (book === undefined || book.addresses.has(name)) return undefined;
    const own = key.slice(0, key.length - name.length);
    return book.sets
      .get(name)
      ?.map((member) => (ANY_ADDRESS.has(member) ? member : `${own}${member}`));
  }

  private single(key: string): readonly AddressRange[] {
    const any = ANY_ADDRESS.get(key);
    if (any !== undefined) return any;
    const { book, name } = this.found(key);
    const address = book?.addresses.get(name);
    if (book === undefined || address === undefined || book.sets.has(name)) {
      throw new LineFault(`There is no single address or set “${name}”.`);
    }
    if (typeof address === 'string') throw new LineFault(`The address “${name}” ${address}.`);
    return address;
  }
}

function entry(book: Book, words: readonly string[], inherited: boolean): void {
  const [kind = '', name = '', ...rest] = words;
  const [what = '', member, ...more] = rest;
  if (what === 'description' && rest.length === 2 && /^address(?:-set)?$/.test(kind)) return;
  if (kind === 'address-set') {
    if ((what !== 'address' && what !== 'address-set') || member === undefined || more.length > 0) {
      throw new LineFault(`“${rest.join(' ')}” is not a member of a set.`);
    }
    const members = book.sets.get(name) ?? [];
    members.push(member);
    book.sets.set(name, members);
    return;
  }
  if (kind !== 'address') throw new LineFault(`“${kind}” is not known here.`);
  const known = book.addresses.has(name);
  if (known && inherited) return;
  if (known) throw new LineFault(`The address “${name}” is defined twice.`);
  book.addresses.set(name, addressOf(rest));
}

/** What an address is, or why that is not known. Throws `LineFault`. */
function addressOf(words: readonly string[]): readonly AddressRange[] | string {
  const [text = '', low = '', to, high = '', ...more] = words;
  if (text === 'dns-name' && low !== '') {
    const isPlain = to === undefined || ((to === 'ipv4-only' || to === 'ipv6-only') && high === '');
    if (isPlain) return 'is what a name server says';
  }
  if (text === 'wildcard-address' && words.length === 2) return wildcardOf(low);
  if (words.length === 1) return [prefixRange(text, text.includes(':') ? 6 : 4)];
  const first = parseAddress(low);
  const last = parseAddress(high);
  const isRange = text === 'range-address' && to === 'to' && more.length === 0;
  if (!isRange || first === undefined || last?.family !== first.family) {
    throw new LineFault(`“${words.join(' ')}” is not an address.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${words.join(' ')}” runs backwards.`);
  }
  return [{ family: first.family, first: first.words, last: last.words }];
}

/** `10.0.0.5/255.0.0.255`: ones of the mask are asked for. */
function wildcardOf(word: string): readonly AddressRange[] {
  const [address, mask, ...more] = word.split('/').map((part) => parseAddress(part));
  if (address?.family !== 4 || mask?.family !== 4 || more.length > 0) {
    throw new LineFault(`“${word}” is not an address with a mask.`);
  }
  return wildcardRanges(address.words[0]!, ~mask.words[0]! >>> 0);
}
