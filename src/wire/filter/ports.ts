/** Tests for ports of TCP, UDP and SCTP over IPv4 and IPv6. */
import { directed } from './direction.ts';
import type { Direction } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import type { Frame } from './frame-state.ts';
import type { Place } from './layout.ts';
import { field, IPV4, IPV6 } from './link-tests.ts';
import { and, compare, equal, noneSet, not, or, type Test } from './program.ts';
import { ipv4ProtocolIs, ipv6NextIs } from './protocols.ts';
import type { Protocol } from './words.ts';

const SOURCE = 0;
const DESTINATION = 2;
const TCP = 6;
const UDP = 17;
const SCTP = 132;

/** A range of ports (both ends belong to it) and the transport it is limited to, if any. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly transport?: 'tcp' | 'udp' | 'sctp';
}

/** The transport a protocol before `port` limits it to. Throws `FilterFault` for any other. */
export function transportOf(
  protocol: Protocol | undefined,
  span: Span,
): PortRange['transport'] | undefined {
  if (protocol === undefined || protocol === 'tcp') return protocol;
  if (protocol === 'udp' || protocol === 'sctp') return protocol;
  throw new FilterFault(`${protocol} has no ports`, span, {
    remedy: 'ports belong to tcp, udp and sctp',
  });
}

/** Later fragments of IPv4 have no ports. */
export function noFragment(frame: Frame): Test {
  return noneSet(field(2, frame.network, 6), 0x1fff);
}

/** Packets from or to the ports. IPv6 first, as in libpcap; extension headers hide ports. */
export function portTest(
  frame: Frame,
  range: PortRange,
  direction: Direction | undefined,
  span: Span,
): Test {
  return or(portTest6(frame, range, direction, span), portTest4(frame, range, direction, span));
}

/**
 * Of IPv4 packets that are not later fragments: only those have ports. A direction that is left out
 * means either end.
 */
export function portTest4(
  frame: Frame,
  range: PortRange,
  direction: Direction | undefined,
  span: Span,
): Test {
  return and(
    frame.carries(IPV4, span),
    and(
      and(
        transportTest(range, (number) => ipv4ProtocolIs(frame, number)),
        noFragment(frame),
      ),
      sides(frame.behindIpv4, range, direction, span),
    ),
  );
}

/** The same of IPv6 packets without extension headers, as the kernel's filters see them. */
export function portTest6(
  frame: Frame,
  range: PortRange,
  direction: Direction | undefined,
  span: Span,
): Test {
  return and(
    frame.carries(IPV6, span),
    and(
      transportTest(range, (number) => ipv6NextIs(frame, number)),
      sides(frame.behindIpv6, range, direction, span),
    ),
  );
}

function transportTest({ transport }: PortRange, is: (number: number) => Test): Test {
  if (transport === 'tcp') return is(TCP);
  if (transport === 'udp') return is(UDP);
  if (transport === 'sctp') return is(SCTP);
  return or(is(TCP), or(is(UDP), is(SCTP)));
}

function sides(place: Place, range: PortRange, direction: Direction | undefined, span: Span): Test {
  return directed(direction, span, (from) => within(place, from ? SOURCE : DESTINATION, range));
}

function within(place: Place, offset: number, { first, last }: PortRange): Test {
  const port = field(2, place, offset);
  if (first === last) return equal(port, first);
  return and(compare('>=', port, first), not(compare('>', port, last)));
}
