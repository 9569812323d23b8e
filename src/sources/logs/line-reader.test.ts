/**
 * What a reader takes over from the lines before must never show: lines read one after the other say
 * what each says by itself.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brief, FIXTURE_NOW_MS } from '../../../test/builders/read-log.ts';
import type { Verdict } from '../../model/verdict.ts';
import { LineReader, LONGEST_LINE } from './line-reader.ts';

const FOLDER = fileURLToPath(new URL('fixtures/', import.meta.url));
const DAY_MS = 86_400_000;
/** Formats that learn nothing from the lines before. */
const STATELESS = [
  ...['netfilter', 'fortigate', 'sophos', 'sonicwall', 'check-point', 'juniper-srx', 'conntrack'],
  ...['filterlog', 'pan-os', 'cisco-ios', 'mikrotik'],
];
/** Bytes behind the lines, as in a window that held longer ones before. */
const REST =
  ' SRC=10.9.9.9 DST=10.9.9.8 LEN=52 PROTO=TCP SPT=9 DPT=9 WINDOW=9 RES=0x00 SYN URGP=0 '.repeat(6);

function read(lines: readonly string[]): { verdicts: Partial<Verdict>[]; reader: LineReader } {
  const verdicts: Partial<Verdict>[] = [];
  const reader = new LineReader({ seed: 3 }, (batch) => {
    for (let row = 0; row < batch.count; row++) verdicts.push(brief(batch.verdictAt(row, ['x'])));
  });
  const text = `${lines.join('\n')}\n`;
  const bytes = Uint8Array.from(text + REST, (character) => character.charCodeAt(0));
  reader.begin(0, 'x', FIXTURE_NOW_MS);
  const at = reader.readLines(bytes, 0, text.length);
  reader.end(bytes, at, text.length);
  return { verdicts, reader };
}

/** Without the place, and of the time what does not depend on the year that was inferred. */
function itself({ locator: _locator, timeMs, ...verdict }: Partial<Verdict>): unknown {
  return { ...verdict, ofDayMs: typeof timeMs === 'number' ? timeMs % DAY_MS : timeMs };
}

const lines = STATELESS.flatMap((format) =>
  readdirSync(join(FOLDER, format))
    .filter((file) => !file.endsWith('.json'))
    .flatMap((file) => readFileSync(join(FOLDER, format, file), 'latin1').split('\n')),
).filter((line) => line !== '' && !/repeated|__CURSOR|^#/.test(line));

const packet = (head: string, rest = ''): string =>
  `${head}DROP IN=eth0 OUT=eth1 MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=198.51.100.7 DST=10.0.0.5 LEN=52 TOS=0x00 PREC=0x00 TTL=127 ID=1 DF PROTO=TCP SPT=50112 DPT=22 WINDOW=64240 RES=0x00 SYN URGP=0${rest}`;

describe('lines one after the other', () => {
  it('say what each says by itself', () => {
    const some = fc.array(fc.constantFrom(...lines), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(some, (chosen) => {
        const alone = chosen.flatMap((line) => read([line]).verdicts.map(itself));
        expect(read(chosen).verdicts.map(itself)).toEqual(alone);
      }),
      { numRuns: 50 },
    );
  });

  it('of a syslog header and key=value pairs behind a connection table', () => {
    const table =
      'udp 17 29 src=10.0.1.10 dst=192.0.2.1 sport=5 dport=53 src=192.0.2.1 dst=10.0.1.10 sport=53 dport=5 use=1';
    const fortigate =
      'Feb 20 12:26:26 fw1 date=2011-02-20 time=12:26:25 devname=edge device_id=FG100 log_id=0021000002 type=traffic subtype=allowed pri=notice vd=root status=accept src=10.1.1.1 src_port=50112 dst=192.0.2.80 dst_port=443 proto=6 duration=12 rule=3';
    expect(read([table, fortigate]).verdicts.map(({ format }) => format)).toEqual([
      'conntrack',
      'fortigate',
    ]);
  });

  it.each<[string, string]>([
    ['azure-analytics', 'csv-cut.log'],
    ['nfdump', 'both-ways.csv'],
    ['aws-vpc', 'athena.log'],
    ['zeek', 'default.log'],
    ['windows-firewall', 'allow.log'],
  ])('say so behind a header of %s, which tells its lines by their columns', (format, file) => {
    const text = (its: string, name: string): string[] =>
      readFileSync(join(FOLDER, its, name), 'latin1')
        .trimEnd()
        .split('\n');
    const table = text(format, file);
    const head = read(table).verdicts.length;
    const others: [string, string][] = [
      ...([
        ['pan-os', 'end.log'],
        ['filterlog', 'flags.log'],
        ['mikrotik', 'flags.log'],
      ] as const),
      ...([
        ['leef', 'check-point.log'],
        ['ulogd', 'connection-gprint.log'],
      ] as const),
      ...([
        ['cisco-asa', 'ftd-blocked.log'],
        ['nfdump', 'later.csv'],
        ['zeek', 'default.log'],
      ] as const),
    ].filter(([its]) => its !== format) as [string, string][];
    for (const [its, name] of others) {
      const lines = text(its, name);
      const alone = read(lines);
      const { verdicts, reader } = read([...table, ...lines]);
      expect(verdicts.slice(head).map(itself)).toEqual(alone.verdicts.map(itself));
      const faults = [...reader.tally.faults.values()].filter(({ format: of }) => of !== format);
      expect(faults.length).toBe(alone.reader.tally.faults.size);
    }
  });

  it('say so too when only digits of their headers differ', () => {
    const heads = fc.constantFrom(
      ...['Nov 22 10:00:', '<166>Nov 22 10:00:', '2026-11-22T10:00:', '<13>2026-11-22 10:00:'],
    );
    const seconds = fc.constantFrom(
      '00',
      '07',
      '59',
      '60',
      '61',
      '7',
      '0x',
      '08.5',
      '09.125',
      '09.',
    );
    const tails = fc.constantFrom(
      ...[' gw kernel: ', ' gw kernel:  ', ' fw kernel: ', ': ', ' gw kernel: Nov 21 09:00:00 fw '],
      ...['Z gw kernel: ', '+02:00 gw kernel: ', ' gw kernel: <4>', ' gw : '],
    );
    const line = fc.tuple(heads, seconds, tails).map((parts) => packet(parts.join('')));
    fc.assert(
      fc.property(fc.array(line, { minLength: 2, maxLength: 8 }), (chosen) => {
        const alone = chosen.flatMap((each) => read([each]).verdicts.map(itself));
        expect(read(chosen).verdicts.map(itself)).toEqual(alone);
      }),
      { numRuns: 50 },
    );
  });

  it('say so too in runs of usual lines, whole or damaged', () => {
    const head = 'Nov 22 10:00:';
    const tcp = packet('');
    const udp = tcp.replace('TCP', 'UDP').replace(/WINDOW.*/, 'LEN=32');
    const usual = [
      ...[tcp, `${tcp} `, `${tcp}\r`, `${tcp} \r`, udp, `${udp} `, tcp.replace('DROP', 'PASS')],
      ...[
        tcp.replace('SYN', 'ECE CWR SYN'),
        tcp.replace('SYN', 'ACK SYN'),
        tcp.replace(/MAC=\S+ /, ''),
      ],
      ...[tcp.replace('127', '1').replace('50112', '7'), tcp.replace('MAC=00', 'MAC=01')],
      ...[tcp.replace('ID=1', 'ID=65535'), tcp.replace('198.51.100.7', '198.51.100.255')],
      ...[`${tcp} MARK=0x1`, tcp.replace('URGP', 'OPT (020405B4) URGP')],
      ...[packet('[12.5] '), packet('[  1234567.123456] '), packet('[/12.5] '), packet('Nov 21 ')],
    ];
    const put = fc.constantFrom(...['\n', ' ', '\r\n', '0', '00', '.', 'SYN ', '\0', '\xff', '']);
    const broken = fc
      .tuple(fc.constantFrom(...usual), fc.nat(260), fc.nat(3), put)
      .map(([line, at, less, text]) => line.slice(0, at) + text + line.slice(at + less));
    const message = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...usual) }, broken);
    const line = fc
      .tuple(fc.constantFrom('10', '59'), message)
      .map(([seconds, text]) => `${head}${seconds} gw kernel: ${text}`);
    const before = new Map<string, ReturnType<typeof read>>();
    fc.assert(
      fc.property(fc.array(line, { minLength: 3, maxLength: 12 }), (chosen) => {
        const text = chosen.join('\n').split('\n');
        const alone = text.map((each) => {
          const known = before.get(each) ?? read([each]);
          before.set(each, known);
          return known;
        });
        const { verdicts, reader } = read(chosen);
        expect(verdicts.map(itself)).toEqual(alone.flatMap((each) => each.verdicts.map(itself)));
        expect(verdicts.map(({ locator }) => locator)).toEqual(
          alone.flatMap((each, index) => each.verdicts.map(() => `x:${index + 1}`)),
        );
        const sum = (of: (each: LineReader) => number): number =>
          alone.reduce((all, each) => all + of(each.reader), 0);
        for (const count of ['lines', 'read', 'blank'] as const) {
          expect(reader.tally[count]).toBe(sum(({ tally }) => tally[count]));
        }
        expect(reader.formats()[0]?.[1] ?? 0).toBe(sum((each) => each.formats()[0]?.[1] ?? 0));
        expect(reader.clock.withoutYear).toBe(sum(({ clock }) => clock.withoutYear));
      }),
      { numRuns: 40 },
    );
  });

  it('are known by how they begin, whatever a value in them looks like', () => {
    const gprint = readFileSync(join(FOLDER, 'ulogd/prefix-gprint.log'), 'latin1').trimEnd();
    const asa =
      '<166>Oct 03 2026 10:00:01 fw1 : %ASA-4-106023: Deny tcp src outside:198.51.100.7/40112 dst inside:10.0.2.20/1433 by access-group "A"';
    for (const line of gprint.split('\n')) {
      const { verdicts, reader } = read([asa, line]);
      expect([verdicts.at(-1)?.format, reader.tally.faults.size]).toEqual(['ulogd', 0]);
    }
  });

  it('are looked at by themselves where an object turns out to be none', () => {
    const object =
      '{"version":2,"interface_id":"eni-0a","srcaddr":"10.0.1.10","dstaddr":"10.0.2.20","srcport":5,"dstport":6,"protocol":6,"packets":5,"bytes":420,"start":1790000000,"end":1790000060,"action":"REJECT","log_status":"OK"}';
    // A header of NX-OS within it, behind which no object begins.
    const broken = '{"interface_id":"src<189>: 2026 Oct  3 10:00:01 UTC: %X: addr"}';
    const { verdicts, reader } = read([object, broken, object]);
    expect(verdicts).toHaveLength(2);
    expect([reader.tally.lines, reader.tally.others.size]).toEqual([3, 1]);
  });

  it('are of the host that wrote them, whoever wrote the one before', () => {
    const { verdicts } = read([
      packet('Nov 22 10:00:00 one kernel: '),
      'Nov 22 10:00:01 two kernel: nothing of interest',
      packet('Nov 22 10:00:02 two kernel: '),
    ]);
    expect(verdicts.map(({ device }) => device)).toEqual(['one', 'two']);
  });

  it('count again where they came again, wherever a batch ends', () => {
    const many = Array.from({ length: 5000 }, () => [
      packet('Nov 22 10:00:00 gw kernel: '),
      'Nov 22 10:00:01 gw last message repeated 3 times',
    ]).flat();
    const { verdicts, reader } = read(many);
    expect(reader.tally.others.size).toBe(0);
    expect(verdicts.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(20_000);
  });

  it('are read up to the longest there may be', () => {
    const fits = packet('', ' '.repeat(LONGEST_LINE - packet('').length));
    const { reader } = read([fits, `${fits} `, packet('')]);
    expect([reader.tally.lines, reader.tally.read]).toEqual([3, 2]);
    expect([...reader.tally.faults.values()][0]).toMatchObject({ what: 'line-too-long', lines: 1 });
  });
});
