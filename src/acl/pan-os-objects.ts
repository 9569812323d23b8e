/**
 * Addresses and services as PAN-OS's `set` commands define them, for its parser (PAN-OS CLI
 * configuration hierarchy: address, service).
 */
import { parseAddress } from '../net/address.ts';
import { type AddressRange, compareRanges, rangeOfAddress } from '../net/address-range.ts';
import { ICMP, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterMatch } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { portRange } from './session-chain.ts';

/** What a service or an application asks of a packet. */
export type Asked = Pick<
  FilterMatch,
  'family' | 'protocols' | 'sourcePorts' | 'destinationPorts' | 'icmp'
>;

const single = (number: number): NumberRange[] => [{ first: number, last: number }];
const tcpPorts = (...ports: number[]): Asked => ({
  protocols: single(TCP),
  destinationPorts: ports.flatMap(single),
});
/** Services that every device has. */
export const PREDEFINED: ReadonlyMap<string, Asked> = new Map([
  ['service-http', tcpPorts(80, 8080)],
  ['service-https', tcpPorts(443)],
]);
/** The application ping, over IPv4 alone. */
export const PING: Asked = {
  family: 4,
  protocols: single(ICMP),
  icmp: [{ type: { first: 8, last: 8 } }],
};
/** Words as keys with their values; `[ a b ]` is one value of several words. Throws `LineFault`. */
export function pairsOf(words: readonly string[]): [string, readonly string[]][] {
  const pairs: [string, readonly string[]][] = [];
  for (let at = 0; at < words.length; ) {
    const key = words[at]!;
    if (words[at + 1] !== '[') {
      const value = words[at + 1];
      if (value === undefined) throw new LineFault(`“${key}” has no value.`);
      pairs.push([key, [value]]);
      at += 2;
      continue;
    }
    const end = words.indexOf(']', at + 2);
    if (end < at + 3) throw new LineFault(`The list of “${key}” has no end or no members.`);
    pairs.push([key, words.slice(at + 2, end)]);
    at = end + 1;
  }
  return pairs;
}

/** What a service's settings ask for. Throws `LineFault`. */
export function serviceOf(values: ReadonlyMap<string, readonly string[]>): Asked {
  const [word = ''] = values.get('protocol') ?? [];
  const protocol = word === 'tcp' ? TCP : word === 'udp' ? UDP : undefined;
  if (protocol === undefined) throw new LineFault(`Services of “${word}” are not read.`);
  for (const key of values.keys()) {
    const known = ['protocol', 'port', 'source-port', 'description', 'tag'].includes(key);
    if (!known && !(key === 'override' && values.get(key)?.join(' ') === 'no')) {
      throw new LineFault(`“${key}” is not read here.`);
    }
  }
  const ports = (key: string): NumberRange[] | undefined =>
    values.get(key)?.flatMap((text) => text.split(',').map(portRange));
  const to = ports('port');
  const from = ports('source-port');
  if (to === undefined) throw new LineFault('The service names no port.');
  return {
    protocols: single(protocol),
    destinationPorts: to,
    ...(from === undefined ? {} : { sourcePorts: from }),
  };
}

/** `10.0.1.10-10.0.1.20`. Throws `LineFault`. */
export function between(text: string): AddressRange {
  const [low = '', high = '', ...more] = text.split('-');
  const first = parseAddress(low);
  const last = parseAddress(high);
  if (first === undefined || last?.family !== first.family || more.length > 0) {
    throw new LineFault(`“${text}” is not a range of addresses.`);
  }
  if (compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0) {
    throw new LineFault(`The range “${text}” runs backwards.`);
  }
  return { family: first.family, first: first.words, last: last.words };
}
