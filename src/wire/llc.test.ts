import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { arp, ether, ipv4, llc, snap, tcp, udp, zeros } from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));

describe('802.2', () => {
  it.each([
    ['plain encapsulation', 0],
    ['a bridge tunnel', 0xf8],
  ])('carries IP in SNAP, %s', (_, oui) => {
    expect(decodeFrame(ether({}, snap({ oui }, web))).rows).toMatchObject([{ dport: 80 }]);
  });

  it('carries IP under its own access point', () => {
    expect(decodeFrame(ether({}, llc({ dsap: 6, ssap: 6 }, web))).rows).toHaveLength(1);
  });

  it.each([
    ['spanning tree', llc({}, zeros(35)), 0x42],
    ['IPX in raw 802.3', llc({ dsap: 0xff, ssap: 0xff }, zeros(30)), 0xff],
    ['another organisation', snap({ oui: 0x00000c, type: 0x2000 }, zeros(30)), 0xaa],
    ['a SNAP type that is a length', snap({ type: 0x0100 }, zeros(30)), 0xaa],
    ['unequal access points', llc({ dsap: 0xaa, ssap: 0x42 }, zeros(30)), 0xaa],
    ['ARP', snap({}, arp({ sender: '192.0.2.1', target: '192.0.2.2' })), 0x0806],
  ])('counts %s', (_, payload, kind) => {
    const { other, rows } = decodeFrame(ether({ pad: 60 }, payload));
    expect(rows).toEqual([]);
    expect(other).toEqual({ [kind]: 1 });
  });

  it('ends the packet where the length field says, before padding', () => {
    const packet = ipv4({ length: 0 }, udp({ length: 0 }, 'ab'));
    const { rows } = decodeFrame(ether({ pad: 60 }, snap({}, packet)));
    expect(rows).toMatchObject([{ ipLength: 30, payload: 2, marks: ['offloaded'] }]);
  });

  it.each([0, 1, 2])('has no room in a length of %i', (type) => {
    const { faults, decoder } = decodeFrame(ether({ type }, snap({}, web)));
    expect(faults).toEqual({ 'link-header-cut': 1 });
    expect(decoder.unreadable.frames).toBe(1);
  });

  it.each([14, 15, 16, 17, 18, 19, 20, 21])('cut to %i octets is a fault', (length) => {
    const { faults, rows } = decodeFrame(ether({}, snap({}, web)).subarray(0, length));
    expect(rows).toEqual([]);
    expect(faults).toEqual({ 'link-header-cut': 1 });
  });
});
