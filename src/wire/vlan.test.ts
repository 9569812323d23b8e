import { describe, expect, it } from 'vitest';
import { decodeFrame, decodeFrames } from '../../test/builders/decode.ts';
import { ether, ipv4, llc, snap, tcp, type VlanTag, zeros } from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));
const tag = (id: number, tpid: number): VlanTag => ({ id, tpid, pcp: 7, dei: true });

describe('VLAN tags', () => {
  it.each<[string, number | readonly (number | VlanTag)[], number, number]>([
    ['one 802.1Q tag', 10, 10, 0],
    ['the highest id', 4095, 4095, 0],
    ['802.1ad over 802.1Q', [100, 20], 100, 20],
    ['0x9100 over 802.1Q', [tag(100, 0x9100), 20], 100, 20],
    ['0x9200 over 802.1ad', [tag(100, 0x9200), tag(20, 0x88a8)], 100, 20],
    ['the last of three tags as the inner one', [1, 2, 3], 1, 3],
    ['a priority tag as none', 0, 0, 0],
    ['a tag inside a priority tag as the outer one', [0, 30], 30, 0],
  ])('give %s as context', (_, vlan, outer, inner) => {
    const { rows } = decodeFrame(ether({ vlan }, web));
    expect(rows).toMatchObject([
      { dport: 80, context: { vlan: outer, innerVlan: inner, tunnel: 'none', depth: 0 } },
    ]);
  });

  it('make different flows of the same addresses', () => {
    const { rows } = decodeFrames([10, 20, [10, 20]].map((vlan) => ether({ vlan }, web)));
    expect(new Set(rows.map((row) => row.hash)).size).toBe(3);
  });

  it('do not carry over to the next frame', () => {
    const { rows } = decodeFrames([ether({ vlan: [10, 20] }, web), ether({}, web)]);
    expect(rows[1]?.context).toMatchObject({ vlan: 0, innerVlan: 0 });
  });

  it('may precede an 802.3 length', () => {
    expect(decodeFrame(ether({ vlan: 9, pad: 64 }, snap({}, web))).rows).toMatchObject([
      { context: { vlan: 9 }, ipLength: 40 },
    ]);
    expect(decodeFrame(ether({ vlan: 9 }, llc({}, zeros(35)))).other).toEqual({ 66: 1 });
  });

  it('are followed in any number', () => {
    const vlan = Array.from({ length: 3000 }, (_, index) => (index % 4000) + 1);
    expect(decodeFrame(ether({ vlan }, web)).rows).toMatchObject([
      { context: { vlan: 1, innerVlan: 3000 } },
    ]);
  });

  it.each([14, 15, 16, 17, 18, 19, 20, 21])('cut to %i octets are a fault', (length) => {
    const { faults } = decodeFrame(ether({ vlan: [1, 2] }, web).subarray(0, length));
    expect(faults).toEqual({ 'vlan-header-cut': 1 });
  });
});
