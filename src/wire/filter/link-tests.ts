/**
 * “Does this frame carry EtherType N?” for every kind of link layer: EtherTypes above 1500,
 * 802.2 service access points below, as in `ether proto`.
 */
import { FilterFault, type Span } from './fault.ts';
import type { Layout, Place } from './layout.ts';
import {
  and,
  anySet,
  compare,
  equal,
  FALSE,
  load,
  or,
  type Test,
  TRUE,
  type Value,
} from './program.ts';

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
const ATALK = 0x809b;
const AARP = 0x80f3;
/** Values up to this one in Ethernet's type field are lengths. */
export const LONGEST_802_3 = 1500;
const ISO = 0xfe;
const NETBEUI = 0xf0;
const IP_SAP = 0x06;
const IPX_SAP = 0xe0;
const IPX = 0x8137;
const COOKED_802_3 = 1;
const COOKED_802_2 = 4;

/** A field at a place. */
export function field(size: 1 | 2 | 4, place: Place, offset: number): Value {
  return load(size, place.offset + offset, place.base);
}

/** The network layer's place: behind SNAP where there is 802.2. */
export function networkOf(layout: Layout): Place {
  return { ...layout.payload, offset: layout.payload.offset + layout.network };
}

/** Tests octets from the last to the first, in the largest pieces, as libpcap does. */
export function octetsAre(place: Place, offset: number, octets: readonly number[]): Test {
  const tests: Test[] = [];
  let left = octets.length;
  while (left >= 4) {
    const at = left - 4;
    const value =
      octets[at]! * 0x1000000 +
      ((octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!);
    tests.push(equal(field(4, place, offset + at), value));
    left -= 4;
  }
  if (left >= 2) {
    const at = left - 2;
    tests.push(equal(field(2, place, offset + at), (octets[at]! << 8) | octets[at + 1]!));
    left -= 2;
  }
  if (left > 0) tests.push(equal(field(1, place, offset), octets[0]!));
  return and(...tests);
}

function snap(layout: Layout, organisation: number, type: number): Test {
  const octets = [0xaa, 0xaa, 3, 0, 0, 0, type >> 8, type & 255];
  octets[3] = organisation >> 16;
  octets[4] = (organisation >> 8) & 255;
  octets[5] = organisation & 255;
  return octetsAre(layout.payload, 0, octets);
}

/** What the frame carries. Throws `FilterFault` where the link type cannot tell. */
export function carries(layout: Layout, type: number, span: Span): Test {
  switch (layout.kind) {
    case 'ethernet':
      return ethernet(layout, type);
    case 'cooked':
      return cooked(layout, type);
    case 'wlan':
      return and(equal(field(1, layout.header, 0), 0x08, 0x0c), logicalLink(layout, type));
    case 'llc':
      return logicalLink(layout, type);
    case 'ethertype':
      return equal(field(2, layout.type, 0), type);
    case 'hdlc':
      return equal(field(2, layout.type, 0), type === ISO ? 0xfefe : type);
    case 'ppp':
      return equal(field(2, layout.type, 0), PPP_PROTOCOLS.get(type) ?? type);
    case 'raw':
      return type === IPV4
        ? equal(field(1, layout.payload, 0), 0x40, 0xf0)
        : type === IPV6
          ? equal(field(1, layout.payload, 0), 0x60, 0xf0)
          : FALSE;
    case 'ipv4':
      return type === IPV4 ? TRUE : FALSE;
    case 'ipv6':
      return type === IPV6 ? TRUE : FALSE;
    case 'loopback':
      return loopback(layout, type);
    case 'pflog':
      return or(...familiesOf(type).map((family) => equal(load(1, 1), family)));
    case 'arcnet':
      return arcnet(layout, type);
    case 'frame-relay':
      return frameRelay(layout, type);
    default:
      throw new FilterFault(
        `frames of link type ${layout.linkType} do not say what they carry`,
        span,
        { remedy: 'filter by octets (link[0] = 1) or by length there' },
      );
  }
}

function ethernet(layout: Layout, type: number): Test {
  const typeField = field(2, layout.type, 0);
  const short = { kind: 'not', of: compare('>', typeField, LONGEST_802_3) } as const;
  switch (type) {
    case ISO:
    case IP_SAP:
    case NETBEUI:
      return and(short, equal(field(2, layout.payload, 0), (type << 8) | type));
    case IPX_SAP:
      return or(
        equal(typeField, IPX),
        and(
          short,
          or(
            snap(layout, 0, IPX),
            or(
              equal(field(1, layout.payload, 0), IPX_SAP),
              equal(field(2, layout.payload, 0), 0xffff),
            ),
          ),
        ),
      );
    case ATALK:
    case AARP:
      return or(
        equal(typeField, type),
        and(short, type === ATALK ? snap(layout, 0x080007, type) : snap(layout, 0, type)),
      );
    default:
      if (type > LONGEST_802_3) return equal(typeField, type);
      return and(short, equal(field(1, layout.type, 2), type));
  }
}

function cooked(layout: Layout, type: number): Test {
  const typeField = field(2, layout.type, 0);
  const withLlc = equal(typeField, COOKED_802_2);
  switch (type) {
    case ISO:
    case IP_SAP:
    case NETBEUI:
      return and(withLlc, equal(field(2, layout.payload, 0), (type << 8) | type));
    case IPX_SAP:
      return or(
        equal(typeField, IPX),
        or(
          equal(typeField, COOKED_802_3),
          and(withLlc, or(equal(field(1, layout.payload, 0), IPX_SAP), snap(layout, 0, IPX))),
        ),
      );
    case ATALK:
    case AARP:
      return or(
        equal(typeField, type),
        and(withLlc, type === ATALK ? snap(layout, 0x080007, type) : snap(layout, 0, type)),
      );
    default:
      if (type > LONGEST_802_3) return equal(typeField, type);
      return and(withLlc, equal(field(1, layout.payload, 0), type));
  }
}

/** 802.2 without a type field before it: the frame is 802.2 for certain. */
function logicalLink(layout: Layout, type: number): Test {
  switch (type) {
    case ISO:
    case IP_SAP:
    case NETBEUI:
      return equal(field(2, layout.payload, 0), (type << 8) | type);
    case IPX_SAP:
      return equal(field(1, layout.payload, 0), IPX_SAP);
    case ATALK:
      return snap(layout, 0x080007, ATALK);
    default:
      if (type > LONGEST_802_3) return equal(field(2, layout.payload, 6), type);
      return equal(field(1, layout.payload, 0), type);
  }
}

const PPP_PROTOCOLS: ReadonlyMap<number, number> = new Map([
  [IPV4, 0x0021],
  [IPV6, 0x0057],
  [0x6003, 0x0027],
  [ATALK, 0x0029],
  [0x0600, 0x0025],
  [ISO, 0x0023],
  [0x42, 0x0031],
  [IPX_SAP, 0x002b],
]);

/** Numbers of address families: IPv6 has another on every BSD. */
function familiesOf(type: number): number[] {
  return type === IPV4 ? [2] : type === IPV6 ? [24, 28, 30] : [];
}

/** The family in the byte order of whoever captured, which is not known: both. */
function loopback(layout: Layout, type: number): Test {
  const families = familiesOf(type).map((family) => equal(field(4, layout.header, 0), family));
  const bothOrders = layout.linkType !== 108;
  const swapped = bothOrders
    ? familiesOf(type).map((family) => equal(field(4, layout.header, 0), family * 0x1000000))
    : [];
  return or(...families, ...swapped);
}

const ARCNET_TYPES: ReadonlyMap<number, number> = new Map([
  [IPV4, 0xd4],
  [IPV6, 0xc4],
  [0x0806, 0xd5],
  [0x8035, 0xd6],
  [ATALK, 0xdd],
]);

function arcnet(layout: Layout, type: number): Test {
  const number = ARCNET_TYPES.get(type);
  return number === undefined ? FALSE : equal(field(1, layout.type, 0), number);
}

function frameRelay(layout: Layout, type: number): Test {
  const nlpid = (value: number): Test => equal(field(2, layout.header, 2), 0x0300 | value);
  switch (type) {
    case IPV4:
      return nlpid(0xcc);
    case IPV6:
      return nlpid(0x8e);
    case ISO:
      return or(nlpid(0x81), nlpid(0x82), nlpid(0x83));
    default:
      return FALSE;
  }
}

/** Behind a stack of MPLS labels: the last says so, and the version of IP tells the rest. */
export function carriesBehindLabels(layout: Layout, type: number, span: Span): Test {
  if (type !== IPV4 && type !== IPV6) {
    throw new FilterFault('only IPv4 and IPv6 can be told behind MPLS labels', span);
  }
  const network = networkOf(layout);
  return and(lastLabel(network), equal(field(1, network, 0), type === IPV4 ? 0x40 : 0x60, 0xf0));
}

/** Whether the label before the network layer is the bottom of the stack. */
export function lastLabel(network: Place): Test {
  return anySet(field(1, network, -2), 1);
}
