import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import {
  arp,
  ipv4,
  ipv6,
  join,
  nflog,
  nflogAttribute,
  padTo,
  tcp,
  u8,
  u16,
  zeros,
} from '../../test/builders/packet.ts';

const NFLOG = 239;
const web = ipv4({}, tcp({}));
const big = (type: number, value: Uint8Array) => padTo(4, join(u16(value.length + 4, type), value));

describe('NFLOG', () => {
  it('carries IPv4 and IPv6', () => {
    expect(decodeFrame(nflog({}, web), NFLOG).rows).toMatchObject([{ dport: 80, ipLength: 40 }]);
    expect(decodeFrame(nflog({}, ipv6({}, tcp({}))), NFLOG).rows).toHaveLength(1);
  });

  it('is read from hosts of either byte order', () => {
    const header = u8(2, 0, 0, 5);
    const bytes = join(header, big(1, u16(0x0800, 0x0100)), big(10, u8(97, 98, 0)), big(9, web));
    expect(decodeFrame(bytes, NFLOG).rows).toMatchObject([{ source: '192.0.2.1', dport: 80 }]);
  });

  it('finds the packet behind many attributes of any length', () => {
    const attributes = Array.from({ length: 9 }, (_, index) => nflogAttribute(10, zeros(index)));
    expect(decodeFrame(nflog({ attributes }, web), NFLOG).rows).toHaveLength(1);
  });

  it.each([0, 1, 2, 3])('ends at an attribute of length %i', (length) => {
    const attributes = [nflogAttribute(1, zeros(4), length)];
    expect(decodeFrame(nflog({ attributes }, web), NFLOG).faults).toEqual({
      'link-header-invalid': 1,
    });
  });

  it('without a packet is a fault', () => {
    const bytes = join(u8(2, 0, 0, 0), nflogAttribute(1, zeros(4)));
    expect(decodeFrame(bytes, NFLOG).faults).toEqual({ 'link-header-cut': 1 });
  });

  it('leaves other families unread', () => {
    const bytes = nflog({ family: 3 }, arp({ sender: '192.0.2.1', target: '192.0.2.2' }));
    expect(decodeFrame(bytes, NFLOG).decoder.unreadable.frames).toBe(1);
  });

  it('counts the packet alone, not what follows it', () => {
    const bytes = join(nflog({}, ipv4({ length: 0 }, tcp({}))), zeros(8));
    expect(decodeFrame(bytes, NFLOG).rows).toMatchObject([{ ipLength: 40 }]);
  });
});
