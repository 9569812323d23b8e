import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import {
  arp,
  ether,
  ipv4,
  ipv6,
  join,
  little,
  tcp,
  u8,
  u16,
  u32,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));
const web6 = ipv6({}, tcp({}));
const [SLIP, IPSEC, FILTER_LOG, INFINIBAND, PKTAP] = [8, 109, 117, 242, 258];
const pktap = (linkType: number, content: Uint8Array, length = 108) =>
  join(little(u32(length)), little(u32(1)), little(u32(linkType)), zeros(96), content);

describe('SLIP and IPsec devices', () => {
  it('carry IPv4 and IPv6', () => {
    for (const packet of [web, web6]) {
      expect(decodeFrame(join(zeros(16), packet), SLIP).rows).toHaveLength(1);
      expect(decodeFrame(join(zeros(12), packet), IPSEC).rows).toHaveLength(1);
    }
  });
});

describe('packet filter logs', () => {
  it.each([48, 61, 64, 100])('with a header of %i octets carry IP', (length) => {
    const header = join(u8(length, 2, 1, 0), zeros(((length + 3) & ~3) - 4));
    expect(decodeFrame(join(header, web), FILTER_LOG).rows).toMatchObject([{ dport: 80 }]);
  });

  it.each([0, 4, 44])('with a header of %i octets are a fault', (length) => {
    expect(decodeFrame(join(u8(length), zeros(99)), FILTER_LOG).faults).toEqual({
      'link-header-invalid': 1,
    });
  });
});

describe('InfiniBand', () => {
  it('carries IP and ARP, also to groups', () => {
    const header = zeros(40);
    expect(decodeFrame(join(header, u16(0x86dd, 0), web6), INFINIBAND).rows[0]?.marks).toEqual([]);
    header[24] = 0xff;
    expect(decodeFrame(join(header, u16(0x0800, 0), web), INFINIBAND).rows[0]?.marks).toEqual([
      'group',
    ]);
    const ask = arp({ sender: '192.0.2.1', target: '192.0.2.2' });
    expect(decodeFrame(join(header, u16(0x0806, 0), ask), INFINIBAND).other).toEqual({ 2054: 1 });
  });
});

describe('PKTAP', () => {
  it.each([
    ['Ethernet', 1, ether({}, web)],
    ['raw IP', 12, web],
  ])('precedes %s', (_, linkType, content) => {
    expect(decodeFrame(pktap(linkType, content), PKTAP).rows).toMatchObject([{ dport: 80 }]);
  });

  it('counts a link type that is not read', () => {
    expect(decodeFrame(pktap(147, web), PKTAP).unknown).toEqual({ 147: 1 });
  });

  it.each([
    ['itself', pktap(PKTAP, web)],
    ['too short a header', pktap(1, web, 11)],
    ['too long a header', pktap(1, web, 5000)],
    ['a link type beyond 16 bits', pktap(0x10001, web)],
  ])('with %s is a fault', (_, bytes) => {
    expect(decodeFrame(bytes, PKTAP).faults).toEqual({ 'link-header-invalid': 1 });
  });
});

it.each([
  [SLIP, 16],
  [IPSEC, 12],
  [FILTER_LOG, 4],
  [INFINIBAND, 44],
  [PKTAP, 12],
])('link type %i cut in its header of %i octets is a fault', (linkType, header) => {
  for (let length = 0; length < header; length++) {
    expect(decodeFrame(zeros(length), linkType).faults).toEqual({ 'link-header-cut': 1 });
  }
});
