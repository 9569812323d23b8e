import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { arp, ipv4, ipv6, join, snap, tcp, u8, u16, zeros } from '../../test/builders/packet.ts';
import { KIND_OWN } from './faults.ts';

const web = ipv4({}, tcp({}));
const web6 = ipv6({}, tcp({}));
const ask = arp({ sender: '192.0.2.1', target: '192.0.2.2' });
const GROUP = u8(0x01, 0, 0x5e, 0, 0, 1);

describe('FDDI', () => {
  const fddi = (control: number, destination = zeros(6)) =>
    join(u8(control), destination, zeros(6), snap({}, web));

  it.each([0x50, 0x57])('frame control %i carries 802.2', (control) => {
    expect(decodeFrame(fddi(control), 10).rows).toMatchObject([{ dport: 80, marks: [] }]);
    expect(decodeFrame(fddi(control, GROUP), 10).rows[0]?.marks).toEqual(['group']);
  });

  it('counts management frames', () => {
    expect(decodeFrame(fddi(0x41), 10).other).toEqual({ [KIND_OWN + 0x41]: 1 });
  });
});

describe('Token Ring', () => {
  const ring = (control: number, source: number, route: Uint8Array, group = 0) =>
    join(u8(0x10, control, group), zeros(5), u8(source), zeros(5), route, snap({}, web));

  it.each([
    ['no route', 0, zeros(0)],
    ['a route of two octets', 0x80, u16(0x0200)],
    ['a route of 18 octets', 0x82, join(u16(0x1200), zeros(16))],
  ])('with %s carries 802.2', (_, source, route) => {
    expect(decodeFrame(ring(0x40, source, route), 6).rows).toMatchObject([
      { dport: 80, marks: [] },
    ]);
    expect(decodeFrame(ring(0x40, source, route, 0xc0), 6).rows[0]?.marks).toEqual(['group']);
  });

  it('counts management frames', () => {
    expect(decodeFrame(ring(0, 0, zeros(0)), 6).other).toEqual({ [KIND_OWN]: 1 });
  });
});

describe('ARCnet', () => {
  const bsd = (type: number, ...rest: Uint8Array[]) => join(u8(1, 2, type), ...rest);
  const linux = (type: number, ...rest: Uint8Array[]) => join(u8(1, 2, 0, 0, type), ...rest);

  it.each([
    ['IP', bsd(212, u8(0, 0, 1), web), linux(212, u8(0, 0, 1), web)],
    ['IPv6', bsd(196, u8(0, 0, 1), web6), linux(196, u8(0, 0, 1), web6)],
    ['the oldest IP', bsd(240, web), linux(240, web)],
    ['the first part of a packet', bsd(212, u8(3, 0, 1), web), linux(212, u8(3, 0, 1), web)],
    [
      'a padded packet',
      bsd(212, u8(0xff, 0xff, 0xff, 212, 0, 0, 1), web),
      linux(212, u8(0, 0, 1), web),
    ],
  ])('carries %s', (_, first, second) => {
    expect(decodeFrame(first, 7).rows).toMatchObject([{ dport: 80, marks: [] }]);
    expect(decodeFrame(second, 129).rows).toMatchObject([{ dport: 80, marks: [] }]);
  });

  it('counts ARP, other types and later parts', () => {
    expect(decodeFrame(bsd(213, u8(0, 0, 1), ask), 7).other).toEqual({ 2054: 1 });
    expect(decodeFrame(linux(241, ask), 129).other).toEqual({ 2054: 1 });
    expect(decodeFrame(bsd(250, zeros(20)), 7).other).toEqual({ [KIND_OWN + 250]: 1 });
    expect(decodeFrame(bsd(212, u8(2, 0, 1), web), 7).other).toEqual({ [KIND_OWN + 212]: 1 });
  });

  it('to address 0 is to everybody', () => {
    expect(decodeFrame(join(u8(1, 0, 240), web), 7).rows[0]?.marks).toEqual(['group']);
  });
});

describe('IEEE 1394 and Fibre Channel', () => {
  it('carry IP', () => {
    expect(decodeFrame(join(zeros(16), u16(0x0800), web), 138).rows[0]?.marks).toEqual([]);
    expect(
      decodeFrame(join(zeros(8).fill(255), zeros(8), u16(0x0800), web), 138).rows,
    ).toMatchObject([{ marks: ['group'] }]);
    expect(decodeFrame(join(zeros(16), snap({}, web)), 122).rows).toHaveLength(1);
  });
});

it.each([
  [6, 14],
  [7, 3],
  [10, 13],
  [122, 16],
  [129, 5],
  [138, 18],
])('link type %i cut in its header of %i octets is a fault', (linkType, header) => {
  for (let length = 0; length < header; length++) {
    expect(decodeFrame(zeros(length), linkType).faults).toEqual({ 'link-header-cut': 1 });
  }
});
