/** Link layers, from Ethernet to NFLOG, as another program reads them. */
import {
  amsdu,
  arp,
  ether,
  llc,
  loopback,
  mpls,
  nflog,
  nflogAttribute,
  ppp,
  pppoe,
  radiotap,
  sll,
  sll2,
  snap,
  u8,
  wifi,
  zeros,
} from './packet.ts';
import { inner4, inner6, innerFrame, PORTS } from './samples.ts';
import {
  ETHERNET,
  judgeByTshark,
  LOOP,
  NFLOG,
  NULL,
  PPP,
  RADIOTAP,
  RAW,
  type Row,
  SLL,
  SLL2,
  WIFI,
} from './tshark.ts';

const links: Row[] = [
  [
    'Ethernet',
    ETHERNET,
    ether({ src: '02:00:00:00:00:0a', pad: 60, fcs: true }, inner4),
    {
      'eth.src': '02:00:00:00:00:0a',
      'eth.type': '0x0800',
      ...PORTS,
    },
  ],
  [
    '802.1Q',
    ETHERNET,
    ether({ vlan: 10 }, inner6),
    {
      'vlan.id': '10',
      'ipv6.nxt': '17',
      ...PORTS,
    },
  ],
  [
    'QinQ',
    ETHERNET,
    ether({ vlan: [10, { id: 20, pcp: 5 }] }, inner4),
    {
      'ieee8021ad.id': '10',
      'vlan.id': '20',
      'vlan.priority': '5',
      ...PORTS,
    },
  ],
  [
    'three tags',
    ETHERNET,
    ether({ vlan: [{ id: 1, tpid: 0x9100 }, { id: 2, tpid: 0x8100 }, 3] }, inner4),
    {
      'vlan.id': '1,2,3',
      ...PORTS,
    },
  ],
  [
    'LLC',
    ETHERNET,
    ether({}, llc({ dsap: 0x42, ssap: 0x42 }, zeros(35))),
    {
      'llc.dsap': '0x42',
      'eth.len': '38',
    },
  ],
  ['SNAP', ETHERNET, ether({}, snap({}, inner4)), { 'llc.type': '0x0800', ...PORTS }],
  [
    'MPLS',
    ETHERNET,
    ether({}, mpls([100, { label: 200, tc: 3, ttl: 9 }], inner4)),
    {
      'mpls.label': '100,200',
      'mpls.bottom': '0,1',
      'mpls.ttl': '64,9',
      ...PORTS,
    },
  ],
  [
    'pseudowire',
    ETHERNET,
    ether({}, mpls([300], innerFrame, { controlWord: true })),
    {
      'mpls.label': '300',
      'eth.type': '0x8847,0x0800',
      ...PORTS,
    },
  ],
  [
    'PPPoE',
    ETHERNET,
    ether({}, pppoe({ session: 7 }, inner6)),
    {
      'pppoe.session_id': '0x0007',
      'ppp.protocol': '0x0057',
      ...PORTS,
    },
  ],
  [
    'ARP',
    ETHERNET,
    ether({}, arp({ sender: '192.0.2.1', target: '198.51.100.2', operation: 2 })),
    {
      'arp.opcode': '2',
      'arp.src.proto_ipv4': '192.0.2.1',
      'arp.dst.proto_ipv4': '198.51.100.2',
    },
  ],
  [
    'cooked v1',
    SLL,
    sll({ packetType: 4 }, inner4),
    {
      'sll.pkttype': '4',
      'sll.etype': '0x0800',
      ...PORTS,
    },
  ],
  [
    'cooked v2',
    SLL2,
    sll2({ interfaceIndex: 3, packetType: 1 }, inner6),
    {
      'sll.ifindex': '3',
      'sll.pkttype': '1',
      'sll.etype': '0x86dd',
      ...PORTS,
    },
  ],
  ['null', NULL, loopback({}, inner4), { 'null.family': '2', ...PORTS }],
  ['null, IPv6', NULL, loopback({ family: 30 }, inner6), { 'null.family': '30', ...PORTS }],
  ['loop', LOOP, loopback({ big: true }, inner6), { 'null.family': '24', ...PORTS }],
  ['raw', RAW, inner6, PORTS],
  ['PPP', PPP, ppp({}, inner4), { 'ppp.protocol': '0x0021', ...PORTS }],
  [
    'PPP, compressed',
    PPP,
    ppp({ compressed: true, framing: false }, inner4),
    {
      'ppp.protocol': '0x0021',
      ...PORTS,
    },
  ],
  [
    'NFLOG',
    NFLOG,
    nflog({ group: 5 }, inner6),
    {
      'nflog.family': '10',
      'nflog.res_id': '5',
      ...PORTS,
    },
  ],
  [
    'NFLOG with a prefix',
    NFLOG,
    nflog({ attributes: [nflogAttribute(10, 'drop\0')] }, inner4),
    {
      'nflog.prefix': 'drop',
      ...PORTS,
    },
  ],
  [
    '802.11',
    WIFI,
    wifi({ fcs: true }, inner4),
    {
      'wlan.fc.type_subtype': '0x0020',
      'wlan.fc.tods': '1',
      ...PORTS,
    },
  ],
  [
    '802.11 QoS, four addresses',
    WIFI,
    wifi({ fcs: true, qos: 5, fromDs: true, sequence: 9 }, inner6),
    {
      'wlan.fc.type_subtype': '0x0028',
      'wlan.seq': '9',
      'wlan.qos.priority': '5',
      'wlan.ta': '02:00:00:00:00:02',
      'wlan.sa': '02:00:00:00:00:04',
      ...PORTS,
    },
  ],
  [
    '802.11 with HT control',
    WIFI,
    wifi({ fcs: true, qos: true, htControl: 0 }, inner4),
    {
      'wlan.fc.order': '1',
      ...PORTS,
    },
  ],
  [
    'A-MSDU',
    WIFI,
    wifi({ fcs: true, amsdu: true }, amsdu([{ payload: inner4 }, { payload: inner6 }])),
    {
      'wlan.qos.amsdupresent': '1',
      'udp.srcport': '5000,5000',
    },
  ],
  [
    'radiotap',
    RADIOTAP,
    radiotap({ flags: 0x10 }, wifi({ fcs: true }, inner4)),
    {
      'radiotap.length': '9',
      'radiotap.flags.fcs': '1',
      'wlan.fcs.status': '1',
      ...PORTS,
    },
  ],
  [
    'radiotap, extended',
    RADIOTAP,
    radiotap({ present: [0x80000002, 0], data: u8(0) }, wifi({}, inner4)),
    {
      'radiotap.length': '13',
      ...PORTS,
    },
  ],
];

judgeByTshark('link layers', links);
