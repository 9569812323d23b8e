/**
 * IP protocols by the names that Linux programs take: those of /etc/protocols that firewalls are
 * written with, and nftables' own (nft(8), INET PROTOCOL).
 */
export const LINUX_PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['tcp', 6],
  ['udp', 17],
  ['dccp', 33],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmpv6', 58],
  ['ipv6-icmp', 58],
  ['ospf', 89],
  ['comp', 108],
  ['vrrp', 112],
  ['sctp', 132],
  ['udplite', 136],
]);

/**
 * Headers on the way to the transport (RFC 8200, 4.1): over IPv6 the kernel looks for what is behind
 * them and never finds a packet to be of such a protocol.
 */
export const PASSED_OVER: readonly number[] = [0, 43, 44, 60];

/** ip6tables passes over this one too where it is not built on nftables. */
export const AUTHENTICATION = 51;
