import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import { dccp, ipv4, ipv6 } from '../../test/builders/packet.ts';

describe('DCCP', () => {
  it.each([
    ['request', 1],
    ['response', 2],
    ['data', 3],
    ['ack', 4],
    ['reset', 8],
    ['syncack', 10],
  ] as const)('%s has type plus one in its flags: %i', (type, flags) => {
    for (const packet of [ipv4({}, dccp({ type }, 'abc')), ipv6({}, dccp({ type }, 'abc'))]) {
      expect(decodeFrame(packet, RAW_IP)).toMatchObject({
        rows: [{ protocol: 33, sport: 40000, dport: 5001, flags, payload: 3, marks: [] }],
        faults: {},
      });
    }
  });

  it('with a header beyond its packet has no payload', () => {
    expect(decodeFrame(ipv4({}, dccp({ dataOffset: 255 }, 'abc')), RAW_IP).rows).toMatchObject([
      { payload: 0 },
    ]);
  });

  it('cut before its type tells ports only', () => {
    const packet = ipv4({}, dccp({}));
    for (let captured = 0; captured <= 8; captured++) {
      const bytes = packet.subarray(0, 20 + captured);
      const { rows, faults } = decodeFrame(bytes, RAW_IP, packet.length);
      expect(rows).toMatchObject([
        captured < 4 ? { dport: 0, marks: ['no-transport'] } : { dport: 5001, flags: 0, marks: [] },
      ]);
      expect(faults).toEqual({ 'transport-header-cut': 1 });
    }
  });
});
