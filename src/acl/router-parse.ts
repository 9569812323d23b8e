/**
 * Reads access lists of IOS, IOS-XE and NX-OS: the form Portreeve writes, numbered extended lists,
 * what people commonly write by hand, and what `show access-lists` prints. Each list filters one
 * family of what is forwarded; a text with two lists of a family does not say which of them holds,
 * and is not read.
 */
import type { Family } from '../net/address.ts';
import { compareRanges, rangeOfAddress, wholeFamily } from '../net/address-range.ts';
import { ACK, ICMP, ICMPV6, RST, TCP, UDP } from '../net/header-fields.ts';
import type { FilterChain, FilterMatch, FilterRule } from '../policy/filter.ts';
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
import type { Parsed, ParseFault } from './platform.ts';

/** How addresses are followed by what they cover: IOS's wildcard masks, or prefix lengths. */
type Style = 'wildcard' | 'length';

interface List {
  readonly name: string;
  readonly family: Family;
  readonly line: number;
  /** By the numbers of the entries, which decide their order. */
  readonly entries: Map<number, FilterRule[]>;
  /** The greatest of these numbers. */
  greatest: number;
}

/** The number that an entry without one gets: so many after the greatest there is. */
const STEP = 10;

/** Lines that set something else and decide nothing. */
const HARMLESS =
  /^(?:end|exit|statistics per-entry|configure terminal|conf t|exit-address-family)$/;

export function parseRouterLists(text: string, style: Style): Parsed {
  const parser = new RouterParser(style);
  text.split('\n').forEach((line, index) => {
    parser.line(routerLine(line), index + 1);
  });
  return { filter: { chains: parser.chains() }, faults: parser.faults };
}

class RouterParser {
  readonly faults: ParseFault[] = [];
  private readonly style: Style;
  private readonly lists: List[] = [];
  private readonly groups = new Map<string, AddressGroup>();
  /** Where indented lines belong. */
  private list: List | undefined;
  private group: AddressGroup | undefined;
  private groupFamily: Family = 4;
  /** What the device counted for the line that is read. */
  private hits: number | undefined;

  constructor(style: Style) {
    this.style = style;
  }

  chains(): FilterChain[] {
    for (const family of [4, 6] as const) {
      const second = this.lists.filter((list) => list.family === family)[1];
      if (second === undefined) continue;
      this.faults.push({
        line: second.line,
        what: `A second list for IPv${family} begins here; give the text of one.`,
      });
    }
    return this.lists.map(({ name, family, line, entries }) => {
      const ordered = [...entries].sort(([left], [right]) => left - right);
      const rules = ordered.flatMap(([, made]) => made);
      const own = family === 6 && this.style === 'wildcard' ? neighbourRules() : [];
      return {
        ...{ name: `${name} (IPv${family})`, hook: 'forward', family, otherwise: 'drop', line },
        rules: [...rules, ...own],
      };
    });
  }

  line({ text, hits }: ListedLine, number: number): void {
    const line = text.trim();
    if (line === '' || line.startsWith('!')) return;
    this.hits = hits;
    guarded(this.faults, number, () => {
      this.read(new LineWords(line), number);
    });
  }

  private read(words: LineWords, number: number): void {
    if (HARMLESS.test(words.words.join(' '))) return;
    if (this.begins(words, number)) return;
    if (this.group !== undefined) {
      this.member(words, this.group);
      return;
    }
    if (this.list === undefined) throw new LineFault(`“${words.peek()}” stands outside of a list.`);
    this.entry(words, this.list, number);
  }

  /** Lines that open a list or a group, and whole entries of numbered lists. */
  private begins(words: LineWords, number: number): boolean {
    if (words.take('object-group')) {
      this.openGroup(words);
      return true;
    }
    if (words.peek() === 'access-list') {
      words.take('access-list');
      const name = words.next('the number of a list');
      const extended = numberOf(name, 2699);
      if (!((extended >= 100 && extended <= 199) || extended >= 2000)) {
        throw new LineFault(`List ${name} is not an extended list.`);
      }
      this.group = undefined;
      if (this.list?.name !== name) this.list = this.open(name, 4, number);
      this.entry(words, this.list, number);
      return true;
    }
    const family = words.peek() === 'ip' ? 4 : 6;
    if ((words.peek() !== 'ip' && words.peek() !== 'ipv6') || words.peek(1) !== 'access-list') {
      return false;
    }
    words.next('ip');
    words.next('access-list');
    if (family === 4 && this.style === 'wildcard' && !words.take('extended')) {
      throw new LineFault('Only extended lists are read.');
    }
    this.list = this.open(words.next('the name of a list'), family, number);
    this.group = undefined;
    words.end();
    return true;
  }

  private open(name: string, family: Family, line: number): List {
    const known = this.lists.find((list) => list.name === name && list.family === family);
    if (known !== undefined) return known;
    const list: List = { name, family, line, entries: new Map(), greatest: 0 };
    this.lists.push(list);
    return list;
  }

  private openGroup(words: LineWords): void {
    const kind = words.next('the kind of group');
    this.groupFamily = kind === 'ipv6' ? 6 : 4;
    if (kind === 'ip' || kind === 'ipv6') {
      if (!words.take('address')) throw new LineFault('Only groups of addresses are read.');
    } else if (kind !== 'network') throw new LineFault(`Groups of “${kind}” are not read.`);
    const name = words.next('the name of a group');
    words.end();
    if (this.groups.has(name)) throw new LineFault(`The group “${name}” is defined twice.`);
    this.group = new AddressGroup();
    this.list = undefined;
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
    const number = given ?? list.greatest + STEP;
    list.greatest = Math.max(list.greatest, number);
    if (list.entries.has(number)) throw new LineFault(`Two entries have the number ${number}.`);
    const counted = this.hits === undefined ? {} : { hits: this.hits };
    const made: FilterRule[] = [{ ...shared, ...counted, match: match.build() }];
    list.entries.set(number, made);
    // A permit that asks for ports lets the later fragments of what it names through.
    const layer4 = from !== undefined || to !== undefined || asked.layer4;
    if (layer4 && verb === 'permit') {
      made.push({ ...shared, match: { ...layer3, laterFragment: true } });
    }
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

/** IOS lets neighbour discovery through before the last deny of its own (permit (IPv6)). */
function neighbourRules(): FilterRule[] {
  return [135, 136].map((type) => ({
    action: 'accept',
    match: {
      family: 6,
      protocols: [{ first: ICMPV6, last: ICMPV6 }],
      icmp: [{ type: { first: type, last: type } }],
    },
    line: 0,
  }));
}
