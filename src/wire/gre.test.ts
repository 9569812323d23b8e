import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  ether,
  type GreFields,
  gre,
  ipv4,
  ipv6,
  mpls,
  type Payload,
  ppp,
  pptp,
  tcp,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, tcp({}));
const read = (payload: Payload) => {
  const decoded = decodeFrame(ipv4({}, payload), RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('GRE', () => {
  const bits: GreFields[] = [0, 1, 2, 3, 4, 5, 6, 7].map((set) => ({
    ...((set & 1) !== 0 && { checksum: true }),
    ...((set & 2) !== 0 && { key: 0xdeadbeef }),
    ...((set & 4) !== 0 && { sequence: 9 }),
  }));
  it.each(bits)('with %j carries IP', (fields) => {
    const { rows, faults } = read(gre(fields, web));
    expect(rows).toMatchObject([
      { protocol: 47, carried: 40, context: { tunnel: 'none' } },
      {
        protocol: 6,
        dport: 80,
        marks: ['inner'],
        context: { tunnel: 'gre', tunnelId: 0, depth: 1 },
      },
    ]);
    expect(faults).toEqual({});
  });

  it.each([
    ['IPv6', ipv6({}, tcp({}))],
    ['Ethernet', ether({ vlan: 4 }, web)],
    ['MPLS', mpls([3], web)],
    ['PPP', ppp({}, web)],
  ])('carries %s', (_, payload) => {
    expect(read(gre({}, payload)).rows).toMatchObject([{ protocol: 47 }, { protocol: 6 }]);
  });

  it.each([{ sequence: 1 }, { acknowledgment: 1 }, { sequence: 1, acknowledgment: 2 }, {}])(
    'of PPTP with %j carries PPP',
    (fields) => {
      const frame = ppp({ compressed: true }, web);
      expect(read(pptp(fields, frame)).rows).toMatchObject([{ protocol: 47 }, { dport: 80 }]);
    },
  );

  it('of PPTP may acknowledge alone', () => {
    expect(read(pptp({ acknowledgment: 1 }))).toMatchObject({ rows: [{ carried: 0 }], faults: {} });
  });

  it.each([
    ['a keepalive', gre({ protocol: 0 }, '')],
    ['a keepalive with octets', gre({ protocol: 0 }, zeros(8))],
    ['a number below 0x600', gre({ protocol: 0xfe }, zeros(40))],
    ['an unknown protocol', gre({ protocol: 0x1234 }, web.slice())],
  ])('that carries %s is one row and no fault', (_, payload) => {
    expect(read(payload)).toMatchObject({
      rows: [{ protocol: 47, carried: 0 }],
      faults: {},
      other: {},
    });
  });

  it.each([2, 7])('of version %i is a fault', (version) => {
    const { rows, faults } = read(gre({ version }, web));
    expect(rows).toHaveLength(1);
    expect(faults).toEqual({ 'tunnel-header-invalid': 1 });
  });

  it('with source routing is a fault', () => {
    expect(read(gre({ flags: 0x4000 }, web)).faults).toEqual({ 'tunnel-header-invalid': 1 });
  });

  it('cut in its header is a fault', () => {
    const packet = ipv4({}, gre({ key: 1, sequence: 2, checksum: true }, web));
    for (let length = 20; length <= 36; length++) {
      const { rows, faults } = decodeFrame(packet.subarray(0, length), RAW_IP, packet.length);
      expect(rows).toMatchObject([{ protocol: 47, carried: 0 }]);
      expect(faults).toEqual({ 'tunnel-header-cut': 1 });
    }
  });
});
