/**
 * Reads access lists of IOS, IOS-XE and NX-OS: the form Portreeve writes, numbered extended lists,
 * what people commonly write by hand, what `show access-lists` prints, and whole configurations. Each
 * list filters one family of what is forwarded. Where interfaces name lists (`ip access-group`), those
 * are asked there and the others are passed over; else a text with two lists of a family does not say
 * which of them holds, and is not read.
 */
import { type Family, parseAddress } from '../net/address.ts';
import { compareRanges, rangeOfAddress, wholeFamily } from '../net/address-range.ts';
import { ACK, ICMP, ICMPV6, RST, TCP, UDP } from '../net/header-fields.ts';
import type { FilterMatch, FilterRule } from '../policy/filter.ts';
import { type ListedLine, routerLine } from './cisco-listing.ts';
import { messageOf, PORT_WORDS, PROTOCOL_WORDS } from './cisco-words.ts';
import { guarded, LineFault } from './line-fault.ts';
import {
  LineWords,
  maskedRange,
  numberOf,
  portsOf,
  prefixRange,
  wildcardRanges,
} from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import { AddressGroup } from './nested-groups.ts';
import { OtherSettings } from './other-settings.ts';
import type { Parsed, ParseFault } from './platform.ts';
import {
  type Application,
  appliedLists,
  type List,
  loneLists,
  type Style,
} from './router-chains.ts';
import { ROUTER_SETTINGS } from './router-settings.ts';

interface ListFault extends ParseFault {
  /** It is nobody's matter where this list is not asked. */
  readonly list?: string;
}

/** The number that an entry without one gets: so many after the greatest there is. */
const STEP = 10;

/** How an entry begins, after its number. */
const ENTRY = /^(?:sequence )?(?:\d+ )?(?:permit|deny|remark) /;

/** Lines that set something else and decide nothing. */
const HARMLESS =
  /^(?:end|exit|statistics per-entry|configure terminal|conf t|exit-address-family)$/;

export function parseRouterLists(text: string, style: Style): Parsed {
  const parser = new RouterParser(style);
  text.split('\n').forEach((line, index) => {
    parser.line(line, routerLine(line), index + 1);
  });
  return parser.parsed();
}

class RouterParser {
  private readonly faults: ListFault[] = [];
  private readonly style: Style;
  private readonly lists: List[] = [];
  private readonly groups = new Map<string, AddressGroup>();
  private readonly applications: Application[] = [];
  private readonly settings = new OtherSettings(ROUTER_SETTINGS);
  /** Where indented lines belong. */
  private list: List | undefined;
  private group: AddressGroup | undefined;
  private groupFamily: Family = 4;
  /** Lines of a group that no list for addresses can use. */
  private isOtherGroup = false;
  private interface: string | undefined;
  /** The text is a whole configuration: what no interface names is not asked. */
  private hasInterfaces = false;
  /** What the device counted for the line that is read. */
  private hits: number | undefined;

  constructor(style: Style) {
    this.style = style;
  }

  parsed(): Parsed {
    const told = (line: number, what: string, list?: string) => this.fault(line, what, list);
    const chains =
      this.applications.length === 0 && !this.hasInterfaces
        ? loneLists(this.lists, this.style, told)
        : appliedLists(this.lists, this.applications, this.style, told);
    const faults = this.faults.filter(({ list }) => list === undefined || this.isAsked(list));
    const { openBanner } = this.settings;
    if (openBanner !== undefined)
      faults.push({ line: openBanner, what: 'The banner is not ended.' });
    const beside = this.settings.beside();
    return {
      filter: { chains },
      faults: faults.map(({ line, what }) => ({ line, what })).sort((a, b) => a.line - b.line),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  private isAsked(name: string): boolean {
    const { applications, hasInterfaces } = this;
    const isAlone = applications.length === 0 && !hasInterfaces;
    return isAlone || applications.some((applied) => applied.name === name);
  }

  private fault(line: number, what: string, list?: string): void {
    this.faults.push({ line, what, ...(list === undefined ? {} : { list }) });
  }

  line(raw: string, { text, hits }: ListedLine, number: number): void {
    const line = text.trim();
    if (this.settings.isText(raw) || line === '' || line.startsWith('!')) return;
    this.hits = hits;
    const faults: ParseFault[] = [];
    guarded(faults, number, () => {
      this.read(new LineWords(line), raw, number);
    });
    for (const { what } of faults) this.fault(number, what, this.list?.name);
  }

  private read(words: LineWords, raw: string, number: number): void {
    if (HARMLESS.test(words.words.join(' '))) return;
    const isIndented = /^\s/.test(raw);
    if (isIndented && this.isOtherGroup) return;
    if (this.begins(words, number)) {
      this.settings.leave();
      this.interface = undefined;
      return;
    }
    if (this.list !== undefined && (isIndented || ENTRY.test(words.words.join(' ')))) {
      this.entry(words, this.list, number);
      return;
    }
    if (this.group !== undefined && (isIndented || !this.settings.takes(raw, number))) {
      this.member(words, this.group);
      return;
    }
    if (!isIndented) this.leave();
    if (this.applies(words, number)) return;
    if (!this.settings.takes(raw, number)) {
      throw new LineFault(`“${words.peek()}” stands outside of a list.`);
    }
  }

  private leave(): void {
    this.list = undefined;
    this.group = undefined;
    this.isOtherGroup = false;
    this.interface = undefined;
  }

  /** Lines of an interface that name a list; the name of the interface itself is noted. */
  private applies(words: LineWords, line: number): boolean {
    const [first = '', second = ''] = words.words;
    if (first === 'interface') {
      this.interface = words.words.slice(1).join(' ');
      this.hasInterfaces = true;
      return false;
    }
    const isFour = first === 'ip' && second === 'access-group';
    if (
      this.interface === undefined ||
      (!isFour && `${first} ${second}` !== 'ipv6 traffic-filter')
    ) {
      return false;
    }
    words.next('ip');
    words.next('access-group');
    const name = words.next('the name of a list');
    const way = words.next('in or out');
    if (way !== 'in' && way !== 'out') throw new LineFault(`“${way}” is not known here.`);
    words.end();
    this.applications.push({
      ...{ name, family: isFour ? 4 : 6, interface: this.interface, way, line },
    });
    return true;
  }

  /** Lines that open a list or a group, and whole entries of numbered lists. */
  private begins(words: LineWords, number: number): boolean {
    if (words.take('object-group')) {
      this.leave();
      this.openGroup(words);
      return true;
    }
    if (words.peek() === 'access-list') {
      words.take('access-list');
      this.numbered(words, number);
      return true;
    }
    const family = words.peek() === 'ip' ? 4 : 6;
    if ((words.peek() !== 'ip' && words.peek() !== 'ipv6') || words.peek(1) !== 'access-list') {
      return false;
    }
    words.next('ip');
    words.next('access-list');
    this.leave();
    // Settings of logging, not lists.
    if (/^(?:log-update|logging|match-local-traffic)$/.test(words.peek())) return true;
    const isStandard = this.style === 'wildcard' && family === 4 && words.take('standard');
    if (family === 4 && this.style === 'wildcard' && !isStandard && !words.take('extended')) {
      throw new LineFault('Only extended and standard lists are read.');
    }
    this.list = this.open(words.next('the name of a list'), family, number, isStandard);
    words.end();
    return true;
  }

  /** `access-list 101 permit …`. */
  private numbered(words: LineWords, line: number): void {
    const name = words.next('the number of a list');
    const number = numberOf(name, 2699);
    const isStandard = number <= 99 || (number >= 1300 && number <= 1999);
    const last = this.list;
    this.leave();
    this.list = last?.name === name ? last : this.open(name, 4, line, isStandard);
    if (!isStandard && !((number >= 100 && number <= 199) || number >= 2000)) {
      throw new LineFault(`List ${name} is of a kind that is not read.`);
    }
    this.entry(words, this.list, line);
  }

  private open(name: string, family: Family, line: number, isStandard: boolean): List {
    const known = this.lists.find((list) => list.name === name && list.family === family);
    if (known !== undefined) return known;
    const list: List = { name, family, line, entries: new Map(), greatest: 0, isStandard };
    this.lists.push(list);
    return list;
  }

  private openGroup(words: LineWords): void {
    const kind = words.next('the kind of group');
    this.groupFamily = kind === 'ipv6' ? 6 : 4;
    // Entries that use another kind are faults.
    this.isOtherGroup = kind !== 'network' && words.peek() !== 'address';
    if (this.isOtherGroup) return;
    if (kind === 'ip' || kind === 'ipv6') words.next('address');
    else if (kind !== 'network') throw new LineFault(`Groups of “${kind}” are not read.`);
    const name = words.next('the name of a group');
    words.end();
    if (this.groups.has(name)) throw new LineFault(`The group “${name}” is defined twice.`);
    this.group = new AddressGroup();
    this.groups.set(name, this.group);
  }

  /** A line of an object group. */
  private member(words: LineWords, group: AddressGroup): void {
    if (/^\d+$/.test(words.peek())) words.next('a sequence number');
    if (words.take('description')) {
      words.rest();
      return;
    }
    if (words.take('group-object')) {
      group.include(this.groupNamed(words.next('the name of a group')));
    } else if (words.take('any')) group.add(wholeFamily(this.groupFamily));
    else if (words.take('host')) group.add(rangeOfAddress(words.address(this.groupFamily)));
    else if (words.take('range')) {
      const [first, last] = [words.address(4), words.address(4)];
      const range = { family: 4 as const, first: first.words, last: last.words };
      if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
        throw new LineFault('The range runs backwards.');
      }
      group.add(range);
    } else if (words.peek().includes('/') || this.groupFamily === 6) {
      group.add(prefixRange(words.next('a prefix'), this.groupFamily));
    } else {
      const address = words.address(4);
      if (words.peek().startsWith('/')) {
        group.add(prefixRange(`${words.words[0]}${words.next('a length')}`, 4));
      } else group.add(maskedRange(address, words.address(4)));
    }
    words.end();
  }

  private groupNamed(name: string): AddressGroup {
    const group = this.groups.get(name);
    if (group === undefined) throw new LineFault(`There is no group “${name}” above.`);
    return group;
  }

  private entry(words: LineWords, list: List, line: number): void {
    const isNumbered = words.take('sequence') || /^\d+$/.test(words.peek());
    const given = isNumbered ? words.number('a sequence number', 0xffffffff) : undefined;
    if (words.take('remark')) {
      words.rest();
      return;
    }
    const verb = words.next('permit or deny');
    if (verb !== 'permit' && verb !== 'deny') throw new LineFault(`“${verb}” is not known here.`);
    const match = new MatchBuilder();
    match.family(list.family);
    if (list.isStandard) {
      this.standardEntry(words, list, match, verb, given, line);
      return;
    }
    const protocol = this.protocol(words, list.family);
    if (protocol !== undefined) match.protocols([{ first: protocol, last: protocol }]);
    const hasPorts = protocol === TCP || protocol === UDP;
    this.side(words, 'source', list.family, match);
    const from = hasPorts ? portsOf(words, PORT_WORDS) : undefined;
    this.side(words, 'destination', list.family, match);
    const to = hasPorts ? portsOf(words, PORT_WORDS) : undefined;
    const layer3: FilterMatch = { ...match.build() };
    if (from !== undefined) match.ports('sourcePorts', from);
    if (to !== undefined) match.ports('destinationPorts', to);
    const asked = this.options(words, list.family, protocol, match);
    const action = verb === 'permit' ? 'accept' : 'drop';
    const shared = { action, line, ...(asked.log ? { log: { prefix: '' } } : {}) } as const;
    const number = numbered(list, given);
    const counted = this.hits === undefined ? {} : { hits: this.hits };
    const made: FilterRule[] = [{ ...shared, ...counted, match: match.build() }];
    list.entries.set(number, made);
    // A permit that asks for ports lets the later fragments of what it names through.
    const layer4 = from !== undefined || to !== undefined || asked.layer4;
    if (layer4 && verb === 'permit') {
      made.push({ ...shared, match: { ...layer3, laterFragment: true } });
    }
  }

  /** `permit 10.0.0.0 0.0.0.255 log`; an address alone is a host. */
  private standardEntry(
    words: LineWords,
    list: List,
    match: MatchBuilder,
    verb: 'permit' | 'deny',
    given: number | undefined,
    line: number,
  ): void {
    const isHost = parseAddress(words.peek()) !== undefined && !isAddress(words.peek(1));
    if (isHost) match.addresses('source', [rangeOfAddress(words.address(4))]);
    else this.side(words, 'source', 4, match);
    const log = words.take('log');
    words.end();
    const counted = this.hits === undefined ? {} : { hits: this.hits };
    list.entries.set(numbered(list, given), [
      {
        action: verb === 'permit' ? 'accept' : 'drop',
        ...(log ? { log: { prefix: '' } } : {}),
        ...{ match: match.build(), line, ...counted },
      },
    ]);
  }

  private protocol(words: LineWords, family: Family): number | undefined {
    const word = words.next('a protocol');
    if (word === (family === 4 ? 'ip' : 'ipv6')) return undefined;
    if (word === 'icmp') return family === 4 ? ICMP : ICMPV6;
    return PROTOCOL_WORDS.get(word) ?? numberOf(word, 255);
  }

  private side(
    words: LineWords,
    side: 'source' | 'destination',
    family: Family,
    match: MatchBuilder,
  ): void {
    if (words.take('any')) return;
    if (words.take('host')) {
      match.addresses(side, [rangeOfAddress(words.address(family))]);
      return;
    }
    if (words.take('object-group') || words.take('addrgroup')) {
      const { ranges } = this.groupNamed(words.next('the name of a group'));
      match.addresses(
        side,
        ranges.filter((range) => range.family === family),
      );
      return;
    }
    if (words.peek().includes('/')) {
      match.addresses(side, [prefixRange(words.next('a prefix'), family)]);
      return;
    }
    const address = words.address(family);
    const wild = words.address(4);
    if (family === 6) throw new LineFault('IPv6 addresses have no masks.');
    match.addresses(side, wildcardRanges(address.words[0]!, wild.words[0]!));
  }

  /** Messages, flags and words at the end of an entry. */
  private options(
    words: LineWords,
    family: Family,
    protocol: number | undefined,
    match: MatchBuilder,
  ): { layer4: boolean; log: boolean } {
    let layer4 = false;
    let log = false;
    if (protocol === (family === 4 ? ICMP : ICMPV6)) layer4 = this.message(words, family, match);
    while (!words.ended) {
      if (words.take('established')) {
        if (protocol !== TCP) throw new LineFault('“established” stands without tcp.');
        match.flags([
          { mask: ACK, value: ACK },
          { mask: RST, value: RST },
        ]);
        layer4 = true;
      } else if (words.take('fragments')) match.laterFragment(true);
      else if (words.take('log') || words.take('log-input')) log = true;
      else throw new LineFault(`“${words.peek()}” is not known here.`);
    }
    return { layer4, log };
  }

  private message(words: LineWords, family: Family, match: MatchBuilder): boolean {
    const message = messageOf(words, family);
    if (message === undefined) return false;
    match.icmp([message]);
    return true;
  }
}

/** The number of the next entry. */
function numbered(list: List, given: number | undefined): number {
  const number = given ?? list.greatest + STEP;
  list.greatest = Math.max(list.greatest, number);
  if (list.entries.has(number)) throw new LineFault(`Two entries have the number ${number}.`);
  return number;
}

function isAddress(word: string): boolean {
  return parseAddress(word) !== undefined;
}
