/** `tcp[13]`, `ether[0:4]`: octets of a header, and the test that the frame has that header. */
import { FilterFault, type Span } from './fault.ts';
import type { Frame } from './frame-state.ts';
import type { Place } from './layout.ts';
import { IPV4, IPV6 } from './link-tests.ts';
import { noFragment } from './ports.ts';
import { and, load, math, type Test, type Value } from './program.ts';
import { ipProtocolOf, ipv4ProtocolIs, ipv6NextIs, protocolTest } from './protocols.ts';
import type { Protocol } from './words.ts';

const NETWORK: ReadonlySet<string> = new Set(
  'ip arp rarp atalk decnet sca lat moprc mopdl ip6'.split(' '),
);
const TRANSPORT: ReadonlySet<string> = new Set(
  'sctp tcp udp icmp igmp igrp pim vrrp carp'.split(' '),
);
/** Beyond this no frame has octets. */
const FARTHEST = 0x7fffffff;

export interface GuardedValue {
  readonly guard?: Test;
  readonly value: Value;
}

/** Octets at `index` of a protocol's header. Throws `FilterFault` where it has no known place. */
export function octetsOfProtocol(
  frame: Frame,
  protocol: Protocol,
  index: Value,
  size: 1 | 2 | 4,
  span: Span,
): GuardedValue {
  if (protocol === 'link') return { value: indexed(frame.layout.header, index, size) };
  if (protocol === 'radio') {
    if (![119, 127, 163].includes(frame.layout.linkType)) {
      throw new FilterFault('these frames have no header with radio facts', span);
    }
    return { value: indexed({ offset: 0 }, index, size) };
  }
  if (NETWORK.has(protocol)) {
    const guard = protocolTest(frame, protocol, span);
    return { guard, value: indexed(frame.network, index, size) };
  }
  if (TRANSPORT.has(protocol)) {
    const guard = and(
      frame.carries(IPV4, span),
      ipv4ProtocolIs(frame, ipProtocolOf(protocol)!),
      noFragment(frame),
    );
    return { guard, value: indexed(frame.behindIpv4, index, size) };
  }
  if (protocol === 'icmp6') {
    const guard = and(frame.carries(IPV6, span), ipv6NextIs(frame, ipProtocolOf(protocol)!));
    return { guard, value: indexed(frame.behindIpv6, index, size) };
  }
  throw new FilterFault(`“${protocol}” has no octets that can be asked for`, span, {
    remedy: 'ether, ip, ip6, arp, tcp, udp, sctp, icmp, icmp6 and igmp have',
  });
}

/** Octets at a place plus an index that may itself come from the frame. */
function indexed({ base, offset }: Place, index: Value, size: 1 | 2 | 4): Value {
  if (index.kind === 'constant' && index.value + offset <= FARTHEST) {
    return load(size, offset + index.value, base);
  }
  return load(size, offset, base === undefined ? index : math('+', index, base));
}
