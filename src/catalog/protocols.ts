/**
 * Names of what carries no port: IP protocols (IANA protocol-numbers), ICMP and ICMPv6 types
 * (IANA icmp-parameters, icmpv6-parameters), EtherTypes (IEEE, IANA ieee-802-numbers) and 802.2
 * service access points. Only those met in practice; the rest are shown by number.
 */

const IP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, 'hopopt'],
  [1, 'icmp'],
  [2, 'igmp'],
  [4, 'ipv4'],
  [6, 'tcp'],
  [8, 'egp'],
  [17, 'udp'],
  [33, 'dccp'],
  [41, 'ipv6'],
  [46, 'rsvp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [59, 'ipv6-nonxt'],
  [88, 'eigrp'],
  [89, 'ospf'],
  [97, 'etherip'],
  [103, 'pim'],
  [112, 'vrrp'],
  [115, 'l2tp'],
  [132, 'sctp'],
  [136, 'udplite'],
  [137, 'mpls-in-ip'],
]);

/** Keyword of an IP protocol number; `ip-N` for one without a name here. */
export function protocolName(protocol: number): string {
  return IP_PROTOCOLS.get(protocol) ?? `ip-${protocol}`;
}

const ICMP_TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'echo-reply'],
  [3, 'destination-unreachable'],
  [4, 'source-quench'],
  [5, 'redirect'],
  [8, 'echo'],
  [9, 'router-advertisement'],
  [10, 'router-solicitation'],
  [11, 'time-exceeded'],
  [12, 'parameter-problem'],
  [13, 'timestamp'],
  [14, 'timestamp-reply'],
  [17, 'address-mask'],
  [18, 'address-mask-reply'],
  [42, 'extended-echo'],
  [43, 'extended-echo-reply'],
]);

const ICMPV6_TYPES: ReadonlyMap<number, string> = new Map([
  [1, 'destination-unreachable'],
  [2, 'packet-too-big'],
  [3, 'time-exceeded'],
  [4, 'parameter-problem'],
  [128, 'echo'],
  [129, 'echo-reply'],
  [130, 'multicast-listener-query'],
  [131, 'multicast-listener-report'],
  [132, 'multicast-listener-done'],
  [133, 'router-solicitation'],
  [134, 'router-advertisement'],
  [135, 'neighbor-solicitation'],
  [136, 'neighbor-advertisement'],
  [137, 'redirect'],
  [143, 'multicast-listener-report-v2'],
]);

/** Name of an ICMP (`version` 4) or ICMPv6 (6) message type; `type-N` without a name here. */
export function icmpTypeName(version: 4 | 6, type: number): string {
  return (version === 4 ? ICMP_TYPES : ICMPV6_TYPES).get(type) ?? `type-${type}`;
}

const ETHER_TYPES: ReadonlyMap<number, string> = new Map([
  [0x0004, '802.2 path control'],
  [0x0042, 'spanning tree'],
  [0x0806, 'ARP'],
  [0x0842, 'wake-on-LAN'],
  [0x22f3, 'TRILL'],
  [0x6002, 'DEC MOP'],
  [0x6558, 'transparent bridging'],
  [0x8035, 'RARP'],
  [0x809b, 'AppleTalk'],
  [0x80f3, 'AppleTalk ARP'],
  [0x8137, 'IPX'],
  [0x86dd, 'IPv6'],
  [0x8808, 'Ethernet flow control'],
  [0x8809, 'slow protocols (LACP)'],
  [0x8863, 'PPPoE discovery'],
  [0x8864, 'PPPoE session'],
  [0x886c, 'HomePNA'],
  [0x887b, 'HomePlug'],
  [0x888e, '802.1X'],
  [0x8892, 'PROFINET'],
  [0x88a2, 'ATA over Ethernet'],
  [0x88a4, 'EtherCAT'],
  [0x88b5, 'local experiment 1'],
  [0x88b6, 'local experiment 2'],
  [0x88b8, 'GOOSE'],
  [0x88ba, 'IEC 61850 sampled values'],
  [0x88cc, 'LLDP'],
  [0x88e1, 'HomePlug AV'],
  [0x88e5, 'MACsec'],
  [0x88f5, 'MVRP'],
  [0x88f7, 'PTP'],
  [0x8902, '802.1ag'],
  [0x8906, 'FCoE'],
  [0x8914, 'FCoE initialisation'],
  [0x9000, 'Ethernet loopback'],
  [0x00fe, 'OSI (IS-IS)'],
  [0x00e0, 'IPX (802.2)'],
  [0x00f0, 'NetBIOS (802.2)'],
  [0x00ff, 'IPX (raw 802.3)'],
  [0x00aa, '802.2 SNAP'],
]);

/** First number that stands for an 802.11 frame without data, see `Decoder.otherFrames`. */
const IEEE80211 = 0x10000;
const IEEE80211_KINDS = ['management', 'control', 'data', 'extension'];

/**
 * Name of a frame that is not IP: an EtherType, below 0x600 an 802.2 service access point, from
 * 0x10000 on an 802.11 frame by its type bits.
 */
export function frameKindName(kind: number): string {
  if (kind >= IEEE80211) return `802.11 ${IEEE80211_KINDS[((kind - IEEE80211) >>> 2) & 3]!}`;
  const name = ETHER_TYPES.get(kind);
  if (name !== undefined) return name;
  const digits = kind.toString(16).padStart(kind < 0x600 ? 2 : 4, '0');
  return kind < 0x600 ? `802.2 SAP 0x${digits}` : `EtherType 0x${digits}`;
}
