/** Tunnels, as another program reads them. */
import {
  erspan,
  geneve,
  gre,
  gtpu,
  ipv4,
  ipv6,
  l2tp,
  ppp,
  pptp,
  teredo,
  u8,
  udp,
  vxlan,
  vxlanGpe,
  zeros,
} from './packet.ts';
import { inner4, inner6, innerFrame, PORTS } from './samples.ts';
import { type Fields, judgeByTshark, RAW, type Row } from './tshark.ts';

/** What tshark sees of a UDP tunnel around `datagram`: the outer layer's value comes first. */
const through = (port: number, source = 40000): Fields => ({
  'udp.srcport': `${source},5000`,
  'udp.dstport': `${port},6000`,
  'udp.checksum.status': '1,1',
});

const tunnels: Row[] = [
  ['IP in IP', RAW, ipv4({}, inner4), { 'ip.proto': '4,17', ...PORTS }],
  ['6in4', RAW, ipv4({}, inner6), { 'ip.proto': '41', ...PORTS }],
  ['4in6', RAW, ipv6({}, inner4), { 'ipv6.nxt': '4', ...PORTS }],
  ['GRE', RAW, ipv4({}, gre({}, inner4)), { 'gre.proto': '0x0800', ...PORTS }],
  [
    'GRE with everything',
    RAW,
    ipv6({}, gre({ key: 5, sequence: 6, checksum: true }, innerFrame)),
    {
      'gre.key': '0x00000005',
      'gre.sequence_number': '6',
      'gre.checksum.status': '1',
      'gre.proto': '0x6558',
      ...PORTS,
    },
  ],
  [
    'PPTP',
    RAW,
    ipv4({}, pptp({ call: 9, sequence: 2, acknowledgment: 1 }, ppp({}, inner4))),
    {
      'gre.key.call_id': '9',
      'gre.sequence_number': '2',
      'ppp.protocol': '0x0021',
      ...PORTS,
    },
  ],
  [
    'ERSPAN I',
    RAW,
    ipv4({}, erspan({ type: 1 }, innerFrame)),
    {
      'gre.proto': '0x88be',
      ...PORTS,
    },
  ],
  [
    'ERSPAN II',
    RAW,
    ipv4({}, erspan({ session: 12, vlan: 30, sequence: 4 }, innerFrame)),
    {
      'erspan.spanid': '12',
      'erspan.vlan': '30',
      'gre.sequence_number': '4',
      ...PORTS,
    },
  ],
  [
    'ERSPAN III',
    RAW,
    ipv4({}, erspan({ type: 3, session: 12, vlan: 30 }, innerFrame)),
    {
      'erspan.spanid': '12',
      'erspan.vlan': '30',
      ...PORTS,
    },
  ],
  [
    'ERSPAN III, subheader',
    RAW,
    ipv4({}, erspan({ type: 3, subheader: zeros(8) }, innerFrame)),
    PORTS,
  ],
  [
    'VXLAN',
    RAW,
    ipv4({}, udp({}, vxlan({ vni: 99 }, innerFrame))),
    {
      'vxlan.vni': '99',
      ...through(4789),
    },
  ],
  [
    'VXLAN-GPE',
    RAW,
    ipv4({}, udp({}, vxlanGpe({ vni: 98 }, inner6))),
    {
      'vxlan.vni': '98',
      'vxlan.next_proto': '2',
      ...through(4790),
    },
  ],
  [
    'Geneve',
    RAW,
    ipv6(
      {},
      udp(
        {},
        geneve(
          { vni: 97, options: [{ class: 0x102, type: 0x80, data: u8(1, 2, 3, 4) }] },
          innerFrame,
        ),
      ),
    ),
    {
      'geneve.vni': '0x000061',
      'geneve.option.class': '0x0102',
      ...through(6081),
    },
  ],
  [
    'Teredo',
    RAW,
    ipv4(
      {},
      udp(
        { sport: 3544 },
        teredo({ authentication: true, origin: { port: 6, address: '192.0.2.1' } }, inner6),
      ),
    ),
    {
      'teredo.orig.port': '6',
      'teredo.orig.addr': '192.0.2.1',
      ...through(3544, 3544),
    },
  ],
  [
    'GTP-U',
    RAW,
    ipv4({}, udp({}, gtpu({ teid: 0x55 }, inner4))),
    {
      'gtp.teid': '0x00000055',
      ...through(2152),
    },
  ],
  [
    'GTP-U, extended',
    RAW,
    ipv4(
      {},
      udp({}, gtpu({ sequence: 3, extensions: [{ type: 0x85, content: u8(0, 9) }] }, inner6)),
    ),
    {
      'gtp.seq_number': '0x0003',
      'gtp.ext_hdr.next': '0x85,0x00',
      ...through(2152),
    },
  ],
  [
    'L2TP',
    RAW,
    ipv4({}, udp({}, l2tp({ tunnel: 3, session: 4 }, ppp({}, inner4)))),
    {
      'l2tp.tunnel': '3',
      'l2tp.session': '4',
      ...through(1701),
    },
  ],
];

judgeByTshark('tunnels', tunnels);
