/**
 * Reads FortiOS configuration: addresses, groups, custom services and policies over any interface.
 * What decides by more than the packet (users, schedules, applications, internet services, NAT) is
 * a fault; so are settings that are not known.
 */
import type { Family } from '../net/address.ts';
import { parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  compareRanges,
  mergeRanges,
  rangeOfAddress,
  wholeFamily,
} from '../net/address-range.ts';
import { ICMP, ICMPV6 } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterMatch, FilterRule } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { maskedRange, numberOf, prefixRange } from './list-line.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { wordsOf } from './shell-words.ts';

interface Edited {
  readonly line: number;
  readonly values: Map<string, readonly string[]>;
}

/** What one service asks for; several may be in one policy. */
type Asked = Pick<
  FilterMatch,
  'family' | 'protocols' | 'sourcePorts' | 'destinationPorts' | 'icmp'
>;

/** Settings that decide nothing about which packets pass. */
const HARMLESS = new Set([
  'name',
  'comments',
  'comment',
  'uuid',
  'color',
  'global-label',
  'logtraffic-start',
  'visibility',
  'category',
  'type',
]);
const SECTIONS = new Set([
  'address',
  'address6',
  'addrgrp',
  'addrgrp6',
  'service custom',
  'policy',
]);

export function parseFortios(text: string): Parsed {
  const parser = new FortiParser();
  text.split('\n').forEach((line, index) => {
    parser.line(line.trim(), index + 1);
  });
  parser.end();
  return {
    filter: {
      chains: [
        {
          name: 'policy',
          hook: 'forward',
          otherwise: 'drop',
          line: 0,
          rules: [
            { action: 'accept', match: { states: ['established', 'related'] }, line: 0 },
            ...parser.rules,
          ],
        },
      ],
    },
    faults: parser.faults,
  };
}

class FortiParser {
  readonly faults: ParseFault[] = [];
  readonly rules: FilterRule[] = [];
  private section = '';
  private edited: Edited | undefined;
  private name = '';
  private last = 0;
  private readonly known = new Set<string>();
  /** By family and name. */
  private readonly addresses = new Map<string, readonly AddressRange[]>([
    ['4 all', [wholeFamily(4)]],
    ['6 all', [wholeFamily(6)]],
  ]);
  private readonly services = new Map<string, readonly Asked[]>([['ALL', [{}]]]);

  line(line: string, number: number): void {
    this.last = number;
    if (line === '' || line.startsWith('#')) return;
    guarded(this.faults, number, () => {
      const words = wordsOf(line);
      if (words === undefined) throw new LineFault('A quote is not closed.');
      this.read(words, number);
    });
  }

  end(): void {
    if (this.section !== '') {
      this.faults.push({ line: this.last, what: 'The last section is not ended.' });
    }
  }

  private read([verb = '', ...rest]: readonly string[], line: number): void {
    if (verb === 'config') {
      const section = rest.join(' ').replace(/^firewall /, '');
      if (this.section !== '')
        throw new LineFault(`A section within “${this.section}” is not read.`);
      if (!SECTIONS.has(section) || rest[0] !== 'firewall') {
        throw new LineFault(`The section “${rest.join(' ')}” is not read.`);
      }
      this.section = section;
    } else if (verb === 'next' || verb === 'end') {
      if (rest.length > 0) throw new LineFault(`“${rest[0]}” is not known here.`);
      if (this.section === '') throw new LineFault(`“${verb}” stands outside of a section.`);
      if (verb === 'next' || this.edited !== undefined) this.next();
      if (verb === 'end') this.section = '';
    } else if (this.section === '') throw new LineFault(`“${verb}” stands outside of a section.`);
    else if (verb === 'edit') this.edit(rest, line);
    else if (verb === 'set') this.set(rest);
    else throw new LineFault(`“${verb}” is not known here.`);
  }

  private edit(words: readonly string[], line: number): void {
    if (this.edited !== undefined) throw new LineFault(`“${this.name}” is not ended by “next”.`);
    if (words.length !== 1) throw new LineFault('An entry has one name.');
    this.name = words[0]!;
    if (this.section === 'policy' && !/^\d{1,10}$/.test(this.name)) {
      throw new LineFault(`“${this.name}” is not the number of a policy.`);
    }
    const key = `${this.section} ${this.name}`;
    // A second time it would change what is there; 0 stands for the next free number.
    if (this.known.has(key) && this.name !== '0') {
      throw new LineFault(`“${this.name}” is edited twice.`);
    }
    this.known.add(key);
    this.edited = { line, values: new Map() };
  }

  private set([key = '', ...values]: readonly string[]): void {
    if (this.edited === undefined) throw new LineFault('“set” stands outside of an entry.');
    if (this.edited.values.has(key)) throw new LineFault(`“${key}” is set twice.`);
    this.edited.values.set(key, values);
  }

  private next(): void {
    const { edited } = this;
    if (edited === undefined) throw new LineFault('“next” stands outside of an entry.');
    this.edited = undefined;
    const fields = new Fields(edited.values);
    switch (this.section) {
      case 'address':
      case 'address6':
        this.address(fields, this.section === 'address' ? 4 : 6);
        break;
      case 'addrgrp':
      case 'addrgrp6':
        this.group(fields, this.section === 'addrgrp' ? 4 : 6);
        break;
      case 'service custom':
        this.services.set(this.name, serviceOf(fields));
        break;
      default:
        this.policy(fields, edited.line);
    }
    fields.end();
  }

  private define(family: Family, ranges: readonly AddressRange[]): void {
    const key = `${family} ${this.name}`;
    if (this.addresses.has(key)) throw new LineFault(`“${this.name}” is defined twice.`);
    this.addresses.set(key, mergeRanges(ranges));
  }

  private address(fields: Fields, family: Family): void {
    const subnet = fields.take('subnet');
    const ip6 = fields.take('ip6');
    const first = fields.one('start-ip');
    const last = fields.one('end-ip');
    if (subnet !== undefined && family === 4) this.define(4, [subnetOf(subnet)]);
    else if (ip6 !== undefined && family === 6) this.define(6, [prefixRange(ip6.join(' '), 6)]);
    else if (first !== undefined && last !== undefined)
      this.define(family, [between(first, last, family)]);
    else throw new LineFault(`“${this.name}” is not a subnet or a range.`);
  }

  private group(fields: Fields, family: Family): void {
    this.define(family, this.named(family, fields.take('member') ?? []));
  }

  private named(family: Family, names: readonly string[]): AddressRange[] {
    if (names.length === 0) throw new LineFault(`“${this.name}” names no address.`);
    return names.flatMap((name) => {
      const ranges = this.addresses.get(`${family} ${name}`);
      if (ranges === undefined) throw new LineFault(`There is no address “${name}” above.`);
      return ranges;
    });
  }

  private policy(fields: Fields, line: number): void {
    for (const key of ['srcintf', 'dstintf']) {
      if (fields.take(key)?.join(' ') !== 'any') {
        throw new LineFault('A policy for some interfaces alone cannot be proved.');
      }
    }
    if ((fields.take('schedule')?.join(' ') ?? 'always') !== 'always') {
      throw new LineFault('A policy with a schedule depends on time; it proves nothing.');
    }
    const status = fields.one('status') ?? 'enable';
    if (status !== 'enable' && status !== 'disable')
      throw new LineFault(`“${status}” is not read.`);
    const action = fields.one('action') ?? 'deny';
    if (action !== 'accept' && action !== 'deny') throw new LineFault(`“${action}” is not read.`);
    const logs = fields.one('logtraffic') ?? 'utm';
    if (!['all', 'utm', 'disable'].includes(logs)) throw new LineFault(`“${logs}” is not read.`);
    const comment = fields.peek('comments')?.join(' ');
    const services = (fields.take('service') ?? []).flatMap((name) => {
      const asked = this.services.get(name);
      if (asked === undefined) throw new LineFault(`There is no service “${name}” above.`);
      return asked;
    });
    if (services.length === 0) throw new LineFault('The policy names no service.');
    const made: FilterRule[] = [];
    for (const family of [4, 6] as const) {
      const six = family === 6 ? '6' : '';
      const source = fields.take(`srcaddr${six}`);
      const destination = fields.take(`dstaddr${six}`);
      if (source === undefined && destination === undefined) continue;
      const sides = {
        source: mergeRanges(this.named(family, source ?? [])),
        destination: mergeRanges(this.named(family, destination ?? [])),
      };
      for (const asked of services) {
        made.push({
          action: action === 'accept' ? 'accept' : 'drop',
          match: {
            ...(action === 'accept' ? { states: ['new'] as const } : {}),
            ...asked,
            // A service of ICMP asks for its own family besides.
            ...(asked.family !== undefined && asked.family !== family
              ? { states: [] }
              : { family }),
            ...sides,
          },
          line,
          ...(comment === undefined ? {} : { comment }),
          ...(logs === 'all' ? { log: { prefix: '' } } : {}),
        });
      }
    }
    if (made.length === 0) throw new LineFault('The policy names no addresses.');
    if (status !== 'disable') this.rules.push(...made);
  }
}

/** Settings of one entry; what nobody took is a fault. */
class Fields {
  private readonly values: Map<string, readonly string[]>;

  constructor(values: Map<string, readonly string[]>) {
    this.values = values;
  }

  peek(key: string): readonly string[] | undefined {
    return this.values.get(key);
  }

  take(key: string): readonly string[] | undefined {
    const value = this.values.get(key);
    this.values.delete(key);
    return value;
  }

  /** The one value of the setting. */
  one(key: string): string | undefined {
    const words = this.take(key);
    if (words !== undefined && words.length !== 1) throw new LineFault(`“${key}” has one value.`);
    return words?.[0];
  }

  end(): void {
    for (const [key, words] of this.values) {
      if (!HARMLESS.has(key)) throw new LineFault(`“${key}” is not read.`);
      if (words.length !== 1) throw new LineFault(`“${key}” has one value.`);
    }
  }
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

function between(low: string, high: string, family: Family): AddressRange {
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

const single = (number: number): NumberRange[] => [{ first: number, last: number }];

function serviceOf(fields: Fields): Asked[] {
  const protocol = fields.take('protocol')?.join(' ') ?? 'TCP/UDP/SCTP';
  if (protocol === 'IP') {
    const number = numberOf(fields.one('protocol-number') ?? '0', 255);
    // Number 0 stands for any.
    return number === 0 ? [{}] : [{ protocols: single(number) }];
  }
  if (protocol === 'ICMP' || protocol === 'ICMP6') {
    const family = protocol === 'ICMP' ? 4 : 6;
    const protocols = single(family === 4 ? ICMP : ICMPV6);
    const type = fields.one('icmptype');
    const code = fields.one('icmpcode');
    if (type === undefined) {
      if (code !== undefined) throw new LineFault('A code of ICMP stands without a type.');
      return [{ family, protocols }];
    }
    const message: IcmpMatch = {
      type: single(numberOf(type, 255))[0]!,
      ...(code === undefined ? {} : { code: single(numberOf(code, 255))[0]! }),
    };
    return [{ family, protocols, icmp: [message] }];
  }
  if (protocol !== 'TCP/UDP/SCTP') throw new LineFault(`The protocol “${protocol}” is not read.`);
  const asked: Asked[] = [];
  for (const [key, number] of [
    ['tcp-portrange', 6],
    ['udp-portrange', 17],
    ['sctp-portrange', 132],
  ] as const) {
    for (const word of fields.take(key) ?? []) {
      const [to = '', from, ...more] = word.split(':');
      if (more.length > 0) throw new LineFault(`“${word}” is not a range of ports.`);
      asked.push({
        protocols: single(number),
        destinationPorts: [portsOf(to)],
        ...(from === undefined ? {} : { sourcePorts: [portsOf(from)] }),
      });
    }
  }
  if (asked.length === 0) throw new LineFault('The service names no ports.');
  return asked;
}

function portsOf(word: string): NumberRange {
  const [low = '', high, ...more] = word.split('-');
  if (more.length > 0) throw new LineFault(`“${word}” is not a range of ports.`);
  const first = numberOf(low, 65_535);
  const last = high === undefined ? first : numberOf(high, 65_535);
  if (first > last) throw new LineFault(`The range “${word}” runs backwards.`);
  return { first, last };
}
