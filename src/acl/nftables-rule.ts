/** Reads the statements of one nftables rule: conditions, log, counter, verdict (nft(8)). */
import type { Family } from '../net/address.ts';
import { mergeRanges } from '../net/address-range.ts';
import { PORT_PROTOCOLS, STATES, type State } from '../net/header-fields.ts';
import type { FilterAction, FilterLog, FilterMatch, FilterRule } from '../policy/filter.ts';
import { LINUX_PROTOCOLS, PASSED_OVER } from './linux-protocols.ts';
import { MatchBuilder } from './match-builder.ts';
import { ICMP_CODES, ICMP_TYPES, ICMPV6_CODES, ICMPV6_TYPES } from './nftables-names.ts';
import { readCounter, readFlags, readLimit, readLog } from './nftables-statements.ts';
import { addressRange, numberRange, type Reader, Unknown } from './nftables-values.ts';

export interface NftSet {
  readonly type: string;
  /** As written: addresses, prefixes, ranges, numbers. */
  readonly elements: readonly string[];
  readonly line: number;
}

/** The table that a rule stands in. */
export interface NftPlace {
  /** Family and name of the table, before the names of chains that are jumped to. */
  readonly path: string;
  /** Undefined: both. */
  readonly family: Family | undefined;
}

/** A right-hand side: words, and whether they are what must not be. */
interface Operand {
  readonly words: readonly string[];
  readonly negated: boolean;
}

/** Whether only protocols that have ports come to what is asked. */
function hasPortsAlone({ protocols }: FilterMatch): boolean {
  return (
    protocols?.every(({ first, last }) => {
      for (let number = first; number <= last; number++) {
        if (!PORT_PROTOCOLS.includes(number)) return false;
      }
      return true;
    }) ?? false
  );
}

/**
 * For one rule: statements in the order of the text, then `build`. Throws `Unknown` for what is not
 * read.
 */
export class NftRule {
  private readonly reader: Reader;
  private readonly sets: ReadonlyMap<string, NftSet>;
  private readonly place: NftPlace;
  private readonly builder = new MatchBuilder();
  private readonly line: number;
  private action: FilterAction | undefined;
  /** It asks for what is not known of packets. */
  private isUnweighed = false;
  private target: string | undefined;
  private comment: string | undefined;
  private log: FilterLog | undefined;
  private perSecond: number | undefined;
  private hits: number | undefined;
  private family: Family | undefined;
  /** A port of any protocol was asked for. */
  private anyPort = false;
  /** Sides whose one port is excluded. */
  private readonly excluded = new Set<string>();
  /** A protocol that IPv6 never comes to. */
  private passedOver: number | undefined;

  constructor(reader: Reader, sets: ReadonlyMap<string, NftSet>, place: NftPlace) {
    this.reader = reader;
    this.sets = sets;
    this.place = place;
    this.family = place.family;
    this.line = reader.line;
  }

  build(): FilterRule {
    const { target, comment, log, perSecond, hits, line } = this;
    const action = this.isUnweighed ? 'continue' : (this.action ?? 'continue');
    if (perSecond !== undefined && action !== 'continue') {
      throw new Unknown('A limit before a verdict depends on time; it proves nothing.');
    }
    const match = this.builder.build();
    if (this.passedOver !== undefined && this.family !== 4) {
      throw new Unknown(`Over IPv6, nft never finds protocol ${this.passedOver}.`);
    }
    // nft 1.0.6 and iptables-nft 1.8.9 compare both at once, so that one being another is enough.
    if (this.excluded.size > 1) {
      throw new Unknown('Two excluded ports in one rule: not every nft means both.');
    }
    if (this.anyPort && !hasPortsAlone(match)) {
      throw new Unknown('“th” without a protocol that has ports reads what lies in any packet.');
    }
    return {
      action,
      match,
      line,
      ...(target === undefined || this.isUnweighed ? {} : { target }),
      ...(comment === undefined ? {} : { comment }),
      ...(hits === undefined ? {} : { hits }),
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
        return this.transport(LINUX_PROTOCOLS.get(word));
      case 'th':
        return this.transport(undefined);
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
      case 'flow':
        return this.offload();
      case 'counter':
        this.hits = readCounter(reader);
        return;
      case 'log':
        this.log = { prefix: readLog(reader) };
        return;
      case 'limit':
        this.perSecond = readLimit(reader);
        return;
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
        this.target = `${this.place.path}/${reader.string()}`;
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
    const word = reader.string();
    if (reader.peek() === ',') throw new Unknown('Several values stand without “{ }”.');
    return { words: [word], negated };
  }

  /** What the rule asks for is of this family; nft takes no rule about both. */
  private only(family: Family): void {
    if (this.family !== undefined && this.family !== family) {
      throw new Unknown(`The rule asks for IPv${family} where only IPv${this.family} comes.`);
    }
    this.family = family;
    this.builder.family(family);
  }

  private ip(): void {
    const field = this.reader.next();
    if (field === 'saddr') return this.addresses('source', 4);
    if (field === 'daddr') return this.addresses('destination', 4);
    this.only(4);
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
    this.only(family);
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
        this.only((word === 'ipv4') !== negated ? 4 : 6);
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
    const ranges = words.map((word) => numberRange(word, 255, LINUX_PROTOCOLS));
    if (!negated) {
      this.passedOver ??= ranges
        .map(({ first, last }) => (first === last ? first : -1))
        .find((number) => PASSED_OVER.includes(number));
    }
    this.builder.protocols(ranges, negated);
  }

  /** Ports or flags of a protocol; undefined: of whatever protocol the rule asks for. */
  private transport(protocol: number | undefined): void {
    const field = this.reader.next();
    if (field === 'option' && protocol === 6) return this.segmentSize();
    if (protocol === undefined) this.anyPort = true;
    else this.builder.protocols([{ first: protocol, last: protocol }]);
    if (field === 'flags' && protocol === 6) {
      return this.builder.flags(readFlags(this.reader));
    }
    if (field !== 'sport' && field !== 'dport') {
      throw new Unknown(`The field “${field}” is not read.`);
    }
    const { words, negated } = this.operand();
    const side = field === 'sport' ? 'sourcePorts' : 'destinationPorts';
    const ranges = words.map((word) => numberRange(word, 65_535));
    const [only] = ranges;
    // A set of one is one value for nft, too.
    if (negated && ranges.length === 1 && only?.first === only?.last) this.excluded.add(side);
    this.builder.ports(side, ranges, negated);
  }

  /** `tcp option maxseg size set rt mtu` changes what a packet offers, not where it goes. */
  private segmentSize(): void {
    const { reader } = this;
    for (const word of ['maxseg', 'size', 'set']) reader.expect(word);
    if (reader.take('rt')) reader.expect('mtu');
    else numberRange(reader.next(), 65_535);
    reader.beside('tcp option');
  }

  /** `flow add @fast`: packets of known connections pass this chain by from then on. */
  private offload(): void {
    const { reader } = this;
    if (!reader.take('add')) reader.expect('offload');
    reader.expect('@');
    reader.string();
    reader.beside('flow');
  }

  /**
   * The rule is for packets that translation changed, of which nothing is known here; so it decides
   * nothing.
   */
  private unweigh(what: string): void {
    this.isUnweighed = true;
    this.reader.beside(what);
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
    // Beside the other family nft asks for the protocol alone, whatever carries it.
    this.only(family);
    this.builder.protocols([{ first: protocol, last: protocol }]);
  }

  private connection(): void {
    const field = this.reader.next();
    if (field === 'status' && (this.reader.take('dnat') || this.reader.take('snat'))) {
      return this.unweigh('ct status');
    }
    if (field !== 'state') throw new Unknown(`“ct ${field}” is not read.`);
    const { words, negated } = this.states();
    const states = words.map((word) => {
      if (!(STATES as readonly string[]).includes(word)) {
        throw new Unknown(`“${word}” is not a connection's state.`);
      }
      return word as State;
    });
    this.builder.states(negated ? STATES.filter((state) => !states.includes(state)) : states);
  }

  /**
   * States joined by `,` or `|` are bits of one number, any of which may be set; compared with `==`
   * or `!=`, the number never is two states at once, which nobody means.
   */
  private states(): Operand {
    const { reader } = this;
    const word = reader.peek();
    if (word === '{' || word === '@') return this.operand();
    const compared = reader.take('!=') ? '!=' : reader.take('==') ? '==' : '';
    if (compared !== '' && ['{', '@'].includes(reader.peek())) {
      const { words } = this.operand();
      return { words, negated: compared === '!=' };
    }
    const words = [reader.string()];
    while (reader.take(',') || reader.take('|')) words.push(reader.string());
    if (compared !== '' && words.length > 1) {
      throw new Unknown(`“${compared}” several states without “{ }” is not what it looks like.`);
    }
    return { words, negated: compared === '!=' };
  }

  private interface(side: 'in' | 'out'): void {
    const { words, negated } = this.operand();
    const wild = words.find((word) => word.endsWith('*'));
    if (wild !== undefined) throw new Unknown(`The interface pattern “${wild}” is not read.`);
    this.builder.interfaces(side, words, negated);
  }
}
