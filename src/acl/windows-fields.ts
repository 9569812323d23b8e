/**
 * What the values of a Windows firewall rule mean, as PowerShell and netsh share them. Words that
 * stand for addresses or ports of the moment (`LocalSubnet`, `DNS`, `RPC`) decide by more than the
 * packet, and are faults.
 */
import { parseAddress } from '../net/address.ts';
import { type AddressRange, mergeRanges } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { maskedRange, numberOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { hostFilter, portRange, SESSIONLESS } from './session-chain.ts';

/** What a rule asks, as written; a field left out may be anything. */
export interface WindowsFields {
  readonly direction: 'in' | 'out';
  readonly block: boolean;
  readonly protocol: string;
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly localPorts: readonly string[];
  readonly remotePorts: readonly string[];
  /** Messages of ICMP: `8`, `3:4`. */
  readonly messages: readonly string[];
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', TCP],
  ['udp', UDP],
  ['icmpv4', ICMP],
  ['icmpv6', ICMPV6],
]);

/**
 * Several rules where a session's first packet and its answers must be asked apart. Throws
 * `LineFault`.
 */
export function ruleOf(fields: WindowsFields, line: number, comment: string): FilterRule[] {
  const { direction, block, protocol, local, remote, localPorts, remotePorts, messages } = fields;
  const match = new MatchBuilder();
  const number = isAny([protocol]) ? undefined : protocolOf(protocol);
  if (number !== undefined) match.protocols([{ first: number, last: number }]);
  if (number === ICMP || number === ICMPV6) match.family(number === ICMP ? 4 : 6);
  const [source, destination] = direction === 'in' ? [remote, local] : [local, remote];
  if (!isAny(source)) match.addresses('source', source.flatMap(addressesOf));
  if (!isAny(destination)) match.addresses('destination', destination.flatMap(addressesOf));
  const [from, to] = direction === 'in' ? [remotePorts, localPorts] : [localPorts, remotePorts];
  if ((!isAny(from) || !isAny(to)) && number !== TCP && number !== UDP) {
    throw new LineFault('Ports stand with TCP or UDP.');
  }
  if (!isAny(from)) match.ports('sourcePorts', from.map(portsOf));
  if (!isAny(to)) match.ports('destinationPorts', to.map(portsOf));
  if (!isAny(messages)) {
    if (number !== ICMP && number !== ICMPV6) throw new LineFault('Messages stand with ICMP.');
    match.icmp(messages.map(messageOf));
  }
  const asked = match.build();
  if (block) return [{ action: 'drop', match: asked, line, comment }];
  return withoutSession(asked).map((own) => ({ action: 'accept', match: own, line, comment }));
}

function isAny(values: readonly string[]): boolean {
  if (values.length > 1 && values.some((value) => /^any$/i.test(value))) {
    throw new LineFault('“Any” stands alone.');
  }
  return values.length === 0 || /^any$/i.test(values[0]!);
}

/** First packets; and, of messages that have no session, all. */
function withoutSession(asked: FilterMatch): FilterMatch[] {
  const first: FilterMatch = { ...asked, states: ['new'] };
  const [protocol] = asked.protocols ?? [];
  if (protocol?.first !== ICMPV6) return [first];
  const messages = new MatchBuilder();
  if (asked.icmp !== undefined) messages.icmp(asked.icmp);
  messages.icmp(SESSIONLESS.icmp ?? []);
  const icmp = messages.build().icmp ?? [];
  return icmp.length === 0 ? [first] : [first, { ...asked, icmp }];
}

function protocolOf(word: string): number {
  return PROTOCOLS.get(word.toLowerCase()) ?? numberOf(word, 255);
}

/** `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `192.0.2.1-192.0.2.9`. */
function addressesOf(word: string): AddressRange[] {
  const [low = '', high, ...more] = word.split('-');
  if (high !== undefined && more.length === 0) {
    const [first, last] = [parseAddress(low), parseAddress(high)];
    if (first === undefined || first.family !== last?.family) {
      throw new LineFault(`“${word}” is not a range of addresses.`);
    }
    const range = { family: first.family, first: first.words, last: last.words };
    const at = range.first.findIndex((one, index) => one !== range.last[index]);
    if (at >= 0 && range.first[at]! > range.last[at]!) {
      throw new LineFault(`The range “${word}” runs backwards.`);
    }
    return mergeRanges([range]);
  }
  const [address = '', mask] = word.split('/');
  const own = parseAddress(address);
  const dotted = mask?.includes('.') === true ? parseAddress(mask) : undefined;
  if (own?.family === 4 && dotted?.family === 4 && word.split('/').length === 2) {
    return [maskedRange(own, dotted)];
  }
  return [prefixRange(word, word.includes(':') ? 6 : 4)];
}

function portsOf(word: string): NumberRange {
  if (/^[a-z]/i.test(word)) throw new LineFault(`Ports by the word “${word}” are not read.`);
  return portRange(word);
}

function messageOf(word: string): IcmpMatch {
  const [type = '', code, ...more] = word.split(':');
  if (more.length > 0) throw new LineFault(`“${word}” is not an ICMP message.`);
  const number = numberOf(type, 255);
  const message = { type: { first: number, last: number } };
  if (code === undefined || /^(any|\*)$/i.test(code)) return message;
  const own = numberOf(code, 255);
  return { ...message, code: { first: own, last: own } };
}

/** What a script for the firewall comes to, command by command: the parsers of both languages. */
export class WindowsScript {
  readonly faults: ParseFault[] = [];
  protected readonly rules: Record<'in' | 'out', FilterRule[]> = { in: [], out: [] };
  /** What becomes of packets that no rule matches. */
  protected readonly otherwise: Record<'in' | 'out', Verdict> = { in: 'drop', out: 'accept' };
  /** The script takes away or turns off all rules of others. */
  protected areOthersOff = false;

  /** What blocks comes before what allows, wherever it stands. Loopback is never filtered. */
  parsed(): Parsed {
    const side = (direction: 'in' | 'out') => ({
      rules: [
        ...this.rules[direction].filter(({ action }) => action === 'drop'),
        ...this.rules[direction].filter(({ action }) => action === 'accept'),
      ],
      otherwise: this.otherwise[direction],
    });
    return {
      filter: hostFilter(side('in'), side('out'), { input: [], output: [] }),
      faults: this.faults,
      assumed: this.areOthersOff ? [] : ['that no other rules are in force on the machine'],
    };
  }
}
