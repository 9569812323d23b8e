import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  authentication,
  destinationOptions,
  esp,
  ether,
  fragmentHeader,
  hopByHop,
  icmp6,
  ipv4,
  ipv6,
  join,
  type Payload,
  routing,
  tcp,
  u8,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const read = (payload: Payload, fields = {}) => decodeFrame(ipv6(fields, payload), RAW_IP);
const web = tcp({}, 'hello');

describe('IPv6', () => {
  it('gives addresses, length and payload', () => {
    expect(read(web, { src: '2001:db8:0:1::', dst: 'fe80::1' }).rows).toMatchObject([
      { source: '2001:db8:0:1::', destination: 'fe80::1', ipLength: 65, payload: 5, marks: [] },
    ]);
  });

  it('knows an address again', () => {
    const { rows, decoder } = read(icmp6({ type: 1 }, ipv6({}, web)));
    expect(rows).toHaveLength(2);
    expect(decoder.addresses.size).toBe(3); // `::` is always there
  });

  it('to a group is marked', () => {
    expect(read(udp({}), { dst: 'ff02::fb' }).rows[0]?.marks).toEqual(['group']);
    expect(read(udp({}), { dst: 'fe02::fb' }).rows[0]?.marks).toEqual([]);
  });

  it.each([
    ['hop-by-hop options', (next: Payload) => hopByHop({}, next)],
    ['a routing header', (next: Payload) => routing({}, next)],
    ['a segment routing header', (next: Payload) => routing({ type: 4 }, next)],
    ['destination options', (next: Payload) => destinationOptions({}, next)],
    ['an authentication header', (next: Payload) => authentication({}, next)],
    [
      'an authentication header of odd words',
      (next: Payload) => authentication({ icv: zeros(16) }, next),
    ],
    ['an atomic fragment', (next: Payload) => fragmentHeader({}, next)],
    ['a mobility header', (next: Payload) => join(u8(6, 0), zeros(6), next)],
    [
      'all of them',
      (next: Payload) =>
        hopByHop(
          {},
          destinationOptions(
            {},
            routing({}, fragmentHeader({}, authentication({}, destinationOptions({}, next)))),
          ),
        ),
    ],
  ])('is followed behind %s', (name, wrap) => {
    const fields = name.includes('mobility') ? { nextHeader: 135 } : {};
    const { rows, faults } = read(wrap(web), fields);
    expect(rows).toMatchObject([{ protocol: 6, dport: 80, payload: 5, marks: [] }]);
    expect(faults).toEqual({});
  });

  it.each([
    ['nothing', '', 59],
    ['ESP', esp({}, zeros(20)), 50],
    ['an unknown protocol', zeros(20), 253],
  ])('carries %s as a row without ports', (_, payload, protocol) => {
    expect(read(payload, { nextHeader: protocol }).rows).toMatchObject([
      { protocol, sport: 0, dport: 0 },
    ]);
  });

  it('follows sixteen extension headers and no more', () => {
    const chain = (count: number) =>
      Array.from({ length: count }).reduce((next: Uint8Array) => destinationOptions({}, next), web);
    expect(read(chain(16)).rows).toMatchObject([{ dport: 80 }]);
    const { rows, faults } = read(chain(17));
    expect(rows).toMatchObject([{ protocol: 60, dport: 0, marks: ['no-transport'] }]);
    expect(faults).toEqual({ 'ipv6-extensions-too-many': 1 });
  });

  it('with thousands of extension headers in first fragments ends', () => {
    const pair = join(u8(60, 0, 0, 1, 0, 0, 0, 1), u8(44, 0), zeros(6));
    const chain = join(...Array.from({ length: 4000 }, () => pair), web);
    const { rows, faults } = read(chain, { nextHeader: 44 });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.marks).toContain('no-transport');
    expect(faults).toHaveProperty('ipv6-extensions-too-many', 1);
    expect(faults).toHaveProperty('fragment-invalid');
  });

  it.each([
    [0, 80],
    [8, 0],
  ])('with a second fragment header at offset %i has port %i', (offset, dport) => {
    const second = fragmentHeader({ offset, more: true, id: 2 }, web);
    const { rows, faults } = read(fragmentHeader({ more: true, id: 1 }, second));
    expect(rows).toMatchObject([{ dport, marks: ['first-fragment'] }]);
    expect(faults).toEqual({ 'fragment-invalid': 1 });
  });

  it('whose extension header reaches beyond the packet is a fault', () => {
    const { rows, faults } = read(hopByHop({ length: 200 }, web));
    expect(rows).toMatchObject([{ protocol: 6, dport: 0, payload: 0, marks: ['no-transport'] }]);
    expect(faults).toEqual({ 'ipv6-extension-cut': 1 });
  });

  it('cut in an extension header has no ports', () => {
    const bytes = ipv6({}, hopByHop({}, web));
    for (let length = 40; length < 48; length++) {
      const { rows, faults } = decodeFrame(bytes.subarray(0, length), RAW_IP, bytes.length);
      expect(rows).toMatchObject([{ ipLength: 73, dport: 0, marks: ['no-transport'] }]);
      expect(faults).toEqual({ 'ipv6-extension-cut': 1 });
    }
  });

  it('cut in its header is a fault', () => {
    for (let length = 1; length < 40; length++) {
      const { rows, faults } = decodeFrame(ipv6({}, web).subarray(0, length), RAW_IP, 65);
      expect(rows).toEqual([]);
      expect(faults).toEqual({ 'ipv6-header-cut': 1 });
    }
  });

  it('of length 0 takes its length from the frame', () => {
    expect(read(tcp({}, zeros(60_000)), { length: 0 }).rows).toMatchObject([
      { ipLength: 60_060, payload: 60_000, marks: ['offloaded'] },
    ]);
    // Nothing follows: then 0 is right, and what the frame adds is padding.
    const empty = ether({ pad: 60 }, ipv6({ nextHeader: 59 }, ''));
    expect(decodeFrame(empty).rows).toMatchObject([{ ipLength: 40, marks: [] }]);
  });

  it('longer than its frame is a fault', () => {
    const { rows, faults } = read(web, { length: 1000 });
    expect(rows).toMatchObject([{ ipLength: 65, payload: 5 }]);
    expect(faults).toEqual({ 'ipv6-length-invalid': 1 });
  });

  it('of another version is a fault', () => {
    expect(decodeFrame(ether({ type: 0x86dd }, ipv4({}, tcp({}, zeros(20))))).faults).toEqual({
      'ipv6-header-invalid': 1,
    });
  });
});
