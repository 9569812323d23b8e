import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, decodeFrames, RAW_IP } from '../../test/builders/decode.ts';
import {
  arp,
  ether,
  ipv4,
  ipv6,
  mpls,
  type Payload,
  tcp,
  udp,
  vxlan,
  vxlanGpe,
} from '../../test/builders/packet.ts';

const web = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, tcp({}));
const read = (payload: Payload, fields = {}) => {
  const decoded = decodeFrame(ipv4({}, udp(fields, payload)), RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('VXLAN', () => {
  it.each([4789, 8472])('on port %i shows the frame inside', (dport) => {
    const { rows, faults } = read(vxlan({ vni: 0xabcdef }, ether({ vlan: 7 }, web)), { dport });
    expect(rows).toMatchObject([
      { protocol: 17, dport, carried: 40, context: { tunnel: 'none' } },
      { dport: 80, context: { tunnel: 'vxlan', tunnelId: 0xabcdef, vlan: 7, depth: 1 } },
    ]);
    expect(faults).toEqual({});
  });

  it('keeps networks apart', () => {
    const frames = [1, 2].map((vni) =>
      ether({}, ipv4({}, udp({}, vxlan({ vni }, ether({}, web))))),
    );
    const inner = decodeFrames(frames).rows.filter((row) => row.marks.includes('inner'));
    expect(inner.map((row) => row.context.tunnelId)).toEqual([1, 2]);
    expect(inner[0]?.hash).not.toBe(inner[1]?.hash);
  });

  it('marks broadcasts inside by the frame inside', () => {
    const frame = ether({ dst: 'ff:ff:ff:ff:ff:ff' }, web);
    expect(read(vxlan({}, frame)).rows.map((row) => row.marks)).toEqual([[], ['inner', 'group']]);
  });

  it.each([
    ['without a network number', vxlan({ flags: 0 }, ether({}, web))],
    ['too short for a frame', vxlan({}, 'too short')],
    ['empty', ''],
  ])('%s is plain UDP', (_, payload) => {
    const { rows, faults } = read(payload, { dport: 4789 });
    expect(rows).toMatchObject([{ dport: 4789, carried: 0 }]);
    expect(faults).toEqual({});
  });

  it('that carries ARP charges the outer packet with it', () => {
    const { rows, other } = read(
      vxlan({}, ether({}, arp({ sender: '192.0.2.1', target: '192.0.2.2' }))),
    );
    expect(rows).toMatchObject([{ carried: 0 }]);
    expect(other).toEqual({});
  });
});

describe('VXLAN-GPE', () => {
  it.each([
    ['IPv4', web, {}],
    ['IPv6', ipv6({}, tcp({})), {}],
    ['Ethernet', ether({}, web), {}],
    ['MPLS', mpls([3], web), {}],
    ['Ethernet when it does not say', ether({}, web), { flags: 0x08, next: 1 }],
  ])('carries %s', (_, payload, fields) => {
    expect(read(vxlanGpe({ vni: 3, ...fields }, payload)).rows).toMatchObject([
      { dport: 4790 },
      { dport: 80, context: { tunnel: 'vxlan', tunnelId: 3 } },
    ]);
  });

  it('leaves other payloads alone', () => {
    expect(read(vxlanGpe({ next: 4 }, web)).rows).toHaveLength(1);
    expect(read(vxlanGpe({ flags: 0 }, web)).rows).toHaveLength(1);
  });
});
