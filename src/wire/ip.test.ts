import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { ipv4, ipv6, tcp, u8, zeros } from '../../test/builders/packet.ts';

describe.each([12, 14, 101, 228, 229])('raw IP, link type %i', (linkType) => {
  it('is IPv4 or IPv6 by its first four bits', () => {
    expect(decodeFrame(ipv4({}, tcp({})), linkType).rows).toMatchObject([{ source: '192.0.2.1' }]);
    expect(decodeFrame(ipv6({}, tcp({})), linkType).rows).toMatchObject([
      { source: '2001:db8::1' },
    ]);
  });

  it.each([0, 1, 2, 3, 5, 7, 8, 15])('of version %i is a fault', (version) => {
    const bytes = zeros(40);
    bytes.set(u8(version << 4));
    const { faults, decoder } = decodeFrame(bytes, linkType);
    expect(faults).toEqual({ 'link-header-invalid': 1 });
    expect(decoder.unreadable.frames).toBe(1);
  });

  it('of no octets is a fault', () => {
    expect(decodeFrame(zeros(0), linkType).faults).toEqual({ 'link-header-cut': 1 });
  });
});
