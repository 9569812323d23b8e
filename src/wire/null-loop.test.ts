import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { ipv4, ipv6, loopback, tcp, zeros } from '../../test/builders/packet.ts';
import { KIND_FAMILY } from './faults.ts';

const web = ipv4({}, tcp({}));
const web6 = ipv6({}, tcp({}));

describe.each([
  { name: 'null', linkType: 0 },
  { name: 'loop', linkType: 108 },
])('BSD $name', ({ linkType }) => {
  it.each([true, false])('carries IPv4, in big-endian order: %s', (big) => {
    expect(decodeFrame(loopback({ big }, web), linkType).rows).toMatchObject([{ dport: 80 }]);
  });

  it.each([10, 23, 24, 28, 30])('carries IPv6 as family %i', (family) => {
    for (const big of [true, false]) {
      expect(decodeFrame(loopback({ family, big }, web6), linkType).rows).toHaveLength(1);
    }
  });

  it('counts other families', () => {
    for (const big of [true, false]) {
      const { other, rows } = decodeFrame(loopback({ family: 7, big }, zeros(20)), linkType);
      expect(rows).toEqual([]);
      expect(other).toEqual({ [KIND_FAMILY + 7]: 1 });
    }
  });

  it.each([0, 1, 2, 3])('cut to %i octets is a fault', (length) => {
    const { faults } = decodeFrame(loopback({}, web).subarray(0, length), linkType);
    expect(faults).toEqual({ 'link-header-cut': 1 });
  });

  it('tells a damaged packet from another family', () => {
    const { faults, decoder } = decodeFrame(loopback({ family: 2 }, web6), linkType);
    expect(faults).toEqual({ 'ipv4-header-invalid': 1 });
    expect(decoder.unreadable.frames).toBe(1);
  });
});
