/** Qualifiers with an identifier: `host`, `net`, `port`, `portrange`, `gateway`, `proto`. */
import { directed } from './direction.ts';
import type { Identifier, Primitive, Qualifiers } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import type { Frame } from './frame-state.ts';
import type { Place } from './layout.ts';
import { field, IPV4, IPV6, networkOf } from './link-tests.ts';
import { decnetTest, macHost, macOfOneOctet } from './macs.ts';
import { type PortRange, portTest, transportOf } from './ports.ts';
import { and, equal, FALSE, not, or, type Test } from './program.ts';
import { protoTest, refuseAbove } from './protocols.ts';
import {
  IP_PROTOCOL_NAMES,
  ISO_PROTOCOL_NAMES,
  LINK_PROTOCOL_NAMES,
  type Protocol,
} from './words.ts';

/** The addresses a host's name stands for. */
export interface NamedHost {
  readonly ipv4: readonly number[];
  /** Four words each. */
  readonly ipv6: readonly (readonly number[])[];
  readonly mac?: readonly number[];
}

/** What names stand for; the filter language itself knows none. */
export interface AddressBook {
  readonly hosts?: ReadonlyMap<string, NamedHost>;
  /** The port a service's name stands for, by transport; undefined for one that has none. */
  readonly port?: (name: string, transport: 'tcp' | 'udp' | 'sctp') => number | undefined;
  /** The netmask of the network captured on, for `ip broadcast`. */
  readonly netmask?: number;
}

type Match = Primitive & { readonly kind: 'match' };

/** Lowers one identifier with its qualifiers. Throws `FilterFault`. */
export function lowerMatch(frame: Frame, match: Match, book: AddressBook): Test {
  const { qualifiers, id, span } = match;
  if (qualifiers.protocol === 'decnet') return decnet(frame, match);
  switch (qualifiers.address) {
    case 'port':
    case 'portrange':
      return portTest(frame, portsOf(match, book), qualifiers.direction, span);
    case 'proto':
      return protoTest(frame, qualifiers.protocol, protocolNumber(qualifiers, id, span), span);
    case 'protochain':
      return chainTest(frame, qualifiers.protocol, protocolNumber(qualifiers, id, span), span);
    case 'gateway':
      return gateway(frame, match, book);
    default:
      return host(frame, match, book);
  }
}

function host(frame: Frame, { qualifiers, id, span }: Match, book: AddressBook): Test {
  const { protocol, direction, address } = qualifiers;
  switch (id.kind) {
    case 'mac':
      if (protocol !== 'link' || address === 'net') {
        throw new FilterFault('an Ethernet address belongs behind ether host', span);
      }
      return macHost(frame, id.octets, direction, span);
    case 'mac8':
      if (protocol !== 'link' || address === 'net') {
        throw new FilterFault('an address of one octet belongs behind link host', span);
      }
      return macOfOneOctet(frame, id.value, direction, span);
    case 'ipv6':
      if (address !== 'net' && id.length !== 128) throw prefixNotHost(id.text, span);
      return host6(frame, [id.words], id.length, qualifiers, span);
    case 'ipv4-net':
      if (address !== 'net') throw prefixNotHost(id.text, span);
      return host4(frame, [id.value], id.mask, qualifiers, span);
    case 'ipv4': {
      if (protocol === 'link') throw notEthernet(id.text, span);
      const mask = id.bits === 32 ? 0xffffffff : (0xffffffff << (32 - id.bits)) >>> 0;
      return host4(frame, [id.value * 2 ** (32 - id.bits)], mask, qualifiers, span);
    }
    case 'number':
      return numberedHost(frame, id.value, qualifiers, span);
    case 'name':
      return namedHost(frame, id.text, qualifiers, span, book);
  }
}

function prefixNotHost(text: string, span: Span): FilterFault {
  return new FilterFault(`“${text}” is a network, not a host`, span, {
    remedy: `write net ${text}`,
  });
}

function notEthernet(text: string, span: Span): FilterFault {
  return new FilterFault(`“${text}” is no address of the link layer`, span, {
    remedy: `write host ${text}, or six octets as in 00:00:5e:00:53:01`,
  });
}

/** A bare number: an address in one piece; behind `net`, its first octets. */
function numberedHost(frame: Frame, number: number, qualifiers: Qualifiers, span: Span): Test {
  if (qualifiers.protocol === 'link') throw notEthernet(String(number), span);
  let value = number;
  let mask = 0xffffffff;
  while (qualifiers.address === 'net' && value !== 0 && value < 0x1000000) {
    value *= 256;
    mask = (mask << 8) >>> 0;
  }
  return host4(frame, [value], mask, qualifiers, span);
}

function namedHost(
  frame: Frame,
  name: string,
  qualifiers: Qualifiers,
  span: Span,
  book: AddressBook,
): Test {
  const { protocol, direction, address } = qualifiers;
  if (address === 'net') {
    throw new FilterFault(`networks have no names here: “${name}”`, span, {
      remedy: 'write its address, as in net 192.0.2.0/24',
    });
  }
  const known = book.hosts?.get(name);
  if (protocol === 'link') {
    if (known?.mac === undefined) throw unknownHost(name, 'no Ethernet address', span);
    return macHost(frame, known.mac, direction, span);
  }
  return namedTest(frame, name, known, qualifiers, span, false);
}

function namedTest(
  frame: Frame,
  name: string,
  known: NamedHost | undefined,
  qualifiers: Qualifiers,
  span: Span,
  negated: boolean,
): Test {
  const { protocol } = qualifiers;
  const tests: Test[] = [];
  if (protocol !== 'ip6' && known !== undefined && known.ipv4.length > 0) {
    tests.push(host4(frame, known.ipv4, 0xffffffff, qualifiers, span, negated));
  }
  if (!['ip', 'arp', 'rarp'].includes(protocol ?? '') && (known?.ipv6.length ?? 0) > 0) {
    tests.push(host6(frame, known!.ipv6, 128, qualifiers, span, negated));
  }
  if (tests.length === 0) throw unknownHost(name, 'no address', span);
  return or(...tests);
}

function unknownHost(name: string, what: string, span: Span): FilterFault {
  return new FilterFault(`${what} is known for a host named “${name}”`, span, {
    remedy: 'write its address',
  });
}

/** Offsets of source and destination address in the packets that have one. */
const PLACES = [
  ['ip', IPV4, 12, 16],
  ['arp', 0x0806, 14, 24],
  ['rarp', 0x8035, 14, 24],
] as const;

function host4(
  frame: Frame,
  addresses: readonly number[],
  mask: number,
  { protocol, direction, address }: Qualifiers,
  span: Span,
  negated = false,
): Test {
  const wanted = PLACES.filter(([name]) =>
    protocol === undefined ? frame.labels === 0 || name === 'ip' : name === protocol,
  );
  if (wanted.length === 0) throw noHosts(protocol!, address, span);
  const tests = wanted.map(([, type, source, destination]) => {
    const found = frame.carries(type, span);
    if (found === FALSE) return FALSE;
    const network = networkOf(frame.layout);
    const hosts = or(
      ...addresses.map((value) =>
        directed(direction, span, (from) => {
          const at = field(4, network, from ? source : destination);
          // An empty mask needs no test, but the address has to be there.
          return mask === 0xffffffff ? equal(at, value) : equal(at, value, mask);
        }),
      ),
    );
    return and(found, negated ? not(hosts) : hosts);
  });
  return or(...tests);
}

function noHosts(protocol: Protocol, address: string | undefined, span: Span): FilterFault {
  return new FilterFault(`“${protocol} ${address ?? 'host'}” means nothing`, span, {
    remedy: `join two conditions: ${protocol} and ${address ?? 'host'} …`,
  });
}

function host6(
  frame: Frame,
  addresses: readonly (readonly number[])[],
  length: number,
  { protocol, direction, address }: Qualifiers,
  span: Span,
  negated = false,
): Test {
  if (protocol !== undefined && protocol !== 'ip6') throw noHosts(protocol, address, span);
  const network = networkOf(frame.layout);
  const hosts = or(
    ...addresses.map((words) =>
      directed(direction, span, (from) => address6(network, from ? 8 : 24, words, length)),
    ),
  );
  return and(frame.carries(IPV6, span), negated ? not(hosts) : hosts);
}

/** Words of an address that the prefix covers, the first one first. */
function address6(place: Place, offset: number, words: readonly number[], length: number): Test {
  return and(
    ...words.map((word, index) => {
      const bits = Math.min(32, Math.max(0, length - 32 * index));
      const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
      const value = field(4, place, offset + 4 * index);
      return mask === 0xffffffff ? equal(value, word) : equal(value, word, mask);
    }),
  );
}

function gateway(frame: Frame, { qualifiers, id, span }: Match, book: AddressBook): Test {
  const { protocol } = qualifiers;
  if (id.kind !== 'name') {
    throw new FilterFault('gateway needs a name with an Ethernet and an IP address', span, {
      remedy: 'write ether host … and not host …',
    });
  }
  if (protocol !== undefined && !['ip', 'arp', 'rarp'].includes(protocol)) {
    throw noHosts(protocol, 'gateway', span);
  }
  if (frame.labels > 0 || frame.tunnelled) {
    throw new FilterFault('gateway looks at the outermost frame, not into tunnels', span);
  }
  const known = book.hosts?.get(id.text);
  if (known?.mac === undefined) throw unknownHost(id.text, 'no Ethernet address', span);
  const through = macHost(frame, known.mac, 'either', span);
  const other = { ...qualifiers, direction: 'either', address: 'host' } as const;
  const ipOnly = known.ipv6.length === 0 || protocol !== undefined;
  const toOthers = namedTest(
    frame,
    id.text,
    ipOnly ? { ...known, ipv6: [] } : known,
    other,
    span,
    true,
  );
  return and(through, toOthers);
}

function decnet(frame: Frame, { qualifiers, id, span }: Match): Test {
  const { address, direction } = qualifiers;
  const parts = id.kind === 'name' ? /^(\d{1,2})\.(\d{1,4})$/.exec(id.text) : null;
  const [area, node] = [Number(parts?.[1]), Number(parts?.[2])];
  if (parts === null || area > 63 || node > 1023) {
    throw new FilterFault('a DECnet address is an area and a node, as in 1.13', span);
  }
  if (address !== undefined && address !== 'host') throw noHosts('decnet', address, span);
  return decnetTest(frame, (area << 10) | node, direction, span);
}

const TRANSPORTS = ['tcp', 'udp', 'sctp'] as const;

function portsOf({ qualifiers, id, span }: Match, book: AddressBook): PortRange {
  const transport = transportOf(qualifiers.protocol, span);
  const limit = transport === undefined ? {} : { transport };
  if (id.kind === 'number') {
    refuseAbove(id.value, 65_535, 'a port', span);
    return { first: id.value, last: id.value, ...limit };
  }
  if (id.kind !== 'name') {
    const text = 'text' in id ? id.text : 'an address';
    throw new FilterFault(`“${text}” is no port`, span, { remedy: 'write host for an address' });
  }
  if (qualifiers.address === 'port') return namedPort(id.text, transport, span, book);
  const [first, last, ...more] = id.text.split('-');
  if (first === undefined || last === undefined || more.length > 0 || first === '') {
    throw new FilterFault(`“${id.text}” is no range of ports`, span, {
      remedy: 'write it as in portrange 8000-8100',
    });
  }
  const from = endOfRange(first, transport, span, book);
  const to = endOfRange(last, transport, span, book);
  const both = from.transport === to.transport ? from.transport : transport;
  const [least, most] = [Math.min(from.first, to.first), Math.max(from.first, to.first)];
  return { first: least, last: most, ...(both === undefined ? {} : { transport: both }) };
}

function endOfRange(
  text: string,
  transport: PortRange['transport'] | undefined,
  span: Span,
  book: AddressBook,
): PortRange {
  if (!/^\d+$/.test(text)) return namedPort(text, transport, span, book);
  const value = Number(text);
  refuseAbove(value, 65_535, 'a port', span);
  return { first: value, last: value, ...(transport === undefined ? {} : { transport }) };
}

/** The port of a service; of those with another one for UDP, TCP's. */
function namedPort(
  name: string,
  transport: PortRange['transport'] | undefined,
  span: Span,
  book: AddressBook,
): PortRange {
  const found = TRANSPORTS.map((each) => book.port?.(name, each));
  if (transport !== undefined) {
    const port = found[TRANSPORTS.indexOf(transport)];
    if (port !== undefined) return { first: port, last: port, transport };
    const other = TRANSPORTS.find((_, index) => found[index] !== undefined);
    if (other === undefined) throw unknownPort(name, span);
    throw new FilterFault(`“${name}” is a service of ${other}, not of ${transport}`, span);
  }
  const [tcp, udp, sctp] = found;
  const port = tcp ?? udp ?? sctp;
  if (port === undefined) throw unknownPort(name, span);
  if (tcp === udp) return { first: port, last: port };
  const only = tcp !== undefined ? 'tcp' : udp !== undefined ? 'udp' : 'sctp';
  return { first: port, last: port, transport: only };
}

function unknownPort(name: string, span: Span): FilterFault {
  return new FilterFault(`no service is named “${name}”`, span, {
    remedy: 'write the number of the port',
  });
}

function protocolNumber({ protocol, address }: Qualifiers, id: Identifier, span: Span): number {
  if (id.kind === 'number') return id.value;
  if (id.kind !== 'name') {
    throw new FilterFault(`an address is no protocol`, span, { remedy: 'write host for it' });
  }
  const names =
    protocol === 'link'
      ? LINK_PROTOCOL_NAMES
      : protocol === 'iso'
        ? ISO_PROTOCOL_NAMES
        : IP_PROTOCOL_NAMES;
  const number = names.get(id.text) ?? names.get(id.text.toLowerCase());
  if (number !== undefined) return number;
  throw new FilterFault(`no protocol is named “${id.text}” behind ${address}`, span, {
    typed: id.text,
    candidates: [...names.keys()],
    remedy: 'write the number of the protocol',
  });
}

/** `protochain`: the protocol anywhere in the chain of headers behind IP's. */
function chainTest(frame: Frame, protocol: Protocol | undefined, number: number, span: Span): Test {
  if (protocol === undefined) {
    return or(chainTest(frame, 'ip', number, span), chainTest(frame, 'ip6', number, span));
  }
  if (protocol !== 'ip' && protocol !== 'ip6') {
    throw new FilterFault(`“${protocol} protochain” means nothing`, span, {
      remedy: 'protochain stands alone, or behind ip or ip6',
    });
  }
  refuseAbove(number, 255, 'the number of a protocol', span);
  const ipv6 = protocol === 'ip6';
  const { base, offset } = frame.network;
  return and(frame.carries(ipv6 ? IPV6 : IPV4, span), {
    kind: 'chain',
    protocol: number,
    ipv6,
    network: offset,
    ...(base === undefined ? {} : { base }),
  });
}
