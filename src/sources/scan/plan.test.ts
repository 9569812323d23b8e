import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { estimate, type PlanWords, parseShard, planScan } from './plan.ts';

const NOTHING: PlanWords = {
  targets: [],
  targetFiles: [],
  exclude: [],
  excludeFiles: [],
  local: false,
  ports: undefined,
  transports: ['tcp'],
  timing: undefined,
  maxRate: undefined,
  rate: undefined,
  seed: 1,
  shard: undefined,
};

describe('a plan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-plan-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('joins arguments and files, less exclusions', async () => {
    const file = join(folder, 'targets');
    writeFileSync(file, '# ours\n192.0.2.0/30, 192.0.2.9\r\n\n2001:db8::1 # one more\n');
    const hole = join(folder, 'holes');
    writeFileSync(hole, '192.0.2.1');
    const words = { ...NOTHING, targets: ['192.0.2.3'], targetFiles: [file], excludeFiles: [hole] };
    const { targets, ports } = await planScan(words);
    expect(targets.toString()).toBe('192.0.2.0 192.0.2.2-192.0.2.3 192.0.2.9 2001:db8::1');
    expect(ports.get('tcp')?.length).toBe(1000);
  });

  it('resolves names to all their addresses, and remembers them', async () => {
    const plan = await planScan({ ...NOTHING, targets: ['localhost'] });
    expect(plan.targets.size).toBeGreaterThan(0);
    expect([...plan.names.values()][0]).toEqual(['localhost']);
  });

  it('names what has no address, and goes on without', async () => {
    const targets = ['portreeve.invalid', '192.0.2.1'];
    const plan = await planScan({ ...NOTHING, targets });
    expect(plan.unresolved).toEqual(['portreeve.invalid']);
    expect(plan.targets.size).toBe(1);
  });

  it('does not ask what it cannot leave out', async () => {
    const words = { ...NOTHING, targets: ['192.0.2.0/24'], exclude: ['portreeve.invalid'] };
    await expect(planScan(words)).rejects.toThrow(/portreeve\.invalid shall be left out/);
  });

  it.each([
    ['with a mark', '\ufeff192.0.2.1\n192.0.2.2\n', 'utf8'],
    ['of a Windows shell', '\ufeff192.0.2.1\r\n192.0.2.2\r\n', 'utf16le'],
    ['with bare returns', '192.0.2.1\r192.0.2.2 # two', 'utf8'],
    ['with octet ranges', '192.0.2.1,2', 'utf8'],
    ['with commas', '192.0.2.1, 192.0.2.2,', 'utf8'],
  ] as const)('reads a file %s', async (_name, text, encoding) => {
    const file = join(folder, 'encoded');
    writeFileSync(file, text, encoding);
    const { targets } = await planScan({ ...NOTHING, targetFiles: [file] });
    expect(targets.toString()).toBe('192.0.2.1-192.0.2.2');
  });

  it('keeps a rate by its windows', async () => {
    const { timing } = await planScan({
      ...NOTHING,
      targets: ['192.0.2.1'],
      rate: 5000,
      maxRate: 4000,
    });
    expect(timing.ratePerSecond).toBe(4000);
    expect(timing.silentWindow).toBe(5000);
    const slow = await planScan({ ...NOTHING, targets: ['192.0.2.1'], maxRate: 7 });
    expect(slow.timing.ratePerSecond).toBe(7);
    expect(slow.timing.startWindow).toBe(32);
  });

  it.each([
    ['fe80::1', /every link: say on which/],
    ['fe80::1%nosuch0', /no interface nosuch0/],
    ['fe80::1%..', /no interface/],
  ])('refuses %s', async (target, message) => {
    await expect(planScan({ ...NOTHING, targets: [target] })).rejects.toThrow(message);
  });

  it('takes an interface that is there', async () => {
    const { targets } = await planScan({ ...NOTHING, targets: ['fe80::1%lo', 'fe80::1%1'] });
    expect(targets.size).toBe(2);
  });

  it('names a folder that is no file', async () => {
    await expect(planScan({ ...NOTHING, targetFiles: ['/'] })).rejects.toMatchObject({ file: '/' });
  });

  it('says what it takes', async () => {
    const plan = await planScan({
      ...NOTHING,
      targets: ['192.0.2.0/24'],
      ports: 'T:1-100,U:53',
      maxRate: 1000,
      shard: '1/2',
    });
    expect(estimate(plan)).toMatchObject({
      addresses: 256,
      questions: 12_928,
      mostProbes: 38_784,
      shortestSeconds: 12.928,
    });
  });

  it.each(['0/8', '9/8', '1', '1/0', 'a/b', '-1/3', '1/2/3', ''])(
    'takes "%s" for no shard',
    (text) => {
      expect(() => parseShard(text)).toThrow(/no part of a scan/);
    },
  );

  it('reads a shard', () => {
    expect(parseShard('8/8')).toEqual({ number: 8, of: 8 });
  });
});
