/**
 * What a rule of RouterOS asks of a packet (RouterOS documentation, "Common Firewall Matchers and
 * Actions", "Filter"). A condition on more than the packet's header is a `BeyondHeader`: it is a fault
 * only where the rule decides something.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, complementRanges } from '../net/address-range.ts';
import { ICMP, ICMPV6, STATES, type State, TCP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import { LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';
import { complementNumbers, type MatchBuilder } from './match-builder.ts';
import { type AddressLists, type InterfaceLists, rangeOf } from './mikrotik-lists.ts';
import type { Values } from './mikrotik-text.ts';

/** What is asked for is known, and is not in the packet's header. */
export class BeyondHeader extends LineFault {}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ...([
    ['icmp', ICMP],
    ['igmp', 2],
    ['ggp', 3],
    ['ip-encap', 4],
    ['ipencap', 4],
    ['st', 5],
    ['tcp', TCP],
    ['egp', 8],
    ['pup', 12],
    ['udp', 17],
    ['hmp', 20],
    ['xns-idp', 22],
    ['rdp', 27],
    ['iso-tp4', 29],
    ['dccp', 33],
    ['xtp', 36],
    ['ddp', 37],
    ['idpr-cmtp', 38],
    ['ipv6', 41],
    ['ipv6-encap', 41],
    ['ipv6-route', 43],
    ['ipv6-frag', 44],
    ['rsvp', 46],
    ['gre', 47],
    ['ipsec-esp', 50],
    ['ipsec-ah', 51],
    ['icmpv6', ICMPV6],
    ['ipv6-nonxt', 59],
    ['ipv6-opts', 60],
    ['rspf', 73],
    ['vmtp', 81],
    ['ospf', 89],
    ['ipip', 94],
    ['etherip', 97],
    ['encap', 98],
    ['pim', 103],
    ['vrrp', 112],
    ['l2tp', 115],
    ['sctp', 132],
    ['udp-lite', 136],
  ] as const),
]);

/** Bits of the flags octet. */
const FLAGS: ReadonlyMap<string, number> = new Map(
  ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'].map((name, bit) => [name, 1 << bit]),
);

const MULTICAST: Readonly<Record<Family, string>> = { 4: '224.0.0.0/4', 6: 'ff00::/8' };

export interface Surroundings {
  readonly family: Family;
  readonly addresses: AddressLists;
  readonly interfaces: InterfaceLists;
}

/** A list that may come to hold more than the text says, as a rule asks for it. */
export interface Growing {
  readonly list: string;
  readonly mayGrow: 'filled' | 'unwritten';
  /** The rule asks not to be on it. */
  readonly negated: boolean;
  readonly isEmpty: boolean;
}

/** Reads the conditions of one rule into a builder. Methods throw `LineFault`. */
export class Conditions {
  readonly values: Values;
  private readonly around: Surroundings;
  private readonly match: MatchBuilder;
  /** Clauses on what was taken as given. */
  readonly assumed: string[] = [];
  /** Lists of addresses that may grow and were asked for. */
  readonly growing: Growing[] = [];

  constructor(values: Values, around: Surroundings, match: MatchBuilder) {
    this.values = values;
    this.around = around;
    this.match = match;
  }

  states(): void {
    const states = this.values.negatable('connection-state');
    if (states === undefined) return;
    const named = states.value.split(',').map(stateOf);
    this.match.states(states.negated ? STATES.filter((state) => !named.includes(state)) : named);
  }

  side(key: 'src' | 'dst'): void {
    const { family } = this.around;
    const address = this.values.negatable(`${key}-address`);
    if (address !== undefined) this.narrow(key, [rangeOf(address.value, family)], address.negated);
    const list = this.values.negatable(`${key}-address-list`);
    if (list === undefined) return;
    const { ranges, mayGrow } = this.around.addresses.addresses(family, list.value);
    if (mayGrow !== undefined) {
      const { negated, value } = list;
      this.growing.push({ list: value, mayGrow, negated, isEmpty: ranges.length === 0 });
      this.assumed.push(
        mayGrow === 'filled'
          ? `that the address list “${list.value}”, which fills as the device runs, holds only what the text gives it`
          : `that the address list “${list.value}”, which the text does not have, is empty`,
      );
    }
    this.narrow(key, ranges, list.negated);
  }

  private narrow(key: 'src' | 'dst', ranges: readonly AddressRange[], negated: boolean): void {
    const side = key === 'src' ? 'source' : 'destination';
    this.match.addresses(side, ranges, negated, [this.around.family]);
  }

  /**
   * Kinds of addresses. What goes through is routed on, so that its destination is no address of the
   * device and no broadcast of its networks: then false where only those are asked for.
   */
  kinds(isForwarded: boolean): boolean {
    for (const key of ['src', 'dst'] as const) {
      const asked = this.values.negatable(`${key}-address-type`);
      if (asked === undefined) continue;
      const { family } = this.around;
      const multicast = [rangeOf(MULTICAST[family], family)];
      const rest = complementRanges(multicast, [family]);
      const ranges = asked.value.split(',').flatMap((kind) => {
        if (kind === 'multicast') return multicast;
        if (key === 'dst' && isForwarded && kind === 'unicast') return rest;
        if (key === 'dst' && isForwarded && /^(?:broadcast|local)$/.test(kind)) return [];
        throw new BeyondHeader(`Which addresses are “${kind}” is not told here.`);
      });
      if (ranges.length === 0 && !asked.negated) return false;
      this.narrow(key, ranges, asked.negated);
    }
    return true;
  }

  interfaces(key: 'in' | 'out'): void {
    const one = this.values.negatable(`${key}-interface`);
    if (one !== undefined) {
      if (/^all-/.test(one.value)) {
        throw new BeyondHeader(`Which interfaces are “${one.value}” is not told here.`);
      }
      this.match.interfaces(key, [one.value], one.negated);
    }
    const list = this.values.negatable(`${key}-interface-list`);
    if (list === undefined) return;
    const { names, allBut } = this.around.interfaces.interfaces(list.value);
    if (this.around.interfaces.isFilled(list.value)) {
      this.assumed.push(`that only the text puts interfaces on the list “${list.value}”`);
    }
    this.match.interfaces(key, names, list.negated !== allBut);
  }

  /** The protocol, where one is asked for. */
  protocol(): number | undefined {
    const asked = this.values.negatable('protocol');
    if (asked === undefined) return undefined;
    const number = PROTOCOLS.get(asked.value) ?? numberOf(asked.value, 255);
    this.match.protocols([{ first: number, last: number }], asked.negated);
    return asked.negated ? undefined : number;
  }

  /** Ports; `either` is the side that `port` is read for, which asks for one of the two. */
  ports(protocol: number | undefined, either: 'sourcePorts' | 'destinationPorts'): void {
    for (const [key, sides] of [
      ['src-port', ['sourcePorts']],
      ['dst-port', ['destinationPorts']],
      ['port', [either]],
    ] as const) {
      const ports = this.values.negatable(key);
      if (ports === undefined) continue;
      if (protocol === undefined) throw new LineFault('Ports stand without a protocol.');
      const both = key === 'port' && ports.negated;
      for (const side of both ? (['sourcePorts', 'destinationPorts'] as const) : sides) {
        this.match.ports(side, portsOf(ports.value), ports.negated);
      }
    }
  }

  messages(protocol: number | undefined): void {
    const options = this.values.negatable('icmp-options');
    if (options === undefined) return;
    if (protocol !== (this.around.family === 4 ? ICMP : ICMPV6)) {
      throw new LineFault('ICMP options stand without the ICMP of the family.');
    }
    const [typeText = '', codeText, ...more] = options.value.split(':');
    if (more.length > 0) throw new LineFault(`“${options.value}” is not a type and a code.`);
    const first = numberOf(typeText, 255);
    const type = { first, last: first };
    const code = codeText === undefined ? undefined : numbersOf(codeText, 255);
    if (!options.negated) {
      this.match.icmp([{ type, ...(code === undefined ? {} : { code }) }]);
      return;
    }
    const others = complementNumbers([type], 255).map((each): IcmpMatch => ({ type: each }));
    const codes = code === undefined ? [] : complementNumbers([code], 255);
    this.match.icmp([...others, ...codes.map((each): IcmpMatch => ({ type, code: each }))]);
  }

  flags(protocol: number | undefined): void {
    const asked = this.values.get('tcp-flags');
    if (asked !== undefined) {
      if (protocol !== TCP) throw new LineFault('Flags stand without TCP.');
      let [mask, value] = [0, 0];
      for (const word of asked.split(',')) {
        const bit = FLAGS.get(word.replace(/^!/, ''));
        if (bit === undefined) throw new LineFault(`“${word}” is not a flag of TCP.`);
        mask |= bit;
        if (!word.startsWith('!')) value |= bit;
      }
      this.match.flags([{ mask, value }]);
    }
    if (this.values.get('fragment') !== undefined) {
      this.match.laterFragment(this.values.flag('fragment'));
    }
  }
}

function stateOf(word: string): State {
  if (!STATES.includes(word as State)) throw new LineFault(`“${word}” is not a state.`);
  return word as State;
}

function numbersOf(text: string, max: number): NumberRange {
  const [low = '', high, ...more] = text.split('-');
  if (more.length > 0) throw new LineFault(`“${text}” is not a range.`);
  const first = numberOf(low, max);
  const last = high === undefined ? first : numberOf(high, max);
  if (first > last) throw new LineFault(`The range “${text}” runs backwards.`);
  return { first, last };
}

/** Ports and ranges of them, with commas. Throws `LineFault`. */
export function portsOf(text: string): NumberRange[] {
  return text.split(',').map((part) => numbersOf(part, 65_535));
}
