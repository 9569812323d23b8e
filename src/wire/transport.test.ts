import { describe, expect, it } from 'vitest';
import { accounted, brief, decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  authentication,
  esp,
  ether,
  igmp,
  ipv4,
  ipv6,
  join,
  mpls,
  tcp,
  u16,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const web4 = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, tcp({}));
const web6 = ipv6({}, tcp({}));
const read = (packet: Uint8Array) => {
  const decoded = decodeFrame(packet, RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('packets inside packets', () => {
  it.each([
    ['IP in IP', ipv4({}, web4), 4, '10.0.0.1'],
    ['6in4', ipv4({}, web6), 41, '2001:db8::1'],
    ['IPv4 in IPv6', ipv6({}, web4), 4, '10.0.0.1'],
    ['IPv6 in IPv6', ipv6({}, web6), 41, '2001:db8::1'],
    ['MPLS in IP', ipv4({}, mpls([7], web4)), 137, '10.0.0.1'],
    ['Ethernet in IPv6', ipv6({}, ether({}, web4)), 143, '10.0.0.1'],
    ['EtherIP', ipv4({ protocol: 97 }, join(u16(0x3000), ether({}, web4))), 97, '10.0.0.1'],
    ['4in4 behind an authentication header', ipv4({}, authentication({}, web4)), 4, '10.0.0.1'],
  ])('%s: both are rows, octets counted once', (_, packet, protocol, source) => {
    const { rows, faults } = read(packet);
    expect(rows).toMatchObject([
      { protocol, sport: 0, dport: 0, marks: [], context: { tunnel: 'none', depth: 0 } },
      {
        protocol: 6,
        source,
        dport: 80,
        marks: ['inner'],
        context: { tunnel: 'ip-in-ip', depth: 1 },
      },
    ]);
    expect(rows[0]?.carried).toBe(rows[1]?.ipLength);
    expect(rows[1]?.carried).toBe(0);
    expect(faults).toEqual({});
  });

  it('keep a VLAN of their own', () => {
    const frame = ether({ vlan: 5 }, ipv6({}, ether({ vlan: 6 }, web4)));
    expect(decodeFrame(frame).rows.map((row) => row.context.vlan)).toEqual([5, 6]);
  });

  it('are not marked for the group address of the frame around them', () => {
    const frame = ether({ dst: 'ff:ff:ff:ff:ff:ff' }, ipv4({}, web4));
    expect(decodeFrame(frame).rows.map((row) => row.marks)).toEqual([['group'], ['inner']]);
  });

  it('are read nine deep and no further', () => {
    let packet = web4;
    for (let count = 0; count < 8; count++) packet = ipv4({}, packet);
    const { rows, faults } = read(packet);
    expect(rows).toHaveLength(9);
    expect(rows.at(-1)).toMatchObject({ protocol: 6, context: { depth: 8 } });
    expect(faults).toEqual({});
    for (let count = 0; count < 2000; count++) packet = ipv4({}, packet);
    const deep = read(packet);
    expect(deep.rows).toHaveLength(9);
    expect(deep.faults).toEqual({ 'tunnels-too-deep': 1 });
  });

  it('that cannot be read leave the octets with the packet around them', () => {
    for (const inner of [zeros(60), zeros(3), ipv4({ ihl: 2 }, tcp({}))]) {
      for (const protocol of [4, 41]) {
        const { rows, faults } = read(ipv4({ protocol }, inner.slice()));
        expect(rows).toMatchObject([{ protocol, carried: 0 }]);
        expect(faults).not.toEqual({});
      }
    }
  });

  it('are cut at any length without losing the one around them', () => {
    const packet = ipv4({}, web6);
    for (let length = 20; length < packet.length; length++) {
      const { rows } = decodeFrame(packet.subarray(0, length), RAW_IP, packet.length);
      expect(rows[0]).toMatchObject({ protocol: 41, ipLength: packet.length });
      expect(rows).toHaveLength(length < 60 ? 1 : 2);
    }
  });

  it.each([
    ['another version', join(u16(0x4000), ether({}, web4)), 'tunnel-header-invalid'],
    ['one octet', zeros(1), 'tunnel-header-cut'],
  ])('EtherIP of %s is a fault', (_, payload, fault) => {
    const { rows, faults } = read(ipv4({ protocol: 97 }, payload.slice()));
    expect(rows).toHaveLength(1);
    expect(faults).toEqual({ [fault]: 1 });
  });
});

describe('the authentication header in IPv4', () => {
  it.each([12, 16, 32])('with a check value of %i octets is passed', (length) => {
    const { rows } = read(
      ipv4({}, authentication({ icv: zeros(length) }, udp({ dport: 53 }, 'ab'))),
    );
    expect(rows).toMatchObject([{ protocol: 17, dport: 53, payload: 2 }]);
  });

  it.each([
    ['cut', authentication({}, '').subarray(0, 11).slice(), 'tunnel-header-cut'],
    [
      'longer than the packet',
      authentication({ length: 255 }, tcp({})).slice(),
      'tunnel-header-invalid',
    ],
    [
      'too short for itself',
      authentication({ length: 0 }, tcp({})).slice(),
      'tunnel-header-invalid',
    ],
  ])('%s is a fault', (_, payload, fault) => {
    const { rows, faults } = read(ipv4({ protocol: 51 }, payload));
    expect(rows).toMatchObject([{ protocol: 51, sport: 0, dport: 0 }]);
    expect(faults).toEqual({ [fault]: 1 });
  });

  it('inside itself is left alone', () => {
    const { rows } = read(ipv4({}, authentication({}, authentication({}, tcp({})))));
    expect(rows).toMatchObject([{ protocol: 51 }]);
  });
});

describe('protocols without a decoder', () => {
  it.each([
    ['IGMP', igmp({}), 2],
    ['ESP', esp({}, zeros(40)), 50],
    ['OSPF', zeros(44), 89],
    ['protocol 255', zeros(1), 255],
    ['protocol 0', zeros(0), 0],
  ])('%s are rows without ports', (_, payload, protocol) => {
    const { rows, faults } = read(ipv4({ protocol }, payload));
    expect(rows).toMatchObject([{ protocol, sport: 0, dport: 0, payload: payload.length }]);
    expect(faults).toEqual({});
  });

  it.each([
    ['PGM', 113],
    ['UDP-Lite', 136],
  ])('%s has ports', (_, protocol) => {
    const payload = join(u16(7500, 5001, 10, 0xabcd), 'ab');
    expect(read(ipv4({ protocol }, payload)).rows.map(brief)).toEqual([
      `192.0.2.1.7500 > 198.51.100.2.5001 ${protocol}`,
    ]);
    expect(read(ipv4({ protocol }, zeros(3))).faults).toEqual({ 'transport-header-cut': 1 });
  });
});
