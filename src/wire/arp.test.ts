import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import { arp, ether } from '../../test/builders/packet.ts';

const request = arp({ sender: '192.0.2.1', target: '192.0.2.2' });

describe('ARP', () => {
  it('is counted, not made a row', () => {
    const { rows, other, faults } = decodeFrame(ether({ pad: 60 }, request));
    expect(rows).toEqual([]);
    expect(other).toEqual({ 2054: 1 });
    expect(faults).toEqual({});
  });

  it('cut anywhere is a fault, and still counted', () => {
    for (let length = 14; length < 14 + request.length; length++) {
      const { other, faults } = decodeFrame(ether({}, request).subarray(0, length));
      expect(faults).toEqual({ 'arp-invalid': 1 });
      expect(other).toEqual({ 2054: 1 });
    }
  });

  it('with lengths beyond its end is a fault', () => {
    const frame = ether({}, request);
    frame[14 + 4] = 255;
    expect(decodeFrame(frame).faults).toEqual({ 'arp-invalid': 1 });
  });
});
