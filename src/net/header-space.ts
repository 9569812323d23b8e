/**
 * Sets of packets (header space): what a rule matches, what a rule list lets through, where two of
 * them differ. Sets are canonical decision diagrams, so two sets are equal exactly when their nodes
 * are the same number. A function from packets to verdicts is a diagram too, with more terminals.
 */
import type { Family } from './address.ts';
import type { AddressRange } from './address-range.ts';
import { Diagrams, type Node } from './decision-diagram.ts';
import {
  DESTINATION,
  DESTINATION_PORT,
  FAMILY,
  FIELD_MAXIMA,
  ICMP,
  ICMP_CODE,
  ICMP_TYPE,
  ICMPV6,
  LATER_FRAGMENT,
  PORT_PROTOCOLS,
  PROTOCOL,
  SOURCE,
  SOURCE_PORT,
  STATE,
  STATES,
  TCP,
  TCP_FLAGS,
} from './header-fields.ts';
import type { FlagsMatch, HeaderMatch, IcmpMatch, NumberRange } from './header-match.ts';

/** No packet, and every packet. */
export const NO_PACKETS: Node = 0;
export const ALL_PACKETS: Node = 1;

const ALL_ONES = 0xffffffff;

/**
 * Sets of packets over the fields of header-fields.ts. Only sets of one `HeaderSpaces` can be
 * combined and compared.
 */
export class HeaderSpaces extends Diagrams {
  private readonly addressSets = new WeakMap<readonly AddressRange[], [Node, Node]>();
  private readonly withPorts: Node;

  /** `terminals` values that packets can be mapped to; 2 for plain sets. */
  constructor(terminals = 2) {
    super(FIELD_MAXIMA, terminals);
    const ranges = PORT_PROTOCOLS.map((protocol) => ({ first: protocol, last: protocol }));
    this.withPorts = this.values(PROTOCOL, ranges);
  }

  intersection(left: Node, right: Node): Node {
    return this.mask(left, right);
  }

  complement(set: Node): Node {
    return this.difference(ALL_PACKETS, set);
  }

  /** The packets that are mapped to one of these terminals. */
  where(map: Node, wanted: (terminal: number) => boolean): Node {
    return this.mapTerminals(map, (terminal) => (wanted(terminal) ? 1 : 0));
  }

  /** The packets whose field is in one of the ranges (in any order). */
  values(field: number, ranges: readonly NumberRange[]): Node {
    return this.unionAll(ranges.map(({ first, last }) => this.interval(field, first, last, 1)));
  }

  /** The packets that a rule with these conditions matches. */
  matched(match: HeaderMatch): Node {
    // Narrow parts last: each step costs as much as the smaller diagram has edges.
    let set = this.layer4(match);
    if (match.protocols !== undefined) {
      set = this.mask(set, this.values(PROTOCOL, match.protocols));
    }
    if (match.laterFragment !== undefined) {
      const value = match.laterFragment ? 1 : 0;
      set = this.mask(set, this.interval(LATER_FRAGMENT, value, value, 1));
    }
    if (match.destination !== undefined) {
      set = this.mask(set, this.addresses(DESTINATION, match.destination));
    }
    if (match.source !== undefined) set = this.mask(set, this.addresses(SOURCE, match.source));
    if (match.family !== undefined) set = this.mask(set, this.ofFamily(match.family));
    if (match.states === undefined) return set;
    const states = match.states.map((state) => STATES.indexOf(state));
    return this.mask(
      set,
      this.values(
        STATE,
        states.map((first) => ({ first, last: first })),
      ),
    );
  }

  private ofFamily(family: Family): Node {
    const value = family === 4 ? 0 : 1;
    return this.interval(FAMILY, value, value, 1);
  }

  private layer4({ sourcePorts, destinationPorts, icmp, tcpFlags }: HeaderMatch): Node {
    let set = ALL_PACKETS;
    const first = this.interval(LATER_FRAGMENT, 0, 0, 1);
    if (destinationPorts !== undefined) set = this.values(DESTINATION_PORT, destinationPorts);
    if (sourcePorts !== undefined) set = this.mask(set, this.values(SOURCE_PORT, sourcePorts));
    if (sourcePorts !== undefined || destinationPorts !== undefined) {
      set = this.mask(this.mask(set, this.withPorts), first);
    }
    if (icmp !== undefined) set = this.mask(this.mask(set, this.icmpMessages(icmp)), first);
    if (tcpFlags !== undefined) set = this.mask(this.mask(set, this.flags(tcpFlags)), first);
    return set;
  }

  private icmpMessages(wanted: readonly IcmpMatch[]): Node {
    const messages = this.unionAll(
      wanted.map(({ type, code }) => {
        const codes = code === undefined ? 1 : this.interval(ICMP_CODE, code.first, code.last, 1);
        return this.interval(ICMP_TYPE, type.first, type.last, codes);
      }),
    );
    const over = (family: Family, protocol: number) =>
      this.mask(this.interval(PROTOCOL, protocol, protocol, 1), this.ofFamily(family));
    return this.mask(messages, this.union(over(4, ICMP), over(6, ICMPV6)));
  }

  private flags(wanted: readonly FlagsMatch[]): Node {
    const held: NumberRange[] = [];
    for (let flags = 0; flags < 256; flags++) {
      if (wanted.some(({ mask, value }) => (flags & mask) === value)) {
        held.push({ first: flags, last: flags });
      }
    }
    return this.mask(this.values(TCP_FLAGS, held), this.interval(PROTOCOL, TCP, TCP, 1));
  }

  /**
   * The packets from (`SOURCE`) or to (`DESTINATION`) the addresses, which are merged ranges.
   * Remembered by the identity of the list, so groups are worth sharing.
   */
  addresses(field: typeof SOURCE | typeof DESTINATION, ranges: readonly AddressRange[]): Node {
    let known = this.addressSets.get(ranges);
    if (known === undefined) {
      known = [-1, -1];
      this.addressSets.set(ranges, known);
    }
    const side = field === SOURCE ? 0 : 1;
    if (known[side] >= 0) return known[side];
    const family = (wanted: Family, words: number) => {
      const own = ranges.filter((range) => range.family === wanted);
      return this.words(field, own, 0, words);
    };
    known[side] = this.node(FAMILY, [0, 1], [family(4, 1), family(6, 4)]);
    return known[side];
  }

  /** Sorted disjoint ranges, whose words before `word` are settled, as a chain of nodes. */
  private words(field: number, ranges: readonly AddressRange[], word: number, count: number): Node {
    if (word === count) return ranges.length > 0 ? 1 : 0;
    const uppers: number[] = [];
    const children: Node[] = [];
    let next = 0;
    let value = -1;
    let touching: AddressRange[] = [];
    const put = (upper: number, child: Node) => {
      uppers.push(upper);
      children.push(child);
      next = upper + 1;
    };
    // Several ranges may touch one value of the word; they are settled by the words after it.
    const settle = () => {
      if (touching.length > 0) put(value, this.words(field, touching, word + 1, count));
      touching = [];
    };
    const touch = (at: number, range: AddressRange) => {
      if (at !== value) settle();
      if (at > next) put(at - 1, 0);
      value = at;
      touching.push(cut(range, word, at));
    };
    for (const range of ranges) {
      const low = range.first[word]!;
      const high = range.last[word]!;
      touch(low, range);
      if (low === high) continue;
      settle();
      if (high - 1 > low) put(high - 1, 1);
      touch(high, range);
    }
    settle();
    if (next <= ALL_ONES) put(ALL_ONES, 0);
    return this.node(field + word, uppers, children);
  }
}

/** The part of the range whose word `word` is `value`, which the range touches. */
function cut(range: AddressRange, word: number, value: number): AddressRange {
  const { family, first, last } = range;
  return {
    family,
    first: first[word] === value ? first : first.map((own, at) => (at > word ? 0 : own)),
    last: last[word] === value ? last : last.map((own, at) => (at > word ? ALL_ONES : own)),
  };
}
