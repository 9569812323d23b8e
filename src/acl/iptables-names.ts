/** Words of iptables (iptables-extensions(8)): messages of ICMP, and targets that are not read. */

/** iptables -p icmp -h; types and codes as iptables names them. */
export const ICMP_NAMES: ReadonlyMap<string, readonly [number, number?]> = new Map([
  ['echo-reply', [0]],
  ['destination-unreachable', [3]],
  ['network-unreachable', [3, 0]],
  ['host-unreachable', [3, 1]],
  ['protocol-unreachable', [3, 2]],
  ['port-unreachable', [3, 3]],
  ['fragmentation-needed', [3, 4]],
  ['source-quench', [4]],
  ['redirect', [5]],
  ['echo-request', [8]],
  ['router-advertisement', [9]],
  ['router-solicitation', [10]],
  ['time-exceeded', [11]],
  ['ttl-exceeded', [11]],
  ['ttl-zero-during-transit', [11, 0]],
  ['parameter-problem', [12]],
  ['timestamp-request', [13]],
  ['timestamp-reply', [14]],
]);

/** ip6tables -p ipv6-icmp -h */
export const ICMPV6_NAMES: ReadonlyMap<string, readonly [number, number?]> = new Map([
  ['destination-unreachable', [1]],
  ['no-route', [1, 0]],
  ['packet-too-big', [2]],
  ['time-exceeded', [3]],
  ['ttl-exceeded', [3]],
  ['parameter-problem', [4]],
  ['echo-request', [128]],
  ['echo-reply', [129]],
  ['router-solicitation', [133]],
  ['router-advertisement', [134]],
  ['neighbour-solicitation', [135]],
  ['neighbor-solicitation', [135]],
  ['neighbour-advertisement', [136]],
  ['neighbor-advertisement', [136]],
  ['redirect', [137]],
]);

/** Targets that change packets or what becomes of them. */
export const TARGET_EXTENSIONS = new Set([
  ...[
    'MARK',
    'CONNMARK',
    'TCPMSS',
    'TOS',
    'DSCP',
    'TTL',
    'HL',
    'CT',
    'NOTRACK',
    'QUEUE',
    'NFQUEUE',
  ],
  ...[
    'TEE',
    'AUDIT',
    'SET',
    'TRACE',
    'DNAT',
    'SNAT',
    'MASQUERADE',
    'REDIRECT',
    'SYNPROXY',
    'HMARK',
  ],
]);
