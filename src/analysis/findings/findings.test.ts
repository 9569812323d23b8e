import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step, tcpTalk } from '../../../test/builders/conversation.ts';
import {
  ask,
  attempt,
  caseOf,
  findingsIn,
  many,
  NOTHING_SPOKEN,
  ping,
  talk,
  told,
} from '../../../test/builders/findings.ts';
import { ipv4, tcp, udp } from '../../../test/builders/packet.ts';
import { parsePrefix } from '../../net/prefix.ts';
import { untoldFindings } from '../blind-spots.ts';
import { findings } from './find.ts';

/** So low that everything is found. */
const LOW = {
  'scan-hosts': 2,
  'scan-ports': 2,
  'scan-pairs': 2,
  'hop-ports': 3,
  'probe-ports': 3,
  'backscatter-hosts': 1,
  'silent-packets': 1,
  'broadcast-packets': 1,
  'once-asked': 2,
};

const DMZ = { name: 'dmz', prefix: parsePrefix('10.0.1.0/24') };

describe('services reached from another zone', () => {
  it.each([
    [
      'RDP from outside',
      '203.0.113.5:4000',
      '10.0.1.10:3389',
      'remote-access-across-zones',
      'critical',
    ],
    [
      'SSH from outside',
      '203.0.113.5:4000',
      '10.0.1.10:22',
      'remote-access-across-zones',
      'medium',
    ],
    [
      'SQL Server from outside',
      '203.0.113.5:4000',
      '10.0.2.20:1433',
      'database-across-zones',
      'high',
    ],
    ['Redis from the DMZ', '10.0.1.10:4000', '10.0.2.20:6379', 'database-across-zones', 'high'],
    [
      'SQL Server from the DMZ',
      '10.0.1.10:4000',
      '10.0.2.20:1433',
      'database-across-zones',
      'medium',
    ],
    ['Salt from the DMZ', '10.0.1.10:4000', '10.0.2.20:4505', 'management-across-zones', 'high'],
  ])('%s', (_what, client, server, id, severity) => {
    expect(findingsIn(talk({ client, server }), { zones: [DMZ] })).toMatchObject([
      {
        id,
        severity,
        subject: { text: `${server.replace(':', ' ')}/tcp` },
        numbers: { clients: 1 },
      },
    ]);
  });

  it.each([
    ['its own zone', talk({ client: '10.0.2.5:4000', server: '10.0.2.20:1433' })],
    ['a client inside that goes out', talk({ client: '10.0.2.5:4000', server: '198.51.100.4:22' })],
    [
      'an attempt that was refused',
      attempt({ client: '203.0.113.5:4000', server: '10.0.1.10:3389' }, true),
    ],
    [
      'an attempt without answer',
      attempt({ client: '203.0.113.5:4000', server: '10.0.1.10:3389' }),
    ],
    ['a web server', talk({ client: '203.0.113.5:4000', server: '10.0.1.10:443' })],
    ['a log server', ask({ client: '10.0.1.10:4000', server: '10.0.2.20:514' })],
  ])('not %s', (_what, steps) => {
    expect(told(steps, { zones: [DMZ] })).toEqual([]);
  });

  it('is not said of a port on which another service is heard', () => {
    const steps = talk({ client: '203.0.113.5:4000', server: '10.0.1.10:22' });
    const heard = (protocol: string) => ({
      spoken: { ...NOTHING_SPOKEN, protocolAt: () => protocol },
    });
    expect(told(steps, heard('http'))).toEqual([]);
    expect(told(steps, heard('ssh'))).toEqual(['remote-access-across-zones 10.0.1.10 22/tcp']);
  });

  it('tells many servers of one port together', () => {
    const steps = many(9, (n) =>
      talk({ at: n, client: '203.0.113.5:4000', server: `10.0.1.${n + 1}:3389` }),
    );
    expect(findingsIn(steps)).toMatchObject([
      { subject: { text: '3389/tcp of 9 hosts' }, numbers: { servers: 9, clients: 1 } },
    ]);
  });
});

describe('logins in the clear, by the port', () => {
  it.each([
    ['Telnet', 23, 'high'],
    ['FTP', 21, 'medium'],
    ['POP3', 110, 'medium'],
    ['IMAP', 143, 'medium'],
    ['rlogin', 513, 'high'],
  ])('%s', (name, port, severity) => {
    const [finding] = findingsIn(talk({ client: '10.0.0.5:4000', server: `10.0.0.9:${port}` }));
    expect(finding).toMatchObject({ id: 'clear-text-login', severity });
    expect(finding!.what).toMatch(new RegExp(`^${name}: `));
  });

  it.each([
    [
      'without content',
      tcpTalk(['> S 1', '< SA 1 2', '> A 2 2', '> F 2 2'], {
        client: '10.0.0.5:4000',
        server: '10.0.0.9:21',
      }),
    ],
    ['over TLS', talk({ client: '10.0.0.5:4000', server: '10.0.0.9:993' })],
    ['refused', attempt({ client: '10.0.0.5:4000', server: '10.0.0.9:23' }, true)],
    ['to itself', talk({ client: '10.0.0.9:4000', server: '10.0.0.9:21' })],
  ])('not %s', (_what, steps) => {
    expect(told(steps)).toEqual([]);
  });
});

describe('services nobody knows', () => {
  it('one finding a host', () => {
    const steps = many(3, (n) =>
      talk({ at: n, client: '10.0.0.5:4000', server: `10.0.0.9:${41_001 + n}` }),
    );
    expect(told(steps)).toEqual(['unknown-service 10.0.0.9']);
  });

  it.each([
    [
      'ports that RPC hands out',
      [
        ...talk({ client: '10.0.0.5:4000', server: '10.0.0.9:135' }),
        ...talk({ client: '10.0.0.5:4001', server: '10.0.0.9:49670' }),
      ],
    ],
    [
      'data ports of FTP',
      [
        ...talk({ client: '10.0.0.5:4000', server: '10.0.0.9:21' }, []),
        ...talk({ client: '10.0.0.5:4001', server: '10.0.0.9:50123' }),
      ],
    ],
    ['a service outside', talk({ client: '10.0.0.5:4000', server: '198.51.100.4:41001' })],
    ['a registered one', talk({ client: '10.0.0.5:4000', server: '10.0.0.9:8883' })],
    ['one that did not answer', attempt({ client: '10.0.0.5:4000', server: '10.0.0.9:41001' })],
  ])('not %s', (_what, steps) => {
    expect(told(steps)).toEqual([]);
  });

  it('not one whose payload is recognised', () => {
    const spoken = { ...NOTHING_SPOKEN, protocolAt: () => 'redis' };
    const steps = talk({ client: '10.0.0.5:4000', server: '10.0.0.9:41001' });
    expect(told(steps, { spoken })).toEqual([]);
  });
});

const broadcast = (at: number, src: string, port: number, dst = '10.0.0.255') =>
  step(ipv4({ src, dst }, udp({ sport: port, dport: port }, 'x'.repeat(50))), at);

describe('old name services', () => {
  it.each([
    ['NetBIOS by broadcast', [broadcast(0, '10.0.0.5', 137), broadcast(1, '10.0.0.6', 138)], 1],
    ['LLMNR', [broadcast(0, '10.0.0.5', 5355, '224.0.0.252')], 1],
    ['WINS', talk({ client: '10.0.0.5:4000', server: '10.0.0.9:42' }), 1],
    ['multicast DNS is none of them', [broadcast(0, '10.0.0.5', 5353, '224.0.0.251')], 0],
    [
      'a probe from outside is none',
      ask({ client: '203.0.113.5:137', server: '10.0.0.9:137' }, [50]),
      0,
    ],
  ])('%s', (_what, steps, found) => {
    const ids = findingsIn(steps).map(({ id }) => id);
    expect(ids.filter((id) => id === 'legacy-names')).toHaveLength(found);
  });
});

describe('services that answered only once', () => {
  const asked = (failures: number, answers: number) => [
    ...many(failures, (n) =>
      attempt({ at: n, client: `10.0.0.5:${4000 + n}`, server: '10.0.0.9:443' }, true),
    ),
    ...many(answers, (n) =>
      talk({ at: 60 + n, client: `10.0.0.5:${5000 + n}`, server: '10.0.0.9:443' }),
    ),
  ];
  it.each([
    [3, 1, 0],
    [4, 1, 1],
    [40, 1, 1],
    [40, 2, 0],
    [0, 1, 0],
  ])('%i failures, %i answers', (failures, answers, found) => {
    expect(told(asked(failures, answers))).toEqual(
      found === 0 ? [] : ['answered-once 10.0.0.9 443/tcp'],
    );
  });
});

describe('the observation point', () => {
  const oneSided = (n: number) =>
    tcpTalk(['> S 1', '> A 2 2', '> PA 2 2 +90', '> F 92 2'], {
      client: `10.0.0.5:${4000 + n}`,
      server: `10.0.1.${n + 1}:443`,
    });

  it('sees one direction', () => {
    expect(told(many(5, oneSided))).toEqual(['one-way-capture the capture']);
    expect(told(many(4, oneSided))).toEqual([]);
  });

  it('says that a filter may have let one direction through', () => {
    const [finding] = findingsIn(many(5, oneSided), { filtered: true });
    expect(finding?.otherwise).toMatch(/^the filter, where it lets one direction through, /);
  });

  it('calls nothing a share of all packets, nor a host silent, behind a filter', () => {
    const steps = many(120, (n) => [broadcast(n, '10.0.0.7', 1900, '239.255.255.250')]);
    const before = told(steps);
    expect(before).toContain('never-spoken-to 10.0.0.7');
    expect(before).toContain('broadcast-noise the segment');
    expect(told(steps, { filtered: true })).toEqual([]);
  });

  it('sees no answer to any datagram', () => {
    const steps = many(20, (n) =>
      ask({ at: n, client: `10.0.0.5:${4000 + n}`, server: '10.0.0.9:53' }, [30]),
    );
    expect(told(steps)).toContain('one-way-capture the capture');
  });

  it('misses most of one direction', () => {
    const lines = ['> S 1', '< SA 1 2', '> A 2 2'];
    for (let n = 0; n < 80; n++) lines.push(`< A ${2 + 1000 * n} 2 +1000`);
    const steps = tcpTalk([...lines, '> A 2 80002'], {
      client: '10.0.0.5:4000',
      server: '10.0.0.9:443',
    });
    expect(findingsIn(steps)).toMatchObject([
      {
        id: 'asymmetric-counts',
        severity: 'info',
        numbers: { packetsToServer: 3, packetsToClient: 81 },
      },
    ]);
  });

  it('finds a download with acknowledgments ordinary', () => {
    const lines = ['> S 1', '< SA 1 2', '> A 2 2'];
    for (let n = 0; n < 80; n++) {
      lines.push(`< A ${2 + 1000 * n} 2 +1000`);
      if (n % 8 === 7) lines.push(`> A 2 ${2 + 1000 * (n + 1)}`);
    }
    const steps = tcpTalk(lines, { client: '10.0.0.5:4000', server: '10.0.0.9:443' });
    expect(told(steps)).toEqual([]);
  });

  it('sees hosts to which nobody speaks', () => {
    const steps = [
      ...many(10, (n) => [broadcast(n, '10.0.0.77', 1900, '239.255.255.250')]),
      ...many(9, (n) => [broadcast(n, '10.0.0.78', 1900, '239.255.255.250')]),
    ];
    expect(findingsIn(steps)).toMatchObject([
      {
        id: 'never-spoken-to',
        severity: 'info',
        subject: { text: '10.0.0.77' },
        numbers: { hosts: 1, packets: 10 },
      },
    ]);
  });

  it('drowns in broadcasts', () => {
    const noise = many(100, (n) => [broadcast(n, '10.0.0.77', 1900, '239.255.255.250')]);
    const rest = many(24, (n) =>
      talk({ at: n, client: `10.0.0.5:${4000 + n}`, server: '10.0.0.77:443' }),
    );
    expect(told([...noise, ...rest])).toEqual(['broadcast-noise the segment']);
    expect(told([...noise.slice(1), ...rest])).toEqual([]);
    const busy = many(60, (n) =>
      talk({ at: n, client: `10.0.0.5:${4000 + n}`, server: '10.0.0.77:443' }),
    );
    expect(told([...noise, ...busy])).toEqual([]);
  });
});

describe('backscatter', () => {
  const answers = (hosts: number) =>
    many(hosts, (n) => [
      step(
        ipv4(
          { src: '203.0.113.80', dst: `10.0.1.${n + 1}` },
          tcp({ sport: 80, dport: 3000 + n, flags: n % 2 === 0 ? 'SA' : 'RA' }),
        ),
        n,
      ),
    ]);

  it('is told of the one under attack, not of those who get it', () => {
    expect(findingsIn(answers(10))).toMatchObject([
      {
        id: 'backscatter',
        severity: 'info',
        subject: { server: '203.0.113.80' },
        numbers: { hosts: 10 },
      },
    ]);
    expect(told(answers(9))).toEqual([]);
  });

  it('is not told of half a mirror port', () => {
    const half = many(20, (n) =>
      tcpTalk(['< SA 1 2', '< PA 2 2 +90', '< F 92 2'], {
        client: `10.0.0.5:${4000 + n}`,
        server: `198.51.100.${n + 1}:80`,
      }),
    );
    expect(told(half)).toEqual(['one-way-capture the capture']);
  });
});

it('says something whole of any traffic, in tables however small', () => {
  const host = fc.constantFrom('10.0.0.5', '10.0.1.9', '192.0.2.7', '203.0.113.8', '169.254.1.1');
  const port = fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom(21, 53, 137, 3389));
  const flow = fc.record({
    from: host,
    to: host,
    sport: port,
    dport: port,
    kind: fc.nat(4),
    at: fc.nat(99),
  });
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 120 }), fc.boolean(), (flows, small) => {
      const steps = flows.flatMap(({ from, to, sport, dport, kind, at }) => {
        const end = { at, client: `${from}:${sport}`, server: `${to}:${dport}` };
        if (kind === 0) return talk(end);
        if (kind === 1) return attempt(end, at % 2 === 0);
        if (kind === 2) return ask(end, [at]);
        return kind === 3 ? ask(end, [40, at]) : ping(from, to, at, at % 3 === 0);
      });
      const limits = small ? { limits: { keys: 4, blocks: 4 } } : {};
      for (const finding of findingsIn(steps, { ...limits, thresholds: LOW })) {
        const { what, why, otherwise, subject, evidence, numbers } = finding;
        for (const text of [what, why, finding.do, otherwise, subject.text]) {
          expect(text).not.toBe('');
          expect(text).not.toMatch(/undefined|NaN|Infinity/);
        }
        for (const number of Object.values(numbers)) expect(Number.isFinite(number)).toBe(true);
        for (const { locator } of evidence) {
          const frame = Number(locator.split('#')[1]);
          expect(frame).toBeGreaterThanOrEqual(1);
          expect(frame).toBeLessThanOrEqual(steps.length);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('says how many more of a kind there would be', () => {
  const steps = many(30, (n) =>
    talk({ at: n, client: '10.0.0.5:4000', server: `10.0.1.${n + 1}:61999` }),
  );
  const seen = caseOf(steps);
  const ids = findings(seen).map(({ id }) => id);
  expect(ids.filter((id) => id === 'unknown-service')).toHaveLength(25);
  expect(untoldFindings(seen.untold)).toMatchObject([
    { what: '5 more findings of unknown-service' },
  ]);
  expect(untoldFindings(caseOf([]).untold)).toEqual([]);
});

it('ranks the gravest first', () => {
  const steps = [
    broadcast(0, '10.0.0.5', 137),
    ...talk({ client: '10.0.0.5:4000', server: '10.0.0.9:21' }),
    ...talk({ client: '203.0.113.5:4000', server: '10.0.1.10:3389' }),
    ...many(30, (n) => attempt({ at: n, client: '10.0.0.7:4000', server: `10.0.4.${n + 1}:445` })),
  ];
  expect(findingsIn(steps).map(({ severity }) => severity)).toEqual([
    'critical',
    'high',
    'medium',
    'low',
  ]);
});
