import { describe, expect, it } from 'vitest';
import {
  accused,
  ask,
  attempt,
  findingsIn,
  many,
  NOTHING_SPOKEN,
  ping,
  refusedDatagram,
  talk,
} from '../../../test/builders/findings.ts';

const EVIL = '203.0.113.77';
const INSIDE = '10.0.3.21';

describe('scans that are', () => {
  it.each([14, 15, 200])('vertical: %i ports of one host', (ports) => {
    const steps = many(ports, (n) =>
      attempt({ at: n, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 1}` }, n % 2 === 0),
    );
    const [finding] = findingsIn(steps);
    if (ports < 15) {
      expect(finding?.id).toBe('equal-size-probes');
      return;
    }
    expect(finding).toMatchObject({
      id: 'vertical-scan',
      severity: 'low',
      subject: { client: EVIL, server: '10.0.1.10' },
      numbers: { ports, hosts: 1, pairs: ports, answered: 0, failedShare: 1 },
      thresholds: { 'scan-ports': 15 },
    });
    expect(finding!.evidence[0]!.locator).toBe('test.pcap#1');
    expect(finding!.what).toContain(`(1, 2, 3, 4, 5, 6, 7, 8 and ${ports - 8} more)`);
    expect(finding!.filter).toBe(`src host ${EVIL} and host 10.0.1.10`);
    expect(accused(steps)).toHaveLength(1);
  });

  it.each(['A', 'F', 'FPU', ''])('vertical: segments with “%s” to ports of users', (flags) => {
    const steps = many(40, (n) =>
      attempt({ at: n, client: `${INSIDE}:45000`, server: `10.0.1.10:${2000 + n}` }, true, flags),
    );
    expect(findingsIn(steps)).toMatchObject([
      { id: 'vertical-scan', numbers: { ports: 40, refused: 40, answered: 0 } },
    ]);
    // Without resets nobody can say what it is: half of a conversation, say.
    const silent = many(40, (n) =>
      attempt({ at: n, client: `${INSIDE}:45000`, server: `10.0.1.10:${2000 + n}` }, false, flags),
    );
    expect(accused(silent)).toEqual([]);
  });

  it.each(['A', 'F', 'FA', 'FPU', ''])('vertical: segments with “%s” into silence', (flags) => {
    const steps = many(60, (n) =>
      attempt({ at: n, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 1}` }, false, flags),
    );
    // They are no connections of which one direction is missing, and nothing seems to have answered.
    expect(findingsIn(steps)).toMatchObject([
      { id: 'vertical-scan', numbers: { ports: 60, answered: 0, failedShare: 1 } },
    ]);
  });

  it('are none of a host that closes connections whose other ends are gone', () => {
    const steps = many(60, (n) =>
      [0, 1, 3].flatMap((at) =>
        attempt(
          { at, client: `${INSIDE}:${50000 + n}`, server: `192.0.2.${n + 1}:443` },
          false,
          'FA',
        ),
      ),
    );
    expect(findingsIn(steps).map(({ id }) => id)).toEqual(['never-spoken-to']);
  });

  it('are none, nor backscatter, where idle connections of a server show one side', () => {
    const steps = many(300, (n) =>
      [0, 1].flatMap((at) =>
        attempt(
          {
            at,
            client: '10.0.1.10:443',
            server: `10.0.${2 + (n >> 7)}.${(n % 128) + 1}:${50000 + n}`,
          },
          false,
          'A',
        ),
      ),
    );
    expect(findingsIn(steps).map(({ id }) => id)).toEqual(['never-spoken-to']);
  });

  it('horizontal: acknowledgments, as a search for hosts sends them', () => {
    const steps = many(60, (n) =>
      attempt({ at: n, client: `${INSIDE}:50000`, server: `10.0.4.${n + 1}:80` }, false, 'A'),
    );
    expect(findingsIn(steps).map(({ id }) => id)).toEqual(['horizontal-scan']);
  });

  it.each([24, 25, 300])('horizontal: one port of %i hosts', (hosts) => {
    const steps = many(hosts, (n) =>
      attempt({ at: n, client: `${INSIDE}:50000`, server: `10.0.${n >> 7}.${(n % 128) + 1}:445` }),
    );
    const found = findingsIn(steps);
    if (hosts < 25) {
      expect(found).toEqual([]);
      return;
    }
    expect(found).toMatchObject([
      {
        id: 'horizontal-scan',
        severity: 'high',
        subject: { text: INSIDE },
        numbers: { hosts, ports: 1, pairs: hosts },
      },
    ]);
  });

  it('block: several ports of many hosts', () => {
    const steps = many(90, (n) =>
      attempt({
        at: n,
        client: `${EVIL}:${40_000 + n}`,
        server: `10.0.1.${1 + Math.floor(n / 9)}:${[21, 22, 23, 25, 80, 110, 139, 443, 445][n % 9]}`,
      }),
    );
    expect(findingsIn(steps)).toMatchObject([
      { id: 'block-scan', numbers: { hosts: 10, ports: 9, pairs: 90 } },
    ]);
  });

  it('slow ones, and says so', () => {
    const steps = many(16, (n) =>
      attempt({ at: n * 600, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 1}` }),
    );
    const [finding] = findingsIn(steps);
    expect(finding).toMatchObject({ id: 'vertical-scan', numbers: { secondsEach: 600 } });
    expect(finding!.what).toMatch(/^slow port scan: 16 tcp ports/);
  });

  it('of an infected workstation that works as well', () => {
    const steps = [
      ...many(40, (n) =>
        talk({ at: n, client: `${INSIDE}:${40_000 + n}`, server: `192.0.2.${n + 1}:443` }),
      ),
      ...many(30, (n) =>
        attempt({ at: n, client: `${INSIDE}:${50_000 + n}`, server: `10.0.9.${n + 1}:445` }),
      ),
    ];
    expect(accused(steps)).toEqual([`horizontal-scan ${INSIDE}`]);
  });

  it('that found something open', () => {
    const steps = [
      ...many(20, (n) =>
        attempt({ at: n, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 100}` }, true),
      ),
      ...talk({ at: 30, client: `${EVIL}:61001`, server: '10.0.1.10:80' }),
    ];
    expect(findingsIn(steps)[0]).toMatchObject({ severity: 'medium', numbers: { answered: 1 } });
  });

  it('of unused addresses, by fewer tries', () => {
    const steps = many(5, (n) =>
      attempt({ at: n, client: `${EVIL}:61000`, server: `10.9.0.${n}:80` }),
    );
    expect(accused(steps)).toEqual([]);
    expect(findingsIn(steps, { dark: ['10.9.0.0/16'] })).toMatchObject([
      { id: 'horizontal-scan', numbers: { darkHosts: 5 } },
    ]);
  });

  it('over UDP, refused by ICMP', () => {
    const steps = many(20, (n) =>
      refusedDatagram(
        { at: n, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 1}` },
        { size: 0 },
      ),
    );
    expect(accused(steps)).toEqual([`vertical-scan ${EVIL} → 10.0.1.10`]);
  });

  it('over IPv6', () => {
    const steps = many(20, (n) =>
      attempt({ at: n, client: '[2001:db8::bad]:61000', server: `[fd00::10]:${n + 1}` }),
    );
    expect(accused(steps)).toEqual(['vertical-scan 2001:db8::bad → fd00::10']);
  });

  it('by ping', () => {
    const steps = [...many(40, (n) => ping(EVIL, `10.0.1.${n + 1}`, n, n % 4 === 0))];
    expect(findingsIn(steps)).toMatchObject([
      { id: 'ping-sweep', numbers: { hosts: 30, answered: 10, failedShare: 0.75 } },
    ]);
  });

  it('of many sources: the first ones, and how many more', () => {
    const steps = many(30 * 16, (n) =>
      attempt({
        at: n % 16,
        client: `198.51.100.${1 + Math.floor(n / 16)}:61000`,
        server: `10.0.1.10:${(n % 16) + 1}`,
      }),
    );
    const found = findingsIn(steps);
    expect(found).toHaveLength(26);
    expect(found.at(-1)).toMatchObject({ id: 'more-scans', numbers: { sources: 5, pairs: 80 } });
  });

  it('in tables of which little fits: the scanner stays, passers-by go', () => {
    const limits = { keys: 64, blocks: 64 };
    const noise = many(2000, (n) =>
      attempt({ at: n, client: `100.${n >> 8}.${n & 255}.1:1`, server: '10.0.1.10:445' }),
    );
    const scan = many(60, (n) =>
      attempt({ at: n * 20, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 1}` }),
    );
    const both = [...noise, ...scan].sort((a, b) => a.seconds - b.seconds);
    expect(accused(both, { limits })).toEqual([`vertical-scan ${EVIL} → 10.0.1.10`]);
  });
});

describe('what looks like a scan and is none', () => {
  const server = (n: number) => `192.0.2.${(n % 250) + 1}`;
  it.each([
    [
      'a resolver, some of whose name servers are dead',
      many(200, (n) =>
        ask(
          { at: n, client: `10.0.2.10:${20_000 + n}`, server: `${server(n)}:53` },
          n % 5 === 0 ? [40] : [40, 120],
        ),
      ),
    ],
    [
      'an NTP server',
      many(200, (n) =>
        ask({ at: n, client: `198.51.100.${n + 1}:123`, server: '10.0.2.10:123' }, [48, 48]),
      ),
    ],
    [
      'an NTP client with a pool, some of it silent',
      many(30, (n) =>
        ask(
          { at: n, client: '10.0.2.10:123', server: `${server(n)}:123` },
          n % 3 === 0 ? [48] : [48, 48],
        ),
      ),
    ],
    [
      'a web proxy whose targets sometimes fail',
      many(400, (n) =>
        n % 6 === 0
          ? attempt({ at: n, client: `10.0.2.30:${30_000 + n}`, server: `${server(n)}:443` })
          : talk({
              at: n,
              client: `10.0.2.30:${30_000 + n}`,
              server: `${server(n)}:${n % 2 === 0 ? 443 : 80}`,
            }),
      ),
    ],
    [
      'a busy NAT gateway with clients of all kinds',
      many(300, (n) => {
        const ports = [443, 80, 993, 587, 22, 5222, 8443, 3478, 1935, 25];
        const end = {
          at: n,
          client: `10.0.0.1:${20_000 + n}`,
          server: `${server(n)}:${ports[n % 10]}`,
        };
        return n % 7 === 0 ? attempt(end, true) : talk(end);
      }),
    ],
    [
      'BitTorrent: many dead peers, every one at a port of its own',
      many(300, (n) => {
        const end = {
          at: n,
          client: `10.0.3.5:${10_000 + n}`,
          server: `100.${n & 63}.${n % 250}.7:${6881 + n * 37}`,
        };
        return n % 4 === 0 ? talk(end) : attempt(end);
      }),
    ],
    [
      'the DHT of BitTorrent: datagrams of like lengths to strangers',
      many(200, (n) =>
        ask(
          {
            at: n,
            client: '10.0.3.5:51413',
            server: `100.${n & 63}.${n % 250}.7:${(6881 + n * 211) % 65_000}`,
          },
          n % 3 === 0 ? [101, 280] : [101],
        ),
      ),
    ],
    [
      'traceroute',
      many(45, (n) =>
        refusedDatagram(
          { at: n, client: `${INSIDE}:40000`, server: `192.0.2.1:${33_434 + n}` },
          { router: `10.0.0.${1 + Math.floor(n / 3)}`, type: n < 42 ? 11 : 3, size: 32 },
        ),
      ),
    ],
    [
      'traceroute without any answer',
      many(30, (n) =>
        ask({ at: n, client: `${INSIDE}:40000`, server: `192.0.2.1:${33_434 + n}` }, [32]),
      ),
    ],
    [
      'a monitor: many hosts and services, a rack of which is down',
      many(400, (n) => {
        const end = {
          at: n,
          client: `10.0.2.40:${20_000 + n}`,
          server: `10.0.5.${(n % 50) + 1}:${[22, 80, 443, 161, 3306, 5666, 9100, 25][Math.floor(n / 50)]}`,
        };
        return n % 50 < 12 ? attempt(end) : talk(end);
      }),
    ],
    [
      'a monitor of one host that is down, others being up',
      [
        ...many(9, (n) =>
          attempt({ at: n, client: '10.0.2.40:20000', server: `10.0.5.1:${100 + n}` }),
        ),
        ...many(30, (n) =>
          talk({ at: n, client: `10.0.2.40:${21_000 + n}`, server: `10.0.5.${n + 2}:22` }),
        ),
      ],
    ],
    [
      'a monitor that pings, and hosts that answer',
      many(60, (n) => ping('10.0.2.40', `10.0.5.${n + 1}`, n, n % 10 !== 0)),
    ],
    [
      'senders of logs, traps and flow records, which nobody answers',
      many(120, (n) =>
        ask(
          {
            at: n,
            client: `10.0.6.1:${20_000 + n}`,
            server: `10.0.7.${(n % 40) + 1}:${[514, 162, 2055][n % 3]}`,
          },
          [90],
        ),
      ),
    ],
    [
      'clients in a capture of one direction only (UDP)',
      many(60, (n) =>
        ask({ at: n, client: `10.0.2.10:${20_000 + n}`, server: `${server(n)}:53` }, [40]),
      ),
    ],
    [
      'answers of a name server in a capture of one direction only',
      many(60, (n) =>
        ask({ at: n, client: '10.0.2.10:53', server: `198.51.100.${n + 1}:${40_000 + n}` }, [120]),
      ),
    ],
    [
      'somebody who tries the same port again and again',
      many(300, (n) =>
        attempt({ at: n, client: `${EVIL}:${20_000 + n}`, server: '10.0.1.10:22' }, true),
      ),
    ],
    [
      'a host that is the aim of many',
      many(300, (n) =>
        attempt({ at: n, client: `100.64.${n >> 8}.${n & 255}:1234`, server: '10.0.1.10:443' }),
      ),
    ],
  ])('%s', (_what, steps) => {
    expect(accused(steps)).toEqual([]);
  });
});

it('does not accuse who asked for the names of hosts outside, but whom it finds inside', () => {
  const name = { name: 'www.example.com', source: 'dns', count: 1, locator: 'x#1' };
  const spoken = { ...NOTHING_SPOKEN, namesAt: () => [name] };
  const to = (network: string) =>
    many(40, (n) =>
      attempt({ at: n, client: `${INSIDE}:${40_000 + n}`, server: `${network}.${n + 1}:443` }),
    );
  expect(accused(to('192.0.2'), { spoken })).toEqual([]);
  expect(accused(to('192.0.2'))).toEqual([`horizontal-scan ${INSIDE}`]);
  expect(accused(to('10.0.9'), { spoken })).toEqual([`horizontal-scan ${INSIDE}`]);
});

it('takes other thresholds', () => {
  const steps = many(20, (n) =>
    attempt({ at: n, client: `${EVIL}:61000`, server: `10.0.1.10:${n + 1}` }),
  );
  const thresholds = { 'scan-ports': 21, 'probe-ports': 21 };
  expect(accused(steps, { thresholds })).toEqual([]);
});
