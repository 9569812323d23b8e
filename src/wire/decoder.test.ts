import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { accounted, decodeFrame, decodeFrames, type Shot } from '../../test/builders/decode.ts';
import { SPECIMENS, type Specimen } from '../../test/builders/specimens.ts';
import { LINK_TYPES } from './link.ts';

const seen = (shots: readonly Shot[], options = {}) => {
  const { decoder, rows } = decodeFrames(shots, options);
  expect(accounted(decoder, rows)).toBe(decoder.octets);
  return rows;
};

const FILES = readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => name.slice(0, -3));

// The decoders import each other in a circle: whichever comes first, the others must find what
// they need while they are being loaded.
it.each(FILES)('%s can be the first file imported', async (file) => {
  vi.resetModules();
  const { href } = new URL(`${file}.ts`, import.meta.url);
  await expect(import(/* @vite-ignore */ href)).resolves.toBeTypeOf('object');
});

describe('specimens', () => {
  it('cover every protocol file', () => {
    const without = [
      'capture-file',
      'context',
      'copy-octets',
      'crc32c',
      'decoder',
      'duplicates',
      'faults',
      'flow-hash',
      'frame-batch',
      'icmp-pairs',
      'ipv6-extensions',
      'link',
      'link-paths',
      'packet-batch',
    ];
    const files = FILES.filter((name) => !without.includes(name));
    expect([...new Set(SPECIMENS.map(({ file }) => file))].sort()).toEqual(files.sort());
  });

  it.each(SPECIMENS)('$file: $name is read without a fault', ({ name, file, linkType, bytes }) => {
    const { faults, decoder } = decodeFrame(bytes, linkType);
    const expected = /inside each other/.test(name)
      ? { 'tunnels-too-deep': 1 }
      : file === 'fragments' && !/piece [03]/.test(name)
        ? { 'fragment-unmatched': 1 }
        : {};
    expect(faults).toEqual(expected);
    expect(decoder.unreadable.frames).toBe(0);
  });

  it.each(SPECIMENS)('$file: $name is accounted for at every cut', ({ linkType, bytes }) => {
    for (let length = 0; length <= bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      seen([{ bytes: cut, linkType, original: bytes.length }]);
      seen([{ bytes: cut, linkType }]);
    }
  });

  it.each(SPECIMENS)('$file: $name cut by a snap length keeps what its rows had', (specimen) => {
    const { linkType, bytes } = specimen;
    const whole = seen([{ bytes, linkType }]);
    for (let length = 0; length <= bytes.length; length++) {
      const rows = seen([{ bytes: bytes.subarray(0, length), linkType, original: bytes.length }]);
      // Rows appear in the same order, with the same addresses and lengths, as long as they do.
      rows.forEach((row, index) => {
        const full = whole[index];
        if (full === undefined || full.marks.includes('icmp-error')) return;
        expect([row.source, row.destination, row.ipLength]).toEqual([
          full.source,
          full.destination,
          full.ipLength,
        ]);
        if (row.sport !== 0) expect([row.sport, row.dport]).toEqual([full.sport, full.dport]);
      });
    }
  });

  it('are accounted for under every link type, right or wrong', () => {
    for (const { bytes } of SPECIMENS)
      for (const linkType of [...LINK_TYPES.keys(), 147]) seen([{ bytes, linkType }]);
  });
});

/** A specimen with some octets changed, and perhaps cut. */
const mutated = fc
  .record({
    specimen: fc.constantFrom<Specimen>(...SPECIMENS),
    changes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
      maxLength: 4,
    }),
    captured: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    missing: fc.nat(40),
  })
  .map(({ specimen, changes, captured, missing }): Shot => {
    const bytes = specimen.bytes.slice(0, Math.ceil(specimen.bytes.length * (captured ?? 1)));
    for (const [where, value] of changes) {
      if (bytes.length > 0)
        bytes[Math.min(bytes.length - 1, Math.floor(where * bytes.length))] = value;
    }
    return { bytes, linkType: specimen.linkType, original: bytes.length + missing };
  });

const anyLink = fc.constantFrom(...LINK_TYPES.keys(), 147, 65535);
const noise = fc
  .record({ bytes: fc.uint8Array({ maxLength: 200 }), linkType: anyLink })
  .map((shot): Shot => shot);

describe('any frames', () => {
  it('account for every octet exactly once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(mutated, noise), { maxLength: 12 }),
        fc.boolean(),
        (shots, dropDuplicates) => {
          // Each frame twice at the same moment, so that duplicates are among them.
          const twice = shots.flatMap((shot, index) => [
            { ...shot, seconds: index },
            { ...shot, seconds: index },
          ]);
          seen(twice, { dropDuplicates });
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('charge no packet with more octets than it has', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (shot) => {
        for (const row of decodeFrames([shot]).rows) {
          expect(row.carried).toBeGreaterThanOrEqual(0);
          expect(row.carried).toBeLessThanOrEqual(row.ipLength);
          expect(row.payload).toBeGreaterThanOrEqual(0);
          if (!row.marks.includes('icmp-error')) {
            expect(row.payload).toBeLessThanOrEqual(row.ipLength);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are decoded from their own octets alone', () => {
    fc.assert(
      fc.property(
        fc.oneof(mutated, noise),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (shot, after) => {
          const alone = decodeFrames([shot]);
          const { rows, faults } = decodeFrames([{ ...shot, after }]);
          expect(rows).toEqual(alone.rows);
          expect(faults).toEqual(alone.faults);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
