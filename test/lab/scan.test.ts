/**
 * The scan against real kernels: two namespaces, twenty listeners among 65,535 ports, a firewall
 * that drops, rejects and loses, and Nmap's word for the same ports.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, type Outcome, runCli } from '../e2e/run-cli.ts';
import { describeLab, Lab, type Space } from './lab.ts';
import { type Group, nmapStates, type PortLine, statesOf } from './scan-states.ts';

const LISTENERS = fileURLToPath(new URL('./scan-listeners.mjs', import.meta.url));
const OPEN = [
  22, 80, 443, 1234, 3306, 5432, 8080, 9999, 12345, 20000, 23456, 30001, 33333, 40000, 44444, 50505,
  55555, 60606, 65000, 65535,
];
const UDP = [53, 69, 123, 11211];
const TARGET = '10.77.0.2';
const TARGET6 = 'fd77::2';

interface AnsweredPort extends PortLine {
  readonly address: string;
}
interface Scan {
  readonly facts: { readonly states: Readonly<Record<string, number>>; readonly hostsUp: number };
  readonly ports: readonly AnsweredPort[];
  readonly hosts: readonly {
    readonly address: string;
    readonly groups: readonly Group[];
    readonly uniform: unknown;
  }[];
  readonly notes: readonly { readonly id: string }[];
}

describeLab('portreeve scan', ['ip', 'nft', 'nmap'], () => {
  const lab = new Lab();
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-scan-'));
  let here: Space;
  let there: Space;

  beforeAll(async () => {
    expect(built).toBe(true);
    here = lab.space('here');
    there = lab.space('there');
    lab.join(here, there, ['10.77.0.1/24', 'fd77::1/64'], [`${TARGET}/24`, `${TARGET6}/64`]);
    const words = [LISTENERS, OPEN.join(','), UDP.join(',')];
    const listeners = there.start(process.execPath, words);
    await once(listeners.stdout!, 'data');
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (words: readonly string[], wrapper: readonly string[] = []): Promise<Outcome> =>
    runCli(['scan', ...words], { wrapper: ['ip', 'netns', 'exec', here.name, ...wrapper] });

  async function scan(words: readonly string[], wrapper: readonly string[] = []): Promise<Scan> {
    const { out, err, code } = await cli([...words, '--json'], wrapper);
    expect(err).toBe('');
    expect(code).toBe(0);
    return JSON.parse(out) as Scan;
  }

  function openOf({ ports }: Scan, address = TARGET): number[] {
    return ports.filter((each) => each.address === address).map(({ port }) => port);
  }

  function rules(text: string): void {
    const file = join(folder, 'rules.nft');
    writeFileSync(file, `flush ruleset\n${text}\n`);
    there.run('nft', '-f', file);
  }

  const LOSS = `table inet loss {
    chain in { type filter hook input priority -500
      meta l4proto tcp numgen random mod 100 < 5 drop
    }
    chain out { type filter hook output priority -500
      meta l4proto tcp numgen random mod 100 < 5 drop
    }
  }`;

  it.each([
    ['syn', TARGET, [], 2],
    ['connect', TARGET, [], 1],
    ['syn', TARGET6, [], 1],
    ['connect', TARGET, ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh'], 1],
  ] as const)(
    'finds twenty of 65,535 by %s on %s under loss both ways',
    async (engine, target, wrapper, runs) => {
      rules(LOSS);
      for (let run = 0; run < runs; run++) {
        const found = await scan([target, '-p', 'all', '--engine', engine], wrapper);
        expect(openOf(found, target)).toEqual(OPEN);
        const sum = Object.values(found.facts.states).reduce((total, number) => total + number, 0);
        expect(sum).toBe(65_535);
        const closed = engine === 'syn' ? 'closed reset' : 'closed conn-refused';
        expect(found.facts.states[closed]).toBe(65_515);
      }
    },
  );

  it.each([
    ['syn', '-sS'],
    ['connect', '-sT'],
  ])('agrees by %s with Nmap on every port behind a firewall', async (engine, type) => {
    rules(`table inet wall { chain in { type filter hook input priority 0
      tcp dport 100-149 drop
      tcp dport 150-159 reject with tcp reset
      ip protocol tcp tcp dport 160-169 reject with icmp type admin-prohibited
      ip protocol tcp tcp dport 170-179 reject with icmp type host-unreachable
      ip protocol tcp tcp dport 180-189 reject with icmp type port-unreachable
      tcp dport 80 drop
    }
    }`);
    // Else the kernel sends six errors and then one a second, and reasons depend on the moment.
    there.run('sysctl', '-qw', 'net.ipv4.icmp_ratelimit=0');
    const ports = '20-30,79-81,100-200,440-445';
    const ours = await scan([TARGET, '-p', ports, '--engine', engine]);
    const xml = here.run('nmap', '-n', '-Pn', '-T4', type, '-p', ports, '-oX', '-', '-dd', TARGET);
    const stated = statesOf(ours.hosts[0]!.groups, ours.ports);
    const theirs = nmapStates(xml);
    expect(theirs.size).toBeGreaterThan(60);
    for (const [port, state] of theirs)
      expect(`${port} ${stated.get(port)}`).toBe(`${port} ${state}`);
  });

  it('agrees by udp with Nmap on every port behind a firewall', async () => {
    rules(`table inet wall { chain in { type filter hook input priority 0
      udp dport 100-104 drop
      ip protocol udp udp dport 105-109 reject with icmp type admin-prohibited
      ip protocol udp udp dport 110-114 reject with icmp type host-unreachable
      ip protocol udp udp dport 115-119 reject with icmp type net-unreachable
      ip protocol udp udp dport 120-122 reject with icmp type prot-unreachable
      udp dport 69 drop
    }
    }`);
    there.run('sysctl', '-qw', 'net.ipv4.icmp_ratelimit=0', 'net.ipv4.icmp_ratemask=0');
    const ports = '50-54,67-70,98-124,137,11211';
    const ours = await scan([TARGET, '-t', 'udp', '-p', ports, '--patience', '0']);
    const words = ['-n', '-Pn', '-T4', '-sU', '-p', ports, '-oX', '-', '-dd', TARGET];
    const theirs = nmapStates(here.run('nmap', ...words));
    const stated = statesOf(ours.hosts[0]!.groups, ours.ports);
    expect(theirs.size).toBe(38);
    for (const [port, state] of theirs)
      expect(`${port} ${stated.get(port)}`).toBe(`${port} ${state}`);
  });

  it('finds UDP services by their answers, from any port, and closed ports by ICMP', async () => {
    rules('');
    const found = await scan([
      TARGET,
      TARGET6,
      '-t',
      'udp',
      '-p',
      '53,69,123,137,11211',
      '--patience',
      '0',
    ]);
    expect(openOf(found)).toEqual([53, 69, 123, 11211]);
    expect(openOf(found, TARGET6)).toEqual([53, 69, 123, 11211]);
    expect(found.hosts[0]!.groups).toMatchObject([
      { state: 'closed', reason: 'port-unreach', ports: '137' },
    ]);
  });

  it('reports a host on which everything is open, and lists nothing of it', async () => {
    rules(`table ip trap { chain pre { type nat hook prerouting priority dstnat
      ip daddr ${TARGET} tcp dport 1-65535 redirect to :80
    }
    }`);
    const found = await scan([TARGET, '-p', '20-60']);
    expect(found.ports).toEqual([]);
    expect(found.hosts[0]!.uniform).toMatchObject({ open: 41, asked: 41, controlOpen: 10 });
    expect(found.notes.map(({ id }) => id)).toContain('uniform-responder');
  });

  it.each([
    ['syn', TARGET6],
    ['connect', TARGET],
  ])(
    'overlooks nothing by %s behind a filter that takes 2,000 SYNs a second',
    async (how, target) => {
      rules(`table inet slow { chain in { type filter hook input priority 0
      tcp flags & (syn | ack) == syn limit rate 2000/second accept
      tcp flags & (syn | ack) == syn drop
      }
    }`);
      const ports = `1-3000,${OPEN.filter((port) => port > 3000).join(',')}`;
      const found = await scan([target, '-p', ports, '--engine', how]);
      expect(openOf(found, target)).toEqual(OPEN);
      const refused = Object.entries(found.facts.states).filter(([state]) =>
        state.startsWith('closed'),
      );
      expect(refused.map(([, count]) => count)).toEqual([
        3000 - OPEN.filter((p) => p <= 3000).length,
      ]);
    },
  );

  it('tells every port of a host of which only open ones are asked', async () => {
    rules('');
    const { out } = await cli([TARGET, '-p', OPEN.join(','), '--ndjson']);
    const told = out.split('\n').filter((line) => line.includes('"kind":"port"'));
    const ports = told.map((line) => (JSON.parse(line) as PortLine).port);
    expect(ports.sort((a, b) => a - b)).toEqual(OPEN);
  });

  it('is taken up after a kill without asking again or saying anything twice', async () => {
    rules(`table inet tally { counter asked { }
      chain pre { type filter hook prerouting priority -400
        tcp flags & (syn | ack | rst) == syn counter name asked
      }
    }`);
    const notes = join(folder, 'resume.jsonl');
    const words = [TARGET, '-p', 'all', '--resume', notes, '--max-rate', '20000', '--ndjson'];
    const first = here.start(process.execPath, [
      fileURLToPath(new URL('../../dist/cli.js', import.meta.url)),
      'scan',
      ...words,
    ]);
    let told = '';
    first.stdout!.on('data', (piece) => {
      told += piece;
    });
    // In the middle of it, at any moment: a quarter of what is open was told.
    await expect
      .poll(() => told.split('"kind":"port"').length, { interval: 10 })
      .toBeGreaterThan(5);
    await new Promise((resolve) => setTimeout(resolve, 50));
    first.kill('SIGKILL');
    await once(first, 'close');
    const again = await cli(words);
    const lines = `${told}${again.out}`
      .split('\n')
      .filter((line) => line.includes('"kind":"port"'));
    const ports = lines.map((line) => (JSON.parse(line) as PortLine).port);
    expect([...ports].sort((a, b) => a - b)).toEqual(OPEN);
    expect(told.split('"kind":"port"').length).toBeLessThan(OPEN.length);
    expect(again.out).toContain('"closed reset":65515');
    expect(again.out).toMatch(/"mac":"[0-9a-f:]{17}"/);
    const tally = there.run('nft', 'list', 'counter', 'inet', 'tally', 'asked');
    const asked = Number(/packets (\d+)/.exec(tally)![1]);
    expect(asked).toBeLessThan(65_535 * 1.01);
  });

  it('asks each port in one shard', async () => {
    const parts = await Promise.all(
      [1, 2, 3].map((part) =>
        scan([TARGET, '-p', '1-3000', '--shard', `${part}/3`, '--seed', '5']),
      ),
    );
    const open = parts.flatMap((part) => openOf(part)).sort((a, b) => a - b);
    expect(open).toEqual(OPEN.filter((port) => port <= 3000));
    const asked = parts.map(({ facts }) => Object.values(facts.states).reduce((a, b) => a + b, 0));
    expect(asked.reduce((a, b) => a + b, 0)).toBe(3000);
  });

  it('works without privilege, and says how it asked', async () => {
    const { out, code } = await runCli(['scan', TARGET, '-p', '20-30', '--json'], {
      wrapper: [
        'ip',
        'netns',
        'exec',
        here.name,
        'setpriv',
        '--reuid=65534',
        '--clear-groups',
        '--bounding-set=-all',
        '--inh-caps=-all',
      ],
    });
    expect(code).toBe(0);
    const found = JSON.parse(out) as {
      facts: { engines: { name: string; because: string }[] };
      ports: AnsweredPort[];
    };
    expect(found.facts.engines[0]).toMatchObject({
      name: 'connect',
      because: expect.stringContaining('CAP_NET_RAW'),
    });
    expect(found.ports.map(({ port }) => port)).toEqual([22]);
    const refused = await cli(
      [TARGET, '--engine', 'syn'],
      ['setpriv', '--reuid=65534', '--clear-groups', '--bounding-set=-all', '--inh-caps=-all'],
    );
    expect(refused.code).toBe(4);
  });

  it('sees this machine through loopback, and the dead as down', async () => {
    const { out } = await runCli(['scan', '127.0.0.1', '::1', '-p', '20-100', '--json'], {
      wrapper: ['ip', 'netns', 'exec', there.name],
    });
    const found = JSON.parse(out) as Scan;
    expect(openOf(found, '127.0.0.1')).toEqual([22, 80]);
    expect(openOf(found, '::1')).toEqual([22, 80]);
    const dead = await scan(['10.77.0.0/28', '-p', '80']);
    expect(dead.facts).toMatchObject({ hostsUp: 2, hostsDown: 14, portsNotAskedHostDown: 14 });
  });
});
