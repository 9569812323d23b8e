import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { arp, ipv4, ipv6, sll, sll2, snap, tcp, zeros } from '../../test/builders/packet.ts';
import { KIND_OWN } from './faults.ts';

const web = ipv4({}, tcp({}));

describe.each([
  { version: 1, cooked: sll, linkType: 113, header: 16 },
  { version: 2, cooked: sll2, linkType: 276, header: 20 },
])('Linux cooked version $version', ({ cooked, linkType, header }) => {
  it('carries IPv4 and IPv6', () => {
    expect(decodeFrame(cooked({}, web), linkType).rows).toMatchObject([{ source: '192.0.2.1' }]);
    expect(decodeFrame(cooked({}, ipv6({}, tcp({}))), linkType).rows).toMatchObject([
      { source: '2001:db8::1' },
    ]);
  });

  it.each([
    [0, []],
    [1, ['group']],
    [2, ['group']],
    [3, []],
    [4, []],
  ])('packet type %i marks %j', (packetType, marks) => {
    expect(decodeFrame(cooked({ packetType }, web), linkType).rows[0]?.marks).toEqual(marks);
  });

  it('carries 802.2 as protocol 4', () => {
    expect(decodeFrame(cooked({ protocol: 4 }, snap({}, web)), linkType).rows).toHaveLength(1);
  });

  it.each([
    ['ARP', {}, arp({ sender: '192.0.2.1', target: '192.0.2.2' }), 0x0806],
    ['CAN', { protocol: 0x000c }, zeros(16), KIND_OWN + 0x0c],
    [
      'netlink, whose family looks like an EtherType',
      { arphrd: 824, protocol: 0x0800 },
      web,
      KIND_OWN + 0x800,
    ],
  ])('counts %s', (_, fields, payload, kind) => {
    const { other, rows } = decodeFrame(cooked(fields, payload), linkType);
    expect(rows).toEqual([]);
    expect(other).toEqual({ [kind]: 1 });
  });

  it('cut in its header is a fault', () => {
    for (let length = 0; length < header; length++) {
      const { faults } = decodeFrame(cooked({}, web).subarray(0, length), linkType);
      expect(faults).toEqual({ 'link-header-cut': 1 });
    }
  });
});
