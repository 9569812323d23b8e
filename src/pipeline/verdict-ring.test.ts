/** What is folded behind the ring is what is folded without it, whatever the logs hold. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Audit } from '../analysis/audit/audit.ts';
import { AuditFold } from '../analysis/audit/audit-fold.ts';
import { NameTable } from '../model/name-table.ts';
import { VERDICT_BATCH_CAPACITY, VerdictBatch } from '../model/verdict-batch.ts';
import { AddressPool } from '../net/address-pool.ts';
import { LogReader } from '../sources/logs/log-reader.ts';
import { newVerdictRing, VerdictSender, VerdictTaker } from './verdict-ring.ts';

const FIXTURES = fileURLToPath(new URL('../sources/logs/fixtures/', import.meta.url));
const NOW = Date.UTC(2026, 10, 22, 12);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portreeve-ring-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixtures = readdirSync(FIXTURES).flatMap((format) =>
  readdirSync(join(FIXTURES, format))
    .filter((file) => !file.endsWith('.json'))
    .map((file) => join(FIXTURES, format, file)),
);

/** A ring whose other end is in this thread: it folds when it is waited for, and at the end. */
function ringTo(fold: AuditFold) {
  const ring = newVerdictRing();
  const taker = new VerdictTaker(ring, (batch) => fold.add(batch));
  let waits = 0;
  const sender = new VerdictSender(ring, () => {
    waits++;
    taker.takeAll();
  });
  const end = () => {
    sender.end();
    return taker.takeAll();
  };
  return { sender, end, waits: () => waits };
}

interface Options {
  readonly seed: number;
  readonly rowLimit?: number;
}

async function answerOf(paths: readonly string[], ringed: boolean, options: Options = { seed: 5 }) {
  const audit = new Audit({ ...options, top: 1e6, where: {} });
  const fold = new AuditFold({ ...options, shared: true });
  const { sender, end } = ringTo(fold);
  const reader = new LogReader({ seed: 5, nowMs: NOW }, (batch) => {
    if (ringed) sender.add(batch);
    else audit.add(batch);
  });
  await reader.read(paths);
  if (ringed) {
    expect(end()).toBe(false);
    // As it goes from thread to thread.
    const part = structuredClone(fold.part());
    fold.table.findOrders(part.rows.orders!);
    audit.adopt(part);
  }
  return audit.finish(reader.addresses, reader.names, reader.inputs);
}

async function expectSame(paths: readonly string[], options?: Options): Promise<void> {
  expect(await answerOf(paths, true, options)).toEqual(await answerOf(paths, false, options));
}

let files = 0;
function fileOf(lines: readonly string[]): string {
  const path = join(folder, `${files++}.log`);
  writeFileSync(path, lines.join('\n'), 'latin1');
  return path;
}

const line4 = (index: number, port = 443): string =>
  `Nov 22 10:00:${String(index % 60).padStart(2, '0')} gw kernel: DROP IN=eth0 OUT=eth1 SRC=198.51.100.${index % 200} DST=192.0.2.7 LEN=52 TOS=0x00 PREC=0x00 TTL=127 ID=${index} DF PROTO=TCP SPT=${1024 + (index % 60_000)} DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0`;
const line6 = (index: number): string =>
  `Nov 22 10:00:01 gw kernel: DROP IN=eth0 OUT=eth1 SRC=2001:db8::${index.toString(16)} DST=2001:db8:1::${(index % 7).toString(16)} LEN=80 TC=0 HOPLIMIT=64 FLOWLBL=0 PROTO=UDP SPT=5353 DPT=53 LEN=40`;
const count = (length: number, line: (index: number) => string): string[] =>
  Array.from({ length }, (_, index) => line(index));

describe('verdicts folded behind a ring', () => {
  it('are the same for all fixtures, in parts and as one log', async () => {
    for (let at = 0; at < fixtures.length; at += 40) await expectSame(fixtures.slice(at, at + 40));
    await expectSame(fixtures);
  });

  it('are the same for lines of all formats in any order', async () => {
    const lines = fixtures.flatMap((path) => readFileSync(path, 'latin1').split('\n'));
    const some = fc.shuffledSubarray(lines, { minLength: 20, maxLength: 120 });
    await fc.assert(
      fc.asyncProperty(some, (chosen) => expectSame([fileOf(chosen)])),
      { numRuns: 30 },
    );
  });

  it.each([16, 100, 299, 400])('are the same with room for %d conversations', async (rowLimit) => {
    const lines = [...count(300, (index) => line4(index, index % 9)), ...count(300, line6)];
    await expectSame([fileOf(lines)], { seed: 5, rowLimit });
  });

  it('bring more addresses than a batch has room for', async () => {
    const lines = [...count(5000, line6), ...count(5000, line4)];
    await expectSame([fileOf(lines)], { seed: 5, rowLimit: 3000 });
  });
});

describe('a ring', () => {
  const batchOf = (): VerdictBatch => {
    const batch = new VerdictBatch(new AddressPool(), new NameTable());
    for (let row = 0; row < VERDICT_BATCH_CAPACITY; row++) {
      batch.source[batch.begin()] = row;
      batch.commit();
    }
    return batch;
  };

  it('is waited for when it is full, and loses nothing', () => {
    const fold = new AuditFold({ seed: 1 });
    const { sender, end, waits } = ringTo(fold);
    const batch = batchOf();
    for (let times = 0; times < 100; times++) sender.add(batch);
    expect(waits()).toBeGreaterThan(1);
    end();
    expect(fold.table.events(0)).toBe(100);
    expect(fold.table.count).toBe(VERDICT_BATCH_CAPACITY);
  });

  it('tells a thread that waits when nothing will be folded any more', () => {
    const ring = newVerdictRing();
    const sender = new VerdictSender(ring);
    const taker = new VerdictTaker(ring, () => {
      throw new RangeError('asked for');
    });
    const batch = batchOf();
    sender.add(batch);
    expect(() => taker.takeAll()).toThrow('asked for');
    taker.fail();
    expect(() => {
      for (let times = 0; times < 100; times++) sender.add(batch);
    }).toThrow('the thread that folds verdicts stopped');
  });
});
