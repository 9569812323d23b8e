/**
 * Reads a pf.conf: tables, macros, `pass` and `block` with lists, `quick` or not (then the last rule
 * that matches decides). A forwarded packet is asked about where it comes in and where it leaves: rules
 * for one direction or interface hold there. Translation, anchors and the like are named as what decides
 * beside; what depends on more than the packet is a fault. Grammar: pf.conf(5), OpenBSD 7.6.
 */
import type { Family } from '../net/address.ts';
import {
  type AddressRange,
  intersectRanges,
  mergeRanges,
  wholeFamily,
} from '../net/address-range.ts';
import { ICMP, ICMPV6 } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterAction, FilterChain, FilterMatch, FilterRule } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import { BesideRules } from './other-settings.ts';
import { opening } from './pf-states.ts';
import { tokensOf } from './pf-tokens.ts';
import type { Parsed, ParseFault } from './platform.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', ICMP],
  ['igmp', 2],
  ['ipencap', 4],
  ['tcp', 6],
  ['udp', 17],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmp6', ICMPV6],
  ['ipv6-icmp', ICMPV6],
  ['ospf', 89],
  ['pim', 103],
  ['carp', 112],
  ['sctp', 132],
]);
const TYPES: ReadonlyMap<string, number> = new Map([
  ['echorep', 0],
  ['unreach', 3],
  ['echoreq', 8],
  ['timex', 11],
  ['paramprob', 12],
]);
const TYPES6: ReadonlyMap<string, number> = new Map([
  ['unreach', 1],
  ['toobig', 2],
  ['timex', 3],
  ['paramprob', 4],
  ['echoreq', 128],
  ['echorep', 129],
]);
const PORTS: ReadonlyMap<string, number> = new Map([
  ['ssh', 22],
  ['smtp', 25],
  ['domain', 53],
  ['www', 80],
  ['http', 80],
  ['ntp', 123],
  ['https', 443],
]);

/**
 * Multicast and broadcast that ends on its link and that nothing forwards (RFC 5771, section 4;
 * RFC 919; RFC 4291, section 2.7).
 */
const ON_LINK = mergeRanges(['224.0.0.0/24', '255.255.255.255', 'ff02::/16'].map(rangeOf));

/** A rule before it is known whether a later one overrides it. */
interface Read {
  readonly rules: readonly FilterRule[];
  readonly quick: boolean;
  /** Undefined: both. */
  readonly way: 'in' | 'out' | undefined;
  /** Of whichever it comes in by or leaves by. */
  readonly interfaces: { readonly names: readonly string[]; readonly not: boolean } | undefined;
}

/** Statements that decide beside the rules, or change packets. */
const BESIDE =
  /^(?:altq|anchor|antispoof|binat|binat-anchor|match|nat|nat-anchor|no|queue|rdr|rdr-anchor|scrub)$/;
/** Options that send a packet elsewhere than its own addresses say: the rule is none for others. */
const REDIRECTS = /^(?:af-to|binat-to|divert-packet|divert-reply|divert-to|rdr-to)$/;
/** Options that change its sender or its way. */
const CHANGES = /^(?:dup-to|nat-to|reply-to|route-to)$/;
/** An address of the firewall itself, whatever it is at the time. */
const OWN = /^\([a-z]+\d+(?::0)?\)$|^\(egress(?::0)?\)$/;

type Side = readonly AddressRange[] | 'self' | undefined;

export function parsePf(text: string): Parsed {
  const parser = new PfParser();
  for (const { words, line } of tokensOf(text, parser.faults)) parser.statement(words, line);
  const beside = parser.beside.list();
  return {
    ...{ filter: { chains: parser.chains() }, faults: parser.faults },
    ...(parser.assumed.size > 0 ? { assumed: [...parser.assumed] } : {}),
    ...(beside.length > 0 ? { beside } : {}),
  };
}

const EGRESS = 'that no interface named here is in the group egress';

class PfParser {
  readonly faults: ParseFault[] = [];
  readonly beside = new BesideRules();
  /** What the text does not tell. */
  readonly assumed = new Set<string>();
  private readonly tables = new Map<string, AddressRange[]>();
  private readonly read: Read[] = [];
  private words: readonly string[] = [];
  private at = 0;
  private line = 0;

  chains(): FilterChain[] {
    const isOne = this.read.every(({ way, interfaces }) => (way ?? interfaces) === undefined);
    if (isOne) return [this.chain('pf', 0, this.read)];
    return (['in', 'out'] as const).map((way, priority) =>
      this.chain(
        `pf ${way}`,
        priority,
        this.read.filter((read) => read.way === undefined || read.way === way),
        way,
      ),
    );
  }

  private chain(
    name: string,
    priority: number,
    read: readonly Read[],
    way?: 'in' | 'out',
  ): FilterChain {
    // Without `quick` the last match decides: such rules hold in reverse, after all quick ones …
    const ordered: FilterRule[] = [];
    const pending: (readonly FilterRule[])[] = [];
    for (const { rules, quick, interfaces } of read) {
      const placed = rules.map((rule) => ({
        ...rule,
        match: { ...rule.match, ...placeOf(interfaces, way) },
      }));
      // … but a quick rule decides only what it meets: those before it do not shield from it.
      if (quick) ordered.push(...placed);
      else pending.push(placed);
    }
    return {
      ...{ name, hook: 'forward', otherwise: 'accept', line: 0 },
      ...(priority === 0 ? {} : { priority }),
      rules: [
        { action: 'accept', match: { states: ['established', 'related'] }, line: 0 },
        ...ordered,
        ...pending.reverse().flat(),
      ],
    };
  }

  statement(words: readonly string[], line: number): void {
    this.words = words;
    this.at = 0;
    this.line = line;
    guarded(this.faults, line, () => {
      this.readStatement();
    });
  }

  private get word(): string {
    return this.words[this.at] ?? '';
  }

  private next(wanted: string): string {
    const word = this.words[this.at++];
    if (word === undefined) throw new LineFault(`The rule ends where ${wanted} should stand.`);
    return word;
  }

  private take(word: string): boolean {
    if (this.word !== word) return false;
    this.at++;
    return true;
  }

  private readStatement(): void {
    const verb = this.next('a word');
    switch (verb) {
      case 'set':
        this.setting();
        return;
      case 'table':
        this.table();
        return;
      case 'pass':
      case 'block':
        this.rule(verb);
        return;
      default:
        if (!BESIDE.test(verb) || this.words.includes('{')) {
          throw new LineFault(`“${verb}” is not read.`);
        }
        this.beside.add(verb, this.line);
    }
  }

  /** Settings that decide nothing; the others are faults. */
  private setting(): void {
    const text = this.words.slice(1).join(' ');
    const harmless =
      /^(?:skip on (?:lo|lo0|\{ lo0? \})|reassemble yes(?: no-df)?|block-policy (?:drop|return)|loginterface \S+|optimization \S+|limit \{?.*|timeout .*|debug \S+|fingerprints \S+|hostid \S+|require-order \S+|state-policy floating|ruleset-optimization \S+)$/;
    if (!harmless.test(text)) throw new LineFault(`The setting “${text}” is not read.`);
  }

  private table(): void {
    const name = this.tableName();
    let constant = false;
    while (this.word !== '' && this.word !== '{') {
      const word = this.next('a word');
      if (word === 'const') constant = true;
      else if (word !== 'persist' && word !== 'counters') {
        throw new LineFault(`“${word}” is not known of tables.`);
      }
    }
    if (this.tables.has(name)) throw new LineFault(`The table <${name}> is defined twice.`);
    const ranges: AddressRange[] = [];
    if (this.word === '{') {
      for (const word of this.list()) {
        if (word.startsWith('!')) throw new LineFault('Exceptions in a table are not read.');
        ranges.push(rangeOf(word));
      }
    }
    this.end();
    this.tables.set(name, ranges);
    if (!constant) this.assumed.add(`that the table <${name}> holds what stands in the text`);
  }

  private tableName(): string {
    const word = this.next('a table');
    const name = /^<([\w.-]+)>$/.exec(word)?.[1];
    if (name === undefined) throw new LineFault(`“${word}” is not a table.`);
    return name;
  }

  /** `{ a, b }` or one word. */
  private list(): string[] {
    if (!this.take('{')) return [this.next('a value')];
    const words: string[] = [];
    while (!this.take('}')) words.push(this.next('“}”'));
    return words;
  }

  private end(): void {
    if (this.word !== '') throw new LineFault(`“${this.word}” is not known here.`);
  }

  private rule(verb: 'pass' | 'block'): void {
    let action: FilterAction = verb === 'pass' ? 'accept' : 'drop';
    if (verb === 'block') {
      if (this.take('return')) action = 'reject';
      else this.take('drop');
    }
    const way = this.take('in') ? 'in' : this.take('out') ? 'out' : undefined;
    const log = this.take('log');
    const quick = this.take('quick');
    const interfaces = this.interfaces();
    const base = new MatchBuilder();
    if (verb === 'pass') base.states(['new']);
    let family: Family | undefined;
    if (this.take('inet')) family = 4;
    else if (this.take('inet6')) family = 6;
    const protocols = this.take('proto') ? this.list().map(protocolOf) : [undefined];
    const sides = this.sides();
    const messages = this.messages(protocols);
    const { label, flagsAny, isElsewhere } = this.options();
    if (isElsewhere) return;
    // The firewall's own packets are not forwarded, nor is what ends on its link.
    if (sides.source === 'self' || sides.destination === 'self') return;
    if (sides.destination !== undefined && endsOnLink(sides.destination)) return;
    const shared = {
      action,
      line: this.line,
      ...(log ? { log: { prefix: '' } } : {}),
      ...(label === undefined ? {} : { comment: label }),
    };
    const rules = protocols.flatMap((protocol) => {
      const match = this.match(base, family, protocol, sides, messages);
      const matches = verb === 'pass' ? opening(match, flagsAny) : [match];
      return matches.map((own) => ({ ...shared, match: own }));
    });
    this.read.push({ rules, quick, way, interfaces });
  }

  /** `on em0`, `on ! em0`, `on { em0 em1 }`. */
  private interfaces(): Read['interfaces'] {
    if (!this.take('on')) return undefined;
    const not = this.take('!');
    const names = this.list();
    for (const name of names) {
      if (name === 'egress') this.assumed.add(EGRESS);
      else if (!/^[a-z][a-z_]*\d+(?:\.\d+)?$/.test(name)) {
        throw new LineFault(`Which interfaces “${name}” are is not in the text.`);
      }
    }
    return { names, not };
  }

  private match(
    base: MatchBuilder,
    family: Family | undefined,
    protocol: number | undefined,
    { source, destination, from, to }: Sides,
    messages: FilterMatch['icmp'],
  ): FilterMatch {
    const match = new MatchBuilder();
    const { states } = base.build();
    if (states !== undefined) match.states(states);
    if (family !== undefined) match.family(family);
    if (protocol !== undefined) match.protocols([{ first: protocol, last: protocol }]);
    if (source !== undefined && source !== 'self') match.addresses('source', source);
    if (destination !== undefined && destination !== 'self') {
      match.addresses('destination', destination);
    }
    if (from !== undefined) match.ports('sourcePorts', from);
    if (to !== undefined) match.ports('destinationPorts', to);
    if (messages !== undefined) match.icmp(messages);
    return match.build();
  }

  private sides(): Sides {
    if (this.take('all')) return { source: undefined, destination: undefined };
    const sides: { source: Side; destination: Side; from?: NumberRange[]; to?: NumberRange[] } = {
      source: undefined,
      destination: undefined,
    };
    if (this.take('from')) {
      sides.source = this.side();
      if (this.take('port')) sides.from = this.list().map(portsOf);
    }
    if (this.take('to')) {
      sides.destination = this.side();
      if (this.take('port')) sides.to = this.list().map(portsOf);
    }
    return sides;
  }

  private side(): Side {
    const all = this.list();
    if (all.length === 1 && all[0] === 'any') return undefined;
    const words = all.filter((word) => word !== 'self' && !OWN.test(word));
    if (words.length === 0) return 'self';
    const dynamic = words.find((word) => /:(?:network|broadcast|peer)\)?$/.test(word));
    if (dynamic !== undefined)
      throw new LineFault(`Which addresses “${dynamic}” are is not in the text.`);
    return mergeRanges(
      words.flatMap((word) => {
        const table = /^<([\w.-]+)>$/.exec(word)?.[1];
        if (table === undefined) return [rangeOf(word)];
        const ranges = this.tables.get(table);
        if (ranges === undefined) throw new LineFault(`There is no table <${table}> above.`);
        return ranges;
      }),
    );
  }

  private messages(protocols: readonly (number | undefined)[]): FilterMatch['icmp'] {
    const six = this.word === 'icmp6-type';
    if (!six && this.word !== 'icmp-type') return undefined;
    this.next('icmp-type');
    if (protocols.length !== 1 || protocols[0] !== (six ? ICMPV6 : ICMP)) {
      throw new LineFault('An ICMP type stands without its protocol.');
    }
    const types = this.list().map(
      (word) => (six ? TYPES6 : TYPES).get(word) ?? numberOf(word, 255),
    );
    const code = this.take('code') ? numberOf(this.next('a code'), 255) : undefined;
    return types.map((type) => ({
      type: { first: type, last: type },
      ...(code === undefined ? {} : { code: { first: code, last: code } }),
    }));
  }

  /** Words after the conditions. */
  private options(): {
    readonly label?: string;
    readonly flagsAny: boolean;
    /** What it takes goes elsewhere than its addresses say. */
    readonly isElsewhere: boolean;
  } {
    let isElsewhere = false;
    let label: string | undefined;
    let flagsAny = false;
    while (this.word !== '') {
      if (this.take('flags')) {
        const flags = this.next('flags');
        if (flags !== 'any' && flags !== 'S/SA') {
          throw new LineFault('Flags other than “any” and “S/SA” are not read.');
        }
        flagsAny = flags === 'any';
      } else if (REDIRECTS.test(this.word) || CHANGES.test(this.word)) {
        isElsewhere = REDIRECTS.test(this.word);
        this.beside.add(this.word, this.line);
        // Where to, and nothing that the rule would ask for.
        this.at = this.words.length;
      } else if (this.take('modulate') || this.take('keep')) {
        if (!this.take('state')) throw new LineFault('“keep” stands without “state”.');
      } else if (this.take('label')) label = this.next('a label');
      else throw new LineFault(`“${this.word}” is not known here.`);
    }
    return { ...(label === undefined ? {} : { label }), flagsAny, isElsewhere };
  }
}

interface Sides {
  readonly source: Side;
  readonly destination: Side;
  readonly from?: readonly NumberRange[];
  readonly to?: readonly NumberRange[];
}

/** The condition of a rule on interfaces, where packets come in or leave. */
function placeOf(interfaces: Read['interfaces'], way: 'in' | 'out' | undefined): FilterMatch {
  if (interfaces === undefined || way === undefined) return {};
  const { names, not } = interfaces;
  if (way === 'in') return not ? { notInInterfaces: names } : { inInterfaces: names };
  return not ? { notOutInterfaces: names } : { outInterfaces: names };
}

function endsOnLink(destination: readonly AddressRange[]): boolean {
  const common = intersectRanges(destination, ON_LINK);
  return destination.length > 0 && JSON.stringify(common) === JSON.stringify(destination);
}

function protocolOf(word: string): number {
  return PROTOCOLS.get(word) ?? numberOf(word, 255);
}

function portsOf(word: string): NumberRange {
  const [low = '', high, ...more] = word.split(':');
  if (more.length > 0) throw new LineFault(`“${word}” is not a range of ports.`);
  const first = PORTS.get(low) ?? numberOf(low, 65_535);
  const last = high === undefined ? first : (PORTS.get(high) ?? numberOf(high, 65_535));
  if (first > last) throw new LineFault(`The range “${word}” runs backwards.`);
  return { first, last };
}

function rangeOf(word: string): AddressRange {
  if (word === '0.0.0.0/0') return wholeFamily(4);
  return prefixRange(word, word.includes(':') ? 6 : 4);
}
