import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, decodeFrames } from '../../test/builders/decode.ts';
import { zeros } from '../../test/builders/packet.ts';
import { SPECIMENS } from '../../test/builders/specimens.ts';
import { LINK_TYPES } from './link.ts';

describe('link types', () => {
  it('in the table are read, and others counted by their number', () => {
    for (let linkType = 0; linkType < 400; linkType++) {
      const { unknown } = decodeFrame(zeros(64), linkType);
      expect(unknown).toEqual(LINK_TYPES.has(linkType) ? {} : { [linkType]: 1 });
    }
  });

  it('are each shown by a specimen, but for those that share a decoder', () => {
    const shown = new Set(SPECIMENS.map((specimen) => specimen.linkType));
    const missing = [...LINK_TYPES.keys()].filter((linkType) => !shown.has(linkType));
    expect(missing).toEqual([12, 14, 100, 166, 219, 228, 229]);
  });

  it('that are not read keep their octets in the books', () => {
    const { decoder, rows } = decodeFrames([
      { bytes: zeros(64), linkType: 147, original: 1500 },
      { bytes: zeros(64), linkType: 147 },
      { bytes: zeros(64), linkType: 65535 },
    ]);
    expect(decoder.unknownLinks).toEqual(
      new Map([
        [147, { frames: 2, octets: 1564 }],
        [65535, { frames: 1, octets: 64 }],
      ]),
    );
    expect(decoder).toMatchObject({ octets: 1628, capturedOctets: 192, cutFrames: 1 });
    expect(accounted(decoder, rows)).toBe(1628);
  });
});
