/**
 * What security groups and network ACLs of Amazon VPC have in common: the two languages they are
 * written in, and what a rule asks of a packet: protocol, ports or ICMP message, and the addresses of
 * the other end. Prefix lists and other groups decide by more than the text says, and are faults
 * where they stand.
 */
import { type AddressRange, rangeOfPrefix } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { HeaderMatch } from '../net/header-match.ts';
import { PrefixError, parsePrefix } from '../net/prefix.ts';
import type { Filter } from '../policy/filter.ts';
import { stackResources } from './cloudformation-text.ts';
import { type Fields, fieldsOf, nothingElse, textOf, wholeOf } from './config-fields.ts';
import { readJson } from './json-text.ts';
import { guarded, LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';
import type { Parsed, ParseFault } from './platform.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', ICMP],
  ['tcp', TCP],
  ['udp', UDP],
  ['icmpv6', ICMPV6],
]);

/** Gathers rules, and what is wrong with them. */
interface RuleReader {
  readonly faults: ParseFault[];
  filter(): Filter;
}

/**
 * Reads Terraform JSON. `read` hands its rules to the reader; a `LineFault` that it throws is one of
 * the text as a whole. `lineOf` tells where a name stands, 1 where it does not.
 */
export function readTerraform(
  text: string,
  reader: RuleReader,
  read: (value: unknown, lineOf: (name: string) => number) => void,
): Parsed {
  const { value, fault, lines } = readJson(text);
  if (fault !== undefined) return { filter: reader.filter(), faults: [fault] };
  guarded(reader.faults, 1, () => read(value, (name) => lines.get(name) ?? 1));
  return { filter: reader.filter(), faults: reader.faults };
}

/** A resource of a CloudFormation template. */
export interface StackResource {
  readonly name: string;
  readonly type: unknown;
  readonly properties: Fields;
  readonly line: number;
}

/**
 * Reads a CloudFormation template. `read` hands the rules of a resource to the reader, and throws a
 * `LineFault` for one that it does not know; `lacks` says at the end what should have been there.
 */
export function readStack(
  text: string,
  reader: RuleReader,
  read: (resource: StackResource) => void,
  lacks: () => string | undefined,
): Parsed {
  const stack = stackResources(text);
  if ('fault' in stack) return { filter: reader.filter(), faults: [stack.fault] };
  for (const [name, fields, line] of stack.resources) {
    guarded(reader.faults, line, () => {
      const { Type: type, Properties, ...rest } = fields;
      nothingElse(rest);
      read({ name, type, properties: fieldsOf(Properties ?? {}, '“Properties”'), line });
    });
  }
  const what = lacks();
  if (what !== undefined) reader.faults.push({ line: 1, what });
  return { filter: reader.filter(), faults: reader.faults };
}

/** IP protocol number; undefined = any. */
export function protocolOf(value: unknown, what: string): number | undefined {
  const word = typeof value === 'number' ? `${value}` : textOf(value, what).toLowerCase();
  if (word === '-1' || word === 'all') return undefined;
  return PROTOCOLS.get(word) ?? numberOf(word, 255);
}

/** Protocol with its ports; `from` and `to` are type and code of ICMP, where -1 is any. */
export function askedOf(protocol: number | undefined, from: unknown, to: unknown): HeaderMatch {
  if (protocol === undefined) {
    for (const port of [from, to]) {
      if (port !== undefined && ![-1, 0, 65_535, '-1', '0', '65535'].includes(port as number)) {
        throw new LineFault('A rule for all protocols has no ports.');
      }
    }
    return {};
  }
  const protocols = [{ first: protocol, last: protocol }];
  if (protocol === ICMP || protocol === ICMPV6) {
    return { protocols, family: protocol === ICMP ? 4 : 6, ...messageOf(from, to) };
  }
  if (protocol !== TCP && protocol !== UDP) {
    // Ports of other protocols are written down and never asked for.
    return { protocols };
  }
  if (from === undefined && to === undefined) return { protocols };
  const first = wholeOf(from, 'FromPort', -1, 65_535);
  const last = wholeOf(to, 'ToPort', -1, 65_535);
  if (first === -1 && last === -1) return { protocols };
  if (first < 0 || first > last) throw new LineFault('The range of ports runs backwards.');
  return first === 0 && last === 65_535
    ? { protocols }
    : { protocols, destinationPorts: [{ first, last }] };
}

function messageOf(from: unknown, to: unknown): HeaderMatch {
  const type = from === undefined ? -1 : wholeOf(from, 'ICMP type', -1, 255);
  const code = to === undefined ? -1 : wholeOf(to, 'ICMP code', -1, 255);
  if (type === -1) {
    if (code !== -1) throw new LineFault('An ICMP code stands without a type.');
    return {};
  }
  const message = { type: { first: type, last: type } };
  return { icmp: [code === -1 ? message : { ...message, code: { first: code, last: code } }] };
}

/**
 * The addresses of the other end; undefined for the machine itself (127.0.0.1/32), which no packet
 * on the network has: so people write a group that lets nothing out.
 */
export function cidrRange(value: unknown, family: 4 | 6): AddressRange | undefined {
  const text = textOf(value, 'CIDR');
  try {
    const prefix = parsePrefix(text);
    if (prefix.family === family && text.includes('/')) {
      const isLoopback = family === 4 && prefix.words[0]! >>> 24 === 127 && prefix.length >= 8;
      return isLoopback ? undefined : rangeOfPrefix(prefix);
    }
  } catch (error) {
    if (!(error instanceof PrefixError)) throw error;
  }
  throw new LineFault(`“${text}” is not an IPv${family} prefix.`);
}
