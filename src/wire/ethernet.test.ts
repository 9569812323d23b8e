import { describe, expect, it } from 'vitest';
import { brief, decodeFrame } from '../../test/builders/decode.ts';
import {
  arp,
  ether,
  ipv4,
  ipv6,
  join,
  llc,
  tcp,
  u16,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));

describe('Ethernet', () => {
  it.each([
    ['IPv4', web, '192.0.2.1.40000 > 198.51.100.2.80 6'],
    ['IPv6', ipv6({}, tcp({})), '2001:db8::1.40000 > 2001:db8::2.80 6'],
  ])('carries %s', (_, packet, expected) => {
    expect(decodeFrame(ether({}, packet)).rows.map(brief)).toEqual([expected]);
  });

  it('does not count padding and check sequence as part of the packet', () => {
    const { rows, decoder } = decodeFrame(ether({ pad: 60, fcs: true }, web));
    expect(rows).toMatchObject([{ ipLength: 40, payload: 0 }]);
    expect(decoder.linkOctets).toBe(24);
  });

  it.each([
    ['broadcast', 'ff:ff:ff:ff:ff:ff', ['group']],
    ['multicast', '01:00:5e:00:00:fb', ['group']],
    ['unicast', '02:00:00:00:00:02', []],
  ])('marks packets to a %s address', (_, dst, marks) => {
    expect(decodeFrame(ether({ dst }, web)).rows[0]?.marks).toEqual(marks);
  });

  it.each([
    [0x0806, arp({ sender: '192.0.2.1', target: '192.0.2.2' }), 0x0806],
    [0x88cc, zeros(40), 0x88cc],
    [0x0600, zeros(40), 0x0600],
    [0x05ff, llc({}, zeros(40)), 0x42],
  ])('counts EtherType %i without IP by its number', (type, payload, kind) => {
    const { rows, other, decoder } = decodeFrame(ether({ type }, payload));
    expect(rows).toEqual([]);
    expect(other).toEqual({ [kind]: 1 });
    expect(decoder.unreadable.frames).toBe(0);
  });

  it('looks behind a FabricPath header', () => {
    const frame = join(zeros(12), u16(0x8903, 0x0401), ether({ vlan: 5 }, web));
    expect(decodeFrame(frame).rows).toMatchObject([{ dport: 80, context: { vlan: 5 } }]);
  });

  it('stops at FabricPath headers inside each other', () => {
    const header = join(zeros(12), u16(0x8903, 0));
    const frame = join(...Array.from({ length: 20_000 }, () => header), ether({}, web));
    const { rows, faults, decoder } = decodeFrame(frame);
    expect(rows).toEqual([]);
    expect(faults).toEqual({ 'tunnels-too-deep': 1 });
    expect(decoder.unreadable.frames).toBe(1);
    // The limit is per frame: the next one is read as ever.
    expect(decodeFrame(join(header, ether({}, web))).rows).toHaveLength(1);
  });

  it('follows as many nested headers in every frame', () => {
    const nested = join(zeros(12), u16(0x8903, 0), ether({}, web));
    const deep = join(...Array.from({ length: 9 }, () => join(zeros(12), u16(0x8903, 0))), nested);
    const { decoder } = decodeFrame(deep);
    expect(decoder.enterLink()).toBe(true);
  });

  it.each(Array.from({ length: 14 }, (_, length) => length))(
    'cut to %i octets is a fault',
    (length) => {
      const { faults, decoder } = decodeFrame(ether({}, web).subarray(0, length));
      expect(faults).toEqual({ 'link-header-cut': 1 });
      expect(decoder.unreadable).toEqual({ frames: 1, octets: length });
    },
  );

  it('remembers the first frame and interface that showed a fault', () => {
    const { decoder } = decodeFrame(zeros(3));
    expect([decoder.faultFrames[0], decoder.faultInterfaces[0]]).toEqual([1, 0]);
  });

  it('keeps UDP ports apart from each other', () => {
    const { rows } = decodeFrame(ether({}, ipv4({}, udp({ sport: 1, dport: 65535 }))));
    expect(rows).toMatchObject([{ sport: 1, dport: 65535 }]);
  });
});
