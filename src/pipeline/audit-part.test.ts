/** Two readers of one log say what one says, wherever it is divided and whatever it holds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Audit } from '../analysis/audit/audit.ts';
import { LogReader, type PartHelper } from '../sources/logs/log-reader.ts';
import { absorbPart } from './audit-helper.ts';
import { type HelperMessage, type HelperTask, readPart } from './audit-part.ts';

const FIXTURES = fileURLToPath(new URL('../sources/logs/fixtures/', import.meta.url));
const NOW = Date.UTC(2026, 10, 22, 12);
/** Lines tried in other orders. */
const SHUFFLES = 40;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-part-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixtures = readdirSync(FIXTURES).flatMap((format) =>
  readdirSync(join(FIXTURES, format))
    .filter((file) => !file.endsWith('.json'))
    .map((file) => join(FIXTURES, format, file)),
);

/** How often the second half was taken over, and how often it was read again. */
const met = { taken: 0, again: 0 };

/** A helper in this thread; its messages are cloned as they are between threads. */
function helperOf(audit: Audit, options: Omit<HelperTask, 'part'>): PartHelper {
  return {
    least: 1,
    start(part) {
      const messages: HelperMessage[] = [];
      const read = readPart({ ...options, part }, (message) => {
        messages.push(structuredClone(message));
      }).catch(() => {});
      const message = async <Kind extends HelperMessage['kind']>(kind: Kind) => {
        await read;
        return messages.find((each) => each.kind === kind) as
          | Extract<HelperMessage, { kind: Kind }>
          | undefined;
      };
      return {
        seam: message('seam').then((each) => each?.seam),
        async absorb(lines) {
          const taken = absorbPart(await message('part'), lines, audit);
          if (taken) met.taken++;
          else met.again++;
          return taken;
        },
        abandon: () => {},
      };
    },
  };
}

interface Sizes {
  readonly beginOctets?: number;
  readonly beforeOctets?: number;
  readonly rowLimit?: number;
}

/** Everything that reading and folding say about the inputs. */
async function outcome(paths: readonly string[], divided: boolean, sizes: Sizes = {}) {
  const { rowLimit, ...looks } = sizes;
  const options = { seed: 5, ...(rowLimit === undefined ? {} : { rowLimit }) };
  const audit = new Audit({ ...options, top: 1e6, where: {} });
  const helper = helperOf(audit, { lines: { seed: 5 }, audit: options, ...looks });
  const reader = new LogReader({ seed: 5, nowMs: NOW, ...(divided ? { helper } : {}) }, (batch) =>
    audit.add(batch),
  );
  await reader.read(paths);
  const { tally } = reader;
  return {
    answer: audit.finish(reader.addresses, reader.names, reader.inputs),
    counts: [tally.lines, tally.read, tally.blank, tally.parts],
    kinds: [tally.faults, tally.silent, tally.gaps, tally.others].map((kinds) => [...kinds]),
    formats: [...reader.formats],
    ...{ clocks: reader.clocks, faults: reader.faults, names: reader.names.names },
    prefixes: reader.prefixes.uses(),
  };
}

let files = 0;
function fileOf(content: string | Uint8Array, suffix = 'log'): string {
  const path = join(folder, `${files++}.${suffix}`);
  writeFileSync(path, content);
  utimesSync(path, NOW / 1000, NOW / 1000);
  return path;
}

async function expectSame(paths: readonly string[], sizes?: Sizes): Promise<void> {
  expect(await outcome(paths, true, sizes)).toEqual(await outcome(paths, false, sizes));
}

const lineOf = (index: number, month = 'Nov', source = index): string =>
  `${month} ${String(1 + (index % 20)).padStart(2)} 10:00:${String(index % 60).padStart(2, '0')} gw kernel: [${index}.5] DROP IN=eth0 OUT=eth1 SRC=198.51.100.${source % 200} DST=192.0.2.7 LEN=52 TOS=0x00 PREC=0x00 TTL=127 ID=${index} DF PROTO=TCP SPT=${1024 + index} DPT=${index % 7} WINDOW=64240 RES=0x00 SYN URGP=0`;
const linesOf = (count: number, month?: string): string[] =>
  Array.from({ length: count }, (_, index) => lineOf(index, month));

describe('two readers', () => {
  it('agree with one on every fixture', async () => {
    const sizes = { beginOctets: 100, beforeOctets: 200 };
    await expectSame(fixtures, sizes);
    expect(met.taken).toBeGreaterThan(fixtures.length / 2);
  });

  it('agree on lines of all formats in any order', async () => {
    const lines = fixtures.flatMap((path) => readFileSync(path, 'latin1').split('\n'));
    const some = fc.shuffledSubarray(lines, { minLength: 20, maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 1, max: 2000 }), async (chosen, octets) => {
        const path = fileOf(new Uint8Array(Buffer.from(chosen.join('\n'), 'latin1')));
        await expectSame([path], { beginOctets: octets, beforeOctets: octets });
      }),
      { numRuns: SHUFFLES },
    );
  });

  it.each<[string, string]>([
    [
      'a year that ends in the first half',
      [...linesOf(9, 'Dec'), ...linesOf(40, 'Jan')].join('\n'),
    ],
    [
      'a year that ends in the second half',
      [...linesOf(40, 'Dec'), ...linesOf(9, 'Jan')].join('\n'),
    ],
    [
      'two turns of the year',
      ['Dec', 'Jan', 'Dec', 'Jan'].flatMap((month) => linesOf(20, month)).join('\n'),
    ],
    ['no newline at the end, and CRLF', linesOf(41).join('\r\n')],
    [
      'lines that came again',
      Array.from({ length: 40 }, (_, index) =>
        index % 2 === 0 ? lineOf(index) : 'Nov 22 10:00:00 gw last message repeated 3 times',
      ).join('\n'),
    ],
    ['one line', lineOf(1)],
    ['two lines', `${lineOf(1)}\n${lineOf(2)}\n`],
    ['blank lines', '\n\n\n\n\n\n'],
    [
      'a line longer than any may be',
      `${linesOf(3).join('\n')}\n${'x'.repeat(1_200_000)}\n${lineOf(4)}\n`,
    ],
  ])('agree on %s', async (_, text) => {
    await expectSame([fileOf(text)], { beginOctets: 300, beforeOctets: 300 });
    await expectSame([fileOf(text)]);
  });

  it('agree on conversations across the cut, lines out of time and little room', async () => {
    const some = fc.array(fc.tuple(fc.nat(40), fc.nat(9), fc.constantFrom('Oct', 'Nov')), {
      minLength: 2,
      maxLength: 120,
    });
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 16, max: 200 }), async (lines, rowLimit) => {
        const text = lines.map(([index, source, month]) => lineOf(index, month, source)).join('\n');
        await expectSame([fileOf(text)], { rowLimit, beginOctets: 200, beforeOctets: 400 });
      }),
      { numRuns: SHUFFLES },
    );
  });

  it('agree when there are more conversations than there is room for', async () => {
    const path = fileOf(linesOf(300).join('\n'));
    for (const rowLimit of [16, 100, 160, 210, 299, 400]) await expectSame([path], { rowLimit });
  });

  it('agree on the files of a set, of which some are compressed', async () => {
    const paths = [
      fileOf(linesOf(30, 'Oct').join('\n')),
      fileOf(new Uint8Array(gzipSync(linesOf(30).join('\n'))), 'log.gz'),
      fileOf(linesOf(50).join('\n')),
    ];
    await expectSame(paths);
  });

  it('tell which connections of an ASA were built before', async () => {
    const built = (index: number) =>
      `%ASA-6-302013: Built outbound TCP connection ${index} for outside:192.0.2.7/443 (192.0.2.7/443) to inside:10.0.0.5/${1024 + index} (203.0.113.9/1024)`;
    const ended = (index: number) =>
      `%ASA-6-302014: Teardown TCP connection ${index} for outside:192.0.2.7/443 to inside:10.0.0.5/${1024 + index} duration 0:00:53 bytes 9 TCP FINs`;
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    await expectSame([fileOf([...numbers.map(built), ...numbers.map(ended)].join('\n'))], {
      ...{ beginOctets: 500, beforeOctets: 500 },
    });
  });
});

describe('a half that could not be read apart', () => {
  it.each<[string, Partial<PartHelper>]>([
    [
      'never began',
      {
        start: () => ({
          seam: Promise.resolve(undefined),
          absorb: () => Promise.resolve(false),
          abandon: () => {},
        }),
      },
    ],
    [
      'was lost',
      {
        start: () => ({
          seam: Promise.resolve(JSON.stringify('other')),
          absorb: () => Promise.reject(new Error('asked for')),
          abandon: () => {},
        }),
      },
    ],
  ])('is read by the first reader when it %s', async (_, helper) => {
    const path = fileOf(linesOf(20).join('\n'));
    const reader = new LogReader(
      { seed: 5, nowMs: NOW, helper: { least: 1, ...helper } as PartHelper },
      () => {},
    );
    await reader.read([path]);
    expect([reader.tally.read, reader.faults]).toEqual([20, []]);
  });
});
