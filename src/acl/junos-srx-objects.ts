/**
 * Addresses and applications as an SRX's configuration defines them, for its parser (Junos OS CLI
 * Reference: address-book, application). Applications that open further connections are not among
 * the predefined ones here.
 */
import { parseAddress } from '../net/address.ts';
import {
  type AddressRange,
  compareRanges,
  rangeOfAddress,
  wholeFamily,
} from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { FilterMatch } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { portRange } from './session-chain.ts';

/** What one application asks of a packet. */
export type Asked = Pick<FilterMatch, 'protocols' | 'sourcePorts' | 'destinationPorts' | 'icmp'>;

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', ICMP],
  ['igmp', 2],
  ['tcp', TCP],
  ['udp', UDP],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmp6', ICMPV6],
  ['ospf', 89],
  ['sctp', 132],
]);
/** Predefined applications that are a port alone. */
export const PREDEFINED: ReadonlyMap<string, Asked> = new Map(
  (
    [
      ['junos-ssh', TCP, 22],
      ['junos-telnet', TCP, 23],
      ['junos-smtp', TCP, 25],
      ['junos-http', TCP, 80],
      ['junos-ntp', UDP, 123],
      ['junos-https', TCP, 443],
      ['junos-syslog', UDP, 514],
    ] as const
  ).map(([name, protocol, port]) => [
    name,
    {
      protocols: [{ first: protocol, last: protocol }],
      destinationPorts: [{ first: port, last: port }],
    },
  ]),
);
export const ANY_ADDRESS: ReadonlyMap<string, readonly AddressRange[]> = new Map([
  ['any', [wholeFamily(4), wholeFamily(6)]],
  ['any-ipv4', [wholeFamily(4)]],
  ['any-ipv6', [wholeFamily(6)]],
]);

/** A prefix, or `range-address FIRST to LAST`. Throws `LineFault`. */
export function addressOf(words: readonly string[]): AddressRange {
  const [text = '', low, to, high] = words;
  if (words.length === 1) return prefixRange(text, text.includes(':') ? 6 : 4);
  const first = parseAddress(low ?? '');
  const last = parseAddress(high ?? '');
  const isRange = text === 'range-address' && to === 'to' && words.length === 4;
  if (!isRange || first === undefined || last?.family !== first.family) {
    throw new LineFault(`“${words.join(' ')}” is not an address.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${words.join(' ')}” runs backwards.`);
  }
  return { family: first.family, first: first.words, last: last.words };
}

/** Settings that say how long a session lasts decide nothing about its first packet. */
const HARMLESS = new Set(['inactivity-timeout', 'description']);

/** What the settings of a term or application ask for. Throws `LineFault`. */
export function askedOf(term: ReadonlyMap<string, string>): Asked {
  const read = (key: string): string | undefined => term.get(key);
  const word = read('protocol');
  const protocol = word === undefined ? undefined : (PROTOCOLS.get(word) ?? numberOf(word, 255));
  const six = protocol === ICMPV6 ? '6' : '';
  const known = [
    'protocol',
    'source-port',
    'destination-port',
    `icmp${six}-type`,
    `icmp${six}-code`,
  ];
  for (const key of term.keys()) {
    if (!known.includes(key) && !HARMLESS.has(key))
      throw new LineFault(`“${key}” is not read here.`);
  }
  const number = (text: string) => ({ first: numberOf(text, 255), last: numberOf(text, 255) });
  const from = read('source-port');
  const to = read('destination-port');
  const type = read(`icmp${six}-type`);
  const code = read(`icmp${six}-code`);
  if (code !== undefined && type === undefined) throw new LineFault('A code stands with a type.');
  return {
    ...(protocol === undefined ? {} : { protocols: [{ first: protocol, last: protocol }] }),
    ...(from === undefined ? {} : { sourcePorts: [portRange(from)] }),
    ...(to === undefined ? {} : { destinationPorts: [portRange(to)] }),
    ...(type === undefined
      ? {}
      : { icmp: [{ type: number(type), ...(code === undefined ? {} : { code: number(code) }) }] }),
  };
}
