/**
 * One well-formed frame, at least, for every protocol that the decoder reads: what truncation and
 * mutation tests start from. `file` is the decoder's file in src/wire/ that the frame is about.
 */
import {
  amsdu,
  arp,
  authentication,
  chunk,
  dataChunk,
  dccp,
  destinationOptions,
  erspan,
  esp,
  ether,
  fragment4,
  fragment6,
  geneve,
  gre,
  gtpu,
  hex,
  hopByHop,
  icmp4,
  icmp6,
  igmp,
  initAckChunk,
  initChunk,
  ipv4,
  ipv6,
  join,
  little,
  llc,
  loopback,
  mpls,
  nflog,
  type Payload,
  ppp,
  pppoe,
  pptp,
  radiotap,
  routing,
  sctp,
  sll,
  sll2,
  snap,
  tcp,
  tcpOptions,
  teredo,
  u8,
  u16,
  u24,
  u32,
  udp,
  vxlan,
  vxlanGpe,
  wifi,
  zeros,
} from './packet.ts';

export interface Specimen {
  readonly file: string;
  readonly name: string;
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

const text = 'GET / HTTP/1.1\r\nHost: www.example.net\r\n\r\n';
const web4 = ipv4({ id: 7 }, tcp({ flags: 'PA' }, text));
const web6 = ipv6({}, tcp({ flags: 'PA' }, text));
const dns = udp(
  { sport: 40000, dport: 53 },
  hex('1234 0100 0001 0000 0000 0000 0161 00 0001 0001'),
);
const frame4 = ether({}, web4);
const frame6 = ether({}, web6);
const large4 = ipv4({ id: 99, flags: '' }, udp({}, zeros(100)));
const large6 = ipv6({}, udp({}, zeros(100)));
const carried = (payload: Payload) => ether({}, ipv4({ src: '203.0.113.1', id: 1 }, payload));
const parts = [...fragment4(large4, 60), ...fragment6(large6, 96)];

/** The link types by which the headers below are announced. */
const [NULL, ETHERNET, PPP, RAW, HDLC, PPPOE] = [0, 1, 9, 101, 50, 51];
const [CISCO, WIFI, LOOP, SLL, PRISM, RADIOTAP] = [104, 105, 108, 113, 119, 127];
const [AVS, PPI, NFLOG, SLL2] = [163, 192, 239, 276];

const entries: readonly (readonly [string, string, number, Uint8Array])[] = [
  ['ethernet', 'IPv4', ETHERNET, frame4],
  [
    'ethernet',
    'padded, with check sequence',
    ETHERNET,
    ether({ pad: 60, fcs: true }, ipv4({}, dns)),
  ],
  ['ethernet', 'FabricPath', ETHERNET, join(zeros(12), u16(0x8903, 0x0101), frame4)],
  ['vlan', 'one tag', ETHERNET, ether({ vlan: 10 }, web4)],
  ['vlan', 'two tags', ETHERNET, ether({ vlan: [10, 20] }, web6)],
  ['mpls', 'IPv4 under two labels', ETHERNET, ether({}, mpls([16, 17], web4))],
  ['mpls', 'pseudowire', ETHERNET, ether({}, mpls([16], frame4, { controlWord: true }))],
  ['llc', 'SNAP', ETHERNET, ether({ pad: 60 }, snap({}, web4))],
  ['llc', 'spanning tree', ETHERNET, ether({ pad: 60 }, llc({}, zeros(35)))],
  ['llc', 'IP service access point', ETHERNET, ether({}, llc({ dsap: 6, ssap: 6 }, web4))],
  ['linux-cooked', 'version 1', SLL, sll({}, web4)],
  ['linux-cooked', 'version 2', SLL2, sll2({}, web6)],
  ['null-loop', 'null', NULL, loopback({}, web4)],
  ['null-loop', 'loop', LOOP, loopback({ big: true }, web6)],
  ['ip', 'IPv4', RAW, web4],
  ['ip', 'IPv6', RAW, web6],
  ['ppp', 'framed', PPP, ppp({}, web4)],
  ['ppp', 'compressed', PPP, ppp({ compressed: true, framing: false }, web6)],
  ['ppp', 'HDLC', HDLC, ppp({}, web4)],
  ['ppp', 'Cisco HDLC', CISCO, join(u8(0x0f, 0), u16(0x0800), web4)],
  ['pppoe', 'session', ETHERNET, ether({}, pppoe({}, web6))],
  ['pppoe', 'bare', PPPOE, pppoe({}, web4)],
  ['nflog', 'IPv4', NFLOG, nflog({}, web4)],
  ['ieee80211', 'data', WIFI, wifi({}, web4)],
  [
    'ieee80211',
    'four addresses and quality of service',
    WIFI,
    wifi({ fromDs: true, qos: true }, web4),
  ],
  [
    'ieee80211',
    'aggregate',
    WIFI,
    wifi({ amsdu: true }, amsdu([{ payload: web4 }, { payload: web6 }])),
  ],
  ['radio-headers', 'radiotap', RADIOTAP, radiotap({}, wifi({ fcs: true }, web4))],
  ['radio-headers', 'Prism', PRISM, join(u32(0x44, 144), zeros(136), wifi({}, web4))],
  ['radio-headers', 'AVS', AVS, join(u32(0x80211001, 64), zeros(56), wifi({}, web4))],
  ['radio-headers', 'PPI', PPI, join(u16(0), little(u16(8)), little(u32(105)), wifi({}, web4))],
  [
    'arp',
    'request',
    ETHERNET,
    ether({ pad: 60 }, arp({ sender: '192.0.2.1', target: '192.0.2.2' })),
  ],
  ['ipv4', 'options', ETHERNET, ether({}, ipv4({ options: u8(148, 4, 0, 0) }, dns))],
  ['ipv4', 'total length 0', ETHERNET, ether({}, ipv4({ length: 0 }, tcp({}, zeros(3000))))],
  ['old-lans', 'FDDI', 10, join(u8(0x50), zeros(12), snap({}, web4))],
  [
    'old-lans',
    'Token Ring with a route',
    6,
    join(u8(0x10, 0x40), zeros(6), u8(0x80), zeros(5), u16(0x0400, 1), snap({}, web4)),
  ],
  ['old-lans', 'ARCnet', 7, join(u8(1, 2, 212, 0, 0, 1), web4)],
  ['old-lans', 'ARCnet on Linux', 129, join(u8(1, 2, 0, 0, 212, 0, 0, 1), web4)],
  ['old-lans', 'IEEE 1394', 138, join(zeros(16), u16(0x86dd), web6)],
  ['old-lans', 'Fibre Channel', 122, join(zeros(16), snap({}, web4))],
  ['switch-tags', 'Broadcom', 281, join(zeros(12), u32(0x2c000080), u16(0x0800), web4)],
  ['switch-tags', 'Broadcom before', 282, join(u32(0x2c000080), frame4)],
  ['switch-tags', 'Marvell', 284, join(zeros(12), u32(0xc00a0000), u16(0x0800), web4)],
  [
    'switch-tags',
    'typed Marvell',
    285,
    join(zeros(12), u32(0xdada0000, 0xe00a0007), u16(0x0800), web4),
  ],
  ['frame-relay', 'IPv4', 107, join(u8(0x18, 0x41, 3, 0xcc), web4)],
  ['frame-relay', 'bridged', 107, join(u8(0x18, 0x41, 3, 0, 0x80), u24(0x80c2), u16(7), frame4)],
  ['frame-relay', 'Cisco', 107, join(u8(0x48, 0xe1), u16(0x86dd), web6)],
  ['host-headers', 'SLIP', 8, join(zeros(16), web4)],
  ['host-headers', 'IPsec device', 109, join(zeros(12), web6)],
  ['host-headers', 'packet filter log', 117, join(u8(61, 2, 1, 0), zeros(60), web4)],
  ['host-headers', 'InfiniBand', 242, join(zeros(40), u16(0x0800, 0), web4)],
  [
    'host-headers',
    'PKTAP',
    258,
    join(little(u32(108)), little(u32(1)), little(u32(1)), zeros(96), frame4),
  ],
  ['ipv6', 'UDP', ETHERNET, ether({}, ipv6({}, dns))],
  [
    'ipv6',
    'extension headers',
    ETHERNET,
    ether({}, ipv6({}, hopByHop({}, routing({}, destinationOptions({}, authentication({}, dns)))))),
  ],
  ...parts.map(
    (part, index) => ['fragments', `piece ${index}`, ETHERNET, ether({}, part)] as const,
  ),
  ['transport', 'IP in IP', ETHERNET, carried(ipv4({}, dns))],
  ['transport', '6in4', ETHERNET, carried(web6)],
  ['transport', '4in6', ETHERNET, ether({}, ipv6({}, web4))],
  ['transport', 'EtherIP', ETHERNET, ether({}, ipv4({ protocol: 97 }, join(u16(0x3000), frame4)))],
  ['transport', 'MPLS in IP', ETHERNET, carried(mpls([5], web4))],
  ['transport', 'Ethernet in IP', ETHERNET, ether({}, ipv6({}, frame4))],
  ['transport', 'AH', ETHERNET, carried(authentication({}, tcp({}, text)))],
  ['transport', 'ESP', ETHERNET, carried(esp({}, zeros(40)))],
  ['transport', 'IGMP', ETHERNET, carried(igmp({}))],
  [
    'tcp',
    'SYN with options',
    ETHERNET,
    ether({}, ipv4({}, tcp({ flags: 'S', options: tcpOptions({ mss: 1460, windowScale: 7 }) }))),
  ],
  [
    'tcp',
    'TLS',
    ETHERNET,
    ether({}, ipv4({ id: 3 }, tcp({ dport: 443 }, hex('1603010005 01 000001 00')))),
  ],
  ['udp', 'DNS', ETHERNET, carried(dns)],
  ['transport', 'UDP-Lite', ETHERNET, ether({}, ipv4({ protocol: 136 }, udp({}, 'hello').slice()))],
  ['sctp', 'INIT', ETHERNET, carried(sctp({}, initChunk()))],
  ['sctp', 'INIT ACK', ETHERNET, carried(sctp({}, initAckChunk()))],
  ['sctp', 'data', ETHERNET, carried(sctp({}, dataChunk({}, 'hello'), chunk(3, 0, zeros(12))))],
  ['dccp', 'request', ETHERNET, carried(dccp({}))],
  ['dccp', 'data', ETHERNET, carried(dccp({ type: 'data' }, 'hello'))],
  ['icmp', 'echo', ETHERNET, carried(icmp4({ type: 8, id: 1 }, zeros(32)))],
  ['icmp', 'port unreachable', ETHERNET, carried(icmp4({ type: 3, code: 3 }, ipv4({}, dns)))],
  [
    'icmpv6',
    'neighbour solicitation',
    ETHERNET,
    ether({}, ipv6({}, icmp6({ type: 135 }, zeros(16)))),
  ],
  ['icmpv6', 'packet too big', ETHERNET, ether({}, ipv6({}, icmp6({ type: 2, rest: 1280 }, web6)))],
  ['gre', 'all options', ETHERNET, carried(gre({ key: 1, sequence: 2, checksum: true }, web4))],
  ['gre', 'transparent bridging', ETHERNET, carried(gre({}, frame6))],
  ['gre', 'PPTP', ETHERNET, carried(pptp({ sequence: 1, acknowledgment: 1 }, ppp({}, web4)))],
  ['erspan', 'type I', ETHERNET, carried(erspan({ type: 1 }, frame4))],
  ['erspan', 'type II', ETHERNET, carried(erspan({}, frame4))],
  ['erspan', 'type III', ETHERNET, carried(erspan({ type: 3, subheader: zeros(8) }, frame6))],
  ['vxlan', 'plain', ETHERNET, carried(udp({}, vxlan({ vni: 77 }, ether({ vlan: 3 }, web4))))],
  ['vxlan', 'generic protocol extension', ETHERNET, carried(udp({}, vxlanGpe({}, web6)))],
  [
    'geneve',
    'with an option',
    ETHERNET,
    carried(udp({}, geneve({ options: [{ class: 1, type: 2, data: zeros(4) }] }, frame4))),
  ],
  ['gtp', 'bare', ETHERNET, carried(udp({ sport: 2152 }, gtpu({}, web4)))],
  [
    'gtp',
    'with extension headers',
    ETHERNET,
    carried(udp({}, gtpu({ sequence: 1, extensions: [{ type: 0x85, content: u16(1) }] }, web6))),
  ],
  ['teredo', 'bare', ETHERNET, carried(udp({}, teredo({}, web6)))],
  [
    'teredo',
    'authentication and origin',
    ETHERNET,
    carried(
      udp({}, teredo({ authentication: true, origin: { port: 1, address: '192.0.2.9' } }, web6)),
    ),
  ],
  [
    'hints',
    'TFTP',
    ETHERNET,
    carried(udp({ dport: 69 }, join(u16(1), 'file', u8(0), 'octet', u8(0)))),
  ],
  ['hints', 'SNMP', ETHERNET, carried(udp({ dport: 161 }, hex('302602010104067075626c6963a019')))],
  ['hints', 'QUIC', ETHERNET, carried(udp({ dport: 443 }, join(u8(0xd0), u32(1), u24(0))))],
  [
    'transport',
    'nine packets inside each other',
    ETHERNET,
    ether(
      {},
      Array.from({ length: 9 }).reduce((inner: Uint8Array) => ipv4({}, inner), ipv4({}, dns)),
    ),
  ],
];

export const SPECIMENS: readonly Specimen[] = entries.map(([file, name, linkType, bytes]) => ({
  file,
  name,
  linkType,
  bytes,
}));
