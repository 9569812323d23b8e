/**
 * Reads extended access lists of the ASA: the form Portreeve writes, what people commonly write by
 * hand, with network object groups, and what `show access-list` prints; and the `advanced` lists that
 * an FTD has, with interfaces in their entries. `access-group` says where a list is asked; one alone
 * is asked everywhere. Lists are asked for the first packets of connections; the rule for answers,
 * which the device has unasked, is put before. Later fragments reach a list only as parts of whole
 * packets (virtual reassembly), so that an entry with ports says nothing of them.
 */
import { type Family, parseAddress } from '../net/address.ts';
import { type AddressRange, rangeOfAddress, wholeFamily } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterChain, FilterRule } from '../policy/filter.ts';
import { asaLines } from './cisco-listing.ts';
import { messageOf, PORT_WORDS, PROTOCOL_WORDS } from './cisco-words.ts';
import { LineFault } from './line-fault.ts';
import { LineWords, maskedRange, numberOf, portsOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import { AddressGroup } from './nested-groups.ts';
import type { Parsed, ParseFault } from './platform.ts';

/** What the connection table lets through before any list is asked. */
const ANSWERS: FilterRule = {
  action: 'accept',
  match: { states: ['established', 'related'] },
  line: 0,
};

const BY_LEVEL =
  'that interfaces without a list let everything through: their security levels are not in the text';
const INSPECTED = 'that inspection lets pass what an advanced list permits';

/** A line of a list of any kind. */
const LIST_LINE =
  /^access-list (\S+) (?:line \d+ )?(?:advanced|ethertype|extended|remark|standard|webtype) /;

export function parseAsa(text: string): Parsed {
  const parser = new AsaParser();
  asaLines(text).forEach(({ text: line, hits }, index) => {
    parser.line(line.trim(), index + 1, hits);
  });
  return parser.parsed();
}

/** An access list, in the order of its entries. */
interface AsaList {
  readonly name: string;
  /** Where it begins. */
  readonly line: number;
  readonly rules: FilterRule[];
  /** Lines so far, remarks among them. */
  entries: number;
}

/** Where `access-group` has a list asked. */
interface Application {
  readonly list: AsaList;
  readonly line: number;
  /** Undefined: for all interfaces. */
  readonly interface?: string;
  readonly way: 'in' | 'out';
}

class AsaParser {
  private readonly faults: (ParseFault & { readonly list?: string })[] = [];
  private readonly lists = new Map<string, AsaList>();
  private readonly applications: Application[] = [];
  private readonly networks = new Map<string, AddressGroup>();
  private group: AddressGroup | undefined;
  /** Names of an FTD's rules by their id. */
  private readonly ruleNames = new Map<string, string>();
  private isInspected = false;

  parsed(): Parsed {
    const { applications, lists } = this;
    const [first, second] = lists.values();
    const faults = this.faults.filter(({ list }) => list === undefined || this.isAsked(list));
    if (applications.length === 0 && second !== undefined) {
      const what = `A second list, “${second.name}”, begins here, and no access-group says where each is asked.`;
      faults.push({ line: second.line, what });
    }
    const inward = applications.filter(({ way }) => way === 'in');
    const outward = applications.filter(({ way }) => way === 'out');
    const isEverywhere = applications.every((each) => each.interface === undefined);
    const assumed = [
      ...(inward.some((each) => each.interface === undefined) || isEverywhere ? [] : [BY_LEVEL]),
      ...(this.isInspected ? [INSPECTED] : []),
    ];
    const chains = isEverywhere
      ? [whole(applications[0]?.list ?? first)]
      : [
          ...(inward.length > 0 ? [hooked('in', 0, inward)] : []),
          ...(outward.length > 0 ? [hooked('out', 1, outward)] : []),
          ...new Set(applications.map(({ list }) => list)),
        ].map((chain) => ('entries' in chain ? called(chain) : chain));
    return {
      filter: { chains },
      faults: faults.map(({ line, what }) => ({ line, what })).sort((a, b) => a.line - b.line),
      ...(assumed.length > 0 ? { assumed } : {}),
    };
  }

  /** Whether any packet comes to the list. */
  private isAsked(name: string): boolean {
    const { applications } = this;
    return applications.length === 0 || applications.some(({ list }) => list.name === name);
  }

  line(line: string, number: number, hits: number | undefined): void {
    if (line === '' || line.startsWith('!') || line.startsWith(':')) return;
    try {
      this.read(new LineWords(line), number, hits);
    } catch (error) {
      if (!(error instanceof LineFault)) throw error;
      const [, list] = LIST_LINE.exec(line) ?? [];
      this.faults.push({
        ...{ line: number, what: error.message },
        ...(list === undefined ? {} : { list }),
      });
    }
  }

  private read(words: LineWords, number: number, hits: number | undefined): void {
    switch (words.peek()) {
      case 'object-group':
      case 'object':
        this.openGroup(words);
        return;
      case 'access-list':
        words.next('access-list');
        this.group = undefined;
        this.entry(words, number, hits);
        return;
      case 'access-group':
        words.next('access-group');
        this.group = undefined;
        this.apply(words, number);
        return;
      default:
        if (this.group === undefined) throw new LineFault(`“${words.peek()}” is not known here.`);
        this.member(words, this.group);
    }
  }

  private openGroup(words: LineWords): void {
    const keyword = words.next('object-group');
    const kind = words.next('the kind of group');
    if (kind !== 'network') throw new LineFault(`An ${keyword} of “${kind}” is not read.`);
    const name = words.next('the name of a group');
    words.end();
    if (this.networks.has(name)) throw new LineFault(`The group “${name}” is defined twice.`);
    this.group = new AddressGroup();
    this.networks.set(name, this.group);
  }

  private member(words: LineWords, group: AddressGroup): void {
    const keyword = words.next('a member');
    switch (keyword) {
      case 'description':
        words.rest();
        return;
      case 'group-object':
        group.include(this.groupNamed(words.next('the name of a group')));
        break;
      case 'network-object':
        if (words.take('object'))
          group.include(this.groupNamed(words.next('the name of an object')));
        else group.add(this.range(words));
        break;
      case 'host':
        group.add(rangeOfAddress(this.address(words)));
        break;
      case 'subnet':
        group.add(this.range(words));
        break;
      default:
        throw new LineFault(`“${keyword}” is not known in a group.`);
    }
    words.end();
  }

  private address(words: LineWords) {
    return words.address(words.peek().includes(':') ? 6 : 4);
  }

  private groupNamed(name: string): AddressGroup {
    const group = this.networks.get(name);
    if (group === undefined) throw new LineFault(`There is no group “${name}” above.`);
    return group;
  }

  /** `host A`, `A MASK`, `A/length`; the device refuses an address that has none of these. */
  private range(words: LineWords): AddressRange {
    if (words.take('host')) return rangeOfAddress(this.address(words));
    if (words.peek().includes('/')) {
      return prefixRange(words.peek(), words.next('a prefix').includes(':') ? 6 : 4);
    }
    const word = words.peek();
    const address = this.address(words);
    if (address.family === 6 || parseAddress(words.peek()) === undefined) {
      throw new LineFault(`“${word}” stands without “host” or a mask.`);
    }
    return maskedRange(address, words.address(4));
  }

  private apply(words: LineWords, line: number): void {
    const name = words.next('the name of a list');
    const list = this.lists.get(name);
    if (list === undefined) throw new LineFault(`There is no list “${name}” above.`);
    if (words.take('global')) {
      words.end();
      this.put({ list, line, way: 'in' });
      return;
    }
    const way = words.next('in, out or global');
    if (way !== 'in' && way !== 'out') throw new LineFault(`“${way}” is not known here.`);
    words.next('interface');
    const place = words.next('the name of an interface');
    words.end();
    this.put({ list, line, interface: place, way });
  }

  /** One list is asked in a place: another takes the place of the one before. */
  private put(applied: Application): void {
    const { interface: place, way } = applied;
    const before = this.applications.findIndex((one) => one.interface === place && one.way === way);
    if (before >= 0) this.applications.splice(before, 1);
    this.applications.push(applied);
  }

  private entry(words: LineWords, line: number, hits: number | undefined): void {
    const name = words.next('the name of a list');
    const list = this.lists.get(name) ?? { name, line, rules: [], entries: 0 };
    this.lists.set(name, list);
    // An entry is put in at its number, counted with the remarks: here only at the end.
    list.entries++;
    if (words.take('line') && words.number('a line', 1e9) < list.entries) {
      throw new LineFault('The entry would be put in before others; give them in their order.');
    }
    if (words.take('remark')) {
      const [, id, called] = /^rule-id (\d+): (?:.* )?RULE: (.+)$/.exec(words.rest()) ?? [];
      if (id !== undefined && called !== undefined) this.ruleNames.set(id, called);
      return;
    }
    const isAdvanced = words.take('advanced');
    if (!isAdvanced && !words.take('extended'))
      throw new LineFault('Only extended lists are read.');
    const verb = words.next('permit or deny');
    const permits = verb === 'permit' || (isAdvanced && verb === 'trust');
    if (!permits && verb !== 'deny') throw new LineFault(`“${verb}” is not known here.`);
    if (isAdvanced && verb === 'permit') this.isInspected = true;
    const match = new MatchBuilder();
    match.states(['new']);
    const protocol = this.protocol(words);
    if (protocol !== undefined) match.protocols([{ first: protocol, last: protocol }]);
    const hasPorts = protocol === TCP || protocol === UDP;
    const side = (
      key: 'source' | 'destination',
      ports: 'sourcePorts' | 'destinationPorts',
      places: string[],
    ): void => {
      if (isAdvanced && words.take('ifc')) places.push(words.next('the name of an interface'));
      const ranges = this.side(words);
      if (ranges !== undefined) match.addresses(key, ranges);
      const asked: NumberRange[] | undefined = hasPorts ? portsOf(words, PORT_WORDS) : undefined;
      if (asked !== undefined) match.ports(ports, asked);
    };
    const inInterfaces: string[] = [];
    const outInterfaces: string[] = [];
    side('source', 'sourcePorts', inInterfaces);
    side('destination', 'destinationPorts', outInterfaces);
    if (protocol === ICMP || protocol === ICMPV6) this.message(words, protocol, match);
    const comment =
      isAdvanced && words.take('rule-id') ? this.ruleNames.get(words.next('its id')) : undefined;
    const log = this.endings(words, isAdvanced);
    if (log === 'inactive') return;
    list.rules.push({
      action: permits ? 'accept' : 'drop',
      match: {
        ...(permits ? match.build() : withoutState(match)),
        ...(inInterfaces.length > 0 ? { inInterfaces } : {}),
        ...(outInterfaces.length > 0 ? { outInterfaces } : {}),
      },
      line,
      ...(comment === undefined ? {} : { comment }),
      ...(log ? { log: { prefix: '' } } : {}),
      ...(hits === undefined ? {} : { hits }),
    });
  }

  private protocol(words: LineWords): number | undefined {
    const word = words.next('a protocol');
    if (word === 'object-group')
      throw new LineFault('Groups of protocols or services are not read.');
    if (word === 'ip') return undefined;
    return PROTOCOL_WORDS.get(word) ?? numberOf(word, 255);
  }

  /** Undefined = any address of either family. */
  private side(words: LineWords): readonly AddressRange[] | undefined {
    if (words.take('any')) return undefined;
    for (const family of [4, 6] as const satisfies readonly Family[]) {
      if (words.take(`any${family}`)) return [wholeFamily(family)];
    }
    if (words.take('object-group') || words.take('object')) {
      return this.groupNamed(words.next('the name of a group')).ranges;
    }
    return [this.range(words)];
  }

  private message(words: LineWords, protocol: number, match: MatchBuilder): void {
    const family = protocol === ICMP ? 4 : 6;
    const message = messageOf(words, family);
    if (message === undefined) match.family(family);
    else match.icmp([message]);
  }

  /** `log` with level and interval, `time-range`; whether it logs. An inactive entry is not asked. */
  private endings(words: LineWords, isAdvanced: boolean): boolean | 'inactive' {
    let log = false;
    while (!words.ended) {
      if (isAdvanced && words.take('event-log')) {
        log = true;
        words.next('flow-start, flow-end or both');
      } else if (words.take('log')) {
        log = true;
        if (
          /^(?:[0-7]|default|disable|emergencies|alerts|critical|errors|warnings|notifications|informational|debugging)$/.test(
            words.peek(),
          )
        ) {
          log = words.next('a level') !== 'disable';
        }
        if (words.take('interval')) words.number('an interval', 600);
      } else if (words.take('inactive')) {
        words.end();
        return 'inactive';
      } else if (words.peek() === 'time-range') {
        throw new LineFault('“time-range” makes the entry depend on more than the packet.');
      } else throw new LineFault(`“${words.peek()}” is not known here.`);
    }
    return log;
  }
}

/** One list for all interfaces. */
function whole(list: AsaList | undefined): FilterChain {
  return {
    ...{ name: list?.name ?? 'global', hook: 'forward', otherwise: 'drop' },
    ...{ line: list?.line ?? 0, rules: [ANSWERS, ...(list?.rules ?? [])] },
  };
}

/** A list that only some packets come to. */
function called({ name, line, rules }: AsaList): FilterChain {
  return { name, line, rules, otherwise: 'drop' };
}

/**
 * Where packets come in, or leave: the list of their interface, then the one for all, then none
 * passes. An interface without either lets them through, as far as lists say.
 */
function hooked(way: 'in' | 'out', priority: number, applied: readonly Application[]): FilterChain {
  const key = way === 'in' ? 'inInterfaces' : 'outInterfaces';
  const everywhere = applied.find((each) => each.interface === undefined);
  const rules: FilterRule[] = [ANSWERS];
  for (const { list, line, interface: place } of applied) {
    if (place === undefined) continue;
    const match = { [key]: [place] };
    rules.push({ action: 'jump', target: list.name, match, line });
    if (everywhere === undefined) rules.push({ action: 'drop', match, line: 0 });
  }
  if (everywhere !== undefined) {
    const { list, line } = everywhere;
    rules.push({ action: 'jump', target: list.name, match: {}, line });
  }
  return {
    ...{ name: `access-group ${way}`, hook: 'forward', priority, line: applied[0]?.line ?? 0 },
    ...{ otherwise: everywhere === undefined ? 'accept' : 'drop', rules },
  };
}

/** A deny holds for whatever comes to the list. */
function withoutState(match: MatchBuilder): FilterRule['match'] {
  const { states: _, ...rest } = match.build();
  return rest;
}
