import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { ipv4, ipv6, join, mpls, ppp, tcp, u8, u16, zeros } from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));
const web6 = ipv6({}, tcp({}));
const [PPP, HDLC, CISCO, DIRECTED] = [9, 50, 104, 166];

describe('PPP', () => {
  it.each([
    ['framed', ppp({}, web)],
    ['unframed', ppp({ framing: false }, web)],
    ['compressed', ppp({ compressed: true }, web)],
    ['unframed and compressed', ppp({ framing: false, compressed: true }, web)],
    ['IPv6', ppp({}, web6)],
    ['MPLS', ppp({}, mpls([16], web))],
    ['multicast MPLS', ppp({ protocol: 0x283 }, mpls([16], web))],
  ])('%s carries IP', (_, bytes) => {
    for (const linkType of [PPP, DIRECTED]) {
      expect(decodeFrame(bytes, linkType).rows).toMatchObject([{ dport: 80 }]);
    }
  });

  it.each([0, 1])('has direction %i in place of the address', (direction) => {
    const bytes = join(u8(direction, 3), ppp({ framing: false }, web));
    expect(decodeFrame(bytes, DIRECTED).rows).toHaveLength(1);
  });

  it('counts control protocols', () => {
    expect(decodeFrame(ppp({ protocol: 0xc021 }, zeros(10)), PPP).other).toEqual({ 34827: 1 });
    expect(decodeFrame(ppp({ protocol: 0x8021 }, zeros(10)), PPP).other).toEqual({ 34827: 1 });
  });

  it.each([0, 1, 2, 3])('cut to %i octets is a fault', (length) => {
    const { faults, decoder } = decodeFrame(ppp({}, web).subarray(0, length), PPP);
    expect(faults).toEqual({ 'link-header-cut': 1 });
    expect(decoder.unreadable.frames).toBe(1);
  });
});

describe('HDLC', () => {
  it('is PPP or Cisco by its address', () => {
    expect(decodeFrame(ppp({}, web), HDLC).rows).toHaveLength(1);
    for (const address of [0x0f, 0x8f]) {
      const bytes = join(u8(address, 0), u16(0x0800), web);
      for (const linkType of [HDLC, CISCO]) {
        const marks = address === 0x8f ? ['group'] : [];
        expect(decodeFrame(bytes, linkType).rows).toMatchObject([{ dport: 80, marks }]);
      }
    }
  });

  it('counts keepalives', () => {
    const bytes = join(u8(0x8f, 0), u16(0x8035), zeros(18));
    expect(decodeFrame(bytes, CISCO).other).toEqual({ 32821: 1 });
  });

  it.each([0, 1, 2, 3])('cut to %i octets is a fault', (length) => {
    const bytes = join(u8(0x0f, 0), u16(0x0800), web).subarray(0, length);
    expect(decodeFrame(bytes, CISCO).faults).toEqual({ 'link-header-cut': 1 });
    expect(decodeFrame(bytes, HDLC).faults).toEqual({ 'link-header-cut': 1 });
  });
});
