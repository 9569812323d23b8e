/**
 * The fields of a packet that firewalls decide by, as variables of a decision diagram: which there
 * are, in which order they are looked at, how wide they are and for which packets they mean
 * anything. IPv4 addresses lie in the first of four address words; the others are never looked at.
 *
 * Order matters for size: what splits everything alike (state, family) stands first, then the
 * addresses, since most rules of one pair of groups share their services.
 */
import type { Address, Family } from './address.ts';

export const STATE = 0;
export const FAMILY = 1;
/** First of four words. */
export const SOURCE = 2;
/** First of four words. */
export const DESTINATION = 6;
export const LATER_FRAGMENT = 10;
export const PROTOCOL = 11;
export const SOURCE_PORT = 12;
export const DESTINATION_PORT = 13;
export const ICMP_TYPE = 14;
export const ICMP_CODE = 15;
export const TCP_FLAGS = 16;

const WORD = 0xffffffff;

/** Largest value of each field, by its number. */
export const FIELD_MAXIMA: readonly number[] = [
  ...[4, 1, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD],
  ...[1, 255, 65_535, 65_535, 255, 255, 255],
];

/** What connection tracking says of a packet (nftables' `ct state`); stateless filters see none. */
export const STATES = ['new', 'established', 'related', 'invalid', 'untracked'] as const;
export type State = (typeof STATES)[number];

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

/** IP protocols whose header begins with two ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
export const PORT_PROTOCOLS: readonly number[] = [TCP, UDP, 33, 132, 136];

export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** One packet, as far as a firewall looks at it. */
export interface PacketHeader {
  readonly state: State;
  readonly family: Family;
  readonly source: Address;
  readonly destination: Address;
  /** A fragment other than the first: ports, ICMP type and TCP flags are not in it. */
  readonly laterFragment: boolean;
  /** IP protocol number. */
  readonly protocol: number;
  /** 0 where the protocol has no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** 0 for anything but ICMP and ICMPv6. */
  readonly icmpType: number;
  readonly icmpCode: number;
  /** The flags octet; 0 for anything but TCP. */
  readonly tcpFlags: number;
}

/** What the octets after the IP header mean. */
export type Layer4 = 'ports' | 'tcp' | 'icmp' | 'none';

/** What a first fragment of the protocol carries. ICMP belongs to one family each. */
export function layer4Of(family: Family, protocol: number): Layer4 {
  if (protocol === TCP) return 'tcp';
  if (PORT_PROTOCOLS.includes(protocol)) return 'ports';
  return protocol === (family === 4 ? ICMP : ICMPV6) ? 'icmp' : 'none';
}

/** Whether the field means anything in such a packet. */
export function fieldCounts(
  field: number,
  family: Family,
  laterFragment: boolean,
  layer4: Layer4,
): boolean {
  if (field > SOURCE && field < DESTINATION) return family === 6;
  if (field > DESTINATION && field < LATER_FRAGMENT) return family === 6;
  if (field < SOURCE_PORT) return true;
  if (laterFragment) return false;
  if (field <= DESTINATION_PORT) return layer4 === 'ports' || layer4 === 'tcp';
  return layer4 === (field === TCP_FLAGS ? 'tcp' : 'icmp');
}

/** The value of a field in a packet, as a diagram sees it. */
export function fieldOf(packet: PacketHeader, field: number): number {
  switch (field) {
    case STATE:
      return STATES.indexOf(packet.state);
    case FAMILY:
      return packet.family === 4 ? 0 : 1;
    case LATER_FRAGMENT:
      return packet.laterFragment ? 1 : 0;
    case PROTOCOL:
      return packet.protocol;
    case SOURCE_PORT:
      return packet.sourcePort;
    case DESTINATION_PORT:
      return packet.destinationPort;
    case ICMP_TYPE:
      return packet.icmpType;
    case ICMP_CODE:
      return packet.icmpCode;
    case TCP_FLAGS:
      return packet.tcpFlags;
    default:
      return field < DESTINATION
        ? (packet.source.words[field - SOURCE] ?? 0)
        : (packet.destination.words[field - DESTINATION] ?? 0);
  }
}
