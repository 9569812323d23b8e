/** Primitives about the link layer itself, and about signalling and packet-filter logs. */
import type { Mtp3Field, Primitive } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import type { Frame } from './frame-state.ts';
import { field, IPV4, IPV6, LONGEST_802_3, octetsAre } from './link-tests.ts';
import { BACNET_MSTP, macHost, macMulticast, macOfOneOctet } from './macs.ts';
import { and, compare, equal, load, math, not, or, type Test, type Value } from './program.ts';
import { refuseAbove } from './protocols.ts';

const EVERYBODY = [255, 255, 255, 255, 255, 255];
const OUTGOING = 4;

type LinkPrimitive = Exclude<
  Primitive,
  { kind: 'protocol' | 'match' | 'relation' | 'encapsulation' | 'shorter' | 'longer' }
>;

/** Lowers one of them. Throws `FilterFault` where the link type has no such thing. */
export function lowerLinkPrimitive(
  frame: Frame,
  primitive: LinkPrimitive,
  netmask: number | undefined,
): Test {
  const { span } = primitive;
  switch (primitive.kind) {
    case 'broadcast':
      return broadcast(frame, primitive, netmask);
    case 'multicast':
      return multicast(frame, primitive);
    case 'byte':
      return byteTest(frame, primitive);
    case 'travel':
      return travel(frame, primitive.outbound, span);
    case 'ifindex':
      if (frame.layout.linkType === 276) {
        return equal(field(4, frame.layout.header, 4), primitive.value);
      }
      throw cannot(frame, 'do not say on which interface they came', span);
    case 'wlan': {
      if (frame.layout.kind !== 'wlan') throw cannot(frame, 'are not of IEEE 802.11', span);
      const { octet, value, mask } = primitive;
      return equal(field(1, frame.layout.header, octet), value, mask);
    }
    case 'llc':
      return llc(frame, primitive.which, span);
    case 'mtp2':
      return mtp2(frame, primitive.which, span);
    case 'mtp3':
      return mtp3(frame, primitive);
    case 'pf':
      return packetFilter(frame, primitive);
  }
}

function cannot(frame: Frame, what: string, span: Span): FilterFault {
  return new FilterFault(`frames of link type ${frame.layout.linkType} ${what}`, span);
}

function broadcast(
  frame: Frame,
  { protocol, span }: Primitive & { kind: 'broadcast' | 'multicast' },
  netmask: number | undefined,
): Test {
  if (protocol === undefined || protocol === 'link') {
    if (frame.layout.kind === 'arcnet') return macOfOneOctet(frame, 0, 'dst', span);
    if (frame.layout.linkType === BACNET_MSTP) return macOfOneOctet(frame, 255, 'dst', span);
    return macHost(frame, EVERYBODY, 'dst', span);
  }
  if (protocol !== 'ip') throw meaningless(protocol, 'broadcast', span);
  if (netmask === undefined) {
    throw new FilterFault(
      '“ip broadcast” needs the netmask of the network, which is unknown',
      span,
      {
        remedy: 'write dst host and the broadcast address, or ether broadcast',
      },
    );
  }
  const hostBits = ~netmask >>> 0;
  const destination = field(4, frame.network, 16);
  return and(
    frame.carries(IPV4, span),
    or(equal(destination, 0, hostBits), equal(destination, hostBits, hostBits)),
  );
}

function meaningless(protocol: string, what: string, span: Span): FilterFault {
  return new FilterFault(`“${protocol} ${what}” means nothing`, span, {
    remedy: `write ${what}, ether ${what} or ip ${what}`,
  });
}

function multicast(
  frame: Frame,
  { protocol, span }: Primitive & { kind: 'broadcast' | 'multicast' },
): Test {
  switch (protocol) {
    case undefined:
    case 'link':
      return macMulticast(frame, span);
    case 'ip':
      return and(frame.carries(IPV4, span), equal(field(1, frame.network, 16), 0xe0, 0xf0));
    case 'ip6':
      return and(frame.carries(IPV6, span), equal(field(1, frame.network, 24), 255));
    default:
      throw meaningless(protocol, 'multicast', span);
  }
}

function byteTest(
  frame: Frame,
  { index, operator, value, span }: Primitive & { kind: 'byte' },
): Test {
  if (index > 0x7fffffff) throw new FilterFault('no frame has that many octets', span);
  const octet = field(1, frame.layout.header, index);
  switch (operator) {
    case '=':
      return equal(octet, value);
    case '<':
      return not(compare('>=', octet, value));
    case '>':
      return compare('>', octet, value);
    default:
      return not(equal(math(operator as '&' | '|', octet, value), 0));
  }
}

/** Which way the frame went, on link types that say so. */
function travel(frame: Frame, outbound: boolean, span: Span): Test {
  const { header, linkType } = frame.layout;
  const told = (size: 1 | 2, offset: number, value: number, mask?: number): Test =>
    equal(field(size, header, offset), value, mask);
  const outgoing = (test: Test): Test => (outbound ? test : not(test));
  switch (linkType) {
    case 8:
      return told(1, 0, outbound ? 1 : 0);
    case 113:
      return outgoing(told(2, 0, OUTGOING));
    case 117:
      return told(1, 60, outbound ? 2 : 1);
    case 166:
      return told(1, 0, outbound ? 1 : 0);
    case 276:
      return outgoing(told(1, 10, OUTGOING));
    case 281:
      return told(1, 12, outbound ? 0x20 : 0, 0xe0);
    case 284:
      return outbound ? told(1, 12, 0x40, 0xc0) : told(1, 12, 0, 0x40);
    default:
      throw cannot(frame, 'do not say which way they went', span);
  }
}

function llc(
  frame: Frame,
  which: readonly [value: number, mask: number] | undefined,
  span: Span,
): Test {
  const present = llcPresent(frame, span);
  if (which === undefined) return present;
  const [value, mask] = which;
  return and(present, equal(field(1, frame.layout.payload, 2), value, mask));
}

function llcPresent(frame: Frame, span: Span): Test {
  const { layout } = frame;
  switch (layout.kind) {
    case 'ethernet':
      // 0xffff: Novell's frames without 802.2.
      return and(
        not(compare('>', field(2, layout.type, 0), LONGEST_802_3)),
        not(equal(field(2, layout.payload, 0), 0xffff)),
      );
    case 'llc':
      return { kind: 'always', answer: true };
    case 'wlan':
      return equal(field(1, layout.header, 0), 0x08, 0x0c);
    default:
      throw cannot(frame, 'have no 802.2 header', span);
  }
}

function signalling(frame: Frame, span: Span): number {
  const { signalling } = frame.layout;
  if (signalling === undefined) throw cannot(frame, 'are not of SS7', span);
  return signalling;
}

/** Kinds of signalling units, by their length indicator (ITU-T Q.703). */
function mtp2(frame: Frame, which: string, span: Span): Test {
  const begin = signalling(frame, span);
  const high = which.startsWith('h');
  const length: Value = high
    ? math('&', load(2, begin + 2), 0xff80)
    : math('&', load(1, begin), 0x3f);
  const status = high ? 0x0100 : 2;
  switch (high ? which.slice(1) : which) {
    case 'fisu':
      return equal(length, 0);
    case 'lssu':
      return and(compare('>', length, 0), not(compare('>', length, status)));
    default:
      return compare('>', length, status);
  }
}

/** Offset behind the length indicator, size, bits and the most a value can be (ITU-T Q.704). */
const MTP3: Readonly<
  Record<string, readonly [offset: number, size: 1 | 2 | 4, mask: number, most: number]>
> = {
  sio: [1, 1, 0xff, 255],
  opc: [2, 4, 0x00c0ff0f, 0x3fff],
  dpc: [2, 2, 0xff3f, 0x3fff],
  sls: [5, 1, 0xf0, 15],
};

function mtp3(
  frame: Frame,
  { field: name, relation, negated, value, span }: Primitive & { kind: 'mtp3' },
): Test {
  const begin = signalling(frame, span);
  const high = name.startsWith('h');
  const plain = (high ? name.slice(1) : name) as Mtp3Field;
  const [offset, size, mask, most] = MTP3[plain]!;
  refuseAbove(value, most, plain, span);
  const found = math('&', load(size, begin + offset + (high ? 3 : 0)), mask);
  const test = compare(relation, found, wireValue(plain, value));
  return negated ? not(test) : test;
}

/** Point codes are little-endian on the wire, and the originating one is shifted by 14 bits. */
function wireValue(name: Mtp3Field, value: number): number {
  switch (name) {
    case 'opc': {
      const shifted = value << 14;
      return (
        (((shifted & 255) << 24) |
          ((shifted & 0xff00) << 8) |
          ((shifted >>> 8) & 0xff00) |
          (shifted >>> 24)) >>>
        0
      );
    }
    case 'dpc':
      return ((value & 255) << 8) | (value >> 8);
    case 'sls':
      return value << 4;
    default:
      return value;
  }
}

function packetFilter(
  frame: Frame,
  { field: name, value, span }: Primitive & { kind: 'pf' },
): Test {
  if (frame.layout.kind !== 'pflog') throw cannot(frame, 'come from no packet filter', span);
  if (typeof value === 'string') {
    const octets = [...value].map((character) => character.charCodeAt(0) & 255);
    return octetsAre({ offset: 0 }, name === 'ifname' ? 4 : 20, octets);
  }
  switch (name) {
    case 'rnr':
      return equal(load(4, 36), value);
    case 'srnr':
      return equal(load(4, 40), value);
    case 'reason':
      return equal(load(1, 3), value);
    default:
      return equal(load(1, 2), value);
  }
}
