/** Who may import whom (ARCHITECTURE.md). The table is the law; this reads every import. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

/** Rooms that may be imported; a room may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  net: [],
  model: ['net'],
  wire: ['net'],
  catalog: ['net', 'model'],
  flow: ['net', 'model', 'wire'],
  native: [],
  sources: ['net', 'model', 'catalog', 'wire', 'flow', 'native'],
  analysis: ['net', 'model', 'catalog', 'flow', 'wire'],
  policy: ['net', 'model', 'catalog'],
  acl: ['net', 'model', 'policy'],
  report: ['net', 'model', 'catalog', 'analysis', 'policy'],
  pipeline: [
    'net',
    'model',
    'catalog',
    'wire',
    'flow',
    'native',
    'sources',
    'analysis',
    'policy',
    'acl',
    'report',
  ],
  cli: ['pipeline', 'report', 'model', 'net', 'catalog', 'analysis', 'policy'],
  start: [],
  index: ['net', 'model', 'wire', 'flow', 'sources', 'analysis', 'catalog', 'pipeline'],
};
const PURE = new Set(['net', 'model', 'catalog', 'wire', 'flow', 'analysis', 'policy', 'acl']);
/** Packages that turn text into values and do nothing else, each behind one file. */
const PARSERS: Readonly<Record<string, string>> = {
  saxes: 'acl/xml-text.ts',
  yaml: 'acl/yaml-text.ts',
};
/** What a pure room must not touch: time, chance, the process and the network. */
const IMPURE =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|process\.(?:env|argv|exit|platform|hrtime|cwd|memoryUsage|std)|fetch\(|setTimeout)/;

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.replaceAll('\\', '/'));
}

function roomOf(file: string): string {
  return (file.split('/')[0] ?? '').replace(/\.ts$/, '');
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  const imports =
    /^\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;
  return [...text.matchAll(imports)].map(([, one, two, three]) => {
    const specifier = one ?? two ?? three;
    const to = specifier!.startsWith('.')
      ? relative(SRC, join(SRC, dirname(file), specifier!)).replaceAll('\\', '/')
      : specifier!;
    return { from: file, to };
  });
}

describe('rooms', () => {
  const files = sources();
  const imports = files.flatMap(importsOf);

  it('import each other, as far as this test can see', () => {
    expect(imports.length).toBeGreaterThan(2 * files.length);
  });

  it('are all in the table', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('stand in ARCHITECTURE.md with the same table', () => {
    const page = readFileSync(join(SRC, '../ARCHITECTURE.md'), 'utf8');
    const told: Record<string, readonly string[]> = {};
    for (const [, room, may] of page.matchAll(/^\| `(\w+)` +\|[^|]*\| ([^|]*?) +\|$/gm)) {
      told[room!] =
        may === 'nothing' ? [] : may === 'all above' ? Object.keys(told) : may!.split(', ');
    }
    const { index: _entry, ...rooms } = MAY_IMPORT;
    const sorted = (table: typeof MAY_IMPORT) =>
      Object.fromEntries(Object.entries(table).map(([room, may]) => [room, [...may].sort()]));
    expect(sorted(told)).toEqual(sorted(rooms));
  });

  it('import only what the table allows', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (to.startsWith('node:') || !to.includes('.ts')) return false;
      const [room, other] = [roomOf(from), roomOf(to)];
      return room !== other && !MAY_IMPORT[room]?.includes(other);
    });
    expect(wrong).toEqual([]);
  });

  it('that are pure import nothing of the runtime', () => {
    const wrong = imports.filter(
      ({ from, to }) => PURE.has(roomOf(from)) && !to.endsWith('.ts') && PARSERS[to] !== from,
    );
    expect(wrong).toEqual([]);
  });

  it('that are pure know no clock, no chance and no process', () => {
    const wrong = files.filter(
      (file) =>
        PURE.has(roomOf(file)) &&
        !file.endsWith('.generated.ts') &&
        IMPURE.test(readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')),
    );
    expect(wrong).toEqual([]);
  });
});
