import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  JournalError,
  type JournalHeader,
  JournalWriter,
  journalKey,
  readJournal,
} from './journal.ts';

const HEADER: JournalHeader = {
  portreeve: 'scan-resume/1',
  seed: 7,
  targets: '192.0.2.1',
  ports: { tcp: '1-100' },
  shard: '1/1',
  engines: ['auto'],
};

const LINK = { mac: '02:00:5e:00:53:01', interfaceName: 'eth0' };

describe('notes of a scan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-journal-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function written(name: string): string {
    const file = join(folder, name);
    const writer = new JournalWriter(file, HEADER);
    writer.foundUp(70_000, { reason: 'echo-reply', roundTripUs: 123.4, link: LINK });
    writer.foundUp(3, { reason: 'user-set' });
    for (const host of [5, 6, 7, 100_000]) writer.foundDown(host);
    for (let port = 1; port <= 40; port++) writer.outcome(70_000, 'tcp', port, port === 22 ? 1 : 2);
    writer.outcome(70_000, 'udp', 53, 13);
    writer.came(70_000, 'tcp', 50, 0);
    writer.tried(70_000, 'tcp', 45, 2);
    writer.flush();
    writer.came(70_000, 'tcp', 60, 3);
    for (const [port, tries] of [
      [45, 3],
      [46, 2],
    ] as const) {
      writer.tried(70_000, 'tcp', port, tries);
    }
    writer.close();
    return file;
  }

  it('are read back', () => {
    const { header, outcomes, halfway, up, down } = readJournal(written('whole'));
    expect(header).toEqual(HEADER);
    expect([...up]).toEqual([
      [70_000, { reason: 'echo-reply', roundTripUs: 123, link: LINK }],
      [3, { reason: 'user-set' }],
    ]);
    expect(down).toEqual(new Set([5, 6, 7, 100_000]));
    const tcp = outcomes.get(journalKey(70_000, 'tcp'))!;
    expect(tcp.size).toBe(40);
    expect([tcp.get(22), tcp.get(23)]).toEqual([1, 2]);
    expect(outcomes.get(journalKey(70_000, 'udp'))).toEqual(new Map([[53, 13]]));
    const tries = new Map([
      [45, 3],
      [46, 2],
    ]);
    expect(halfway.get(journalKey(70_000, 'tcp'))).toEqual({ position: 60, lost: 3, tries });
  });

  it('that were cut anywhere give what is whole', () => {
    const file = written('cut');
    const { length } = readFileSync(file);
    const tcp = () => readJournal(file).outcomes.get(journalKey(70_000, 'tcp')) ?? new Map();
    const whole = tcp();
    const sizes: number[] = [];
    for (let end = length; end > JSON.stringify(HEADER).length; end--) {
      truncateSync(file, end);
      const kept = tcp();
      for (const [cell, code] of kept) expect([cell, code]).toEqual([cell, whole.get(cell)]);
      sizes.push(kept.size);
    }
    expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
    expect([sizes[0], sizes.at(-1)]).toEqual([40, 0]);
  });

  it('go on after a cut line', () => {
    const file = written('go-on');
    appendFileSync(file, '{"h":1,"t":"tcp","c":{"2":"1-');
    const writer = new JournalWriter(file, undefined);
    writer.outcome(1, 'tcp', 99, 2);
    writer.close();
    expect(readJournal(file).outcomes.get(journalKey(1, 'tcp'))).toEqual(new Map([[99, 2]]));
  });

  it.each([
    ['', /no.*resume|not a resume/],
    ['hello', /not a resume/],
    ['{"portreeve":"scan-resume/2"}', /not a resume/],
    ['null', /not a resume/],
  ])('are not %j', (text, message) => {
    const file = join(folder, 'other');
    writeFileSync(file, text);
    expect(() => readJournal(file)).toThrow(JournalError);
    expect(() => readJournal(file)).toThrow(message);
  });

  it.each([
    '{"h":1,"t":"icmp","c":{"2":"1"}}',
    '{"h":1,"t":"tcp","c":{"99":"1"}}',
    '{"h":1,"t":"tcp","c":{"2":""}}',
    '{"h":1,"t":"tcp","s":{"x":"1","0":"2","999":"3"},"p":["x",{}]}',
    '[]',
    '7',
    '{"down":""}',
  ])('take nothing from %s', (line) => {
    const file = join(folder, 'odd');
    writeFileSync(file, `${JSON.stringify(HEADER)}\n${line}\n`);
    const { outcomes, halfway, up, down } = readJournal(file);
    for (const { position, tries } of halfway.values())
      expect([position, tries.size]).toEqual([0, 0]);
    expect([...outcomes.values()].every(({ size }) => size === 0)).toBe(true);
    expect(up.size + down.size).toBe(0);
  });
});
