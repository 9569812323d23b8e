/** Reads the statements of one nftables rule: conditions, log, counter, verdict (nft(8)). */
import type { Family } from '../net/address.ts';
import { parseAddress } from '../net/address.ts';
import { type AddressRange, mergeRanges, rangeOfPrefix } from '../net/address-range.ts';
import { PORT_PROTOCOLS, STATES, type State } from '../net/header-fields.ts';
import type { FlagsMatch, NumberRange } from '../net/header-match.ts';
import { PrefixError, parsePrefix } from '../net/prefix.ts';
import type { FilterAction, FilterLog, FilterRule } from '../policy/filter.ts';
import { flagMatches } from './flag-matches.ts';
import { MatchBuilder } from './match-builder.ts';

/** A token that is not understood. */
export class Unknown extends Error {}

/** Where statements come from; `nftables-parse.ts`. */
export interface Reader {
  readonly line: number;
  peek(): string;
  next(): string;
  take(word: string): boolean;
  expect(word: string): void;
  string(): string;
}

export interface NftSet {
  readonly type: string;
  /** As written: addresses, prefixes, ranges, numbers. */
  readonly elements: readonly string[];
  readonly line: number;
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
  ['comp', 108],
  ['sctp', 132],
  ['udplite', 136],
]);

/** nft(8), ICMP TYPE. */
const ICMP_TYPES: ReadonlyMap<string, number> = new Map([
  ['echo-reply', 0],
  ['destination-unreachable', 3],
  ['source-quench', 4],
  ['redirect', 5],
  ['echo-request', 8],
  ['router-advertisement', 9],
  ['router-solicitation', 10],
  ['time-exceeded', 11],
  ['parameter-problem', 12],
  ['timestamp-request', 13],
  ['timestamp-reply', 14],
  ['info-request', 15],
  ['info-reply', 16],
  ['address-mask-request', 17],
  ['address-mask-reply', 18],
]);

/** nft(8), ICMP CODE. */
const ICMP_CODES: ReadonlyMap<string, number> = new Map([
  ['net-unreachable', 0],
  ['host-unreachable', 1],
  ['prot-unreachable', 2],
  ['port-unreachable', 3],
  ['frag-needed', 4],
  ['net-prohibited', 9],
  ['host-prohibited', 10],
  ['admin-prohibited', 13],
]);

/** nft(8), ICMPV6 TYPE. */
const ICMPV6_TYPES: ReadonlyMap<string, number> = new Map([
  ['destination-unreachable', 1],
  ['packet-too-big', 2],
  ['time-exceeded', 3],
  ['parameter-problem', 4],
  ['echo-request', 128],
  ['echo-reply', 129],
  ['mld-listener-query', 130],
  ['mld-listener-report', 131],
  ['mld-listener-done', 132],
  ['mld-listener-reduction', 132],
  ['nd-router-solicit', 133],
  ['nd-router-advert', 134],
  ['nd-neighbor-solicit', 135],
  ['nd-neighbor-advert', 136],
  ['nd-redirect', 137],
  ['router-renumbering', 138],
  ['ind-neighbor-solicit', 141],
  ['ind-neighbor-advert', 142],
  ['mld2-listener-report', 143],
]);

/** nft(8), ICMPV6 CODE. */
const ICMPV6_CODES: ReadonlyMap<string, number> = new Map([
  ['no-route', 0],
  ['admin-prohibited', 1],
  ['addr-unreachable', 3],
  ['port-unreachable', 4],
  ['policy-fail', 5],
  ['reject-route', 6],
]);

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['fin', 1],
  ['syn', 2],
  ['rst', 4],
  ['psh', 8],
  ['ack', 16],
  ['urg', 32],
  ['ecn', 64],
  ['ece', 64],
  ['cwr', 128],
]);

const NONE: ReadonlyMap<string, number> = new Map();

/** A right-hand side: words, and whether they are what must not be. */
interface Operand {
  readonly words: readonly string[];
  readonly negated: boolean;
}

export class NftRule {
  private readonly reader: Reader;
  private readonly sets: ReadonlyMap<string, NftSet>;
  /** Family and name of the table, before the names of chains that are jumped to. */
  private readonly table: string;
  private readonly builder = new MatchBuilder();
  private readonly line: number;
  private action: FilterAction | undefined;
  private target: string | undefined;
  private comment: string | undefined;
  private log: FilterLog | undefined;
  private perSecond: number | undefined;

  constructor(reader: Reader, sets: ReadonlyMap<string, NftSet>, table: string) {
    this.reader = reader;
    this.sets = sets;
    this.table = table;
    this.line = reader.line;
  }

  build(): FilterRule {
    const { action = 'continue', target, comment, log, perSecond, line } = this;
    if (perSecond !== undefined && action !== 'continue') {
      throw new Unknown('A limit before a verdict depends on time; it proves nothing.');
    }
    return {
      action,
      match: this.builder.build(),
      line,
      ...(target === undefined ? {} : { target }),
      ...(comment === undefined ? {} : { comment }),
      ...(log === undefined ? {} : { log: { ...log, ...(perSecond ? { perSecond } : {}) } }),
    };
  }

  /** The words of `{ a, b }`. */
  static list(reader: Reader): string[] {
    const words: string[] = [];
    reader.expect('{');
    while (reader.take(';'));
    while (!reader.take('}')) {
      words.push(reader.string());
      while (reader.take(';'));
      if (reader.peek() !== '}') reader.expect(',');
      while (reader.take(';'));
    }
    return words;
  }

  statement(): void {
    const { reader } = this;
    const word = reader.next();
    if (this.action !== undefined && word !== 'comment') {
      throw new Unknown(`“${word}” stands after the verdict.`);
    }
    switch (word) {
      case 'ip':
        return this.ip();
      case 'ip6':
        return this.ip6();
      case 'meta':
        return this.meta();
      case 'tcp':
      case 'udp':
      case 'dccp':
      case 'sctp':
      case 'udplite':
        return this.transport([PROTOCOLS.get(word)!]);
      case 'th':
        return this.transport(PORT_PROTOCOLS);
      case 'icmp':
      case 'icmpv6':
        return this.icmp(word === 'icmp' ? 4 : 6);
      case 'ct':
        return this.connection();
      case 'iif':
      case 'iifname':
        return this.interface('in');
      case 'oif':
      case 'oifname':
        return this.interface('out');
      case 'counter':
        return this.counter();
      case 'log':
        return this.logging();
      case 'limit':
        return this.limit();
      case 'comment':
        this.comment = reader.string();
        return;
      default:
        return this.verdict(word);
    }
  }

  private verdict(word: string): void {
    const { reader } = this;
    switch (word) {
      case 'accept':
      case 'drop':
      case 'return':
      case 'continue':
        this.action = word;
        return;
      case 'reject':
        this.action = 'reject';
        if (reader.take('with')) this.rejectWith();
        return;
      case 'jump':
      case 'goto':
        this.action = word;
        this.target = `${this.table}/${reader.string()}`;
        return;
      default:
        throw new Unknown(`“${word}” is not known in a rule.`);
    }
  }

  /** `tcp reset`, `icmp port-unreachable`, `icmpx type admin-prohibited`. */
  private rejectWith(): void {
    const { reader } = this;
    const kind = reader.next();
    if (!['tcp', 'icmp', 'icmpv6', 'icmpx'].includes(kind)) {
      throw new Unknown(`“reject with ${kind}” is not known.`);
    }
    reader.take('type');
    const word = reader.next();
    if (!/^[a-z0-9-]+$/.test(word)) throw new Unknown(`“${word}” is not a kind of rejection.`);
  }

  /** What stands to the right of a field: a word, `{ … }`, `@set`, a list of words. */
  private operand(): Operand {
    const { reader } = this;
    const negated = reader.take('!=');
    if (!negated) reader.take('==');
    if (reader.peek() === '{') return { words: NftRule.list(reader), negated };
    if (reader.take('@')) {
      const name = reader.string();
      const set = this.sets.get(name);
      if (set === undefined) throw new Unknown(`The set “@${name}” is not defined before.`);
      return { words: set.elements, negated };
    }
    const words = [reader.string()];
    while (reader.take(',')) words.push(reader.string());
    return { words, negated };
  }

  private ip(): void {
    const field = this.reader.next();
    if (field === 'saddr') return this.addresses('source', 4);
    if (field === 'daddr') return this.addresses('destination', 4);
    this.builder.family(4);
    if (field === 'protocol') return this.protocols();
    if (field === 'frag-off') return this.fragment(['0x1fff']);
    throw new Unknown(`“ip ${field}” is not read.`);
  }

  private ip6(): void {
    const field = this.reader.next();
    if (field === 'saddr') return this.addresses('source', 6);
    if (field === 'daddr') return this.addresses('destination', 6);
    // `nexthdr` is the first of a chain of headers, which need not be the transport.
    throw new Unknown(`“ip6 ${field}” is not read.`);
  }

  /** `ip frag-off & 0x1fff != 0` */
  private fragment(masks: readonly string[]): void {
    const { reader } = this;
    reader.expect('&');
    const mask = reader.next();
    if (!masks.includes(mask) && Number(mask) !== 0x1fff) {
      throw new Unknown(`The mask “${mask}” of a fragment's place is not read.`);
    }
    const other = reader.take('!=');
    if (!other) reader.take('==');
    const value = reader.next();
    if (Number(value) !== 0) throw new Unknown(`The place “${value}” of a fragment is not read.`);
    this.builder.laterFragment(other);
  }

  private addresses(side: 'source' | 'destination', family: Family): void {
    const { words, negated } = this.operand();
    this.builder.family(family);
    const ranges = mergeRanges(words.map((word) => addressRange(word, family)));
    this.builder.addresses(side, ranges, negated, [family]);
  }

  private meta(): void {
    const field = this.reader.next();
    switch (field) {
      case 'nfproto': {
        const { words, negated } = this.operand();
        const [word] = words;
        if (words.length !== 1 || (word !== 'ipv4' && word !== 'ipv6')) {
          throw new Unknown(`“meta nfproto ${words.join(', ')}” is not read.`);
        }
        this.builder.family((word === 'ipv4') !== negated ? 4 : 6);
        return;
      }
      case 'l4proto':
        return this.protocols();
      case 'iif':
      case 'iifname':
        return this.interface('in');
      case 'oif':
      case 'oifname':
        return this.interface('out');
      default:
        throw new Unknown(`“meta ${field}” is not read.`);
    }
  }

  private protocols(): void {
    const { words, negated } = this.operand();
    const ranges = words.map((word) => numberRange(word, 255, PROTOCOLS));
    this.builder.protocols(ranges, negated);
  }

  private transport(protocols: readonly number[]): void {
    const field = this.reader.next();
    this.builder.protocols(protocols.map((first) => ({ first, last: first })));
    if (field === 'flags' && protocols.includes(6) && protocols.length === 1) {
      return this.builder.flags(this.tcpFlags());
    }
    if (field !== 'sport' && field !== 'dport') {
      throw new Unknown(`The field “${field}” is not read.`);
    }
    const { words, negated } = this.operand();
    const side = field === 'sport' ? 'sourcePorts' : 'destinationPorts';
    const ranges = words.map((word) => numberRange(word, 65_535, NONE));
    this.builder.ports(side, ranges, negated);
  }

  /** `syn`, `== syn`, `& (fin | syn) == syn`, `syn / fin,syn,rst,ack`. */
  private tcpFlags(): FlagsMatch[] {
    const { reader } = this;
    if (reader.take('&')) {
      const mask = this.flagWord();
      const negated = reader.take('!=');
      if (!negated) reader.expect('==');
      return flagMatches(mask, this.flagWord(), negated);
    }
    // `! psh,urg`: none of them.
    if (reader.take('!')) return [{ mask: this.flagWord(), value: 0 }];
    const negated = reader.take('!=');
    const exact = !negated && reader.take('==');
    const value = this.flagWord();
    if (!exact && reader.take('/')) return flagMatches(this.flagWord(), value, negated);
    if (exact || negated) return flagMatches(255, value, negated);
    // A bare word asks whether any of its flags is set.
    const held: FlagsMatch[] = [];
    for (let bit = 1; bit < 256; bit <<= 1) if (value & bit) held.push({ mask: bit, value: bit });
    return held;
  }

  /** A number or flags joined by `|` or `,`, with or without parentheses. */
  private flagWord(): number {
    const { reader } = this;
    const inside = reader.take('(');
    let value = 0;
    do {
      const word = reader.next();
      const flag = FLAGS.get(word) ?? (/^(0x[0-9a-f]{1,2}|\d{1,3})$/i.test(word) ? +word : 256);
      if (flag > 255) throw new Unknown(`“${word}” is not a TCP flag.`);
      value |= flag;
    } while (reader.take('|') || reader.take(','));
    if (inside) reader.expect(')');
    return value;
  }

  private icmp(family: Family): void {
    const field = this.reader.next();
    const { words, negated } = this.operand();
    if (negated) throw new Unknown('“!=” with ICMP is not read.');
    const any = { first: 0, last: 255 };
    if (field === 'type') {
      const names = family === 4 ? ICMP_TYPES : ICMPV6_TYPES;
      this.builder.icmp(words.map((word) => ({ type: numberRange(word, 255, names) })));
    } else if (field === 'code') {
      const names = family === 4 ? ICMP_CODES : ICMPV6_CODES;
      this.builder.icmp(words.map((word) => ({ type: any, code: numberRange(word, 255, names) })));
    } else throw new Unknown(`“icmp ${field}” is not read.`);
    const protocol = family === 4 ? 1 : 58;
    this.builder.family(family);
    this.builder.protocols([{ first: protocol, last: protocol }]);
  }

  private connection(): void {
    const field = this.reader.next();
    if (field !== 'state') throw new Unknown(`“ct ${field}” is not read.`);
    const { words, negated } = this.operand();
    const states = words.map((word) => {
      if (!(STATES as readonly string[]).includes(word)) {
        throw new Unknown(`“${word}” is not a connection's state.`);
      }
      return word as State;
    });
    this.builder.states(negated ? STATES.filter((state) => !states.includes(state)) : states);
  }

  private interface(side: 'in' | 'out'): void {
    const { words, negated } = this.operand();
    const wild = words.find((word) => word.endsWith('*'));
    if (wild !== undefined) throw new Unknown(`The interface pattern “${wild}” is not read.`);
    this.builder.interfaces(side, words, negated);
  }

  private counter(): void {
    const { reader } = this;
    if (reader.take('packets')) this.number();
    if (reader.take('bytes')) this.number();
    if (reader.take('name')) reader.string();
  }

  private number(): number {
    const word = this.reader.next();
    if (!/^\d{1,20}$/.test(word)) throw new Unknown(`“${word}” is not a number.`);
    return Number(word);
  }

  private logging(): void {
    const { reader } = this;
    let prefix = '';
    for (;;) {
      if (reader.take('prefix')) prefix = reader.string();
      else if (reader.take('group') || reader.take('snaplen') || reader.take('queue-threshold')) {
        this.number();
      } else if (reader.take('level') || reader.take('flags')) {
        const word = reader.next();
        if (!/^[a-z]+$/.test(word)) throw new Unknown(`“${word}” is not known in a log.`);
      } else break;
    }
    this.log = { prefix };
  }

  private limit(): void {
    const { reader } = this;
    reader.expect('rate');
    if (reader.take('over')) throw new Unknown('“limit rate over” depends on time.');
    const word = reader.next();
    const [, count, unit] = /^(\d{1,9})\/(second|minute|hour|day|week)$/.exec(word) ?? [];
    if (count === undefined) throw new Unknown(`“${word}” is not a rate.`);
    const seconds = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };
    this.perSecond = Number(count) / seconds[unit as keyof typeof seconds];
    if (reader.take('burst')) {
      this.number();
      reader.expect('packets');
    }
  }
}

/** `10.0.1.7`, `10.0.1.0/24`, `10.0.1.7-10.0.1.9`. */
function addressRange(word: string, family: Family): AddressRange {
  const range = /^([^-]+)-([^-]+)$/.exec(word);
  if (range !== null) {
    const first = parseAddress(range[1]!);
    const last = parseAddress(range[2]!);
    if (first?.family === family && last?.family === family) {
      const made = { family, first: first.words, last: last.words };
      if (mergeRanges([made]).length === 1 && !backwards(made)) return made;
    }
    throw new Unknown(`“${word}” is not a range of IPv${family} addresses.`);
  }
  try {
    const prefix = parsePrefix(word);
    if (prefix.family === family) return rangeOfPrefix(prefix);
  } catch (thrown) {
    if (!(thrown instanceof PrefixError)) throw thrown;
  }
  throw new Unknown(`“${word}” is not an IPv${family} address or prefix.`);
}

function backwards({ first, last }: AddressRange): boolean {
  const at = first.findIndex((word, index) => word !== last[index]);
  return at >= 0 && first[at]! > last[at]!;
}

function numberRange(word: string, max: number, names: ReadonlyMap<string, number>): NumberRange {
  const named = names.get(word);
  if (named !== undefined) return { first: named, last: named };
  const [, low, high] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word) ?? [];
  const first = Number(low);
  const last = high === undefined ? first : Number(high);
  if (low === undefined || last > max || first > last) {
    throw new Unknown(`“${word}” is not a number or range up to ${max}; names are not read here.`);
  }
  return { first, last };
}
