import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  erspan,
  ether,
  gre,
  ipv4,
  join,
  tcp,
  u16,
  u32,
  zeros,
} from '../../test/builders/packet.ts';

const frame = ether({ vlan: 12 }, ipv4({ src: '10.0.0.1' }, tcp({})));
const read = (payload: Uint8Array) => {
  const decoded = decodeFrame(ipv4({}, payload), RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('ERSPAN', () => {
  it.each([
    ['I', { type: 1 }, 'gre', 0],
    ['II', { type: 2, session: 1023 }, 'erspan', 1023],
    ['III', { type: 3, session: 5 }, 'erspan', 5],
    ['III with a platform header', { type: 3, session: 6, subheader: zeros(8) }, 'erspan', 6],
  ] as const)('type %s shows the mirrored packet', (_, fields, tunnel, tunnelId) => {
    const { rows, faults } = read(erspan(fields, frame));
    expect(rows).toMatchObject([
      { protocol: 47, carried: 40 },
      { source: '10.0.0.1', dport: 80, context: { tunnel, tunnelId, vlan: 12, depth: 1 } },
    ]);
    expect(faults).toEqual({});
  });

  it('keeps the other bits of the session field out of its number', () => {
    const bytes = gre({ protocol: 0x88be, sequence: 1 }, join(u16(0x1fff, 0xfc07), u32(0), frame));
    expect(read(bytes).rows[1]?.context.tunnelId).toBe(7);
  });

  it('type III may mirror IP without Ethernet', () => {
    const header = join(u16(0x2000, 5), u32(0), u16(0, 2 << 10));
    const bytes = gre({ protocol: 0x22eb, sequence: 1 }, join(header, frame.subarray(18)));
    expect(read(bytes).rows[1]).toMatchObject({ source: '10.0.0.1', dport: 80 });
  });

  it.each([
    ['II', 0x88be, 0x2000],
    ['III', 0x22eb, 0x1000],
  ])('type %s of another version is a fault', (_, protocol, first) => {
    const { rows, faults } = read(
      gre({ protocol, sequence: 1 }, join(u16(first, 1), zeros(20), frame)),
    );
    expect(rows).toHaveLength(1);
    expect(faults).toEqual({ 'tunnel-header-invalid': 1 });
  });

  it.each([
    [2, 8],
    [3, 12],
    [3, 20],
  ] as const)('type %i cut in its header of %i octets is a fault', (type, header) => {
    const fields = header === 20 ? { type, subheader: zeros(8) } : { type };
    const packet = ipv4({}, erspan(fields, frame));
    for (let length = 29; length < 28 + header; length++) {
      const { rows, faults } = decodeFrame(packet.subarray(0, length), RAW_IP, packet.length);
      expect(rows).toHaveLength(1);
      expect(faults).toEqual({ 'tunnel-header-cut': 1 });
    }
  });
});
