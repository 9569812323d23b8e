/**
 * Both ways to a policy, on the article's network with real servers and a real firewall: learning
 * from recorded traffic, and refining from what a firewall that denies all has denied, while the
 * kernel logs it. Both end in rules under which the application works and everything else is closed, and in the same policy.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildSite, type Site } from './article-site.ts';
import { KernelLog } from './kernel-log.ts';
import { describeLab, Lab, run, type Space } from './lab.ts';
import { Recording } from './recording.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PROGRAMS = [
  ...['ip', 'nft', 'tcpdump', 'curl', 'nginx', 'slapd', 'krb5kdc', 'dnsmasq', 'runuser', 'dmesg'],
];
const NAMES = ['10.0.1.10=web', '10.0.2.20=sql', '10.0.2.10=dc', '198.51.100.7=visitor'];

type Port = Readonly<Record<'address' | 'port' | 'transport', string>>;

describeLab('the article’s network', PROGRAMS, () => {
  const lab = new Lab();
  const folder = join(tmpdir(), `portreeve-article-${process.pid}`);
  let site: Site;

  beforeAll(async () => {
    site = await buildSite(lab, folder);
  });

  let log: KernelLog | undefined;

  afterAll(async () => {
    await lab.close();
    await log?.close();
    run('rm', '-rf', folder);
  });

  function portreeve(...words: string[]): { code: number | null; out: string; err: string } {
    const done = spawnSync(process.execPath, [CLI, ...words], { encoding: 'utf8', cwd: folder });
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  const named = NAMES.flatMap((name) => ['--name', name]);

  /** Renders a policy, has nft check and load it, and proves what the kernel lists. */
  function install(policy: string, change = (text: string) => text): void {
    const rendered = portreeve('acl', 'render', policy, '--for', 'nftables');
    expect(rendered.err).toBe('');
    const file = join(folder, 'rules.nft');
    writeFileSync(file, change(rendered.out));
    site.router.run('nft', '-c', '-f', file);
    site.router.run('nft', '-f', file);
    const listed = site.router.run('nft', 'list', 'table', 'inet', 'portreeve');
    writeFileSync(join(folder, 'listed.nft'), listed);
    const proof = portreeve('policy', 'prove', policy, '--for', 'nftables', 'listed.nft');
    expect(proof, proof.out + listed).toMatchObject({ code: 0 });
  }

  /**
   * Writes what the kernel logs from now on with this prefix to kern.log, as a log daemon would.
   * Namespaces may log meanwhile.
   */
  async function kernelLog(prefix: string): Promise<{ end: () => void }> {
    log = await KernelLog.open();
    const file = join(folder, 'kern.log');
    writeFileSync(file, '');
    const child = await log.follow(site.router, (line) => {
      if (line.includes(prefix)) appendFileSync(file, `${line}\n`);
    });
    return { end: () => child.kill('SIGTERM') };
  }

  /** Runs a command that captures in the router; the function ends it, and gives what it said. */
  async function watchLive(words: readonly string[]): Promise<() => Promise<string>> {
    const child = site.router.start(process.execPath, [CLI, ...words]);
    let out = '';
    child.stdout!.on('data', (chunk) => {
      out += chunk;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const rings = () => site.router.run('cat', '/proc/net/packet').trim().split('\n').length - 1;
    for (let waited = 0; rings() === 0; waited += 50) {
      if (waited > 60_000) throw new Error('the capture does not start');
      await sleep(50);
    }
    return async () => {
      child.kill('SIGINT');
      await ended;
      return out;
    };
  }

  /** `10.0.2.10:389/tcp …`: what answers from there, once every port has been asked. */
  async function openPorts(
    from: Space,
    wanted: readonly string[],
    ...hosts: string[]
  ): Promise<string[]> {
    const speed = ['--no-discovery', '--rate', '40000', '--timing', '5', '--patience', '1'];
    const child = from.start(process.execPath, [
      CLI,
      'scan',
      ...hosts,
      ...wanted,
      ...speed,
      '--json',
    ]);
    let out = '';
    child.stdout!.on('data', (chunk) => {
      out += chunk;
    });
    expect(await new Promise((resolve) => child.once('close', resolve)), out).toBe(0);
    const found = JSON.parse(out);
    for (const { address, open, unasked, groups } of found.hosts) {
      const counts = groups.map(({ count }: { count: number }) => count);
      const asked = counts.reduce((sum: number, count: number) => sum + count, open);
      expect({ address, asked, unasked }).toEqual({
        ...{ address, asked: found.facts.portsPerHost, unasked: 0 },
      });
    }
    expect(found.hosts).toHaveLength(hosts.length);
    return found.ports
      .filter(({ state }: { state: string }) => state === 'open')
      .map(({ address, port, transport }: Port) => `${address}:${port}/${transport}`)
      .sort();
  }

  it('learns from a recording, and lets through nothing but what was validated', async () => {
    const zones = ['dmz=10.0.1.0/24', 'internal=10.0.2.0/24', 'internet=rest'];
    const known = [...zones.flatMap((zone) => ['--zone', zone]), ...named, '--json'];
    const watched = await watchLive([
      'policy',
      'learn',
      '-i',
      'any',
      '--drop-duplicates',
      ...known,
    ]);
    const recording = await Recording.start(
      ...([site.router, join(folder, 'record.pcap'), '-i', 'any', 'ip'] as const),
    );
    for (let count = 0; count < 3; count++) expect(site.request()).toMatch(/^works/);
    // Somebody looks around meanwhile; that must not become a rule.
    await openPorts(site.dmz, ['-p', '20-120,4000-4100'], '10.0.2.20');
    await recording.end();
    const learned = portreeve(
      ...['policy', 'learn', 'record.pcap', '--drop-duplicates', '-o', 'c.ndjson'],
      ...known,
    );
    expect(learned.code, learned.err).toBe(0);
    // What was learned at the router's interfaces meanwhile is the same as from the recording.
    for (const text of [learned.out, await watched()]) {
      const { candidates } = JSON.parse(text);
      const learnedTexts = candidates.map(
        (each: Record<string, string>) => `${each.client} ${each.server} ${each.service}`,
      );
      expect(learnedTexts.sort()).toEqual([
        '10.0.1.10 10.0.2.10 tcp/389',
        '10.0.1.10 10.0.2.10 tcp/88',
        '10.0.1.10 10.0.2.10 udp/53',
        '10.0.1.10 10.0.2.20 tcp/1433',
        '198.51.100.7 10.0.1.10 tcp/80',
      ]);
    }
    const reviewed = portreeve(
      ...['policy', 'review', 'c.ndjson', '--policy', 'learned.yaml', '--by', 'alice'],
      ...['--approve', 'web -> sql tcp/1433', '--approve', 'web -> dc tcp/88,tcp/389,udp/53'],
      ...['--approve', 'internet -> web tcp/80', '--reason', 'the shop'],
    );
    expect(reviewed.code, reviewed.err).toBe(0);
    install('learned.yaml');
    expect(site.request()).toMatch(/^works/);
    // What is closed answers nothing, so that scans mostly wait: they wait together.
    const all = ['-p', 'all'];
    const datagrams = ['-t', 'udp', '-p', '53,67,88,123,161,389'];
    const scans: [Space, string[], string[], string[]][] = [
      [site.dmz, all, ['10.0.2.20'], ['10.0.2.20:1433/tcp']],
      [site.dmz, all, ['10.0.2.10'], ['10.0.2.10:389/tcp', '10.0.2.10:88/tcp']],
      [site.internet, all, ['10.0.1.10'], ['10.0.1.10:80/tcp']],
      [site.internet, all, ['10.0.2.10', '10.0.2.20'], []],
      [site.internal, all, ['10.0.1.10', '198.51.100.7'], []],
      [site.dmz, all, ['198.51.100.7'], []],
      [site.dmz, datagrams, ['10.0.2.10'], ['10.0.2.10:53/udp']],
      [site.internet, datagrams, ['10.0.2.10'], []],
    ];
    const found = scans.map(([from, wanted, hosts]) => openPorts(from, wanted, ...hosts));
    expect(await Promise.all(found)).toEqual(scans.map(([, , , open]) => open));
  });

  it('refines a policy that denies all, staying with the kernel’s log', async () => {
    writeFileSync(
      join(folder, 'refined.yaml'),
      'version: 1\nname: refined\nzones:\n  dmz: 10.0.1.0/24\n  internal: 10.0.2.0/24\n  internet: rest\n',
    );
    // The first round reads copies of denied packets, which go to a group that tcpdump can read.
    install('refined.yaml', (text) =>
      text.replace('log prefix "PR-DENY "', 'log prefix "PR-DENY " group 5'),
    );
    const recording = await Recording.start(
      ...([site.router, join(folder, 'denied.pcap'), '-i', 'nflog:5'] as const),
    );
    expect(site.request()).not.toMatch(/^works/);
    await recording.end();
    const words = ['--policy', 'refined.yaml', '--by', 'bob', ...named];
    // In this network the person agrees to all that the application asked for.
    const agreed = [...words, '--approve', 'any -> any tcp,udp', '--json'];
    const decided = portreeve('policy', 'refine', 'denied.pcap', ...agreed);
    expect(decided.code, decided.err).toBe(0);
    expect(JSON.parse(decided.out).facts.decided).toBeGreaterThan(0);

    // From now on the kernel logs, and the rules are rendered anew after each round.
    const prefix = `PR-${process.pid}-DENY `;
    const kernel = await kernelLog(prefix);
    const logging = (text: string) =>
      text.replace('log prefix "PR-DENY "', `log prefix "${prefix}"`);
    install('refined.yaml', logging);
    const rules = ['--for', 'nftables', '--rules', 'refined.nft', '--prefix', `${prefix}=deny`];
    const child = site.router.start(
      process.execPath,
      [CLI, 'policy', 'refine', '--deny-log', 'kern.log', '--follow', ...rules, ...agreed],
      { cwd: folder },
    );
    let [out, err] = ['', ''];
    child.stdout!.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      err += chunk;
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const until = async (wanted: string): Promise<void> => {
      for (let waited = 0; !err.includes(wanted); waited += 50) {
        if (waited > 60_000) throw new Error(`no “${wanted}”: ${err}`);
        await sleep(50);
      }
    };
    await until('following kern.log');
    let rounds = 1;
    for (; !site.request().startsWith('works'); rounds++) {
      if (rounds > 6) throw new Error(`the application still does not work: ${err}`);
      await until(`round ${rounds + 1}: `);
      // What was written after this round, not what this test would render itself.
      const text = readFileSync(join(folder, 'refined.nft'), 'utf8');
      writeFileSync(join(folder, 'rules.nft'), logging(text));
      site.router.run('nft', '-f', join(folder, 'rules.nft'));
    }
    child.kill('SIGINT');
    expect(await ended, err).toBe(130);
    kernel.end();
    expect(rounds).toBeLessThanOrEqual(5);
    expect(rounds).toBeGreaterThan(1);
    expect(JSON.parse(out).facts).toMatchObject({ rounds, open: 0 });
    const listed = site.router.run('nft', 'list', 'table', 'inet', 'portreeve');
    writeFileSync(join(folder, 'listed.nft'), listed);
    const proof = portreeve('policy', 'prove', 'refined.yaml', '--for', 'nftables', 'listed.nft');
    expect(proof, proof.out + listed).toMatchObject({ code: 0 });
    const same = portreeve('policy', 'diff', 'learned.yaml', 'refined.yaml');
    expect(same.code, same.out + readFileSync(join(folder, 'refined.yaml'), 'utf8')).toBe(0);
  });
});
