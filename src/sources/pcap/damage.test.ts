/** What must hold of any octets: reading ends, keeps what came before, and only ever reports. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  block,
  concat,
  enhancedPacket,
  frameOf,
  interfaceBlock,
  obsoletePacket,
  option,
  pcapHeader,
  pcapRecord,
  sectionHeader,
  simplePacket,
  statisticsBlock,
  u64,
} from '../../../test/builders/capture.ts';
import { readBytes } from '../../../test/builders/read-capture.ts';

/** A capture in pieces: header or record, block by block, with the frames that each piece adds. */
type Pieces = readonly (readonly [octets: Uint8Array, frames: number])[];

const pcap = (big: boolean, magic = 0xa1b2c3d4, extra = 0): Pieces => [
  [pcapHeader({ big, magic }), 0],
  ...[60, 0, 33, 61].map((length, i): [Uint8Array, number] => [
    pcapRecord(frameOf(length), { big, fraction: i, extra: new Uint8Array(extra) }),
    1,
  ]),
];

const pcapng = (big: boolean): Pieces => [
  [sectionHeader({ big, options: [option({ big }, 4, 'tool')] }), 0],
  [interfaceBlock({ big, name: 'eth0', resolution: 9, filter: 'ip' }), 0],
  [enhancedPacket(frameOf(61), { big, options: [option({ big }, 4, u64({ big }, 2n))] }), 1],
  [simplePacket(frameOf(62), { big }), 1],
  [block(0x0bad, frameOf(9), { big }), 0],
  [statisticsBlock({ big, received: 9n }), 0],
  [sectionHeader({ big: !big }), 0],
  [interfaceBlock({ big: !big }), 0],
  [obsoletePacket(frameOf(63), { big: !big }), 1],
];

const CAPTURES: readonly (readonly [string, Pieces])[] = [
  ['pcap', pcap(false)],
  ['pcap, big-endian', pcap(true)],
  ['pcap, nanoseconds', pcap(false, 0xa1b23c4d)],
  ['pcap, Kuznetzov', pcap(false, 0xa1b2cd34, 8)],
  ['pcapng', pcapng(false)],
  ['pcapng, big-endian', pcapng(true)],
];

describe.each(CAPTURES)('%s', (_, pieces) => {
  const whole = concat(...pieces.map(([octets]) => octets));

  it('keeps every frame before a cut at any length, and locates the cut', async () => {
    for (let length = 0; length <= whole.length; length++) {
      let at = 0;
      let kept = 0;
      for (const [octets, frames] of pieces) {
        if (at + octets.length > length) break;
        at += octets.length;
        kept += frames;
      }
      const { frames, reader } = await readBytes(whole.subarray(0, length), { chunkOctets: 4096 });
      expect(frames).toHaveLength(kept);
      if (length === 0) expect(reader.faults[0]?.code).toBe('empty-input');
      else if (length < 4) expect(reader.faults[0]?.code).toBe('not-a-capture');
      else if (at === length) expect(reader.faults).toEqual([]);
      else {
        expect(reader.faults).toHaveLength(1);
        const fault = reader.faults[0]!;
        expect(fault).toMatchObject({ offset: at, frames: kept, available: length - at });
        expect(fault.required).toBeGreaterThan(length - at);
        expect(fault.code).toMatch(/^truncated-/);
      }
    }
  });

  it('gives the same whatever the size of chunks and of the pieces that arrive', async () => {
    const expected = (await readBytes(whole)).frames;
    for (const pieceOctets of [1, 7, 64, 100]) {
      for (const chunkOctets of [64, 65, 100, 1000]) {
        const { frames, reader } = await readBytes(whole, { chunkOctets }, pieceOctets);
        expect(frames).toEqual(expected);
        expect(reader.faults).toEqual([]);
      }
    }
  });

  it('only ever reports, whatever octets are changed', async () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = whole.slice();
        for (const [at, octet] of changes) bytes[at] = octet;
        const { frames, reader } = await readBytes(bytes, { chunkOctets: 64 });
        expect(frames.length).toBe(reader.frames);
        for (const { offset, frames: before } of reader.faults) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(before).toBeLessThanOrEqual(frames.length);
        }
        expect(reader.faults.filter(({ ends }) => ends).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 1000 },
    );
  });
});

it('reads any octets that begin as a capture does, to an end', async () => {
  const starts = [[], ...CAPTURES.map(([, pieces]) => [...concat(pieces[0]![0], pieces[1]![0])])];
  const bytes = fc.tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }));
  await fc.assert(
    fc.asyncProperty(bytes, async ([start, rest]) => {
      const { frames, reader } = await readBytes(concat(Uint8Array.from(start), rest), {
        chunkOctets: 512,
      });
      expect(frames.length).toBe(reader.frames);
    }),
    { numRuns: 1000 },
  );
});

/** The largest array of octets that is made while `work` runs. */
async function largestMade(work: () => Promise<unknown>): Promise<number> {
  let largest = 0;
  const watched: typeof Uint8Array = new Proxy(Uint8Array, {
    construct(target, given: unknown[]) {
      if (typeof given[0] === 'number') largest = Math.max(largest, given[0]);
      return Reflect.construct(target, given);
    },
  });
  vi.stubGlobal('Uint8Array', watched);
  try {
    await work();
  } finally {
    vi.unstubAllGlobals();
  }
  return largest;
}

const KIB = 1024;
const MIB = 1024 * KIB;

describe('makes no room for lengths that are only claimed', () => {
  // Room is made when a record goes on behind the chunk at hand, so there is more than a chunk.
  const frame = frameOf(300 * KIB);
  const wide = pcapHeader({ snapLength: 0xffffffff });
  const record = (captured: number) => concat(wide, pcapRecord(frame, { captured }));
  const packet = (front: number) =>
    concat(sectionHeader(), interfaceBlock(), block(6, frame, { front }));

  it.each([
    ['pcap, up to 16 MiB', record, 9 * MIB, 15 * MIB],
    ['pcap, beyond', record, 17 * MIB, KIB],
    ['pcap, by far', record, 2 ** 31, KIB],
    ['pcap, as far as can be', record, 0xffffffff, KIB],
    ['pcapng, up to a large frame', packet, 350 * KIB, 350 * KIB],
    ['pcapng, beyond', packet, 9 * MIB, KIB],
    ['pcapng, by far', packet, 2 ** 31, KIB],
    ['pcapng, as far as can be', packet, 0xfffffffc, KIB],
  ])('%s', async (_, bytesOf, claimed, believed) => {
    const bytes = bytesOf(claimed);
    const made = await largestMade(() => readBytes(bytes));
    expect(made).toBeLessThan(Math.max(believed, MIB));
    // What the format allows is believed: that shows that what is made is seen.
    if (believed > KIB) expect(made).toBeGreaterThanOrEqual(claimed);
  });
});

it('bounds the faults it keeps', async () => {
  const bad = enhancedPacket(frameOf(4), { interface: 9 });
  const bytes = concat(sectionHeader(), ...Array<Uint8Array>(50).fill(bad), bad.subarray(0, 20));
  const { reader } = await readBytes(bytes, { faultLimit: 10 });
  expect(reader.faults).toHaveLength(11); // the one that ends the input is always kept
  expect(reader.faults.at(-1)?.code).toBe('truncated-record');
  expect(reader.faultsUnlisted).toBe(40);
});
