import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrefix } from '../../net/prefix.ts';
import { LogReader } from '../../sources/logs/log-reader.ts';
import type { AuditAnswer } from './answer.ts';
import { Audit, type AuditOptions } from './audit.ts';

interface Packet {
  readonly src: string;
  readonly dst: string;
  readonly dport?: number;
  readonly sport?: number;
  readonly flags?: string;
  readonly proto?: string;
  readonly prefix?: string;
  readonly in?: string;
  readonly out?: string;
  /** Seconds after the first one. */
  readonly at?: number;
}

const START = Date.UTC(2026, 10, 22, 9);

function line(packet: Packet): string {
  const { src, dst, dport = 443, sport = 50_000, flags = 'SYN', proto = 'TCP' } = packet;
  const time = new Date(START + 1000 * (packet.at ?? 0)).toISOString();
  const rest = proto === 'UDP' ? 'LEN=20' : `WINDOW=1 RES=0x00 ${flags} URGP=0`;
  return `${time} gw kernel: ${packet.prefix ?? 'DROP'} IN=${packet.in ?? 'eth0'} OUT=${packet.out ?? 'eth1'} SRC=${src} DST=${dst} LEN=40 TOS=0x00 PREC=0x00 TTL=60 ID=1 PROTO=${proto} SPT=${sport} DPT=${dport} ${rest}`;
}

function audit(
  packets: readonly Packet[],
  options: Partial<AuditOptions> = {},
): Promise<AuditAnswer> {
  return auditText(packets.map(line).join('\n'), options);
}

async function auditText(text: string, options: Partial<AuditOptions> = {}): Promise<AuditAnswer> {
  const folded = new Audit({ top: 1000, seed: 3, ...options });
  const reader = new LogReader(
    { nowMs: START, seed: 3, standardInput: Readable.from([Buffer.from(text)]) },
    (batch) => folded.add(batch),
  );
  await reader.read(['-']);
  return folded.finish(reader.addresses, reader.names, reader.inputs);
}

const times = (count: number, make: (index: number) => Packet): Packet[] =>
  Array.from({ length: count }, (_, index) => make(index));

const noiseOf = ({ noise }: AuditAnswer): Record<string, number> =>
  Object.fromEntries(noise.map(({ noise: kind, events }) => [kind, events]));

const IN = '10.0.0.5';
const OUT = '198.51.100.7';

describe('directions', () => {
  it.each<[string, Packet, Partial<AuditOptions>, string]>([
    ['from outside to a private address', { src: OUT, dst: IN }, {}, 'inward'],
    ['from a private address to outside', { src: IN, dst: OUT }, {}, 'outward'],
    ['between private addresses', { src: IN, dst: '192.168.1.1' }, {}, 'internal'],
    ['between public addresses, forwarded', { src: OUT, dst: '203.0.113.5' }, {}, 'through'],
    [
      'to a public address of this machine',
      { src: OUT, dst: '203.0.113.5', out: '' },
      {},
      'inward',
    ],
    [
      'from a public address of this machine',
      { src: '203.0.113.5', dst: OUT, in: '' },
      {},
      'outward',
    ],
    [
      'to a zone of the user',
      { src: OUT, dst: '203.0.113.5' },
      { zones: [{ name: 'in', prefix: parsePrefix('203.0.113.0/24') }] },
      'inward',
    ],
    [
      'by an interface of the user, before addresses',
      { src: '10.9.9.9', dst: IN },
      { interfaces: [{ name: 'eth0', zone: 'out' }] },
      'inward',
    ],
    ['by an interface that says so', { src: '10.9.9.9', dst: IN, in: 'wan1' }, {}, 'inward'],
  ])('%s: %s', async (_, packet, options, way) => {
    const answer = await audit([packet], options);
    expect(answer.ways.filter(({ denied }) => denied > 0).map((each) => each.way)).toEqual([way]);
  });
});

describe('noise', () => {
  it('is what comes from outside and is refused, by kind', async () => {
    const answer = await audit([
      ...times(25, (index) => ({ src: OUT, dst: '10.0.0.9', dport: 1000 + index })),
      ...times(20, (index) => ({ src: `198.51.100.${20 + index}`, dst: IN, dport: 23 })),
      { src: '192.0.2.1', dst: IN, dport: 50_123, sport: 80, flags: 'ACK SYN' },
      { src: '192.0.2.2', dst: IN, dport: 50_123, sport: 80, flags: 'RST' },
      { src: '192.0.2.3', dst: IN, dport: 50_123, sport: 443, flags: 'ACK FIN' },
      { src: '192.0.2.4', dst: IN, dport: 40_000, sport: 53, proto: 'UDP' },
      { src: IN, dst: '239.255.255.250', dport: 1900, proto: 'UDP' },
      { src: IN, dst: '10.0.0.255', dport: 137, sport: 137, proto: 'UDP' },
      { src: '192.0.2.9', dst: IN, dport: 8080 },
    ]);
    expect(noiseOf(answer)).toEqual({
      ...{ scan: 25, worm: 20, backscatter: 2, late: 2, broadcast: 2, probe: 1 },
    });
    expect(answer.refused).toEqual([]);
  });

  it.each<[string, Packet[]]>([
    ['an inside host refused outward', [{ src: IN, dst: OUT, dport: 25 }]],
    ['an inside host that sweeps', times(40, (index) => ({ src: IN, dst: OUT, dport: index + 1 }))],
    [
      'somebody outside who keeps trying one port',
      times(10, (at) => ({ src: OUT, dst: IN, dport: 8443, at })),
    ],
    [
      'a stranger who is a customer too',
      [
        { src: OUT, dst: IN, dport: 443, prefix: 'ACCEPT' },
        { src: OUT, dst: IN, dport: 8443 },
      ],
    ],
  ])('is never %s', async (_, packets) => {
    const answer = await audit(packets);
    expect(answer.noise).toEqual([]);
    expect(answer.refusedCount).toBeGreaterThan(0);
  });

  it('is never what was let through', async () => {
    const answer = await audit(
      times(30, (dport) => ({ src: OUT, dst: IN, dport, prefix: 'PASS' })),
    );
    expect(answer.noise).toEqual([]);
    expect(answer.allowed).toBe(30);
  });
});

describe('what is let through within connections', () => {
  const shown = ({ services }: AuditAnswer): string[] =>
    services.map(({ way, transport, port, events }) => `${way} ${transport}/${port} ${events}`);
  const passed = (packet: Omit<Packet, 'prefix'>): Packet => ({ ...packet, prefix: 'ACCEPT' });
  const ask = passed({ src: IN, dst: OUT, sport: 32_976, dport: 443 });
  const on = passed({ ...ask, flags: 'ACK' });
  const back = passed({ src: OUT, dst: IN, sport: 443, dport: 32_976, flags: 'ACK PSH' });
  const high = passed({ src: IN, dst: OUT, sport: 40_001, dport: 50_000 });
  const highBack = passed({ src: OUT, dst: IN, sport: 50_000, dport: 40_001, flags: 'ACK' });
  const question = passed({ src: IN, dst: OUT, sport: 32_976, dport: 53, proto: 'UDP' });
  const reply = passed({ src: OUT, dst: IN, sport: 53, dport: 32_976, proto: 'UDP' });

  it.each<[string, Packet[], string[], number, number]>([
    ['one that goes back, and what opened it', [ask, on, back], ['outward tcp/443 2'], 1, 0],
    ['one that goes back, before that', [back, ask], ['outward tcp/443 1'], 1, 0],
    ['one that goes back, alone', [back], [], 1, 0],
    ['one that goes forth, alone', [on], ['outward tcp/443 1'], 0, 1],
    [
      'one to a port of a server, from a lower one',
      [passed({ src: OUT, dst: IN, sport: 80, dport: 445, flags: 'ACK' })],
      ['inward tcp/445 1'],
      0,
      1,
    ],
    ['from the higher port, which was opened', [high, highBack], ['outward tcp/50000 1'], 1, 0],
    ['from the higher port, of which nothing is known', [highBack], ['inward tcp/40001 1'], 0, 1],
    [
      'from the higher port, while both opened connections',
      [high, highBack, passed({ ...highBack, sport: 50_001, flags: 'SYN' })],
      ['inward tcp/40001 2', 'outward tcp/50000 1'],
      0,
      0,
    ],
    ['an answer of DNS', [question, reply], ['outward udp/53 1'], 1, 0],
    ['what DNS answers, and nobody asked', [reply], ['inward udp/32976 1'], 0, 0],
    [
      'what DNS answers to one who was refused',
      [{ ...question, prefix: 'DROP' }, reply],
      ['inward udp/32976 1', 'outward udp/53 1'],
      0,
      0,
    ],
  ])('is told from what opens one: %s', async (_, packets, services, answers, unopened) => {
    const answer = await audit(packets);
    expect(shown(answer).sort()).toEqual([...services].sort());
    expect(answer).toMatchObject({ answers, unopened });
  });

  it('is no service that is new', async () => {
    const before = { ...high, at: -100 };
    const answer = await audit([before, { ...highBack, at: 10 }], { sinceMs: START });
    expect(answer.newness?.services).toEqual([]);
  });
});

describe('a connection that is told of while it goes on', () => {
  const session = (time: string, id: string, action: string, bytes: string): string =>
    `date=2026-10-03 time=${time} devname="fw" logid="${id}" type="traffic" subtype="forward" srcip=10.0.1.10 srcport=50112 dstip=192.0.2.80 dstport=443 sessionid=6 proto=6 action="${action}" policyid=7 service="HTTPS" ${bytes} x=1`;
  const statistics = [
    session('10:02:00', '0000000020', 'accept', 'sentbyte=3000 sentdelta=3000 rcvddelta=0'),
    session('10:04:00', '0000000020', 'accept', 'sentbyte=5000 sentdelta=2000 rcvddelta=0'),
  ];
  const end = session('10:05:00', '0000000013', 'close', 'sentbyte=5600 sentdelta=600 rcvddelta=0');

  it.each([
    ['ended', [...statistics, end], 5600],
    ['not ended', statistics, 5000],
  ])('counts once where it %s', async (_, lines, bytes) => {
    const { services, conversations } = await auditText(lines.join('\n'), { where: {} });
    expect(services).toMatchObject([{ port: 443, events: 1 }]);
    expect(conversations).toMatchObject([{ events: 1, bytes }]);
  });
});

describe('sums of traffic of which nobody says who began', () => {
  const record = (ports: string, verdict: string): string =>
    `2 1 eni-1 203.0.113.9 10.0.0.5 ${ports} 17 1 40 1790000000 1790000060 ${verdict} OK`;

  it('begin at the higher port, but what was refused went where it went', async () => {
    const passed = await auditText(record('53 50000', 'ACCEPT'));
    expect(passed.services).toMatchObject([{ way: 'outward', port: 53 }]);
    const refused = await auditText(record('53 50000', 'REJECT'));
    expect(refused.services).toMatchObject([{ way: 'inward', port: 50_000 }]);
    expect(refused).toMatchObject({ refusedInside: 0 });
  });
});

describe('what is left', () => {
  it('says that something tries again and again, and what else is allowed', async () => {
    const answer = await audit([
      ...times(20, (index) => ({ src: IN, dst: OUT, dport: 8443, at: 30 * index })),
      { src: IN, dst: OUT, dport: 443, prefix: 'ACCEPT' },
    ]);
    expect(answer.refused).toMatchObject([
      {
        ...{ client: IN, server: OUT, port: 8443, events: 20, way: 'outward', rule: 'DROP' },
        ...{ loopMs: 30_000, partly: true, locator: '-:1' },
      },
    ]);
  });

  it.each<[string, number, number]>([
    ['too few tries', 9, 30],
    ['too fast to be more than one go', 10, 1],
    ['too far apart', 10, 4000],
  ])('is no loop with %s', async (_, count, gap) => {
    const answer = await audit(times(count, (index) => ({ src: IN, dst: OUT, at: gap * index })));
    expect(answer.refused[0]).toMatchObject({ loopMs: null });
  });
});

describe('tables', () => {
  it('count rules with their verdicts, and interfaces', async () => {
    const { rules, paths } = await audit([
      ...times(3, (at) => ({ src: IN, dst: OUT, at })),
      { src: IN, dst: OUT, dport: 25 },
      { src: IN, dst: OUT, prefix: 'ACCEPT', out: 'eth2' },
    ]);
    expect(rules).toMatchObject([
      { rule: 'DROP', device: 'gw', action: 'deny', events: 4, services: 2, topService: 'tcp/443' },
      { rule: 'ACCEPT', action: 'allow', events: 1 },
    ]);
    expect(paths).toMatchObject([
      { from: 'eth0', to: 'eth1', denied: 4, allowed: 0 },
      { from: 'eth0', to: 'eth2', denied: 0, allowed: 1 },
    ]);
  });

  it('tell no port from port 0, and no type of ICMP from an echo reply', async () => {
    const head = `FW-DROP IN=eth0 OUT= SRC=${OUT} DST=${IN} LEN=40 TOS=0x00 PREC=0x00 TTL=60 ID=1`;
    const { services, rules } = await auditText(
      [
        `${head} FRAG:185 PROTO=UDP`,
        `${head} FRAG:185 PROTO=UDP`,
        `${head} PROTO=UDP SPT=1 DPT=0 LEN=20`,
        `${head} PROTO=ICMP INCOMPLETE [0 bytes]`,
        `${head} PROTO=ICMP TYPE=0 CODE=0 ID=1 SEQ=1`,
        `${head} PROTO=47`,
      ].join('\n'),
      { where: {} },
    );
    const shown = services.map(({ transport, port, events }) => `${transport} ${port} ${events}`);
    expect(shown.sort()).toEqual([
      ...['icmp 0 1', 'icmp null 1', 'ip-47 null 1', 'udp 0 1', 'udp null 2'],
    ]);
    expect(rules[0]?.topService).toBe('udp');
  });

  it('keep only what a drill-down asks for', async () => {
    const packets = [
      { src: IN, dst: OUT, dport: 25 },
      { src: '10.0.0.6', dst: OUT, dport: 53, proto: 'UDP' },
      { src: OUT, dst: IN, dport: 25, prefix: 'ACCEPT', at: 60 },
    ];
    const count = async (where: NonNullable<AuditOptions['where']>) =>
      (await audit(packets, { where })).conversations.length;
    expect(await count({ hosts: [parsePrefix('10.0.0.6')] })).toBe(1);
    expect(await count({ hosts: [parsePrefix('198.51.100.0/24')] })).toBe(3);
    expect(await count({ ports: [{ port: 25, protocol: undefined }] })).toBe(2);
    expect(await count({ ports: [{ port: 53, protocol: 6 }] })).toBe(0);
    expect(await count({ rule: 'DROP' })).toBe(2);
    expect(await count({ action: 'allow' })).toBe(1);
    expect(await count({ way: 'inward' })).toBe(1);
    const { conversations } = await audit(packets, { sinceMs: START + 1000 });
    expect(conversations).toHaveLength(1);
  });

  it('keep every sum when there is no room for addresses', async () => {
    const packets = times(200, (index) => ({ src: `10.1.0.${index}`, dst: OUT, dport: 80 }));
    const answer = await audit(packets, { rowLimit: 20 });
    expect(answer).toMatchObject({ events: 200, denied: 200, collapsed: 180, lost: 0 });
    expect(answer.services).toMatchObject([{ port: 80, events: 200, way: 'outward' }]);
  });

  it('tell hosts apart as their conversations do', async () => {
    const packet = fc.record({
      src: fc.constantFrom(IN, '10.0.0.6', OUT, '192.0.2.7', '192.0.2.8'),
      dst: fc.constantFrom(IN, OUT, '224.0.0.9', '10.0.0.9', '203.0.113.9'),
      dport: fc.constantFrom(22, 53, 443),
      proto: fc.constantFrom('TCP', 'UDP'),
      flags: fc.constantFrom('SYN', 'ACK', 'RST'),
      prefix: fc.constantFrom('DROP', 'ACCEPT'),
      in: fc.constantFrom('eth0', 'wan1', 'lan1'),
    });
    const distinct = (texts: readonly string[]): number => new Set(texts).size;
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 60 }), async (packets) => {
        const { services, noise, hosts, conversations } = await audit(packets, { where: {} });
        for (const service of services) {
          const { way, action, transport, port } = service;
          const its = conversations.filter(
            (each) =>
              each.way === way &&
              each.action === action &&
              each.transport === transport &&
              each.port === port,
          );
          expect([service.clients, service.servers]).toEqual([
            distinct(its.map(({ client }) => client)),
            distinct(its.map(({ server }) => server)),
          ]);
        }
        for (const { noise: kind, sources } of noise) {
          const its = conversations.filter((each) => each.noise === kind);
          expect(sources).toBe(distinct(its.map(({ client }) => client)));
        }
        const meant = conversations.filter((each) => each.noise === null);
        expect(hosts.map(({ address, zone }) => `${address} ${zone}`).sort()).toEqual(
          [
            ...new Set(
              meant.flatMap((each) => [
                `${each.client} ${each.clientZone}`,
                `${each.server} ${each.serverZone}`,
              ]),
            ),
          ].sort(),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('always add up', async () => {
    const packet = fc.record({
      src: fc.constantFrom(IN, '10.0.0.6', OUT, '192.0.2.7', '2001:db8::7'),
      dst: fc.constantFrom(IN, OUT, '224.0.0.9', '10.0.0.255', '203.0.113.9'),
      dport: fc.constantFrom(22, 53, 137, 443, 50_000),
      proto: fc.constantFrom('TCP', 'UDP'),
      flags: fc.constantFrom('SYN', 'ACK', 'RST'),
      prefix: fc.constantFrom('DROP', 'ACCEPT', 'X'),
      at: fc.nat(100_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 60 }), async (packets) => {
        const whole = packets.filter(({ src, dst }) => src.includes(':') === dst.includes(':'));
        const answer = await audit(whole, { rowLimit: 30 });
        const sum = (values: readonly number[]) => values.reduce((left, right) => left + right, 0);
        expect(answer.events + answer.answers + answer.lost).toBe(whole.length);
        expect(sum(answer.services.map(({ events }) => events))).toBe(answer.events);
        expect(sum(answer.rules.map(({ events }) => events))).toBe(answer.events);
        expect(sum(answer.paths.map((path) => path.allowed + path.denied + path.unknown))).toBe(
          answer.events,
        );
        expect(sum(answer.ways.map((way) => way.allowed + way.denied + way.unknown))).toBe(
          answer.events,
        );
        const { allowed, denied, unknown } = answer.timeline;
        expect(sum([...allowed, ...denied, ...unknown])).toBe(whole.length);
      }),
      { numRuns: 60 },
    );
  });
});
