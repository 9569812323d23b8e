/** Tests for a protocol by its name or number, at any layer. */
import { FilterFault, type Span } from './fault.ts';
import { type Frame, IPV6_HEADER } from './frame-state.ts';
import { field, IPV4, IPV6 } from './link-tests.ts';
import { and, equal, or, type Test } from './program.ts';
import { IP_PROTOCOL_NAMES, LINK_PROTOCOL_NAMES, type Protocol } from './words.ts';

const IPV4_PROTOCOL = 9;
const IPV6_NEXT = 6;
const FRAGMENT = 44;
const ISIS = 0x83;
/** PDU types of IS-IS, by the word that means them. */
const ISIS_TYPES: Readonly<Record<string, readonly number[]>> = {
  l1: [26, 24, 18, 17, 15],
  l2: [27, 25, 20, 17, 16],
  iih: [17, 16, 15],
  lsp: [18, 20],
  snp: [27, 26, 24, 25],
  csnp: [24, 25],
  psnp: [26, 27],
};
const ISIS_TYPE_BITS = 0x1f;

/** The number of a protocol above IP, for `tcp`, `icmp6`… */
export function ipProtocolOf(protocol: Protocol): number | undefined {
  if (protocol === 'igrp') return 9;
  return OVER_IP.has(protocol) ? IP_PROTOCOL_NAMES.get(protocol) : undefined;
}

const OVER_IP: ReadonlySet<string> = new Set(
  'sctp tcp udp ah esp pim icmp igmp igrp vrrp carp icmp6'.split(' '),
);
const ONLY_IPV4: ReadonlySet<string> = new Set('icmp igmp igrp vrrp carp'.split(' '));

/** `tcp`, `arp`, `isis`: the protocol alone. */
export function protocolTest(frame: Frame, protocol: Protocol, span: Span): Test {
  const overIp = ipProtocolOf(protocol);
  if (overIp !== undefined) {
    if (ONLY_IPV4.has(protocol)) return overIpv4(frame, overIp, span);
    if (protocol === 'icmp6') return overIpv6(frame, overIp, span);
    return or(overIpv4(frame, overIp, span), overIpv6(frame, overIp, span));
  }
  const overLink = LINK_PROTOCOL_NAMES.get(protocol);
  if (overLink !== undefined) return frame.carries(overLink, span);
  if (protocol === 'clnp') return overIso(frame, 0x81, span);
  if (protocol === 'esis') return overIso(frame, 0x82, span);
  if (protocol === 'isis') return overIso(frame, ISIS, span);
  const types = ISIS_TYPES[protocol];
  if (types !== undefined) return or(...types.map((type) => isisType(frame, type, span)));
  throw new FilterFault(`“${protocol}” alone says nothing about a frame`, span, {
    remedy: `write ${protocol} host … or ${protocol}[0]`,
  });
}

/** `proto N` behind a protocol. Throws `FilterFault` where that cannot be. */
export function protoTest(
  frame: Frame,
  protocol: Protocol | undefined,
  number: number,
  span: Span,
): Test {
  switch (protocol) {
    case undefined:
      refuseAbove(number, 255, 'the number of a protocol', span);
      return or(overIpv4(frame, number, span), overIpv6(frame, number, span));
    case 'link':
      refuseAbove(number, 0xffff, 'an EtherType', span);
      return frame.carries(number, span);
    case 'ip':
      refuseAbove(number, 255, 'the number of a protocol', span);
      return overIpv4(frame, number, span);
    case 'ip6':
      refuseAbove(number, 255, 'the number of a protocol', span);
      return overIpv6(frame, number, span);
    case 'iso':
      refuseAbove(number, 255, 'the number of an ISO protocol', span);
      return overIso(frame, number, span);
    case 'isis':
      refuseAbove(number, ISIS_TYPE_BITS, 'a PDU type of IS-IS', span);
      return isisType(frame, number, span);
    default:
      throw new FilterFault(`“${protocol} proto” means nothing`, span, {
        remedy: 'proto stands alone, or behind ip, ip6, ether or iso',
      });
  }
}

/** Throws `FilterFault` at `span` for a number above `most`. */
export function refuseAbove(value: number, most: number, what: string, span: Span): void {
  if (value > most) throw new FilterFault(`${what} is ${most} at most, not ${value}`, span);
}

/** Of the header that the frame stands at, which is known to be IPv4. */
export function ipv4ProtocolIs(frame: Frame, number: number): Test {
  return equal(field(1, frame.network, IPV4_PROTOCOL), number);
}

/** Likewise of IPv6: the fixed header alone is looked at, extension headers are not passed. */
export function ipv6NextIs(frame: Frame, number: number): Test {
  return equal(field(1, frame.network, IPV6_NEXT), number);
}

function overIpv4(frame: Frame, number: number, span: Span): Test {
  return and(frame.carries(IPV4, span), ipv4ProtocolIs(frame, number));
}

/** Directly behind the IPv6 header, or behind a fragment header there. */
function overIpv6(frame: Frame, number: number, span: Span): Test {
  return and(
    frame.carries(IPV6, span),
    or(
      ipv6NextIs(frame, number),
      and(ipv6NextIs(frame, FRAGMENT), equal(field(1, frame.network, IPV6_HEADER), number)),
    ),
  );
}

/** The place behind 802.2 without SNAP, where ISO protocols begin. */
function isoField(frame: Frame, offset: number) {
  const { payload, networkWithoutSnap, kind } = frame.layout;
  // Cisco HDLC pads ISO frames by an octet.
  const padding = kind === 'hdlc' ? 1 : 0;
  return field(1, payload, networkWithoutSnap + padding + offset);
}

function overIso(frame: Frame, number: number, span: Span): Test {
  if (frame.layout.kind === 'frame-relay') {
    return equal(field(2, frame.layout.header, 2), 0x0300 | number);
  }
  return and(frame.carries(0xfe, span), equal(isoField(frame, 0), number));
}

function isisType(frame: Frame, type: number, span: Span): Test {
  return and(overIso(frame, ISIS, span), equal(isoField(frame, 4), type, ISIS_TYPE_BITS));
}
