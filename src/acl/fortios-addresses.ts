/**
 * Addresses and their groups of a FortiOS configuration (FortiOS 7.4 CLI Reference: config firewall
 * address, address6, addrgrp, addrgrp6). An address that is not set is every address. What depends on
 * more than the packet (names of hosts, countries, tags, feeds) is known by its name, and refused
 * where a policy that is asked uses it.
 */
import type { Family } from '../net/address.ts';
import { parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  compareRanges,
  complementRanges,
  intersectRanges,
  mergeRanges,
  rangeOfAddress,
  wholeFamily,
} from '../net/address-range.ts';
import type { Entry } from './fortios-text.ts';
import { SettingFault } from './fortios-text.ts';
import { LineFault } from './line-fault.ts';
import { maskedRange, prefixRange, wildcardRanges } from './list-line.ts';
import { settingWords } from './other-settings.ts';

/** Groups within groups, beyond which it is no person's work. */
const DEEPEST = 16;

/** Of any address or group: settings that decide nothing about what it holds. */
const HARMLESS = settingWords(`
  allow-routing associated-interface cache-ttl color comment fabric-object list obj-id tagging uuid
  visibility passive-fqdn-learning
`);

/** Types whose addresses are not in the text, and what is set for them. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...['dynamic', 'fqdn', 'geography', 'interface-subnet', 'mac', 'route-tag', 'template'],
  'wildcard-fqdn',
]);
const OF_OTHER_TYPES = settingWords(`
  agent-id clearpass-spt country dirty end-mac epg-name filter fqdn fsso-group host host-type hw-model
  hw-vendor interface macaddr node-ip-only obj-tag obj-type organization os policy-group
  route-tag sdn sdn-addr-type sdn-tag sso-attribute-value start-mac sub-type subnet-name
  subnet-segment sw-version tag-detection-level tag-type template tenant wildcard-fqdn
`);

/** Printed with any type. */
const BESIDE_A_SUBNET: ReadonlySet<string> = new Set([
  ...HARMLESS,
  ...['clearpass-spt', 'host', 'host-type', 'interface', 'node-ip-only', 'obj-type'],
  ...['sdn-addr-type', 'sub-type'],
]);

/** What a name stands for. */
interface Named {
  readonly line: number;
  /** Undefined: members are. */
  readonly ranges?: readonly AddressRange[];
  readonly members?: readonly string[];
  readonly excluded?: readonly string[];
  /** Why it cannot be weighed. */
  readonly elsewhere?: string;
}

export class FortiAddresses {
  private readonly named = new Map<string, Named>();
  /** Groups whose members are known. */
  private readonly resolved = new Map<string, readonly AddressRange[]>();

  constructor() {
    for (const family of [4, 6] as const) {
      this.named.set(`${family} all`, { line: 0, ranges: [wholeFamily(family)] });
      const first = wholeFamily(family).first;
      this.named.set(`${family} none`, { line: 0, ranges: [{ family, first, last: first }] });
    }
  }

  /** Reads an entry of `firewall address` or `address6`. Throws `LineFault`. */
  address(entry: Entry, family: Family): void {
    const type = entry.one('type') ?? (family === 4 ? 'ipmask' : 'ipprefix');
    const ranges = rangesOf(entry, type, family);
    if (ranges !== undefined) {
      entry.end(BESIDE_A_SUBNET, OF_OTHER_TYPES);
      this.define(entry, family, { line: entry.line, ranges: mergeRanges(ranges) });
      return;
    }
    if (!ELSEWHERE.has(type)) throw entry.fault('type', `“${type}” is not read.`);
    for (const key of ['subnet', 'ip6', 'start-ip', 'end-ip', 'wildcard']) entry.take(key);
    for (const key of OF_OTHER_TYPES) entry.take(key);
    entry.end(new Set([...HARMLESS, ...OF_OTHER_TYPES]));
    this.define(entry, family, { line: entry.line, elsewhere: type });
  }

  /** Reads an entry of `firewall addrgrp` or `addrgrp6`. Throws `LineFault`. */
  group(entry: Entry, family: Family): void {
    const members = entry.take('member') ?? [];
    const excludes = entry.isEnabled('exclude');
    const excluded = entry.take('exclude-member') ?? [];
    entry.oneOf('type', 'default', 'folder', 'array');
    const category = entry.one('category') ?? 'default';
    entry.end(HARMLESS);
    if (members.length === 0) throw new LineFault(`“${entry.name}” names no address.`);
    this.define(entry, family, {
      ...{ line: entry.line, members },
      ...(excludes ? { excluded } : {}),
      ...(category === 'default' ? {} : { elsewhere: category }),
    });
  }

  /** Knows a feed, `system external-resource`, which policies may name as an address. */
  feed({ name, line }: Entry): void {
    for (const family of [4, 6]) {
      this.named.set(`${family} ${name}`, { line, elsewhere: 'external-resource' });
    }
  }

  private define({ name, line }: Entry, family: Family, named: Named): void {
    const key = `${family} ${name}`;
    const before = this.named.get(key);
    if (before !== undefined && before.line > 0) {
      throw new SettingFault(line, `“${name}” is defined twice.`);
    }
    this.named.set(key, named);
  }

  has(family: Family, name: string): boolean {
    return this.named.has(`${family} ${name}`);
  }

  /** Members of groups that are nowhere, whether a policy asks for the group or not. */
  *strangers(): Generator<{ line: number; what: string }> {
    for (const [key, { line, members = [], excluded = [] }] of this.named) {
      const family = key.startsWith('4') ? 4 : 6;
      const stranger = [...members, ...excluded].find((name) => !this.has(family, name));
      if (stranger !== undefined) yield { line, what: `There is no address “${stranger}”.` };
    }
  }

  /** What the names stand for, merged. Throws `LineFault` where that is not in the text. */
  ranges(family: Family, names: readonly string[], depth = 0): readonly AddressRange[] {
    const all: AddressRange[] = [];
    for (const name of names) {
      for (const range of this.rangesOfName(family, name, depth)) all.push(range);
    }
    return mergeRanges(all);
  }

  private rangesOfName(family: Family, name: string, depth: number): readonly AddressRange[] {
    const key = `${family} ${name}`;
    const known = this.resolved.get(key);
    if (known !== undefined) return known;
    const named = this.named.get(key);
    if (named === undefined) throw new LineFault(`There is no address “${name}”.`);
    if (named.elsewhere !== undefined) {
      throw new LineFault(
        `“${name}” is of type “${named.elsewhere}”: its addresses are not in the text.`,
      );
    }
    if (named.ranges !== undefined) return named.ranges;
    if (depth > DEEPEST) throw new LineFault(`“${name}” holds too many groups within groups.`);
    const held = this.ranges(family, named.members ?? [], depth + 1);
    const less = this.ranges(family, named.excluded ?? [], depth + 1);
    const ranges =
      less.length === 0 ? held : intersectRanges(held, complementRanges(less, [family]));
    this.resolved.set(key, ranges);
    return ranges;
  }
}

/** The addresses of a type that has them in the text; undefined for others. */
function rangesOf(entry: Entry, type: string, family: Family): AddressRange[] | undefined {
  if (type === 'iprange') {
    const [first, last] = [entry.one('start-ip'), entry.one('end-ip')];
    if (first === undefined || last === undefined) {
      throw new LineFault(`“${entry.name}” is not a range: it has two ends.`);
    }
    return [between(first, last, family)];
  }
  if (family === 6) {
    if (type !== 'ipprefix') return undefined;
    const prefix = entry.take('ip6');
    // Texts written by hand leave the type out.
    const [first, last] = [entry.one('start-ip'), entry.one('end-ip')];
    if (prefix === undefined && first !== undefined && last !== undefined) {
      return [between(first, last, 6)];
    }
    return [prefix === undefined ? wholeFamily(6) : prefixRange(prefix.join(' '), 6)];
  }
  if (type === 'wildcard') return wildcardOf(entry.take('wildcard') ?? []);
  if (type !== 'ipmask' && type !== 'interface-subnet') return undefined;
  const subnet = entry.take('subnet');
  const [first, last] = [entry.one('start-ip'), entry.one('end-ip')];
  if (subnet === undefined && first !== undefined && last !== undefined) {
    return [between(first, last, 4)];
  }
  // The subnet of an interface that is not told is not “any”.
  if (subnet === undefined && type === 'interface-subnet') return undefined;
  return [subnet === undefined ? wholeFamily(4) : subnetOf(subnet)];
}

function subnetOf(words: readonly string[]): AddressRange {
  const [text = '', mask] = words;
  if (mask === undefined && text.includes('/')) return prefixRange(text, 4);
  const address = parseAddress(text);
  const netmask = parseAddress(mask ?? '');
  if (address?.family !== 4 || netmask?.family !== 4 || words.length > 2) {
    throw new LineFault(`“${words.join(' ')}” is not a subnet.`);
  }
  return maskedRange(address, netmask);
}

/** `10.0.0.5 255.0.0.255`: bits count where the mask has ones. */
function wildcardOf(words: readonly string[]): AddressRange[] {
  const [address, mask] = words.map((word) => parseAddress(word));
  if (address?.family !== 4 || mask?.family !== 4 || words.length !== 2) {
    throw new LineFault(`“${words.join(' ')}” is not an address with a wildcard mask.`);
  }
  return wildcardRanges(address.words[0]!, ~mask.words[0]! >>> 0);
}

/** The addresses from one to another. Throws `LineFault`. */
export function between(low: string, high: string, family: Family): AddressRange {
  const first = parseAddress(low);
  const last = parseAddress(high);
  if (first?.family !== family || last?.family !== family) {
    throw new LineFault(`“${low} ${high}” is not a range of addresses.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${low} ${high}” runs backwards.`);
  }
  return { family, first: first.words, last: last.words };
}
