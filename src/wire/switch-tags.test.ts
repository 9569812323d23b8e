import { describe, expect, it } from 'vitest';
import { decodeFrame, decodeFrames } from '../../test/builders/decode.ts';
import { ether, ipv4, join, tcp, u16, u32, zeros } from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));
const addresses = zeros(12);
const [BROADCOM, BROADCOM_BEFORE, MARVELL, MARVELL_TYPED] = [281, 282, 284, 285];
const tagged = (...tag: number[]) => join(addresses, u32(...tag), u16(0x0800), web);

describe('switch tags', () => {
  it('of Broadcom stand behind or before the addresses', () => {
    expect(decodeFrame(tagged(0x2c000080), BROADCOM).rows).toMatchObject([
      { dport: 80, marks: [] },
    ]);
    const frame = join(u32(0x2c000080), ether({ vlan: 3 }, web));
    expect(decodeFrame(frame, BROADCOM_BEFORE).rows).toMatchObject([{ context: { vlan: 3 } }]);
  });

  it.each([
    ['untagged', 0xc00a0007, 0],
    ['tagged', 0xe00a0007, 7],
    ['tagged, with priority and the highest id', 0x6000efff, 4095],
  ])('of Marvell replace a VLAN tag: %s', (_, tag, vlan) => {
    expect(decodeFrame(tagged(tag), MARVELL).rows).toMatchObject([
      { dport: 80, context: { vlan } },
    ]);
    expect(decodeFrame(tagged(0xdada0000, tag), MARVELL_TYPED).rows).toMatchObject([
      { dport: 80, context: { vlan } },
    ]);
  });

  it('say nothing of the frames that follow', () => {
    const frames = [0xe00a0007, 0xc00a0007].map((tag) => ({
      bytes: tagged(tag),
      linkType: MARVELL!,
    }));
    expect(decodeFrames(frames).rows).toMatchObject([
      { context: { vlan: 7 } },
      { context: { vlan: 0 } },
    ]);
  });

  it('may be followed by a VLAN tag of the frame itself', () => {
    const frame = join(addresses, u32(0xe00a0007), u16(0x8100, 9, 0x0800), web);
    expect(decodeFrame(frame, MARVELL).rows).toMatchObject([
      { context: { vlan: 7, innerVlan: 9 } },
    ]);
  });

  it('leave the group bit of the destination to be seen', () => {
    const frame = tagged(0x2c000080);
    frame[0] = 1;
    expect(decodeFrame(frame, BROADCOM).rows[0]?.marks).toEqual(['group']);
  });

  it.each([
    [BROADCOM, 18],
    [BROADCOM_BEFORE, 18],
    [MARVELL, 18],
    [MARVELL_TYPED, 22],
  ])('of link type %i cut within %i octets are a fault', (linkType, header) => {
    for (let length = 0; length < header; length++) {
      expect(decodeFrame(zeros(length), linkType).faults).toEqual({ 'link-header-cut': 1 });
    }
  });
});
