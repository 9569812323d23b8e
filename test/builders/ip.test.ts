/** IPv4, IPv6, extension headers and fragments, as another program reads them. */
import { describe, expect, it } from 'vitest';
import {
  authentication,
  destinationOptions,
  esp,
  fragment4,
  fragment6,
  fragmentHeader,
  hopByHop,
  ip6,
  ipv4,
  ipv6,
  ipv6Option,
  routing,
  u8,
  u16,
  udp,
  zeros,
} from './packet.ts';
import { datagram, inner4, PORTS, segment } from './samples.ts';
import { judgeByTshark, RAW, type Row } from './tshark.ts';

const internet: Row[] = [
  [
    'IPv4 options',
    RAW,
    ipv4({ options: u8(0x94, 4, 0, 0), ttl: 3, id: 77, tos: 0xb8, flags: '' }, segment),
    {
      'ip.hdr_len': '24',
      'ip.ttl': '3',
      'ip.id': '0x004d',
      'ip.dsfield.dscp': '46',
      'ip.flags.df': '0',
      'ip.opt.type': '148',
      'ip.checksum.status': '1',
      'tcp.checksum.status': '1',
    },
  ],
  ['experimental protocol', RAW, ipv4({}, 'opaque'), { 'ip.proto': '253', 'ip.len': '26' }],
  [
    'IPv6 chain',
    RAW,
    ipv6(
      { flowLabel: 0xabcde, trafficClass: 4, hopLimit: 2 },
      hopByHop(
        { options: ipv6Option(5, u16(0)) },
        destinationOptions({}, authentication({}, segment)),
      ),
    ),
    {
      'ipv6.nxt': '0',
      'ipv6.hopopts.nxt': '60',
      'ipv6.dstopts.nxt': '51',
      'ipv6.flow': '0x0abcde',
      'ipv6.hlim': '2',
      'ah.sequence': '1',
      'tcp.dstport': '8000',
      'tcp.checksum.status': '1',
    },
  ],
  [
    'routing, type 0',
    RAW,
    ipv6({}, routing({ type: 0, addresses: ['2001:db8::77'] }, datagram)),
    {
      'ipv6.routing.type': '0',
      'ipv6.routing.segleft': '1',
      ...PORTS,
    },
  ],
  [
    'routing, type 2',
    RAW,
    ipv6({}, routing({}, datagram)),
    {
      'ipv6.routing.type': '2',
      ...PORTS,
    },
  ],
  [
    'segment routing',
    RAW,
    ipv6(
      {},
      routing({ type: 4, addresses: ['2001:db8::99', '2001:db8::2'], segmentsLeft: 0 }, datagram),
    ),
    {
      'ipv6.routing.type': '4',
      'ipv6.routing.srh.last_entry': '1',
      ...PORTS,
    },
  ],
  [
    'atomic fragment',
    RAW,
    ipv6({}, fragmentHeader({ id: 9 }, datagram)),
    {
      'ipv6.fraghdr.ident': '0x00000009',
      ...PORTS,
    },
  ],
  [
    'AH over IPv4',
    RAW,
    ipv4({}, authentication({ spi: 0x222 }, segment)),
    {
      'ah.spi': '0x00000222',
      'tcp.checksum.status': '1',
    },
  ],
  [
    'ESP',
    RAW,
    ipv6({}, esp({ spi: 0x333, sequence: 4 }, zeros(32))),
    {
      'esp.spi': '0x00000333',
      'esp.sequence': '4',
    },
  ],
  ['zero total length', RAW, ipv4({ length: 0 }, segment), { 'ip.len': '0' }, 'Bogus'],
  [
    'bad IPv4 checksum',
    RAW,
    ipv4({ checksum: 1 }, segment),
    { 'ip.checksum.status': '0' },
    'Bad checksum',
  ],
];

const long = 'x'.repeat(1499);
const pieces4 = fragment4(
  ipv4({ id: 321, flags: '', options: u8(1, 1, 1, 1) }, udp({ sport: 5000, dport: 6001 }, long)),
  576,
);
const pieces6 = fragment6(
  ipv6({}, hopByHop({ options: ipv6Option(5, u16(0)) }, udp({ sport: 5000, dport: 6001 }, long))),
  700,
  5,
);
const WHOLE = { 'udp.length': '1507', 'udp.dstport': '6001', 'udp.checksum.status': '1' };
const fragments: Row[] = [
  ...pieces4.map(
    (frame, index): Row => [
      `IPv4 fragment ${index}`,
      RAW,
      frame,
      {
        'ip.frag_offset': `${index * 69}`,
        'ip.checksum.status': '1',
        ...(index === pieces4.length - 1 && WHOLE),
      },
    ],
  ),
  ...pieces6.map(
    (frame, index): Row => [
      `IPv6 fragment ${index}`,
      RAW,
      frame,
      {
        'ipv6.fraghdr.ident': '0x00000005',
        ...(index === pieces6.length - 1 && WHOLE),
      },
    ],
  ),
];

judgeByTshark('internet layers', [...internet, ...fragments]);

describe('fragments', () => {
  it('fit the MTU', () => {
    expect(pieces4.map((piece) => piece.length)).toEqual([576, 576, 427]);
    expect(pieces6.every((piece) => piece.length <= 700)).toBe(true);
  });

  it('need room for eight octets', () => {
    expect(() => fragment4(inner4, 27)).toThrow(RangeError);
  });
});

describe('addresses', () => {
  it.each([
    ['::', '0'.repeat(32)],
    ['2001:db8::1', '20010db8000000000000000000000001'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ])('%s', (text, expected) => {
    expect(Buffer.from(ip6(text)).toString('hex')).toBe(expected);
  });

  it.each(['1:2', '1:2:3:4:5:6:7:8:9', '1::2:3:4:5:6:7:8'])('refuses %s', (text) => {
    expect(() => ip6(text)).toThrow(TypeError);
  });
});
