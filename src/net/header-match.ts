/**
 * What a firewall rule asks of a packet, field by field, and whether a packet has it. This is the
 * plain reading of a rule, one packet at a time; `header-space.ts` builds the set of all packets
 * that have it. The two share no code, so that each can be tested by the other.
 */
import type { Family } from './address.ts';
import { type AddressRange, rangesHold } from './address-range.ts';
import { layer4Of, type PacketHeader, type State } from './header-fields.ts';
import { containsPort, type PortRange } from './port-range.ts';

/** A closed range of small numbers: IP protocols, ICMP types, ICMP codes. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

export interface IcmpMatch {
  readonly type: NumberRange;
  /** Any code when left out. */
  readonly code?: NumberRange;
}

/** The flags octet, after `mask`, is `value`. */
export interface FlagsMatch {
  readonly mask: number;
  readonly value: number;
}

/**
 * All parts must hold; a part left out always holds; a list holds when one of its items does, an
 * empty list never. Parts about ports hold only for protocols with ports, those about ICMP only
 * for ICMP on IPv4 or ICMPv6 on IPv6, those about flags only for TCP; none of these ever holds for
 * fragments other than the first, which carry nothing of the kind.
 */
export interface HeaderMatch {
  readonly states?: readonly State[];
  readonly family?: Family;
  /** Sorted ranges as `mergeRanges` makes them. */
  readonly source?: readonly AddressRange[];
  readonly destination?: readonly AddressRange[];
  /** true: fragments other than the first alone; false: all but them. */
  readonly laterFragment?: boolean;
  readonly protocols?: readonly NumberRange[];
  readonly sourcePorts?: readonly PortRange[];
  readonly destinationPorts?: readonly PortRange[];
  readonly icmp?: readonly IcmpMatch[];
  readonly tcpFlags?: readonly FlagsMatch[];
}

function inRange(value: number, range: NumberRange | undefined): boolean {
  return range === undefined || (value >= range.first && value <= range.last);
}

/** Whether the rule's conditions hold for the packet. */
export function matches(match: HeaderMatch, packet: PacketHeader): boolean {
  if (match.states !== undefined && !match.states.includes(packet.state)) return false;
  if (match.family !== undefined && match.family !== packet.family) return false;
  if (match.source !== undefined && !rangesHold(match.source, packet.source)) return false;
  if (match.destination !== undefined && !rangesHold(match.destination, packet.destination)) {
    return false;
  }
  const { protocols, laterFragment } = match;
  if (laterFragment !== undefined && laterFragment !== packet.laterFragment) return false;
  if (protocols !== undefined && !protocols.some((range) => inRange(packet.protocol, range))) {
    return false;
  }
  return matchesLayer4(match, packet);
}

function matchesLayer4(match: HeaderMatch, packet: PacketHeader): boolean {
  const { sourcePorts, destinationPorts, icmp, tcpFlags } = match;
  const layer4 = packet.laterFragment ? 'none' : layer4Of(packet.family, packet.protocol);
  const hasPorts = layer4 === 'ports' || layer4 === 'tcp';
  if (sourcePorts !== undefined) {
    if (!hasPorts || !containsPort(sourcePorts, packet.sourcePort)) return false;
  }
  if (destinationPorts !== undefined) {
    if (!hasPorts || !containsPort(destinationPorts, packet.destinationPort)) return false;
  }
  if (icmp !== undefined) {
    const held = ({ type, code }: IcmpMatch) =>
      inRange(packet.icmpType, type) && inRange(packet.icmpCode, code);
    if (layer4 !== 'icmp' || !icmp.some(held)) return false;
  }
  if (tcpFlags === undefined) return true;
  return layer4 === 'tcp' && tcpFlags.some(({ mask, value }) => (packet.tcpFlags & mask) === value);
}
