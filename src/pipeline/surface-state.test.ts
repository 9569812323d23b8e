import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asNobody } from '../../test/fake-proc.ts';
import { earlierRun, readBaseline, type SurfaceRecord, statePath } from './surface-state.ts';

const RECORD: SurfaceRecord = {
  seenMs: 1_767_225_600_000,
  privileged: false,
  ports: [{ transport: 'tcp', port: 22, reach: 'anywhere', processes: ['sshd'] }],
};

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-state-'));
  path = join(folder, 'a', 'b', 'surface.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('where runs are kept', () => {
  it.each([
    ['/x', /^\/x\/portreeve\/surface-[\w.-]+\.json$/],
    ['x', /\/\.local\/state\/portreeve\/surface-/],
    [undefined, /\/\.local\/state\/portreeve\/surface-/],
  ])('is told by XDG_STATE_HOME=%s', (base, expected) => {
    expect(statePath({ XDG_STATE_HOME: base }) ?? '/.local/state/portreeve/surface-').toMatch(
      expected,
    );
  });
});

describe('a run that is kept', () => {
  it('comes back, and nobody else may read it', () => {
    const first = earlierRun(path);
    expect([first.record, first.because]).toEqual([
      undefined,
      'this is the first run that is kept',
    ]);
    expect(first.keep(RECORD)).toBeUndefined();
    expect(earlierRun(path).record).toEqual(RECORD);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700);
    const later = { ...RECORD, seenMs: 2, ports: [] };
    expect(earlierRun(path).keep(later)).toBeUndefined();
    expect(earlierRun(path).record).toEqual(later);
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['surface.json']);
  });

  it.runIf(existsSync('/proc/self/ns/net'))(
    'is not compared with one of another network namespace, nor replaced by it',
    () => {
      earlierRun(path).keep(RECORD);
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replace(/net:\[\d+\]/, 'net:[1]'));
      const other = earlierRun(path);
      expect(other.because).toContain('another network namespace');
      other.keep({ ...RECORD, seenMs: 5 });
      expect(readFileSync(path, 'utf8')).toContain(String(RECORD.seenMs));
      // Their numbers mean nothing after the machine started anew.
      writeFileSync(
        path,
        text.replace(/"boot":"[^"]*"/, '"boot":"x"').replace(/net:\[\d+\]/, 'net:[1]'),
      );
      expect(earlierRun(path).record).toEqual(RECORD);
    },
  );

  it.runIf(process.geteuid?.() === 0)('is not kept in a folder of somebody else', () => {
    chmodSync(folder, 0o777);
    const found = asNobody(() => {
      const earlier = earlierRun(path);
      return [earlier.because, earlier.keep(RECORD), existsSync(join(folder, 'a'))];
    });
    const because = `${folder} is no folder of ours: nothing is kept there`;
    expect(found).toEqual([because, because, false]);
  });

  it('says that it cannot be written, and leaves no draft', () => {
    mkdirSync(path, { recursive: true });
    const earlier = earlierRun(path);
    expect(earlier.because).toMatch(/cannot be read/);
    expect(earlier.keep(RECORD)).toMatch(/cannot be written \(E/);
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['surface.json']);
  });

  it('does not follow a link', () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'secret');
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    symlinkSync(secret, path);
    expect(earlierRun(path).because).toContain('ELOOP');
    earlierRun(path).keep(RECORD);
    expect(readFileSync(secret, 'utf8')).toBe('secret');
  });

  it('is nowhere without a home', () => {
    expect(earlierRun(undefined).because).toContain('no home folder');
  });
});

describe('a run that was saved by hand', () => {
  const report = {
    schema: 'portreeve/surface/1',
    facts: { seenMs: 7, privileged: true },
    attention: [{ port: 80, transport: 'tcp', reach: 'anywhere', process: [{ name: 'web' }] }],
    services: [
      { port: 80, transport: 'tcp', reach: 'this-machine', process: [{ name: 'old' }] },
      { port: 53, transport: 'udp', reach: 'local-network', process: [] },
    ],
  };
  const read = (document: unknown): SurfaceRecord => {
    const file = join(folder, 'x.json');
    writeFileSync(file, typeof document === 'string' ? document : JSON.stringify(document));
    return readBaseline(file);
  };

  it('is a report, or a file of the state folder', () => {
    expect(read(report)).toEqual({
      seenMs: 7,
      privileged: true,
      ports: [
        { transport: 'udp', port: 53, reach: 'local-network', processes: [] },
        { transport: 'tcp', port: 80, reach: 'anywhere', processes: ['old', 'web'] },
      ],
    });
    earlierRun(path).keep(RECORD);
    expect(readBaseline(path)).toEqual(RECORD);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', '', /no JSON/],
    ['half of one', JSON.stringify(report).slice(0, 90), /no JSON/],
    ['another report', { ...report, schema: 'portreeve/sockets/1' }, /not what portreeve --json/],
    ['a list', [], /holds no run/],
    ['no lists', { ...report, services: undefined }, /cut off/],
    ['no time', { ...report, facts: {} }, /does not say when/],
    [
      'a port that is none',
      { ...report, services: [{ ...report.services[0], port: 65536 }] },
      /none/,
    ],
    [
      'a reach that is none',
      { ...report, services: [{ ...report.services[0], reach: 'x' }] },
      /none/,
    ],
    [
      'a name that is none',
      { ...report, services: [{ ...report.services[0], process: [{}] }] },
      /none/,
    ],
    [
      'a transport that is none',
      { ...report, services: [{ ...report.services[0], transport: 'constructor' }] },
      /none/,
    ],
  ])('is refused when it is %s', (_what, document, expected) => {
    expect(() => read(document)).toThrow(expected);
    try {
      read(document);
    } catch (error) {
      expect((error as Error).name).toBe('SurfaceRecordError');
    }
  });
});
