/**
 * SCTP against an answerer on raw sockets, since the kernel of test machines has no SCTP: states
 * and reasons, under loss, over IPv4 and IPv6, and Nmap's word for the same ports.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, runCli } from '../e2e/run-cli.ts';
import { describeLab, Lab, type Space } from './lab.ts';
import { nmapStates, type ScannedPorts, statesOf } from './scan-states.ts';

const ANSWERER = fileURLToPath(new URL('./sctp-answerer.py', import.meta.url));
const OPEN = [2905, 3868, 5060, 36412, 38412];
const SILENT = [3000, 3001];
const LIARS = [4000];
const TARGET = '10.76.0.2';
const TARGET6 = 'fd76::2';

describeLab('portreeve scan -t sctp', ['ip', 'nft', 'nmap', 'python3'], () => {
  const lab = new Lab();
  let here: Space;
  let there: Space;

  beforeAll(async () => {
    expect(built).toBe(true);
    here = lab.space('here');
    there = lab.space('there');
    lab.join(here, there, ['10.76.0.1/24', 'fd76::1/64'], [`${TARGET}/24`, `${TARGET6}/64`]);
    const lists = [OPEN, SILENT, LIARS].map((ports) => ports.join(','));
    const answerer = there.start('python3', [ANSWERER, ...lists]);
    await once(answerer.stdout!, 'data');
  });
  afterAll(() => lab.close());

  async function scan(...words: string[]): Promise<ScannedPorts> {
    const wrapper = ['ip', 'netns', 'exec', here.name];
    const { out, err, code } = await runCli(['scan', '-t', 'sctp', '--json', ...words], {
      wrapper,
    });
    expect(err).toBe('');
    expect(code).toBe(0);
    return JSON.parse(out) as ScannedPorts;
  }

  it('asks well-known ports by default, and finds those that acknowledge', async () => {
    const { ports } = await scan(TARGET, '--timing', '4');
    expect(ports.map(({ port, reason }) => `${port} ${reason}`)).toEqual(
      OPEN.map((port) => `${port} init-ack`),
    );
  });

  it.each([TARGET, TARGET6])('loses no port of %s under loss', async (target) => {
    there.run('nft', LOSS);
    try {
      const { ports, hosts, facts } = await scan(target, '-p', '2900-3010,3868,5060,36412,38412');
      expect(ports.map(({ port }) => port)).toEqual(OPEN);
      const states = statesOf(hosts[0]!.groups, ports);
      for (const port of SILENT) expect(states.get(port)).toBe('filtered no-response');
      expect(facts.states['closed abort']).toBe(108);
    } finally {
      there.run('nft', 'flush ruleset');
    }
  });

  it.each([TARGET, TARGET6])('agrees with Nmap on every port of %s', async (target) => {
    const family = target.includes(':') ? 'ip6' : 'ip';
    const kind = family === 'ip' ? 'icmp' : 'icmpv6';
    there.run(
      'nft',
      `table inet wall { chain in { type filter hook input priority 0
        ${family} nexthdr sctp sctp dport 200-204 drop
        ${family} nexthdr sctp sctp dport 205-209 reject with ${kind} type port-unreachable
        ${family} nexthdr sctp sctp dport 210-214 reject with ${kind} type admin-prohibited
      }
      }`.replaceAll('ip nexthdr', 'ip protocol'),
    );
    there.run('sysctl', '-qw', 'net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0');
    try {
      const list = '195-220,2905,3000-3001,3868,5060,36412';
      const { ports, hosts } = await scan(target, '-p', list);
      const words = ['-n', '-Pn', '-sY', '-p', `S:${list}`, '-oX', '-', '-dd', target];
      const theirs = nmapStates(here.run('nmap', ...(family === 'ip6' ? ['-6'] : []), ...words));
      expect(theirs.size).toBe(32);
      const ours = statesOf(hosts[0]!.groups, ports);
      for (const [port, state] of theirs)
        expect(`${port} ${ours.get(port)}`).toBe(`${port} ${state}`);
    } finally {
      there.run('nft', 'flush ruleset');
    }
  });

  it('does not believe an answer without its tag', async () => {
    const { ports, facts } = await scan(TARGET, '-p', '4000', '--timing', '4');
    expect(ports).toEqual([]);
    expect(facts.states).toEqual({ 'filtered no-response': 1 });
  });

  it('says that it needs privilege', async () => {
    const wrapper = [
      'ip',
      'netns',
      'exec',
      here.name,
      'setpriv',
      '--reuid=65534',
      '--clear-groups',
    ];
    const { err, code } = await runCli(['scan', '-t', 'sctp', TARGET], {
      wrapper: [...wrapper, '--bounding-set=-all', '--inh-caps=-all'],
    });
    expect(code).toBe(4);
    expect(err).toContain('CAP_NET_RAW');
  });
});

const LOSS = `table inet loss {
  chain in { type filter hook input priority -500
    meta l4proto sctp numgen random mod 100 < 5 drop
  }
  chain out { type filter hook output priority -500
    meta l4proto sctp numgen random mod 100 < 5 drop
  }
  }`;
