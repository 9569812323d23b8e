/** Every verdict that can be brought about, from real situations in namespaces. */
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLab, Lab, listening, run, type Space } from './lab.ts';
import { populate } from './population.ts';
import { Recording } from './recording.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const HOSTS = Number(process.env.PORTREEVE_HOSTS ?? 4);

interface Row {
  readonly port: number;
  readonly transport: string;
  readonly verdict: string;
  readonly sure: string;
  readonly why: string;
  readonly addresses: readonly string[];
  readonly vantages: readonly string[];
  readonly host: { readonly says: string };
}

/** Everything is near: what has not answered by then will not. */
const QUICK = ['--timeout', '120'];

function compare(
  space: Space,
  ...words: string[]
): { mismatches: Row[]; endpoints: Row[]; all: Row[] } {
  const answer = JSON.parse(
    space.run(process.execPath, CLI, 'compare', '--json', ...QUICK, ...words),
  );
  return { ...answer, all: [...answer.mismatches, ...answer.endpoints] };
}

const RULES = `
table inet f {
  chain i { type filter hook input priority 0; policy accept;
    tcp dport 8002 drop
    tcp dport 8003 reject with tcp reset
    meta nfproto ipv6 tcp dport 8006 drop
  }
}
table ip n {
  chain p { type nat hook prerouting priority -100;
    tcp dport 8008 dnat to 10.10.0.2:80
  }
}
`;

describeLab('compare', ['ip', 'nft', 'socat', 'ss', 'tcpdump', 'perl', 'nmap'], () => {
  const lab = new Lab();
  let folder = '';
  let host: Space;
  let other: Space;

  const named = (): string[] => run('ip', 'netns', 'list').match(/portreeve-\w+/g) ?? [];
  let earlier: readonly string[] = [];

  beforeAll(() => {
    earlier = named();
    folder = mkdtempSync(join(tmpdir(), 'portreeve-compare-'));
    host = lab.space('host');
    other = lab.space('other');
    const inside = lab.space('inside');
    lab.join(host, other, ['10.9.0.1/24', 'fd00:9::1/64'], ['10.9.0.2/24', 'fd00:9::2/64']);
    lab.join(host, inside, ['10.10.0.1/24'], ['10.10.0.2/24'], ['eth1', 'eth0']);
    inside.run('ip', 'route', 'add', 'default', 'via', '10.10.0.1');
    host.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    const serve = (space: Space, ...addresses: string[]): void => {
      for (const address of addresses)
        space.start('socat', [`${address},fork,reuseaddr`, 'EXEC:true']);
    };
    serve(host, 'TCP4-LISTEN:8001', 'TCP6-LISTEN:8002,ipv6only=0', 'TCP6-LISTEN:8003,ipv6only=0');
    serve(
      host,
      'TCP4-LISTEN:8004,bind=127.0.0.1',
      'TCP6-LISTEN:8005,ipv6only=1',
      'TCP6-LISTEN:8006,ipv6only=0',
    );
    host.start('socat', ['UDP4-RECV:8007', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    serve(inside, 'TCP4-LISTEN:80');
    // A container runtime's helper is known by its name.
    copyFileSync(run('sh', '-c', 'command -v socat').trim(), join(folder, 'docker-proxy'));
    chmodSync(join(folder, 'docker-proxy'), 0o755);
    host.start(join(folder, 'docker-proxy'), ['TCP4-LISTEN:8010,fork', 'EXEC:true']);
    listening(host, [8001, 8002, 8003, 8004, 8005, 8006, 8010]);
    listening(host, [8007], 'udp');
    listening(inside, [80]);
    writeFileSync(join(folder, 'rules'), RULES);
    host.run('nft', '-f', join(folder, 'rules'));
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('recognises what stands between a socket and who asks', () => {
    const { all } = compare(host);
    const of = (port: number): string[] =>
      all
        .filter((row) => row.port === port)
        .map(({ verdict, sure }) => `${verdict} ${sure}`)
        .sort();
    expect(of(8001)).toEqual(['agree certain', 'bind-scoped certain']);
    expect(of(8002)).toEqual(['firewalled certain']);
    expect(of(8003)).toEqual(['rejected certain']);
    expect(of(8004)).toEqual(['bind-scoped certain']);
    expect(of(8005)).toEqual(['agree certain', 'family-gap certain']);
    expect(of(8006)).toEqual(['agree certain', 'firewall-asymmetry certain']);
    expect(of(8007)).toEqual(['bind-scoped certain', 'bound-silent certain']);
    expect(of(8008)).toEqual(['nat certain']);
    expect(of(8010)).toEqual(['bind-scoped certain', 'container-proxy likely']);
    const firewalled = all.find(({ port }) => port === 8002);
    expect(firewalled?.why).toMatch(/shut off by inet f i handle \d+/);
    expect(firewalled?.vantages).toContain('a namespace beside it');
    expect(all.find(({ port }) => port === 8008)?.why).toMatch(/ip n p handle \d+/);
  });

  it('leaves nothing of the namespace that it asked from', async () => {
    expect(host.run('ip', 'link')).not.toContain('pr');
    // Others may have one for a moment, or have left one long ago.
    const added = named().filter((name) => !earlier.includes(name));
    await expect
      .poll(() => named().filter((name) => added.includes(name)), { timeout: 60_000 })
      .toEqual([]);
  });

  it('sees from another machine what its saved sockets do not explain', () => {
    const saved = join(folder, 'ss.txt');
    // The row of 8001 is taken out, as a rootkit would.
    const rows = host
      .run('ss', '-Htulpn')
      .split('\n')
      .filter((line) => !line.includes(':8001 '));
    writeFileSync(saved, rows.join('\n'));
    const { all, mismatches } = compare(other, '--sockets', saved, '--address', '10.9.0.1');
    // What is not in the list is asked only where hidden services like to be; so name the port by traffic.
    expect(all.find(({ port }) => port === 8002)).toMatchObject({
      verdict: 'firewalled',
      sure: 'likely',
    });
    expect(mismatches.map(({ port }) => port)).toEqual([8003]);
    const hidden = host.start('socat', ['TCP4-LISTEN:99,fork', 'EXEC:true']);
    listening(host, [99]);
    const again = compare(other, '--sockets', saved, '--address', '10.9.0.1');
    expect(again.mismatches.find(({ port }) => port === 99)).toMatchObject({
      verdict: 'hidden',
      sure: 'open',
    });
    const moved = compare(other, '--sockets', saved, '--address', '10.9.0.1', '--has', '10.9.0.77');
    expect(moved.mismatches.find(({ port }) => port === 99)).toMatchObject({
      verdict: 'stale-address',
    });
    hidden.kill();
  });

  it('takes a scan of Nmap for the network', () => {
    const [saved, scan] = [join(folder, 'all.txt'), join(folder, 'scan.xml')];
    writeFileSync(saved, host.run('ss', '-Htulpn'));
    other.run('nmap', '-n', '-Pn', '-sT', '-p', '8001-8010', '-oX', scan, '10.9.0.1');
    const { all } = compare(other, '--sockets', saved, '--scan', scan);
    const of = (port: number): string[] =>
      all.filter((row) => row.port === port).map(({ verdict, sure }) => `${verdict} ${sure}`);
    expect(of(8001)).toEqual(['agree certain']);
    expect(of(8002)).toEqual(['firewalled likely']);
    expect(of(8003)).toEqual(['rejected likely']);
    expect(of(8004)).toEqual(['bind-scoped certain']);
    expect(of(8005)).toEqual(['family-gap likely']);
    expect(of(8006)).toEqual(['agree certain']);
    expect(of(8008)).toEqual(['hidden open']);
    expect(of(8010)).toEqual(['container-proxy likely']);
  });

  it('is what the program shows when no command is named', () => {
    const answer = JSON.parse(host.run(process.execPath, CLI, '--json')) as {
      attention: { port: number; reach: string }[];
      services: { port: number; reach: string }[];
    };
    const reachOf = (port: number): string | undefined =>
      [...answer.attention, ...answer.services].find((row) => row.port === port)?.reach;
    expect([8001, 8002, 8004, 8006].map(reachOf)).toEqual([
      'local-network',
      'this-machine',
      'this-machine',
      'local-network',
    ]);
    expect(answer.attention.map(({ port }) => port)).toContain(8006);
  });

  it('sees something in front that answers for everything', () => {
    const middle = lab.space('middle');
    const far = lab.space('far');
    lab.join(other, middle, ['10.21.0.2/24'], ['10.21.0.1/24'], ['eth1', 'eth0']);
    lab.join(middle, far, ['10.20.0.1/24'], ['10.20.0.2/24'], ['eth1', 'eth0']);
    other.run('ip', 'route', 'add', '10.20.0.0/24', 'via', '10.21.0.1');
    const rules = join(folder, 'front');
    writeFileSync(
      rules,
      'table ip n {\nchain p { type nat hook prerouting priority -100;\niifname "eth0" meta l4proto tcp redirect to :9\n}\n}\n',
    );
    middle.run('nft', '-f', rules);
    middle.start('socat', ['TCP4-LISTEN:9,fork,backlog=2000', 'EXEC:true']);
    listening(middle, [9]);
    const saved = join(folder, 'far.txt');
    writeFileSync(saved, 'tcp LISTEN 0 5 0.0.0.0:443 0.0.0.0:*\n');
    const { mismatches } = compare(
      other,
      '--sockets',
      saved,
      '--address',
      '10.20.0.2',
      '--timeout',
      '1500',
    );
    expect(mismatches.length).toBeGreaterThan(900);
    expect(new Set(mismatches.map(({ verdict }) => verdict))).toEqual(new Set(['proxy']));
  });

  it('knows from traffic what ended since', async () => {
    const capture = join(folder, 'lan.pcap');
    const recording = await Recording.start(host, capture, 'tcp port 7001');
    const server = host.start('socat', ['TCP4-LISTEN:7001,fork', 'EXEC:date']);
    listening(host, [7001]);
    other.run('socat', '-u', 'TCP:10.9.0.1:7001', '-');
    // Both ways, with beginning and end.
    await recording.end(8);
    const ended = once(server, 'exit');
    server.kill();
    await ended;
    const saved = join(folder, 'now.txt');
    writeFileSync(saved, host.run('ss', '-Htulpn'));
    const { mismatches } = compare(
      other,
      '--sockets',
      saved,
      '--address',
      '10.9.0.1',
      '--traffic',
      capture,
    );
    expect(mismatches.find(({ port }) => port === 7001)).toMatchObject({
      verdict: 'traffic-only',
      addresses: ['10.9.0.1'],
    });
  });

  /** Policy routing hands one port of the host's own address to a namespace that has it too. */
  const routedNamespace = (): Space => {
    const inside = lab.space('routed');
    lab.join(host, inside, ['10.11.0.1/24'], ['10.11.0.2/24'], ['eth2', 'eth0']);
    inside.run('ip', 'address', 'add', '10.9.0.1/32', 'dev', 'lo');
    inside.run('ip', 'route', 'add', 'default', 'via', '10.11.0.1');
    for (const setting of ['eth2.accept_local=1', 'eth2.rp_filter=0', 'all.rp_filter=0'])
      host.run('sysctl', '-qw', `net.ipv4.conf.${setting}`);
    host.run('ip', 'rule', 'add', 'pref', '10', 'lookup', 'local');
    host.run('ip', 'rule', 'delete', 'pref', '0');
    host.run(
      ...(['ip', 'rule', 'add', 'pref', '5', 'to', '10.9.0.1'] as const),
      ...['ipproto', 'tcp', 'dport', '8011', 'lookup', '100'],
    );
    host.run('ip', 'route', 'add', '10.9.0.1', 'via', '10.11.0.2', 'table', '100');
    inside.start('socat', ['TCP4-LISTEN:8011,fork,reuseaddr', 'EXEC:true']);
    listening(inside, [8011]);
    return inside;
  };

  /** The same in a mount namespace of its own, after `prepare`, a script for the shell. */
  const compareIn = (space: Space, prepare: string, ...words: string[]): Row[] => {
    const script = `${prepare}\nexec "$@"`;
    const command = [process.execPath, CLI, 'compare', '--json', ...QUICK, ...words];
    const text = space.run('unshare', '--mount', 'sh', '-c', script, 'sh', ...command);
    const { mismatches, endpoints } = JSON.parse(text) as Record<string, Row[]>;
    return [...mismatches!, ...endpoints!];
  };
  /** Processes that even root may not look into leave owners open: cover them all as one would. */
  const WITHOUT_FORBIDDEN =
    'mkdir -p /tmp/portreeve-empty; for p in /proc/[0-9]*; do ls $p/fd >/dev/null 2>&1 && readlink $p/ns/net >/dev/null || [ ! -d $p/fd ] || mount --bind /tmp/portreeve-empty $p/fd; done; rmdir /tmp/portreeve-empty 2>/dev/null || :';

  it('knows what the kernel itself serves, and what another namespace does', () => {
    host.run('ip', 'mptcp', 'endpoint', 'add', '10.9.0.1', 'port', '5000', 'signal');
    host.run(
      ...(['ip', 'link', 'add', 'vx', 'type', 'vxlan', 'id', '5'] as const),
      ...['dstport', '4789', 'dev', 'eth0'],
    );
    host.run('ip', 'link', 'set', 'vx', 'up');
    const routed = routedNamespace();
    const rows = compareIn(host, WITHOUT_FORBIDDEN);
    host.run('ip', 'rule', 'delete', 'pref', '5');
    host.run('ip', 'link', 'delete', 'vx');
    host.run('ip', 'mptcp', 'endpoint', 'flush');
    const of = (port: number): Row | undefined =>
      rows.find((row) => row.port === port && row.verdict !== 'bind-scoped');
    expect(of(5000)).toMatchObject({ verdict: 'kernel', why: expect.stringContaining('refuses') });
    expect(of(4789)).toMatchObject({
      verdict: 'kernel',
      why: expect.stringContaining('does not answer'),
    });
    expect(of(8011)).toMatchObject({
      verdict: 'other-namespace',
      sure: 'likely',
      why: expect.stringContaining(`in ${routed.name}`),
    });
  });

  it('sees that a process is covered, and that its socket answers', () => {
    const [pid] = host.run('ss', '-Hltnp', 'sport = :8001').match(/(?<=pid=)\d+/) ?? [];
    const rows = compareIn(host, `mount -t tmpfs -o size=4k,nr_inodes=2 none /proc/${pid}`);
    expect(
      rows.find(({ port, verdict }) => port === 8001 && verdict !== 'bind-scoped'),
    ).toMatchObject({
      verdict: 'hidden',
      sure: 'likely',
      why: expect.stringContaining('keeps out of /proc'),
    });
  });

  it('finds by binding what is set aside, and nothing hidden where nothing is', () => {
    const { mismatches, endpoints } = JSON.parse(
      host.run(
        ...(['perl', fileURLToPath(new URL('landlock.pl', import.meta.url))] as const),
        ...['8020', '8021', process.execPath, CLI],
        ...['compare', '--json', '--bind-test', '--no-beside', ...QUICK],
      ),
    ) as Record<string, Row[]>;
    const bound = [...mismatches!, ...endpoints!].filter(({ host: { says } }) =>
      says.startsWith('bind '),
    );
    expect(bound.map(({ verdict, transport, port }) => `${verdict} ${transport} ${port}`)).toEqual([
      'reserved tcp 8020',
      'reserved tcp 8021',
    ]);
  });

  it('asks nobody for what only the machine itself can reach', () => {
    const alone = lab.space('alone');
    alone.start('socat', ['TCP4-LISTEN:8030,bind=127.0.0.1', 'EXEC:true']);
    listening(alone, [8030]);
    expect(compare(alone).all.map(({ verdict }) => verdict)).toEqual(['not-probed']);
  });

  describe('with hosts that agree', () => {
    it(`doubts none of ${HOSTS} random ones`, async () => {
      let endpoints = 0;
      for (let seed = 1; seed <= HOSTS; seed++) {
        const agreeing = new Lab();
        try {
          const space = agreeing.space('h');
          agreeing.join(
            space,
            agreeing.space('o'),
            ['10.9.0.1/24', 'fd00:9::1/64'],
            ['10.9.0.2/24'],
          );
          await populate(space, seed * 100, { processes: 12, sockets: 5 });
          const { all, mismatches } = compare(space);
          endpoints += all.length;
          expect(mismatches, `seed ${seed}`).toEqual([]);
        } finally {
          await agreeing.close();
        }
      }
      expect(endpoints).toBeGreaterThan(HOSTS * 15);
    });
  });
});
