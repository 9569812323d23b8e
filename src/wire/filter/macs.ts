/** Tests for addresses of the link layer: Ethernet and its kin, IEEE 802.11, one octet, DECnet. */
import { directed } from './direction.ts';
import type { Direction } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import type { Frame } from './frame-state.ts';
import type { Place } from './layout.ts';
import { field, networkOf, octetsAre } from './link-tests.ts';
import { and, anySet, equal, noneSet, not, or, type Test } from './program.ts';

const TO_DS = 1;
const FROM_DS = 2;
const DATA_BIT = 0x08;
const CONTROL_BIT = 0x04;
const TYPE_BITS = 0x0c;
const SUBTYPE_BITS = 0xf0;
const ADDRESS_1 = 4;
const ADDRESS_2 = 10;
const ADDRESS_3 = 16;
const ADDRESS_4 = 24;

/** Frames from or to an address of six octets. Throws where the link layer has none. */
export function macHost(
  frame: Frame,
  octets: readonly number[],
  direction: Direction | undefined,
  span: Span,
): Test {
  const { layout } = frame;
  if (layout.kind === 'wlan') return wlanHost(layout.header, octets, direction, span);
  if (layout.macs === undefined) {
    throw new FilterFault('these frames have no Ethernet addresses', span, {
      remedy: `their link type is ${layout.linkType}; filter by IP address`,
    });
  }
  const [destination, source] = layout.macs;
  const test = directed(direction, span, (from) =>
    octetsAre(layout.header, from ? source : destination, octets),
  );
  return frame.innerHeader(test);
}

/** Whether the frame goes to a group of stations. */
export function macMulticast(frame: Frame, span: Span): Test {
  const { layout } = frame;
  const group = (offset: number): Test => anySet(field(1, layout.header, offset), 1);
  if (layout.kind === 'wlan') return wlanDestination(layout.header, group);
  if (layout.kind === 'arcnet') return macOfOneOctet(frame, 0, 'dst', span);
  if (layout.macs === undefined) {
    throw new FilterFault('these frames do not say whether they go to a group', span, {
      remedy: 'write ip multicast or ip6 multicast',
    });
  }
  return frame.innerHeader(group(layout.macs[0]));
}

function wlanHost(
  header: Place,
  octets: readonly number[],
  direction: Direction | undefined,
  span: Span,
): Test {
  const is = (offset: number): Test => octetsAre(header, offset, octets);
  const control = field(1, header, 0);
  const typeIsNot = (value: number): Test => not(equal(control, value, TYPE_BITS));
  const subtypeIsNot = (value: number): Test => not(equal(control, value, SUBTYPE_BITS));
  // Clear-to-send and acknowledgement have one address only.
  const hasSecond = or(typeIsNot(CONTROL_BIT), and(subtypeIsNot(0xc0), subtypeIsNot(0xd0)));
  switch (direction) {
    case 'addr1':
      return is(ADDRESS_1);
    case 'addr2':
      return and(hasSecond, is(ADDRESS_2));
    case 'addr3':
      return and(typeIsNot(CONTROL_BIT), is(ADDRESS_3));
    case 'addr4':
      return and(equal(field(1, header, 1), 3, 3), is(ADDRESS_4));
    case 'ra':
      return and(anySet(control, DATA_BIT), is(ADDRESS_1));
    case 'ta':
      return and(and(anySet(control, DATA_BIT), hasSecond), is(ADDRESS_2));
    default:
      return directed(direction, span, (from) =>
        from ? wlanSource(header, is) : wlanDestination(header, is),
      );
  }
}

/** Where the destination is depends on the type of frame and on where it goes. */
function wlanDestination(header: Place, is: (offset: number) => Test): Test {
  const control = field(1, header, 0);
  const way = field(1, header, 1);
  const inData = or(
    and(noneSet(way, TO_DS), is(ADDRESS_1)),
    and(anySet(way, TO_DS), is(ADDRESS_3)),
  );
  return and(
    noneSet(control, CONTROL_BIT),
    or(and(noneSet(control, DATA_BIT), is(ADDRESS_1)), and(anySet(control, DATA_BIT), inData)),
  );
}

function wlanSource(header: Place, is: (offset: number) => Test): Test {
  const control = field(1, header, 0);
  const way = field(1, header, 1);
  const fromDs = or(
    and(noneSet(way, TO_DS), is(ADDRESS_3)),
    and(anySet(way, TO_DS), is(ADDRESS_4)),
  );
  const inData = or(and(noneSet(way, FROM_DS), is(ADDRESS_2)), and(anySet(way, FROM_DS), fromDs));
  return and(
    noneSet(control, CONTROL_BIT),
    or(and(noneSet(control, DATA_BIT), is(ADDRESS_2)), and(anySet(control, DATA_BIT), inData)),
  );
}

/** ARCnet (source first) and BACnet MS/TP (destination first) number stations with one octet. */
export function macOfOneOctet(
  frame: Frame,
  value: number,
  direction: Direction | undefined,
  span: Span,
): Test {
  const { layout } = frame;
  const places =
    layout.kind === 'arcnet' ? [0, 1] : layout.linkType === BACNET_MSTP ? [4, 3] : undefined;
  if (places === undefined) {
    throw new FilterFault('these frames have no addresses of one octet', span);
  }
  const [source, destination] = places;
  return directed(direction, span, (from) =>
    equal(field(1, layout.header, from ? source! : destination!), value),
  );
}

/** LINKTYPE_BACNET_MS_TP. */
export const BACNET_MSTP = 165;

/** DECnet phase IV: routing headers in a long and a short form, either padded by an octet. */
export function decnetTest(
  frame: Frame,
  address: number,
  direction: Direction | undefined,
  span: Span,
): Test {
  const network = networkOf(frame.layout);
  const swapped = ((address & 255) << 8) | (address >> 8);
  const side = (from: boolean): Test => {
    const long = from ? 15 : 7;
    const short = from ? 3 : 1;
    const flags = field(1, network, 2);
    const paddedFlags = field(2, network, 2);
    return or(
      and(equal(flags, 0x02, 0x07), equal(field(2, network, 2 + short), swapped)),
      and(equal(paddedFlags, 0x8102, 0xff07), equal(field(2, network, 3 + short), swapped)),
      and(equal(flags, 0x06, 0x07), equal(field(2, network, 2 + long), swapped)),
      and(equal(paddedFlags, 0x8106, 0xff07), equal(field(2, network, 3 + long), swapped)),
    );
  };
  return and(frame.carries(0x6003, span), directed(direction, span, side));
}
