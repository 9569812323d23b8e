/**
 * Lists that rules of RouterOS ask for by name: of addresses, some of which rules and services fill as
 * packets come, and of interfaces (RouterOS documentation, "Address-lists", "Interface Lists").
 */
import type { Family } from '../net/address.ts';
import { parseAddress } from '../net/address.ts';
import { type AddressRange, compareRanges, rangeOfAddress } from '../net/address-range.ts';
import { LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import type { Values } from './mikrotik-text.ts';

const ENTRY_KEYS: ReadonlySet<string> = new Set(['address', 'comment', 'disabled', 'list']);
const HOST_NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z]{2,}$/i;

interface AddressList {
  readonly ranges: AddressRange[];
  /** An entry that does not tell its addresses: with the name of a host, or nothing. */
  untold?: string;
}

/** What the text says of a list of addresses. */
export interface KnownAddresses {
  readonly ranges: readonly AddressRange[];
  /** Others may come to it while the device runs; says why. */
  readonly mayGrow?: 'filled' | 'unwritten';
}

export class AddressLists {
  private readonly lists = new Map<string, AddressList>();
  private readonly filled = new Set<string>();

  /** An entry, if it is not disabled. */
  add(family: Family, values: Values, line: number): void {
    if (values.flag('disabled')) return;
    values.allow(ENTRY_KEYS);
    const list = values.get('list');
    const address = values.get('address');
    if (list === undefined) throw new LineFault('The entry has no list.');
    const key = `${family} ${list}`;
    const known = this.lists.get(key) ?? { ranges: [] };
    this.lists.set(key, known);
    if (address === undefined) known.untold ??= `nothing in line ${line}`;
    else if (HOST_NAME.test(address)) known.untold ??= `“${address}” in line ${line}`;
    else known.ranges.push(rangeOf(address, family));
  }

  /** To be told that rules or services put addresses on the list. */
  fill(families: readonly Family[], list: string): void {
    for (const family of families) this.filled.add(`${family} ${list}`);
  }

  /** Throws `LineFault` where an entry does not tell its addresses. */
  addresses(family: Family, list: string): KnownAddresses {
    const key = `${family} ${list}`;
    const known = this.lists.get(key);
    if (known?.untold !== undefined) {
      throw new LineFault(`The list “${list}” has ${known.untold}, which tells no address.`);
    }
    const ranges = known?.ranges ?? [];
    if (this.filled.has(key)) return { ranges, mayGrow: 'filled' };
    return known === undefined ? { ranges, mayGrow: 'unwritten' } : { ranges };
  }
}

/** A prefix, an address, or `first-last`. Throws `LineFault`. */
export function rangeOf(text: string, family: Family): AddressRange {
  const [low = '', high, ...more] = text.split('-');
  if (high === undefined) return prefixRange(text, family);
  const first = parseAddress(low);
  const last = parseAddress(high);
  if (first?.family !== family || last?.family !== family || more.length > 0) {
    throw new LineFault(`“${text}” is not a range of addresses.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${text}” runs backwards.`);
  }
  return { family, first: first.words, last: last.words };
}

interface Definition {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Interfaces: those that are named, or all but those. */
export interface ListedInterfaces {
  readonly names: readonly string[];
  readonly allBut: boolean;
}

const DEFINITION_KEYS: ReadonlySet<string> = new Set(['comment', 'exclude', 'include', 'name']);
const MEMBER_KEYS: ReadonlySet<string> = new Set(['comment', 'disabled', 'interface', 'list']);
/** Lists within lists deeper than this are taken to run in circles. */
const MOST_NESTED = 32;

export class InterfaceLists {
  private readonly definitions = new Map<string, Definition>();
  private readonly members = new Map<string, string[]>();
  /** Lists that were asked for, so that one within many others is worked out once. */
  private readonly known = new Map<string, ListedInterfaces>();
  private readonly filled = new Set<string>();

  define(verb: string, text: string, values: (text: string) => Values): void {
    // An export of everything sets the lists that are always there to what they are.
    const found = verb === 'set' ? /^\[ *find +name=("?)([\w-]+)\1 *\] */.exec(text) : null;
    if (verb !== 'add' && found === null) throw new LineFault(`“${verb}” is not known here.`);
    const given = values(found === null ? text : text.slice(found[0].length));
    given.allow(DEFINITION_KEYS);
    const name = given.get('name') ?? found?.[2];
    if (name === undefined) throw new LineFault('The list has no name.');
    this.definitions.set(name, {
      include: wordsOf(given.get('include')),
      exclude: wordsOf(given.get('exclude')),
    });
  }

  addMember(values: Values): void {
    if (values.flag('disabled')) return;
    values.allow(MEMBER_KEYS);
    const list = values.get('list');
    const member = values.get('interface');
    if (list === undefined) throw new LineFault('The member has no list.');
    const members = this.members.get(list) ?? [];
    this.members.set(list, members);
    // An interface that was taken away leaves its place behind.
    if (member !== undefined) members.push(member);
  }

  /** To be told that services put interfaces on the list. */
  fill(list: string): void {
    this.filled.add(list);
  }

  isFilled(list: string): boolean {
    return this.filled.has(list);
  }

  /**
   * Asked once all lines are read. A list of which a text without any lists speaks is taken as a zone
   * of that name. Throws `LineFault` where it is not told who is on the list.
   */
  interfaces(list: string, depth = 0): ListedInterfaces {
    if (list === 'all') return { names: [], allBut: true };
    if (list === 'none') return { names: [], allBut: false };
    if (list === 'dynamic' || list === 'static') {
      throw new LineFault(`Which interfaces are on the list “${list}” is not told.`);
    }
    const before = this.known.get(list);
    if (before !== undefined) return before;
    if (depth > MOST_NESTED) {
      throw new LineFault(`The list “${list}” lies too deep in others, or in itself.`);
    }
    const definition = this.definitions.get(list);
    const own = this.members.get(list);
    if (definition === undefined && own === undefined) {
      if (this.definitions.size === 0 && depth === 0) return { names: [list], allBut: false };
      throw new LineFault(`There is no list “${list}” of interfaces.`);
    }
    let all: ListedInterfaces = { names: [], allBut: false };
    for (const other of definition?.include ?? []) {
      all = joined(all, this.interfaces(other, depth + 1));
    }
    for (const other of definition?.exclude ?? []) {
      all = inverse(joined(inverse(all), this.interfaces(other, depth + 1)));
    }
    all = joined(all, { names: own ?? [], allBut: false });
    this.known.set(list, all);
    return all;
  }
}

function wordsOf(text = ''): string[] {
  return text.split(',').filter((word) => word !== '');
}

function inverse({ names, allBut }: ListedInterfaces): ListedInterfaces {
  return { names, allBut: !allBut };
}

function joined(one: ListedInterfaces, two: ListedInterfaces): ListedInterfaces {
  if (!one.allBut && !two.allBut) {
    return { names: [...new Set([...one.names, ...two.names])], allBut: false };
  }
  if (one.allBut && two.allBut) {
    return { names: one.names.filter((name) => two.names.includes(name)), allBut: true };
  }
  const [most, few] = one.allBut ? [one, two] : [two, one];
  return { names: most.names.filter((name) => !few.names.includes(name)), allBut: true };
}

const FILLING = ['address-list', 'address-lists'];
const FILLING_INTERFACES = ['interface', 'internet-interface', 'lan-interface', 'wan-interface'];

/** Lists that a command of another menu has filled: by leases, names that are looked up, dial-in. */
export function filledBy(settings: ReadonlyMap<string, string>): {
  readonly addresses: readonly string[];
  readonly interfaces: readonly string[];
} {
  return {
    addresses: FILLING.flatMap((key) => wordsOf(settings.get(key))),
    interfaces: FILLING_INTERFACES.flatMap((key) => wordsOf(settings.get(`${key}-list`))),
  };
}
