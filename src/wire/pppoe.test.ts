import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { ether, ipv4, ipv6, pppoe, tcp, u8, udp, zeros } from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));

describe('PPPoE', () => {
  it('carries IPv4 and IPv6 in a session', () => {
    expect(decodeFrame(ether({ vlan: 7 }, pppoe({}, web))).rows).toMatchObject([
      { dport: 80, context: { vlan: 7 } },
    ]);
    expect(decodeFrame(ether({}, pppoe({}, ipv6({}, tcp({}))))).rows).toHaveLength(1);
    expect(decodeFrame(pppoe({}, web), 51).rows).toHaveLength(1);
  });

  it('ends the packet where its length says', () => {
    const packet = ipv4({ length: 0 }, udp({ length: 0 }, 'ab'));
    const { rows } = decodeFrame(ether({ pad: 60 }, pppoe({}, packet)));
    expect(rows).toMatchObject([{ ipLength: 30, payload: 2 }]);
  });

  it('keeps to the frame when its length is too large', () => {
    expect(decodeFrame(ether({}, pppoe({ length: 0xffff }, web))).rows).toMatchObject([
      { ipLength: 40 },
    ]);
  });

  it('counts discovery and control packets', () => {
    expect(decodeFrame(ether({ type: 0x8863 }, zeros(30))).other).toEqual({ 34915: 1 });
    expect(decodeFrame(ether({}, pppoe({ code: 0xa7 }, ''))).other).toEqual({ 34915: 1 });
    expect(decodeFrame(ether({}, pppoe({ protocol: 0xc021 }, zeros(8)))).other).toEqual({
      34827: 1,
    });
  });

  it('of another version is a fault', () => {
    const frame = ether({}, pppoe({}, web));
    frame.set(u8(0x21), 14);
    expect(decodeFrame(frame).faults).toEqual({ 'link-header-invalid': 1 });
  });

  it('cut in its header is a fault', () => {
    for (let length = 14; length < 22; length++) {
      const { faults, rows } = decodeFrame(ether({}, pppoe({}, web)).subarray(0, length));
      expect(rows).toEqual([]);
      expect(faults).toEqual({ 'link-header-cut': 1 });
    }
  });
});
