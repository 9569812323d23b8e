/** Transport and control protocols, as another program reads them. */
import {
  abortChunk,
  chunk,
  cookieAckChunk,
  cookieEchoChunk,
  dataChunk,
  dccp,
  icmp4,
  icmp6,
  igmp,
  initAckChunk,
  initChunk,
  ipv4,
  ipv6,
  join,
  sctp,
  shutdownChunk,
  tcp,
  tcpOptions,
  u8,
  u16,
  u32,
  udp,
} from './packet.ts';
import { inner4, inner6 } from './samples.ts';
import { judgeByTshark, RAW, type Row } from './tshark.ts';

const A = '192.0.2.1';
const B = '198.51.100.2';

const transports: Row[] = [
  [
    'SYN',
    RAW,
    ipv4(
      { src: A, dst: B },
      tcp({
        sport: 1234,
        dport: 9999,
        flags: 'S',
        seq: 0xfffffff0,
        window: 77,
        options: tcpOptions({ mss: 1460, sackPermitted: true, timestamps: [7, 0], windowScale: 8 }),
      }),
    ),
    {
      'ip.src': A,
      'ip.dst': B,
      'tcp.srcport': '1234',
      'tcp.seq_raw': '4294967280',
      'tcp.flags': '0x0002',
      'tcp.window_size_value': '77',
      'tcp.options.mss_val': '1460',
      'tcp.options.timestamp.tsval': '7',
      'tcp.options.wscale.shift': '8',
      'tcp.checksum.status': '1',
    },
  ],
  [
    'all TCP flags',
    RAW,
    ipv6({}, tcp({ dport: 9998, flags: 'FSRPAUECN', urgent: 1 }, 'x')),
    {
      'tcp.flags': '0x01ff',
      'tcp.len': '1',
      'tcp.checksum.status': '1',
    },
  ],
  [
    'SACK',
    RAW,
    ipv4({}, tcp({ dport: 9997, options: tcpOptions({ sack: [[10, 20]] }) })),
    {
      'tcp.options.sack_le': '10',
      'tcp.options.sack_re': '20',
    },
  ],
  [
    'bad TCP checksum',
    RAW,
    ipv4({}, tcp({ dport: 9996, checksum: 0x1234 })),
    { 'tcp.checksum.status': '0' },
    'Bad checksum',
  ],
  [
    'TCP header too short',
    RAW,
    ipv4({}, tcp({ dport: 9995, dataOffset: 4 })),
    { 'tcp.hdr_len': '16' },
    'header length',
  ],
  [
    'UDP without checksum',
    RAW,
    ipv4({}, udp({ dport: 6000, checksum: 0 }, 'x')),
    {
      'udp.checksum': '0x0000',
      'udp.length': '9',
    },
  ],
  [
    'UDP whose checksum is zero',
    RAW,
    ipv4({}, udp({ sport: 0x8000, dport: 6000 }, u16(0x2fd7))),
    { 'udp.checksum.status': '1' },
  ],
  [
    'bad UDP length',
    RAW,
    ipv4({}, udp({ length: 4, checksum: 0 }, 'x')),
    { 'udp.length': '4' },
    'length',
  ],
  [
    'SCTP setup',
    RAW,
    ipv4({}, sctp({ tag: 5 }, initAckChunk({ tag: 9 }))),
    {
      'sctp.chunk_type': '2',
      'sctp.verification_tag': '0x00000005',
      'sctp.checksum.status': '1',
      'sctp.initack_initiate_tag': '0x00000009',
    },
  ],
  [
    'SCTP INIT',
    RAW,
    ipv6({}, sctp({ sport: 2905, dport: 9000 }, initChunk({ tsn: 3 }))),
    {
      'sctp.chunk_type': '1',
      'sctp.init_initial_tsn': '3',
      'sctp.checksum.status': '1',
    },
  ],
  [
    'SCTP bundle',
    RAW,
    ipv4(
      {},
      sctp(
        { sport: 9001, dport: 9000 },
        cookieEchoChunk(),
        dataChunk({ tsn: 4 }, 'abc'),
        chunk(4, 0, u32(0x00010004)),
      ),
    ),
    {
      'sctp.chunk_type': '10,0,4',
      'sctp.data_tsn_raw': '4',
      'sctp.checksum.status': '1',
    },
  ],
  [
    'SCTP end',
    RAW,
    ipv4({}, sctp({ sport: 9001, dport: 9000 }, cookieAckChunk(), shutdownChunk(8))),
    { 'sctp.chunk_type': '11,7' },
  ],
  [
    'bad SCTP checksum',
    RAW,
    ipv4({}, sctp({ checksum: 1 }, abortChunk())),
    { 'sctp.checksum.status': '0' },
    'Bad SCTP checksum',
  ],
  [
    'DCCP request',
    RAW,
    ipv4({}, dccp({ service: 0x41424344, sequence: 0x100000005 })),
    {
      'dccp.type': '0',
      'dccp.seq_raw': '4294967301',
      'dccp.service_code': '1094861636',
      'dccp.checksum.status': '1',
    },
  ],
  [
    'DCCP reset',
    RAW,
    ipv6({}, dccp({ type: 'reset' })),
    {
      'dccp.type': '7',
      'dccp.checksum.status': '1',
    },
  ],
  [
    'DCCP data with acknowledgment',
    RAW,
    ipv6({}, dccp({ type: 'dataack', ack: 12 }, 'abc')),
    {
      'dccp.type': '4',
      'dccp.ack_raw': '12',
      'dccp.checksum.status': '1',
    },
  ],
  [
    'echo',
    RAW,
    ipv4({}, icmp4({ type: 8, id: 3, sequence: 4 }, 'ping')),
    {
      'icmp.type': '8',
      'icmp.ident': '3',
      'icmp.seq': '4',
      'icmp.checksum.status': '1',
    },
  ],
  [
    'port unreachable',
    RAW,
    ipv4({ src: B }, icmp4({ type: 3, code: 3 }, inner4.slice(0, 28))),
    {
      'icmp.code': '3',
      'ip.src': `${B},10.0.0.1`,
      'udp.dstport': '6000',
      'icmp.checksum.status': '1',
    },
  ],
  [
    'echo, version 6',
    RAW,
    ipv6({}, icmp6({ type: 128, id: 3, sequence: 4 }, 'ping')),
    {
      'icmpv6.type': '128',
      'icmpv6.echo.identifier': '0x0003',
      'icmpv6.checksum.status': '1',
    },
  ],
  [
    'packet too big',
    RAW,
    ipv6({}, icmp6({ type: 2, rest: 1280 }, inner6)),
    {
      'icmpv6.mtu': '1280',
      'udp.dstport': '6000',
      'icmpv6.checksum.status': '1',
    },
  ],
  [
    'IGMPv2',
    RAW,
    ipv4({ ttl: 1, dst: '239.1.2.3' }, igmp({})),
    {
      'igmp.type': '0x16',
      'igmp.maddr': '239.1.2.3',
      'igmp.checksum.status': '1',
    },
  ],
  [
    'IGMPv3',
    RAW,
    ipv4(
      { ttl: 1, dst: '224.0.0.22' },
      igmp({ type: 0x22, group: '0.0.0.1' }, join(u8(4, 0, 0, 0), u8(239, 1, 2, 4))),
    ),
    {
      'igmp.type': '0x22',
      'igmp.maddr': '239.1.2.4',
      'igmp.checksum.status': '1',
    },
  ],
];

judgeByTshark('transports', transports);
