import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concat,
  frameOf,
  type PcapHeaderOptions,
  type PcapRecordOptions,
  pcapHeader,
  pcapRecord,
} from '../../../test/builders/capture.ts';
import { readBytes } from '../../../test/builders/read-capture.ts';

const SECONDS = 1_700_000_000;
const ORDERS = [{ big: false }, { big: true }];
const MICRO = 0xa1b2c3d4;
const NANO = 0xa1b23c4d;
const extra = (octets: number) => new Uint8Array(octets).fill(0xee);

function capture(header: PcapHeaderOptions, record: PcapRecordOptions = {}): Uint8Array {
  const records = [60, 0, 61, 1514].map((length, i) =>
    pcapRecord(frameOf(length), {
      big: header.big ?? false,
      seconds: SECONDS + i,
      fraction: 123_456 + i,
      original: length + 5,
      ...record,
    }),
  );
  return concat(pcapHeader(header), ...records);
}

describe.each(ORDERS)('pcap, big-endian: $big', (order) => {
  it.each<[string, PcapHeaderOptions, PcapRecordOptions, number]>([
    ['microseconds', {}, {}, 1000],
    ['nanoseconds', { magic: NANO }, {}, 1],
    ['Kuznetzov, patch of 1999-10-29', { magic: 0xa1b2cd34 }, { extra: extra(8) }, 1000],
    ['Kuznetzov, patch of 1999-09-15', { magic: 0xa1b2cd34 }, { extra: extra(12) }, 1000],
    ['Kuznetzov, patch of 1999-04-17', {}, { extra: extra(8) }, 1000],
    ['Nokia', {}, { extra: extra(4) }, 1000],
    ['Ixia hardware', { magic: 0x1c0001ac, extra: extra(4) }, {}, 1],
    ['Ixia software', { magic: 0x1c0001ab, extra: extra(4) }, {}, 1000],
    ['version 2.0', { minor: 0 }, { swapped: true }, 1000],
    ['version 2.1', { minor: 1 }, { swapped: true }, 1000],
    ['version 2.2', { minor: 2 }, { swapped: true }, 1000],
    ['version 2.3', { minor: 3 }, {}, 1000],
    ['version 2.3 as some wrote it', { minor: 3 }, { swapped: true }, 1000],
    ['version 2.9', { minor: 9 }, {}, 1000],
    ['version 543.0 of DG/UX', { major: 543, minor: 0 }, { swapped: true }, 1000],
  ])('%s', async (_, header, record, unit) => {
    const bytes = capture({ ...order, ...header }, record);
    const { frames, reader } = await readBytes(bytes);
    expect(reader.faults).toEqual([]);
    expect(frames).toEqual(
      [60, 0, 61, 1514].map((length, i) => ({
        seconds: SECONDS + i,
        nanoseconds: (123_456 + i) * unit,
        number: i + 1,
        interface: 0,
        original: length + 5,
        octets: frameOf(length),
      })),
    );
  });

  it.each([
    [0x00000001, 1, undefined],
    [0x30000001, 1, undefined],
    [0x34000069, 105, 6],
    [0x24000001, 1, 4],
    [0x0000ffff, 0xffff, undefined],
  ])('link type field 0x%s', async (linkType, type, fcsLength) => {
    const { reader } = await readBytes(pcapHeader({ ...order, linkType, snapLength: 96 }));
    expect(reader.faults).toEqual([]);
    const stated = fcsLength === undefined ? {} : { fcsLength };
    expect(reader.interfaces).toEqual([{ source: '-', linkType: type, snapLength: 96, ...stated }]);
  });

  it.each([
    [6, 1],
    [9, 6],
    [15, 10],
    [24, 0],
  ])('AIX interface type %i is link type %i, with nanoseconds', async (stated, linkType) => {
    const bytes = capture({ ...order, minor: 2, linkType: stated }, { swapped: true });
    const { frames, reader } = await readBytes(bytes);
    expect(reader.interfaces[0]?.linkType).toBe(linkType);
    expect(frames.map(({ nanoseconds }) => nanoseconds)).toEqual([123456, 123457, 123458, 123459]);
  });
});

it.each([
  [MICRO, 1_999_999, 1, 999_999_000],
  [MICRO, 0xffffffff, 4294, 967_295_000],
  [NANO, 1_999_999_999, 1, 999_999_999],
  [NANO, 4_000_000_000, 4, 0],
])(
  'a fraction beyond the second is carried (magic %i, %i)',
  async (magic, fraction, carry, rest) => {
    for (const order of ORDERS) {
      const record = pcapRecord(frameOf(60), { ...order, seconds: 10, fraction });
      const { frames } = await readBytes(concat(pcapHeader({ ...order, magic }), record));
      expect(frames[0]).toMatchObject({ seconds: 10 + carry, nanoseconds: rest });
    }
  },
);

it('reads the same in either byte order, whatever the fields say', async () => {
  const edge = fc.constantFrom(
    0,
    1,
    59,
    61,
    999_999,
    1_000_000,
    0x7fffffff,
    0x80000000,
    0xffffffff,
  );
  const word = fc.oneof(edge, fc.integer({ min: 0, max: 0xffffffff }));
  const record = fc.record({ seconds: word, fraction: word, original: word });
  // A wrong length is the last thing read right; the first records tell the length of headers.
  const records = fc
    .tuple(fc.array(record), word)
    .map(([some, captured]) => [...[{}, {}, {}], ...some, { captured }]);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(MICRO, NANO), records, async (magic, fields) => {
      const [little, big] = await Promise.all(
        ORDERS.map((order) => {
          const written = fields.map((some) => pcapRecord(frameOf(60), { ...order, ...some }));
          return readBytes(concat(pcapHeader({ ...order, magic }), ...written));
        }),
      );
      expect(little!.frames.slice(0, fields.length)).toEqual(big!.frames.slice(0, fields.length));
      expect(little!.frames.length).toBeGreaterThanOrEqual(fields.length - 1);
    }),
  );
});

it.each([
  ['of the same kind', {}],
  ['of the other byte order, with nanoseconds', { big: true, magic: NANO }],
])('reads on in a capture %s that was put behind', async (_, other: PcapHeaderOptions) => {
  const { frames, reader } = await readBytes(concat(capture({}), capture(other)));
  expect(reader.faults).toEqual([]);
  expect(frames.map(({ octets }) => octets.length)).toEqual([60, 0, 61, 1514, 60, 0, 61, 1514]);
  expect(frames.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(frames[7]).toMatchObject({ seconds: SECONDS + 3, interface: 1 });
});

it('locates a second header that is cut short', async () => {
  const { frames, reader } = await readBytes(concat(capture({}), pcapHeader().subarray(0, 20)));
  expect(frames).toHaveLength(4);
  expect(reader.faults).toMatchObject([{ code: 'truncated-file-header', frames: 4 }]);
});

it('raises an original length below the captured one', async () => {
  const record = pcapRecord(frameOf(60), { original: 40 });
  const { frames } = await readBytes(concat(pcapHeader(), record));
  expect(frames[0]?.original).toBe(60);
});

it('accepts a snap length of 0 and frames beyond the snap length', async () => {
  const bytes = concat(pcapHeader({ snapLength: 0 }), pcapRecord(frameOf(70_000)));
  expect((await readBytes(bytes)).frames).toHaveLength(1);
});

describe('faults', () => {
  const good = pcapRecord(frameOf(60));
  it.each([
    ['a version before 2.0', pcapHeader({ major: 1 }), 'unsupported-version', 0, 0],
    ['a version after 2', pcapHeader({ major: 3 }), 'unsupported-version', 0, 0],
    ['reserved link type bits', pcapHeader({ linkType: 0x00300000 }), 'bad-link-type', 0, 0],
    ['the reserved bit 27', pcapHeader({ linkType: 0x08000001 }), 'bad-link-type', 0, 0],
    ['a file header cut short', pcapHeader().subarray(0, 20), 'truncated-file-header', 0, 0],
    [
      'a huge record',
      concat(pcapHeader(), good, pcapRecord(frameOf(60), { captured: 0xffffffff }), good),
      'record-too-large',
      100,
      1,
    ],
    [
      'a record one octet larger than accepted',
      concat(pcapHeader(), good, pcapRecord(frameOf(60), { captured: 262_145 })),
      'record-too-large',
      100,
      1,
    ],
    [
      'a record of the largest size accepted, without its data',
      concat(pcapHeader(), good, pcapRecord(frameOf(60), { captured: 262_144 })),
      'truncated-record',
      100,
      1,
    ],
  ])('%s', async (_, bytes, code, offset, frames) => {
    const read = await readBytes(bytes);
    expect(read.frames).toHaveLength(frames);
    expect(read.reader.faults).toHaveLength(1);
    expect(read.reader.faults[0]).toMatchObject({
      code,
      source: '-',
      layer: 'pcap',
      offset,
      frames,
      ends: true,
    });
  });

  it('says what a cut record needs and has', async () => {
    const bytes = concat(pcapHeader(), good, good).subarray(0, 24 + 76 + 30);
    const { reader } = await readBytes(bytes);
    expect(reader.faults[0]).toMatchObject({ required: 76, available: 30, offset: 100, record: 2 });
  });

  it('raises the largest record with the snap length, up to 16 MiB', async () => {
    const header = pcapHeader({ snapLength: 0x7fffffff });
    const large = concat(header, pcapRecord(frameOf(300_000)), good);
    expect((await readBytes(large)).frames).toHaveLength(2);
    const tooLarge = concat(header, pcapRecord(frameOf(60), { captured: 16 * 1024 * 1024 + 1 }));
    expect((await readBytes(tooLarge)).reader.faults[0]?.code).toBe('record-too-large');
  });
});
