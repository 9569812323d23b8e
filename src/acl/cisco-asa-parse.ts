/**
 * Reads extended access lists of the ASA: the form Portreeve writes, what people commonly write by
 * hand, whole configurations with their objects, and what `show access-list` prints; and the `advanced`
 * lists that an FTD has, with interfaces in their entries. `access-group` says where a list is asked; one alone
 * is asked everywhere. Lists are asked for the first packets of connections; the rule for answers,
 * which the device has unasked, is put before. Later fragments reach a list only as parts of whole
 * packets (virtual reassembly), so that an entry with ports says nothing of them.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, wholeFamily } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterChain, FilterRule } from '../policy/filter.ts';
import { AsaLevels } from './cisco-asa-levels.ts';
import { AsaObjects, type AsaService, protocolOf } from './cisco-asa-objects.ts';
import { ASA_SETTINGS } from './cisco-asa-settings.ts';
import { asaLines } from './cisco-listing.ts';
import { messageOf, PORT_WORDS } from './cisco-words.ts';
import { LineFault } from './line-fault.ts';
import { LineWords, portsOf } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import { OtherSettings } from './other-settings.ts';
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
    parser.line(line, index + 1, hits);
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
  private readonly objects = new AsaObjects();
  private readonly settings = new OtherSettings(ASA_SETTINGS);
  private readonly levels = new AsaLevels();
  /** Names of an FTD's rules by their id. */
  private readonly ruleNames = new Map<string, string>();
  private isInspected = false;

  parsed(): Parsed {
    const { applications, lists } = this;
    const [first, second] = lists.values();
    const faults = this.faults.filter(({ list }) => list === undefined || this.isAsked(list));
    const isWhole = this.levels.names.length > 0;
    if (applications.length === 0 && second !== undefined && !isWhole) {
      const what = `A second list, “${second.name}”, begins here, and no access-group says where each is asked.`;
      faults.push({ line: second.line, what });
    }
    const inward = applications.filter(({ way }) => way === 'in');
    const outward = applications.filter(({ way }) => way === 'out');
    const isEverywhere =
      applications.every((each) => each.interface === undefined) &&
      (applications.length > 0 || !isWhole);
    const isTold = inward.some((each) => each.interface === undefined);
    const assumed = [
      ...(isTold || isEverywhere || isWhole ? [] : [BY_LEVEL]),
      ...(this.isInspected ? [INSPECTED] : []),
    ];
    const beside = this.settings.beside();
    const chains = isEverywhere
      ? [whole(applications[0]?.list ?? first)]
      : [
          ...(inward.length > 0 || isWhole ? [hooked('in', 0, inward, this.levels)] : []),
          ...(outward.length > 0 ? [hooked('out', 1, outward, undefined)] : []),
          ...new Set(applications.map(({ list }) => list)),
        ].map((chain) => ('entries' in chain ? called(chain) : chain));
    return {
      filter: { chains },
      faults: faults.map(({ line, what }) => ({ line, what })).sort((a, b) => a.line - b.line),
      ...(assumed.length > 0 ? { assumed } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  /** Whether any packet comes to the list; one alone, without interfaces, is asked everywhere. */
  private isAsked(name: string): boolean {
    const { applications, levels } = this;
    const isAlone = applications.length === 0 && levels.names.length === 0;
    return isAlone || applications.some(({ list }) => list.name === name);
  }

  line(raw: string, number: number, hits: number | undefined): void {
    const line = raw.trim();
    if (/^(?:[!:]|Cryptochecksum:|$)/.test(line)) {
      return;
    }
    try {
      this.read(raw, number, hits);
    } catch (error) {
      if (!(error instanceof LineFault)) throw error;
      const [, list] = LIST_LINE.exec(line) ?? [];
      this.faults.push({
        ...{ line: number, what: error.message },
        ...(list === undefined ? {} : { list }),
      });
    }
  }

  private read(raw: string, number: number, hits: number | undefined): void {
    const { objects, settings } = this;
    const words = objects.withAddresses(raw);
    const keyword = words.peek();
    // Translation stands in objects as well.
    const isMember = objects.hasMember(words) && keyword !== 'nat';
    if (isMember) {
      objects.member(words);
      return;
    }
    if (keyword !== 'nat') objects.close();
    if (keyword === 'object-group' || keyword === 'object') {
      objects.openGroup(words);
      settings.leave();
    } else if (keyword === 'access-list') {
      words.next('access-list');
      settings.leave();
      this.entry(words, number, hits);
    } else if (keyword === 'access-group') {
      words.next('access-group');
      settings.leave();
      this.apply(words, number);
    } else if (keyword === 'name') objects.readName(new LineWords(raw));
    else if (!this.levels.take(words) && !settings.takes(raw, number)) {
      throw new LineFault(`“${keyword}” is not known here.`);
    }
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
    const services = this.services(words);
    const inInterfaces: string[] = [];
    const outInterfaces: string[] = [];
    if (isAdvanced && words.take('ifc')) inInterfaces.push(words.next('the name of an interface'));
    const source = this.side(words);
    const from = this.ports(words, services);
    if (isAdvanced && words.take('ifc')) outInterfaces.push(words.next('the name of an interface'));
    const destination = this.side(words);
    const to = this.ports(words, services);
    const messages = this.messages(words, services);
    const comment =
      isAdvanced && words.take('rule-id') ? this.ruleNames.get(words.next('its id')) : undefined;
    const log = this.endings(words, isAdvanced);
    if (log === 'inactive') return;
    for (const service of services) {
      const match = new MatchBuilder();
      if (permits) match.states(['new']);
      if (source !== undefined) match.addresses('source', source);
      if (destination !== undefined) match.addresses('destination', destination);
      above(match, service, messages);
      if (from !== undefined) match.ports('sourcePorts', from);
      if (to !== undefined) match.ports('destinationPorts', to);
      list.rules.push({
        action: permits ? 'accept' : 'drop',
        // A deny holds for whatever comes to the list.
        match: {
          ...match.build(),
          ...(inInterfaces.length > 0 ? { inInterfaces } : {}),
          ...(outInterfaces.length > 0 ? { outInterfaces } : {}),
        },
        line,
        ...(comment === undefined ? {} : { comment }),
        ...(log ? { log: { prefix: '' } } : {}),
        ...(hits === undefined ? {} : { hits }),
      });
    }
  }

  /** What the entry asks for by its protocol, or by a group or object in its place. */
  private services(words: LineWords): readonly AsaService[] {
    const word = words.next('a protocol');
    if (word === 'object-group' || word === 'object') {
      return this.objects.services(words.next('the name of a group'));
    }
    const protocol = protocolOf(word);
    return [protocol === undefined ? {} : { protocol }];
  }

  /** Ports after an address, where all that is asked for has them. */
  private ports(
    words: LineWords,
    services: readonly AsaService[],
  ): readonly NumberRange[] | undefined {
    if (!services.every(({ protocol }) => protocol === TCP || protocol === UDP)) return undefined;
    if (words.peek() === 'object-group' && this.objects.isA(words.peek(1), 'ports')) {
      words.next('object-group');
      return this.objects.ports(words.next('the name of a group'));
    }
    return portsOf(words, PORT_WORDS);
  }

  /** Undefined = any address of either family. */
  private side(words: LineWords): readonly AddressRange[] | undefined {
    if (words.take('any')) return undefined;
    for (const family of [4, 6] as const satisfies readonly Family[]) {
      if (words.take(`any${family}`)) return [wholeFamily(family)];
    }
    if (words.take('object-group') || words.take('object')) {
      return this.objects.addresses(words.next('the name of a group'));
    }
    return [this.objects.range(words)];
  }

  /** The messages that an entry for ICMP asks for; undefined: all. */
  private messages(
    words: LineWords,
    services: readonly AsaService[],
  ): readonly IcmpMatch[] | undefined {
    const [{ protocol } = {}, second] = services;
    if (second !== undefined || (protocol !== ICMP && protocol !== ICMPV6)) return undefined;
    if (words.peek() === 'object-group' && this.objects.isA(words.peek(1), 'icmp-type')) {
      words.next('object-group');
      return this.objects.messages(words.next('the name of a group'));
    }
    const message = messageOf(words, protocol === ICMP ? 4 : 6);
    return message === undefined ? undefined : [message];
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
 * passes. Where an interface has neither, the levels decide; without `levels` it lets them through,
 * as far as lists say.
 */
function hooked(
  way: 'in' | 'out',
  priority: number,
  applied: readonly Application[],
  levels: AsaLevels | undefined,
): FilterChain {
  const key = way === 'in' ? 'inInterfaces' : 'outInterfaces';
  const everywhere = applied.find((each) => each.interface === undefined);
  const rules: FilterRule[] = [ANSWERS];
  for (const name of levels?.names ?? []) rules.push(...levels!.dropped(name));
  const listed = new Set<string>();
  for (const { list, line, interface: place } of applied) {
    if (place === undefined) continue;
    listed.add(place);
    const match = { [key]: [place] };
    rules.push({ action: 'jump', target: list.name, match, line });
    if (everywhere === undefined) rules.push({ action: 'drop', match, line: 0 });
  }
  if (everywhere !== undefined) {
    const { list, line } = everywhere;
    rules.push({ action: 'jump', target: list.name, match: {}, line });
  } else {
    const others = levels?.names.filter((name) => !listed.has(name)) ?? [];
    for (const name of others) rules.push(...levels!.unlisted(name));
  }
  const isOpen = everywhere === undefined && (levels?.names.length ?? 0) === 0;
  return {
    ...{ name: `access-group ${way}`, hook: 'forward', priority, line: applied[0]?.line ?? 0 },
    ...{ otherwise: isOpen ? 'accept' : 'drop', rules },
  };
}

/** Conditions above the addresses. */
function above(
  match: MatchBuilder,
  { protocol, sourcePorts, destinationPorts, message }: AsaService,
  messages: readonly IcmpMatch[] | undefined,
): void {
  if (protocol !== undefined) match.protocols([{ first: protocol, last: protocol }]);
  if (sourcePorts !== undefined) match.ports('sourcePorts', sourcePorts);
  if (destinationPorts !== undefined) match.ports('destinationPorts', destinationPorts);
  const asked = message === undefined ? messages : [message];
  if (asked !== undefined) match.icmp(asked);
  else if (protocol === ICMP) match.family(4);
  else if (protocol === ICMPV6) match.family(6);
}
