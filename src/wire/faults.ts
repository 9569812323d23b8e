/**
 * What can be wrong with, or left unread in, a frame: a code each, counted, with the first frame
 * that showed it. A fault never stops decoding; what was understood before it still counts.
 */

/** Kinds of frames that are not IP, beside EtherTypes and 802.2 SAPs: add the type bits of an
 * 802.11 frame, the address family of a loopback frame, or a number that only the link layer
 * itself gives a meaning to. */
export const KIND_IEEE80211 = 0x10000;
export const KIND_FAMILY = 0x20000;
export const KIND_OWN = 0x30000;

/** Stable codes; the position in this list is the number the decoder uses. */
export const FAULTS = [
  'link-header-cut',
  'link-header-invalid',
  'vlan-header-cut',
  'mpls-header-cut',
  'ipv4-header-cut',
  'ipv4-header-invalid',
  'ipv4-length-invalid',
  'ipv6-header-cut',
  'ipv6-header-invalid',
  'ipv6-length-invalid',
  'ipv6-extension-cut',
  'ipv6-extensions-too-many',
  'transport-header-cut',
  'tcp-header-invalid',
  'udp-length-invalid',
  'fragment-invalid',
  'fragment-overlap',
  'fragment-unmatched',
  'tunnel-header-cut',
  'tunnel-header-invalid',
  'tunnels-too-deep',
  'arp-invalid',
  'encrypted-frame',
  'checksum-bad',
] as const;
export type Fault = (typeof FAULTS)[number];

export const LINK_CUT = 0;
export const LINK_INVALID = 1;
export const VLAN_CUT = 2;
export const MPLS_CUT = 3;
export const IPV4_CUT = 4;
export const IPV4_INVALID = 5;
export const IPV4_LENGTH = 6;
export const IPV6_CUT = 7;
export const IPV6_INVALID = 8;
export const IPV6_LENGTH = 9;
export const EXTENSION_CUT = 10;
export const EXTENSIONS_MANY = 11;
export const TRANSPORT_CUT = 12;
export const TCP_INVALID = 13;
export const UDP_LENGTH = 14;
export const FRAGMENT_INVALID = 15;
export const FRAGMENT_OVERLAP = 16;
export const FRAGMENT_UNMATCHED = 17;
export const TUNNEL_CUT = 18;
export const TUNNEL_INVALID = 19;
export const TUNNELS_DEEP = 20;
export const ARP_INVALID = 21;
export const ENCRYPTED = 22;
export const CHECKSUM_BAD = 23;
