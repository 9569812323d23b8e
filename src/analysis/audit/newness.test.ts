import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LogReader } from '../../sources/logs/log-reader.ts';
import type { AuditAnswer, Newness } from './answer.ts';
import { Audit, type AuditOptions } from './audit.ts';
import { comparisonNotes } from './comparison-notes.ts';

const START = Date.UTC(2026, 10, 20);
const HOUR = 3_600_000;
/** `0 ACCEPT 10.0.0.7>192.0.2.80 443`: hour, prefix, ends, port. */
function line(text: string, device = 'gw'): string {
  const [hour, prefix, ends, port, more = ''] = text.split(' ') as [string, string, string, string];
  const [client, server] = ends.split('>');
  const time = new Date(START + Number(hour) * HOUR).toISOString();
  return `${time} ${device} kernel: ${prefix} IN=eth1 OUT=eth0 SRC=${client} DST=${server} LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=TCP SPT=50112 DPT=${port} WINDOW=1 RES=0x00 ${more || 'SYN'} URGP=0`;
}

type Reading = { reader: LogReader; folded: Audit };

async function read(
  lines: readonly string[],
  options: Partial<AuditOptions>,
  earlier?: Reading,
): Promise<Reading> {
  const folded = new Audit({ top: 100, seed: 3, ...options });
  if (earlier) {
    const { addresses, names, inputs } = earlier.reader;
    folded.compareWith({ past: earlier.folded.toPast(addresses, names), inputs });
  }
  const reader = new LogReader(
    {
      ...{ nowMs: START, seed: 3, standardInput: Readable.from([Buffer.from(lines.join('\n'))]) },
      ...(earlier === undefined ? {} : { numbering: earlier.reader }),
    },
    (batch) => folded.add(batch),
  );
  await reader.read(['-']);
  return { reader, folded };
}

async function compare(
  before: readonly string[],
  now: readonly string[],
  options: Partial<AuditOptions> = {},
): Promise<AuditAnswer & { newness: Newness }> {
  const { reader, folded } = await read(now, options, await read(before, options));
  const answer = folded.finish(reader.addresses, reader.names, reader.inputs);
  return { ...answer, newness: answer.newness! };
}

const BEFORE = [
  '0 ACCEPT 10.0.0.7>192.0.2.80 443',
  '1 ACCEPT 10.0.0.8>10.0.1.10 1433',
  '2 ACCEPT 10.0.0.8>10.0.1.11 22',
  '3 ACCEPT 198.51.100.9>10.0.1.5 443',
  '4 DROP 198.51.100.9>10.0.1.5 23',
  '5 ACCEPT fd00::8>2001:db8::1 443',
].map((each) => line(each));
const name = ({ server, port }: { server: string | null; port: number | null }): string =>
  `${server ?? '*'} ${port}`;

describe('compared with an earlier log', () => {
  it.each<[string, string[], Record<string, unknown>]>([
    ['nothing is new in the same', [], { services: [], hosts: [], clients: [], rules: [] }],
    [
      'a port of a server inside is new, whoever has it elsewhere',
      ['8 ACCEPT 10.0.0.8>10.0.1.12 1433', '8 ACCEPT 10.0.0.8>10.0.1.11 23'],
      {
        services: [
          { server: '10.0.1.12', port: 1433, portKnown: true, way: 'internal' },
          { server: '10.0.1.11', port: 23, portKnown: false },
        ],
        hosts: [{ address: '10.0.1.12', allowedAsServer: 1, locator: '-:7' }],
      },
    ],
    [
      'another server outside is a new host of a known service',
      ['8 ACCEPT 10.0.0.7>192.0.2.81 443'],
      { services: [], clients: [], hosts: [{ address: '192.0.2.81', zone: 'out' }] },
    ],
    [
      'a port outside is new once for all servers',
      ['8 ACCEPT 10.0.0.7>192.0.2.81 25', '8 ACCEPT 10.0.0.8>192.0.2.82 25'],
      { services: [{ server: null, port: 25, clients: 2, events: 2 }] },
    ],
    [
      'clients inside are told, those outside are counted',
      ['8 ACCEPT 10.0.0.7>10.0.1.10 1433', '8 ACCEPT 198.51.100.10>10.0.1.5 443'],
      {
        services: [],
        clients: [{ client: '10.0.0.7', server: '10.0.1.10', port: 1433 }],
        strangers: 1,
      },
    ],
    [
      'what is refused that was allowed',
      ['8 DROP 10.0.0.8>10.0.1.10 1433', '8 DROP 10.0.0.8>10.0.1.10 1434'],
      {
        refused: [
          { port: 1433, allowedBefore: true },
          { port: 1434, allowedBefore: false },
        ],
        rules: [],
      },
    ],
    [
      'noise is refused anew all the time',
      ['8 DROP 198.51.100.77>10.0.1.5 23'],
      { refused: [], hosts: [], noiseHosts: 1 },
    ],
    [
      'a rule is new by its name and what it did',
      ['8 ACCEPT-web 10.0.0.7>192.0.2.80 443'],
      { rules: [{ rule: 'ACCEPT-web', action: 'allow', events: 1 }], services: [] },
    ],
    ['answers are no services', ['8 ACCEPT 192.0.2.80>10.0.0.7 50112 RST'], { services: [] }],
    [
      'addresses of version 6 are the same ones',
      ['8 ACCEPT fd00::8>2001:db8::1 443', '8 ACCEPT fd00::9>2001:db8::1 443'],
      { clients: [{ client: 'fd00::9', server: null }], services: [] },
    ],
  ])('%s', async (_, news, wanted) => {
    const { newness } = await compare(BEFORE, [...BEFORE, ...news.map((each) => line(each))]);
    expect(newness).toMatchObject(wanted);
    expect(newness.idle).toEqual([]);
  });

  it('says what is used no more, where it was seen', async () => {
    const { newness } = await compare(BEFORE, [BEFORE[0]!, BEFORE[3]!]);
    expect(newness.idle.map(name)).toEqual(['10.0.1.10 1433', '10.0.1.11 22']);
    expect(newness.idle[0]).toMatchObject({ clients: 1, events: 1, locator: '-:2' });
    expect(newness.idle[0]!.lastMs).toBe(START + HOUR);
  });

  it('counts what is new alone, and of that what is wanted', async () => {
    const now = [
      ...BEFORE,
      line('8 ACCEPT 10.0.0.8>10.0.1.12 1433'),
      line('8 DROP 10.0.0.8>10.0.1.10 1433'),
    ];
    expect(await compare(BEFORE, now)).toMatchObject({ allowed: 1, denied: 1 });
    const only = await compare(BEFORE, now, { where: { action: 'deny' } });
    expect(only).toMatchObject({ allowed: 0, denied: 1, newness: { serviceCount: 0 } });
  });

  it('compares with the same log before a moment', async () => {
    const now = [
      ...BEFORE,
      line('8 ACCEPT 10.0.0.9>10.0.1.12 1433'),
      line('9 ACCEPT 10.0.0.8>10.0.1.10 1433'),
    ];
    const { reader, folded } = await read(now, { sinceMs: START + 7 * HOUR });
    const { newness } = folded.finish(reader.addresses, reader.names, reader.inputs);
    expect(newness!.services.map(name)).toEqual(['10.0.1.12 1433']);
    expect(newness!.idle.map(name).sort()).toEqual(
      ['* 443', '10.0.1.11 22', '10.0.1.5 443'].sort(),
    );
  });
});

describe('what a comparison cannot tell', () => {
  const notes = async (before: readonly string[], now: readonly string[]): Promise<string[]> => {
    const { newness } = await compare(before, now);
    return comparisonNotes(newness, 'it', (ms) => `${ms}`).map(({ id }) => id);
  };
  const asa = `${new Date(START + HOUR).toISOString()} fw %ASA-4-106023: Deny tcp src outside:198.51.100.7/40112 dst inside:10.0.2.20/1433 by access-group "OUT_IN" [0x0, 0x0]`;
  it.each<[string, readonly string[], readonly string[], string[]]>([
    [
      'of the same device and length',
      BEFORE,
      BEFORE.map((each) => each.replace('-20T', '-21T')),
      [],
    ],
    ['of the same time', BEFORE, BEFORE, ['logs-overlap']],
    ['without traffic', ['nothing'], BEFORE, ['nothing-before']],
    ['with nothing since', BEFORE, ['nothing'], ['nothing-since']],
    [
      'of another device',
      [line('0 ACCEPT 10.0.0.7>192.0.2.80 443', 'fw2')],
      [line('1 ACCEPT 10.0.0.7>192.0.2.80 443')],
      ['other-device'],
    ],
    ['of another format', [asa], [line('2 DROP 10.0.0.7>192.0.2.80 443', 'fw')], ['other-format']],
    [
      'that logged no allows',
      [line('0 DROP 10.0.0.7>192.0.2.80 80')],
      [line('1 ACCEPT 10.0.0.7>192.0.2.80 443')],
      ['no-allows-before'],
    ],
    [
      'before allows were logged no more',
      [BEFORE[0]!],
      [line('1 DROP 10.0.0.7>192.0.2.80 443')],
      ['no-denies-before', 'no-allows-now'],
    ],
    [
      'that is short',
      BEFORE.slice(0, 2),
      [line('8 ACCEPT 10.0.0.7>192.0.2.80 443'), line('20 ACCEPT 10.0.0.7>192.0.2.80 443')],
      ['shorter-before'],
    ],
    ['that is long', BEFORE, [line('8 ACCEPT 10.0.0.7>192.0.2.80 443')], ['shorter-now']],
  ])('%s', async (_, before, now, wanted) => {
    expect(await notes(before, now)).toEqual(wanted);
  });
});
