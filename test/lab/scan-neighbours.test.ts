/**
 * Scans over IPv6 against a real kernel: forty hosts among 4,096 addresses of a link, the states that
 * filters make, hosts that refuse everything and routers that refuse for others, and networks of
 * our own. With Nmap's word for the same ports.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, CLI, runCli } from '../e2e/run-cli.ts';
import { describeLab, Lab, type Space } from './lab.ts';
import { type Group, nmapStates, type PortLine, statesOf } from './scan-states.ts';

const LISTENERS = fileURLToPath(new URL('./scan-listeners.mjs', import.meta.url));
const NEAR = 'fd76::2';
const FAR = 'fd78::2';
const FAR4 = '10.78.0.2';
/** Forty addresses spread over a /116. */
const SPREAD = Array.from({ length: 40 }, (_, index) => `fd76::1:${(101 * index).toString(16)}`);
const UNPRIVILEGED = [
  'setpriv',
  '--reuid=65534',
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
];

interface Scan {
  readonly facts: {
    readonly states: Readonly<Record<string, number>>;
    readonly hostsUp: number;
    readonly engines: readonly { readonly name: string }[];
  };
  readonly ports: readonly (PortLine & { readonly address: string })[];
  readonly notes: readonly { readonly id: string; readonly what: string }[];
  readonly hosts: readonly {
    readonly address: string;
    readonly statusReason: string;
    readonly mac: string | null;
    readonly groups: readonly Group[];
  }[];
}

describeLab('portreeve scan of neighbours and behind a router', ['ip', 'nft', 'nmap'], () => {
  const lab = new Lab();
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-neighbours-'));
  let here: Space;
  let near: Space;
  let far: Space;

  beforeAll(async () => {
    expect(built).toBe(true);
    here = lab.space('here');
    near = lab.space('near');
    far = lab.space('far');
    const spread = SPREAD.map((address) => `${address}/64`);
    lab.join(here, near, ['10.76.0.1/24', 'fd76::1/64'], ['10.76.0.2/24', `${NEAR}/64`, ...spread]);
    const names = ['eth1', 'eth0'] as const;
    lab.join(near, far, ['10.78.0.1/24', 'fd78::1/64'], [`${FAR4}/24`, `${FAR}/64`], names);
    here.run('ip', 'route', 'add', '10.78.0.0/24', 'via', '10.76.0.2');
    here.run('ip', 'route', 'add', 'fd78::/64', 'via', NEAR);
    far.run('ip', 'route', 'add', 'default', 'via', '10.78.0.1');
    far.run('ip', 'route', 'add', 'default', 'via', 'fd78::1');
    near.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    // Else the kernel sends some errors and then one a second, and reasons depend on the moment.
    const limits = ['net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0'];
    const global = ['net.ipv4.icmp_msgs_per_sec=100000', 'net.ipv4.icmp_msgs_burst=100000'];
    for (const space of [near, far]) {
      space.run('sysctl', '-qw', ...limits);
      // Older kernels have these for the whole machine only.
      space.run('sh', '-c', `sysctl -qw ${global.join(' ')} || true`);
      const listeners = space.start(process.execPath, [LISTENERS, '22,80', '53']);
      await once(listeners.stdout!, 'data');
    }
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function scan(words: readonly string[], wrapper: readonly string[] = []): Promise<Scan> {
    const { out, err, code } = await runCli(['scan', ...words, '--json'], {
      wrapper: ['ip', 'netns', 'exec', here.name, ...wrapper],
    });
    expect(err).toBe('');
    expect(code).toBe(0);
    return JSON.parse(out) as Scan;
  }

  function rules(space: Space, text: string): void {
    const file = join(folder, 'rules.nft');
    writeFileSync(file, `flush ruleset\n${text}\n`);
    space.run('nft', '-f', file);
  }

  const openHosts = ({ ports }: Scan): string[] => ports.map(({ address }) => address).sort();

  it('finds every host among thousands of addresses', async () => {
    const found = await scan(['fd76::1:0/116', '-p', '22']);
    expect(openHosts(found)).toEqual([...SPREAD].sort());
    expect(found.facts.hostsUp).toBe(SPREAD.length);
  });

  it('never fills the table of neighbours, where only the kernel can look for them', async () => {
    const [program = '', ...words] = UNPRIVILEGED;
    const scanning = here.start(program, [
      ...[...words, process.execPath, CLI, 'scan', 'fd76::1:0/116', '-p', '22'],
    ]);
    const sought = (): number =>
      here.run('ip', '-6', 'neighbour', 'show', 'nud', 'incomplete').split('\n').length - 1;
    await expect.poll(sought, { interval: 20 }).toBeGreaterThan(400);
    let most = 0;
    for (let look = 0; look < 20; look++) most = Math.max(most, sought());
    // It has room for 1,024.
    expect(most).toBeLessThan(600);
    scanning.kill('SIGINT');
    await once(scanning, 'exit');
  });

  it('knows where neighbours are, and that others are not there', async () => {
    const found = await scan(['fd76::1:0-fd76::1:3f', NEAR, '-p', '22', '--no-discovery']);
    expect(openHosts(found)).toEqual([SPREAD[0], NEAR].sort());
    expect(found.facts.states).toEqual({ 'open syn-ack': 2, 'filtered host-unreach': 63 });
    const host = found.hosts.find(({ address }) => address === NEAR);
    expect(host).toMatchObject({ statusReason: 'nd-response', mac: expect.stringMatching(/:/) });
  });

  it('finds the IPv6 hosts of its own networks', async () => {
    for (const space of [here, near]) {
      // Until the link-local address is known to be nobody else's.
      await expect.poll(() => space.run('ip', '-6', 'address', 'show', 'tentative')).toBe('');
    }
    const found = await scan(['--local', '-p', '22']);
    const addresses = openHosts(found);
    expect(addresses).toContain('10.76.0.2');
    expect(addresses.some((address) => /^fe80::.*%eth0$/.test(address))).toBe(true);
    expect(addresses.some((address) => address.startsWith('fd76::'))).toBe(true);
    const [own] = /fe80::[0-9a-f:]+/.exec(here.run('ip', '-6', 'address', 'show', 'dev', 'eth0'))!;
    const self = await scan([`${own}%eth0`, '-p', '22']);
    expect(self.hosts[0]?.statusReason).toBe('localhost-response');
    expect(self.facts.states).toEqual({ 'closed reset': 1 });
  });

  it('agrees with Nmap on every port behind an IPv6 firewall', async () => {
    rules(
      near,
      `table inet wall { chain in { type filter hook input priority 0
        tcp dport 100-104 drop
        tcp dport 105-109 reject with tcp reset
        tcp dport 110-114 reject with icmpv6 type admin-prohibited
        tcp dport 115-119 reject with icmpv6 type addr-unreachable
        tcp dport 120-124 reject with icmpv6 type port-unreachable
        tcp dport 125-129 reject with icmpv6 type no-route
        tcp dport 130-134 reject with icmpv6 type policy-fail
        tcp dport 135-139 reject with icmpv6 type reject-route
      }
      }`,
    );
    const ports = '20-22,79-81,98-141';
    await agree(NEAR, ['-sS'], ['--engine', 'syn'], ports);
    // Nmap's own connections overlook errors that come at once, as those of a namespace do.
    const { facts } = await scan([NEAR, '-p', ports, '--engine', 'connect']);
    expect(facts.states).toEqual({
      'open syn-ack': 2,
      'closed conn-refused': 18,
      'filtered no-response': 5,
      'filtered admin-prohibited': 15,
      'filtered host-unreach': 5,
      'filtered net-unreach': 5,
    });
  });

  it('agrees by udp with Nmap on every port behind a router', async () => {
    rules(
      near,
      `table inet wall { chain through { type filter hook forward priority 0
        iifname eth0 udp dport 100-104 drop
        iifname eth0 udp dport 105-109 reject with icmpx admin-prohibited
        iifname eth0 udp dport 110-114 reject with icmpx host-unreachable
        iifname eth0 udp dport 115-119 reject with icmpx port-unreachable
      }
      }`,
    );
    await agree(FAR, ['-sU'], ['-t', 'udp', '--patience', '0'], '52-54,98-121');
  });

  async function agree(
    target: string,
    types: readonly string[],
    words: readonly string[],
    ports: string,
  ): Promise<void> {
    const ours = await scan([target, '-p', ports, ...words]);
    const six = target.includes(':') ? ['-6'] : [];
    const nmap = [...six, '-n', '-Pn', '-T4', ...types, '-p', ports, '-oX', '-', '-dd', target];
    const theirs = nmapStates(here.run('nmap', ...nmap));
    const stated = statesOf(ours.hosts[0]!.groups, ours.ports);
    expect(theirs.size).toBeGreaterThan(20);
    expect(stated).toEqual(theirs);
  }

  it('follows the routes of this machine, not what its networks make believe', async () => {
    rules(near, '');
    // Behind a router though the network is on the link, by a rule of its own, and to nobody.
    const [aside, ruled, lost] = ['10.76.0.77', 'fd76::77', '10.76.0.78'];
    far.run('ip', 'address', 'add', `${aside}/32`, 'dev', 'lo');
    far.run('ip', 'address', 'add', `${ruled}/128`, 'dev', 'lo');
    near.run('ip', 'route', 'add', aside, 'via', FAR4);
    near.run('ip', 'route', 'add', ruled, 'via', FAR);
    here.run('ip', 'route', 'add', aside, 'via', '10.76.0.2');
    here.run('ip', '-6', 'rule', 'add', 'to', ruled, 'table', '77');
    here.run('ip', '-6', 'route', 'add', ruled, 'via', NEAR, 'table', '77');
    here.run('ip', 'route', 'add', 'prohibit', lost);
    for (const wrapper of [[], UNPRIVILEGED]) {
      const found = await scan([aside, ruled, lost, '192.0.2.1', '-p', '22'], wrapper);
      expect(openHosts(found)).toEqual([aside, ruled].sort());
      expect(found.facts.hostsUp).toBe(2);
      const missed = found.notes.find(({ id }) => id === 'no-route');
      expect(missed?.what).toBe('2 addresses that this machine cannot send to');
      expect(found.notes.some(({ id }) => id === 'silent-hosts')).toBe(false);
    }
  });

  it('finds hosts on a link where nobody asks for Ethernet addresses', async () => {
    const [left, right] = ['10.79.0.1', '10.79.0.2'];
    lab.join(here, near, [`${left}/24`], [`${right}/24`], ['quiet0', 'quiet0']);
    for (const space of [here, near]) {
      space.run('ip', 'link', 'set', 'quiet0', 'address', '02:00:00:00:00:09', 'arp', 'off');
    }
    expect(openHosts(await scan([right, '-p', '22']))).toEqual([right]);
  });

  it('finds a host that refuses all by itself, and none where a router refuses', async () => {
    rules(
      far,
      `table inet wall { chain in { type filter hook input priority 0
        icmpv6 type echo-request drop
        ip daddr ${FAR4} reject with icmp admin-prohibited
        meta l4proto { tcp, udp } reject with icmpv6 admin-prohibited
      }
      }`,
    );
    rules(near, '');
    const refused = await scan([FAR4, FAR, '-p', '22']);
    expect(refused.facts.states).toEqual({ 'filtered admin-prohibited': 2 });
    rules(far, '');
    rules(
      near,
      `table inet wall { chain through { type filter hook forward priority 0
        iifname eth0 reject with icmpx port-unreachable
      }
      }`,
    );
    // And to the last two this machine has no way.
    const nobody = await scan([FAR4, FAR, '10.78.0.99', '192.0.2.1', '2001:db8::1', '-p', '22']);
    expect(nobody.facts.hostsUp).toBe(0);
  });

  it('needs one capability for bare packets, and says so where it is missing', async () => {
    rules(near, '');
    const user = [
      '--reuid=65534',
      '--regid=65534',
      '--clear-groups',
      '--bounding-set=-all,+net_raw',
    ];
    const able = ['setpriv', ...user, '--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw'];
    for (const [wrapper, name] of [
      [able, 'syn'],
      [UNPRIVILEGED, 'connect'],
    ] as const) {
      // Behind the router, whom only the kernel can reach, and on the link.
      const found = await scan([FAR4, FAR, '10.76.0.2', NEAR, '-p', '1-200'], wrapper);
      expect(found.facts.engines).toMatchObject([{ name }]);
      expect(found.ports).toHaveLength(8);
      const closed = name === 'syn' ? 'closed reset' : 'closed conn-refused';
      expect(found.facts.states).toEqual({ 'open syn-ack': 8, [closed]: 792 });
    }
  });

  it('says when a host answers no more, since it blocks who asks too much', async () => {
    const chain = (rule: string): string =>
      `chain in { type filter hook input priority 0\n ${rule}\n }`;
    rules(
      near,
      `table ip wall {
        set banned { type ipv4_addr; flags dynamic,timeout; timeout 60s; }
        set seen { type ipv4_addr; flags dynamic; }
        ${chain(`ip saddr @banned drop
          tcp dport != { 22, 80 } add @seen { ip saddr limit rate over 10/minute burst 20 packets } add @banned { ip saddr } drop`)}
      }`,
    );
    const words = ['10.76.0.2', '-p', '22,80,101-150', '--timing', '4'];
    const isTold = ({ notes }: Scan): boolean => notes.some(({ id }) => id === 'went-silent');
    expect(isTold(await scan(words))).toBe(true);
    rules(near, `table ip wall {\n ${chain('tcp dport 111-150 drop')}\n }`);
    const filtered = await scan(words);
    expect(filtered.facts.states['filtered no-response']).toBe(40);
    expect(isTold(filtered)).toBe(false);
  });

  it('loses no port when its own address goes', async () => {
    rules(near, '');
    const states = await disturbed(
      () => here.run('ip', 'address', 'del', '10.76.0.1/24', 'dev', 'eth0'),
      () => here.run('ip', 'address', 'add', '10.76.0.1/24', 'dev', 'eth0'),
      500,
    );
    expect(states).toEqual({ 'open syn-ack': 2, 'closed conn-refused': 3998 });
  });

  it('loses no port of a neighbour that is away for a while', async () => {
    near.run('sysctl', '-qw', 'net.ipv4.ip_forward=0');
    const states = await disturbed(
      () => {
        near.run('ip', 'address', 'del', '10.76.0.2/24', 'dev', 'eth0');
        here.run('ip', 'neighbour', 'flush', 'dev', 'eth0');
      },
      () => near.run('ip', 'address', 'add', '10.76.0.2/24', 'dev', 'eth0'),
      3300,
    );
    expect(states).toEqual({ 'open syn-ack': 2, 'closed conn-refused': 3998 });
  });

  /** States of a scan in the midst of which something is broken, and mended after a while. */
  async function disturbed(
    breaking: () => void,
    mending: () => void,
    ms: number,
  ): Promise<Scan['facts']['states']> {
    const words = ['-p', '1-4000', '--max-rate', '4000', '--engine', 'connect'];
    const scanning = scan(['10.76.0.2', ...words]);
    const begun = /^Tcp: (?:-?\d+ ){4}(\d+)/m;
    const tried = (): number => Number(begun.exec(here.run('cat', '/proc/net/snmp'))![1]);
    const before = tried();
    await expect.poll(() => tried() - before, { interval: 20 }).toBeGreaterThan(500);
    breaking();
    await new Promise((resolve) => setTimeout(resolve, ms));
    mending();
    return (await scanning).facts.states;
  }
});
