/** The way from a capture to proved rules on the command line, and how it fails. */
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, type Outcome, runCli } from './run-cli.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** Runs a command on a terminal of its own (util-linux). */
const PTY: string = 'script';
const CAPTURE = fileURLToPath(new URL('../../examples/small-office.pcapng', import.meta.url));
const ZONES = ['dmz=10.0.1.0/24', 'servers=10.0.2.0/24', 'clients=10.0.3.0/24', 'internet=rest'];
const zones = ZONES.flatMap((zone) => ['--zone', zone]);
const HELP = [
  ...['policy', 'policy learn', 'policy review', 'policy refine', 'policy prove', 'policy diff'],
  ...['policy test', 'acl', 'acl render', 'acl check', 'acl platforms'],
];

describe.skipIf(!built)('policy and acl', () => {
  let folder = '';
  const portreeve = (...words: string[]): Promise<Outcome> => runCli(words, { cwd: folder });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-policy-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('helps with every subcommand as it did', async () => {
    const outcomes = await Promise.all(HELP.map((name) => portreeve(...name.split(' '), '--help')));
    for (const [index, { out, code }] of outcomes.entries()) {
      expect(code).toBe(0);
      await expect(out).toMatchFileSnapshot(`help/${HELP[index]!.replace(' ', '-')}.txt`);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it('asks for a capture where none was named', async () => {
    const { code, err } = await portreeve('policy', 'learn', ...zones);
    expect(code).toBe(2);
    expect(err).toContain('there is nothing to learn from');
  });

  it('does not call a text without rules faultless', async () => {
    writeFileSync(join(folder, 'empty.nft'), '');
    const { code, out } = await portreeve('acl', 'check', 'empty.nft', '--for', 'nftables');
    expect(code).toBe(0);
    expect(out).toContain('! There are no rules');
  });

  it('goes from a capture to proved rules, and notices an edit', async () => {
    const words = [
      'policy',
      'learn',
      CAPTURE,
      ...zones,
      '-o',
      'c.ndjson',
      '--name',
      '10.0.1.10=web',
    ];
    const learned = await portreeve(...words, '--json');
    expect(learned.code, learned.err).toBe(0);
    expect(JSON.parse(learned.out).facts).toMatchObject({
      candidates: 21,
      asked: 12,
      quarantined: 1,
    });

    writeFileSync(
      join(folder, 'decisions.txt'),
      '# agreed on Monday\napprove clients -> servers *  # files and names\napprove any -> web tcp/443,tcp/80\ndeny any -> web tcp/22\n',
    );
    const review = [
      'policy',
      'review',
      'c.ndjson',
      '--from-file',
      'decisions.txt',
      '--by',
      'alice',
    ];
    const reviewed = await portreeve(...review, '--json');
    expect(reviewed.code, reviewed.err).toBe(0);
    const { facts, rules } = JSON.parse(reviewed.out);
    expect(facts).toMatchObject({ decisions: 21, allowed: 20, rules: 4, rulesAtLeast: 4 });
    expect(rules.map(({ to }: { to: string[] }) => to[0])).toEqual([
      'web',
      'ntp-server',
      '10.0.2.11',
      'web',
    ]);
    const policy = readFileSync(join(folder, 'policy.yaml'), 'utf8');
    expect(policy).toMatch(/because: files and names\n {4}approved: \{by: alice, at: /);

    // The same decisions once more change nothing but the moments.
    await portreeve(...review);
    const again = readFileSync(join(folder, 'policy.yaml'), 'utf8');
    const timeless = (text: string) => text.replaceAll(/at: \d[^,}]*/g, 'at: …');
    expect(timeless(again)).toBe(timeless(policy));

    for (const platform of ['nftables', 'iptables']) {
      const rendered = await portreeve('acl', 'render', 'policy.yaml', '--for', platform);
      expect(rendered.code, rendered.err).toBe(0);
      writeFileSync(join(folder, platform), rendered.out);
      const prove = ['policy', 'prove', 'policy.yaml', '--for', platform];
      const proof = await portreeve(...prove, platform, '--json');
      expect(proof.code, proof.out + proof.err).toBe(0);
      expect(JSON.parse(proof.out).facts).toMatchObject({ proved: true, replayed: 20 });
      writeFileSync(join(folder, 'edited'), rendered.out.replace(/dport 445/, 'dport 443'));
      const edited = await portreeve(...prove, 'edited', '--json');
      expect(edited.code).toBe(1);
      const { differences, lost } = JSON.parse(edited.out);
      expect(differences.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
        'extra',
        'missing',
      ]);
      expect(lost).toHaveLength(4);
      const diff = await portreeve('policy', 'diff', 'edited', 'policy.yaml', '--for', platform);
      expect(diff.code).toBe(1);
    }
  });

  it('says which rule decides, and why', async () => {
    const allowed = await portreeve('policy', 'test', '10.0.3.21 -> 10.0.2.10 udp/53');
    expect(allowed).toMatchObject({ code: 0 });
    expect(allowed.out).toMatch(
      /Allowed by R\d+: .*[\s\S]*because: files and names.*approved by alice/,
    );
    const denied = await portreeve('policy', 'test', '10.0.3.21', '→', '10.0.2.10', 'udp/54');
    expect(denied).toMatchObject({ code: 1 });
    const told = ['--rules', 'iptables', '--for', 'iptables', '--json'];
    const rendered = await portreeve('policy', 'test', '10.0.3.21 -> 10.0.2.10 udp/53', ...told);
    expect(JSON.parse(rendered.out).facts).toMatchObject({ allowed: true, from: 'clients' });
  });

  it('learns from a firewall log that denies, retries counted once', async () => {
    const line = (second: number, rest: string) =>
      `Oct  3 10:00:0${second} gw kernel: [12.3] PR-DENY IN=eth1 OUT=eth0 ${rest}\n`;
    const tcp = (port: number, flags: string) =>
      `SRC=10.0.1.10 DST=10.0.2.20 LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=4112 DF PROTO=TCP SPT=50112 DPT=${port} WINDOW=64240 RES=0x00 ${flags} URGP=0`;
    const udp =
      'SRC=10.0.1.10 DST=10.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 PROTO=UDP SPT=40000 DPT=88 LEN=40';
    writeFileSync(
      join(folder, 'fw.log'),
      line(1, tcp(1433, 'SYN')) +
        line(2, tcp(1433, 'SYN')) +
        line(3, tcp(1433, 'ACK')) +
        line(4, udp),
    );
    writeFileSync(
      join(folder, 'deny.yaml'),
      'version: 1\nzones: {dmz: 10.0.1.0/24, servers: 10.0.2.0/24}\n',
    );
    const refine = ['policy', 'refine', '--deny-log', 'fw.log', '--policy', 'deny.yaml'];
    const shown = await portreeve(...refine, '--json');
    expect(shown.code, shown.err).toBe(0);
    const { open, facts, offers } = JSON.parse(shown.out);
    const texts = open.map(
      (each: Record<string, unknown>) => `${each.server} ${each.service} ${each.connections}`,
    );
    expect(texts).toEqual(['10.0.2.10 udp/88 1', '10.0.2.20 tcp/1433 1']);
    expect(facts).toMatchObject({ denied: 2, open: 2, unusable: 1, rounds: 0, unseenShare: 1 });
    expect(offers.map(({ set }: { set: string }) => set)).toContain('domain-member');
    const decided = await portreeve(
      ...[...refine, '--json', '--approve', '10.0.1.10 -> 10.0.2.20 tcp/1433'],
      ...['--with-set', '10.0.1.10 -> 10.0.2.10 kerberos'],
    );
    expect(JSON.parse(decided.out).facts).toMatchObject({ open: 0, decided: 5, rounds: 1 });
    const policy = readFileSync(join(folder, 'deny.yaml'), 'utf8');
    expect(policy).toMatch(/services: \[udp\/88\]/);
    expect(policy).toMatch(/services: \[tcp\/88, tcp\/464, udp\/464\][\s\S]*unobserved: true/);
  });

  it('follows a log across its rotation and renders after each round', async () => {
    const file = join(folder, 'follow.log');
    const line = (server: string, port: number) =>
      `2026-10-03T10:00:01+00:00 gw kernel: PR-DENY IN=eth1 OUT=eth0 SRC=10.0.1.10 DST=${server} LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=50112 DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0\n`;
    const zoneLines = 'zones:\n  dmz: 10.0.1.0/24\n  servers: 10.0.2.0/24\n';
    writeFileSync(join(folder, 'follow.yaml'), `version: 1\n${zoneLines}`);
    writeFileSync(file, line('10.0.2.20', 1433));
    const orders = ['--approve', 'any -> 10.0.2.20 tcp', '--deny', 'any -> 10.0.2.30 tcp/22'];
    const words = ['--follow', '--policy', 'follow.yaml', '--cycle', 'minute=60s', ...orders];
    const rules = ['--for', 'nftables', '--rules', 'follow.nft', '--by', 'alice', '--json'];
    const child = spawn(
      process.execPath,
      [CLI, 'policy', 'refine', '--deny-log', 'follow.log', ...words, ...rules],
      { cwd: folder },
    );
    const ended = new Promise((resolve) => child.on('close', resolve));
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      if (text.includes('round 2')) child.kill('SIGINT');
    });
    const written = async (name: string, wanted: string): Promise<void> => {
      while (!existsSync(join(folder, name)) || !readText(name).includes(wanted)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const readText = (name: string): string => readFileSync(join(folder, name), 'utf8');
    await written('follow.nft', 'dport 1433');
    renameSync(file, `${file}.1`);
    const next = [line('10.0.2.20', 443), line('10.0.2.30', 22), line('10.0.2.40', 25)];
    writeFileSync(file, next.join(''));
    expect(await ended, err).toBe(130);
    expect(err).toContain('round 1: 1 allowed, 0 denied; 1 rule; follow.nft written and proved');
    expect(err).toContain('round 2: 1 allowed, 1 denied');
    expect(err).toContain('denied, not decided: 10.0.1.10 -> 10.0.2.40 tcp/25');
    expect(readText('follow.nft')).toMatch(/dport \{ 443, 1433 \}/);
    const { facts, open, conditions } = JSON.parse(out);
    expect(facts).toMatchObject({ denied: 4, decided: 3, open: 1, rounds: 2, mayStop: false });
    expect(open.map(({ seen }: { seen: string }) => seen)).toEqual(['follow.log:3']);
    expect(conditions.map(({ holds }: { holds: boolean }) => holds)).toEqual([
      ...[false, true, false, false, true],
    ]);
  });

  it('follows a log until all conditions of stopping hold', async () => {
    const file = join(folder, 'done.log');
    let port = 50_000;
    const line = (service: string) =>
      `${new Date().toISOString()} gw kernel: PR-DENY IN=eth1 OUT=eth0 SRC=10.0.1.10 DST=10.0.2.20 LEN=52 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=${port++} DPT=${service} WINDOW=64240 RES=0x00 SYN URGP=0\n`;
    writeFileSync(file, line('1433') + line('1433'));
    const zoneLines = 'zones:\n  dmz: 10.0.1.0/24\n  servers: 10.0.2.0/24\nlog-denied: 1000\n';
    writeFileSync(join(folder, 'done.yaml'), `version: 1\n${zoneLines}`);
    const words = ['--deny-log', 'done.log', '--follow', 'done', '--policy', 'done.yaml'];
    // Known denials go on, so that the log is alive while nothing new comes.
    const beat = setInterval(() => appendFileSync(file, line('22')), 200);
    const done = await portreeve(
      ...['policy', 'refine', ...words, '--cycle', 'moment=3s', '--json'],
      ...['--approve', 'any -> any tcp/1433', '--deny', 'any -> any tcp/22'],
    ).finally(() => clearInterval(beat));
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(done.err).toContain('done: all conditions of stopping hold');
    expect(JSON.parse(done.out).facts).toMatchObject({ mayStop: true, open: 0, decided: 2 });
    expect(readFileSync(join(folder, 'done.yaml'), 'utf8')).toContain('tcp/1433');
  });

  it.skipIf(spawnSync(PTY, ['--version']).status !== 0)(
    'asks on a terminal, and keeps what was answered when interrupted',
    async () => {
      const asked = (client: string, server: string, service: string) =>
        JSON.stringify({
          ...{ kind: 'conversation', from: 'dmz', to: 'servers', client, server, service },
          ...{ standing: 'thin', connections: 1, answered: 1, denied: 0, hours: 1, firstMs: 0 },
          ...{ lastMs: 0, direction: { reason: 'syn', confidence: 'certain' } },
          seen: '\x1b[2Jevil.pcap#1',
        });
      const zoneOf = { dmz: ['10.0.1.0/24'], servers: ['10.0.2.0/24'] };
      const head = { kind: 'candidates', version: 1, zones: zoneOf, names: {}, inputs: [] };
      const lines = [
        JSON.stringify(head),
        ...['10.0.1.1', '10.0.1.2', '10.0.1.3'].map((one) => asked(one, '10.0.2.20', 'tcp/1433')),
        asked('10.0.1.1', '10.0.2.10', 'udp/53'),
        asked('10.0.1.1', '10.0.2.30', 'tcp/445'),
      ];
      writeFileSync(join(folder, 'asked.ndjson'), lines.join('\n'));
      const command = `${process.execPath} ${CLI} policy review asked.ndjson --policy asked.yaml --by alice --json`;
      const child = spawn(PTY, ['-qefc', command, '/dev/null'], { cwd: folder });
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
      });
      const ended = new Promise((resolve) => child.on('close', resolve));
      const press = async (wait: RegExp, keys: string): Promise<void> => {
        while (!wait.test(shown)) await new Promise((resolve) => setTimeout(resolve, 10));
        shown = '';
        child.stdin.write(keys);
      };
      await press(/tcp\/1433[\s\S]*3 left[\s\S]*done/, 'w');
      await press(/x1b\[2Jevil/, 's');
      await press(/5 left[\s\S]*done/, 'y');
      // Pasted text answers one question, not all that follow.
      await press(/4 left[\s\S]*done/, 'nyyyy');
      await press(/3 left[\s\S]*done/, 'u');
      await press(/4 left[\s\S]*done/, 'l');
      await press(/3 left[\s\S]*done/, 'y');
      await press(/udp\/53[\s\S]*2 left[\s\S]*done/, 'y');
      await press(/tcp\/445[\s\S]*1 left[\s\S]*done/, 'n');
      await press(/DNS over both transports: tcp\/53[\s\S]*done/, '\x03');
      expect(await ended).toBe(130);
      const journal = readFileSync(join(folder, 'asked.journal.ndjson'), 'utf8').trim().split('\n');
      expect(
        journal.map((text) => {
          const { decision, conversation } = JSON.parse(text);
          return `${decision} ${conversation.client} ${conversation.server}`;
        }),
      ).toEqual([
        'allow 10.0.1.1 10.0.2.20',
        'later 10.0.1.2 10.0.2.20',
        'allow 10.0.1.3 10.0.2.20',
        'allow 10.0.1.1 10.0.2.10',
        'deny 10.0.1.1 10.0.2.30',
      ]);
      expect(readFileSync(join(folder, 'asked.yaml'), 'utf8')).toContain('tcp/1433');
    },
  );

  it('writes the rules of one machine, proves them, and asks them about that machine', async () => {
    const host = ['--host', '10.0.2.20'];
    const render = ['acl', 'render', 'policy.yaml', '--for', 'windows'];
    const refused = await portreeve(...render);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--host 192.0.2.10') });
    const unknown = await portreeve(...render, '--host', 'nobody');
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('no group or zone') });
    const rendered = await portreeve(...render, ...host);
    expect(rendered.code, rendered.err).toBe(0);
    expect(rendered.out).not.toMatch(/-LocalAddress (?!10\.0\.2\.20 )/);
    writeFileSync(join(folder, 'host.ps1'), rendered.out);
    const rules = ['host.ps1', '--for', 'windows'];
    const proof = await portreeve('policy', 'prove', 'policy.yaml', ...rules, ...host, '--json');
    expect(JSON.parse(proof.out).facts, proof.out).toMatchObject({ proved: true });
    const test = ['policy', 'test', '10.0.1.1 -> 10.0.2.20 tcp/1433', '--rules', ...rules];
    const nowhere = await portreeve(...test);
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('name it with --host') });
    expect((await portreeve(...test, ...host)).code).toBeLessThan(2);
    const folders = await portreeve('acl', 'check', '.', '--for', 'windows');
    expect(folders).toMatchObject({ code: 3, err: expect.stringContaining('it is a folder') });
  });

  it('learns from logs what was let through, with the line of each', async () => {
    const lines = [
      'Oct 03 2026 10:00:00 asa : %ASA-6-302013: Built inbound TCP connection 7 for outside:198.51.100.7/50112 (198.51.100.7/50112) to dmz:10.0.1.10/443 (10.0.1.10/443)',
      'Oct 03 2026 10:00:09 asa : %ASA-6-302014: Teardown TCP connection 7 for outside:198.51.100.7/50112 to dmz:10.0.1.10/443 duration 0:00:09 bytes 4112 TCP FINs',
      'Oct 03 2026 10:01:00 asa : %ASA-6-302013: Built outbound TCP connection 8 for inside:10.0.2.20/1433 (10.0.2.20/1433) to dmz:10.0.1.10/50113 (10.0.1.10/50113)',
      'Oct 03 2026 10:02:00 asa : %ASA-4-106023: Deny tcp src outside:198.51.100.9/4000 dst dmz:10.0.1.10/22 by access-group "in" [0x0, 0x0]',
    ];
    writeFileSync(join(folder, 'asa.log'), `${lines.join('\n')}\n`);
    const words = ['policy', 'learn', '--log', 'asa.log', ...zones, '-o', 'logged.ndjson'];
    const { code, out, err } = await portreeve(...words, '--json');
    expect(code, err).toBe(0);
    const { candidates, asked, facts } = JSON.parse(out);
    const place = ({ client, server, service, connections, seen }: Record<string, unknown>) =>
      `${client} ${server} ${service} ${connections} ${seen}`;
    expect(candidates.map(place)).toEqual(['198.51.100.7 10.0.1.10 tcp/443 1 asa.log:1']);
    expect(candidates[0].direction).toEqual({ reason: 'log', confidence: 'certain' });
    expect(asked.map(place)).toEqual(['10.0.1.10 10.0.2.20 tcp/1433 1 asa.log:3']);
    expect(facts).toMatchObject({ logLines: 4, logAllowed: 3, logDenied: 1, logUndirected: 0 });
    const both = await portreeve(
      'policy',
      'learn',
      CAPTURE,
      '--log',
      'asa.log',
      ...zones,
      '--json',
    );
    expect(JSON.parse(both.out).facts).toMatchObject({ candidates: 22, logLines: 4 });
    const approve = ['--approve', 'internet -> 10.0.1.10 tcp/443', '--policy', 'logged.yaml'];
    expect(await portreeve('policy', 'review', 'logged.ndjson', ...approve)).toMatchObject({
      code: 0,
    });
    expect(readFileSync(join(folder, 'logged.yaml'), 'utf8')).toContain('asa.log:1');
  });

  it('learns from saved sockets who called, where listeners were shown', async () => {
    const lines = [
      'Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
      'tcp LISTEN 0 128 0.0.0.0:443 0.0.0.0:*',
      'tcp ESTAB 0 0 10.0.1.10:443 198.51.100.7:51000',
      'tcp TIME-WAIT 0 0 10.0.1.10:40110 10.0.2.20:1433',
      'tcp ESTAB 0 0 10.0.1.10:40112 10.0.2.20:1433',
    ];
    const learn = (...words: string[]) =>
      portreeve('policy', 'learn', ...words, ...zones, '--json');
    writeFileSync(join(folder, 'ss.txt'), `${lines.join('\n')}\n`);
    const { code, out, err } = await learn('--sockets', 'ss.txt');
    expect(code, err).toBe(0);
    const told = JSON.parse(out).candidates.map(
      ({ client, server, service, connections, seen, sources }: Record<string, unknown>) =>
        `${client} ${server} ${service} ${connections} ${seen} ${sources}`,
    );
    expect(told).toEqual([
      '10.0.1.10 10.0.2.20 tcp/1433 2 ss.txt:4 sockets',
      '198.51.100.7 10.0.1.10 tcp/443 1 ss.txt:3 sockets',
    ]);
    writeFileSync(join(folder, 'half.txt'), `${lines.toSpliced(1, 1).join('\n')}\n`);
    const half = await learn('--sockets', 'half.txt', '--complete');
    expect(half.code).toBe(5);
    expect(JSON.parse(half.out).facts).toMatchObject({ candidates: 0, socketsUndirected: 3 });
    expect((await learn('--sockets', 'ss.txt', '--for', '5s')).err).toContain('end by themselves');
    expect((await learn(CAPTURE, '-i', 'lo')).code).toBe(2);
  });

  it('checks existing rules against what is used', async () => {
    const text = [
      'table inet t { chain c { type filter hook forward priority 0; policy drop;',
      'ct state established,related accept',
      'ip saddr 10.0.3.0/24 accept',
      'ip saddr 10.0.3.7 tcp dport 22 drop',
      'ip saddr 10.0.9.9 ip daddr 10.0.1.1 tcp dport 22 accept',
      '}',
      '}',
    ];
    writeFileSync(join(folder, 'old.nft'), text.join('\n'));
    const check = ['acl', 'check', 'old.nft', '--for', 'nftables', '--traffic', CAPTURE, ...zones];
    const { code, out } = await portreeve(...check, '--json', '--fail-on', 'findings');
    expect(code).toBe(1);
    const { findings, facts, uses } = JSON.parse(out);
    expect(
      findings.map((each: { line: number; finding: string }) => `${each.line} ${each.finding}`),
    ).toEqual(['3 wide', '4 shadowed']);
    expect(facts).toMatchObject({ unusedRules: 1, stopped: 4 });
    expect(uses.map((each: { conversations: number }) => each.conversations)).toEqual([17, 0]);
  });

  it('warns of fragments where nothing tracks connections', async () => {
    const text =
      'table inet t { chain c { type filter hook forward priority 0; policy drop;\ntcp dport 80 accept\n}\n}\n';
    writeFileSync(join(folder, 'ports.nft'), text);
    const proof = await portreeve(
      ...['policy', 'prove', 'policy.yaml', '--for', 'nftables', 'ports.nft', '--json'],
    );
    expect(proof.code).toBe(1);
    expect(JSON.parse(proof.out).notes[0]).toMatchObject({ id: 'fragments-untracked' });
    const check = await portreeve('acl', 'check', 'ports.nft', '--for', 'nftables');
    expect(check.out).toContain('from line 2 on');
    // In a spreadsheet: what was found, not what was not understood.
    const sheet = await portreeve('acl', 'check', 'ports.nft', '--for', 'nftables', '--csv');
    expect(sheet.out).toMatch(/^line,finding,meaning,/);
    const differing = await portreeve(
      ...['policy', 'prove', 'policy.yaml', '--for', 'nftables', 'ports.nft', '--csv'],
    );
    expect(differing.out.split('\r\n').length).toBeGreaterThan(2);
  });

  const FAILURES: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['policy'], 2, /^$/],
    [['policy', 'grow'], 2, /there is no command “policy grow”/],
    [['policy', 'learn', CAPTURE], 2, /two are needed/],
    [['policy', 'learn', CAPTURE, '--zone', 'a=10.0.0.1/8'], 2, /write 10\.0\.0\.0\/8/],
    [['policy', 'learn', 'missing.pcap', ...zones], 3, /no such file/i],
    [['policy', 'learn', '--log', 'missing.log', ...zones], 3, /cannot read missing\.log/],
    [['policy', 'learn', ...zones], 2, /nothing to learn from/],
    [
      ['policy', 'learn', CAPTURE, ...zones, '-o', 'none/x'],
      3,
      /none\/x\n {2}why .*ENOENT.*\n {2}do/,
    ],
    [['policy', 'test', 'web -> nowhere tcp/1433'], 2, /not an address\n {2}do /],
    [['policy', 'learn', '--log', 'a', '--prefix', 'x', ...zones], 2, /FW-DROP=deny/],
    [['policy', 'review', 'missing.ndjson'], 3, /there is no such file/],
    [['policy', 'review', 'decisions.txt'], 3, /damaged/],
    [['policy', 'review', 'c.ndjson', '--policy', 'n.yaml'], 2, /no terminal/],
    [['policy', 'review', 'c.ndjson', '--policy', 'n.yaml', '--approve', 'web sql'], 2, /form/],
    [
      ['policy', 'review', 'c.ndjson', '--policy', 'n.yaml', '--approve', 'sql -> web *'],
      2,
      /“sql” is not/,
    ],
    [
      [
        'policy',
        'review',
        'c.ndjson',
        '--policy',
        'n.yaml',
        '--approve',
        'dmz -> servers tcp/1433',
      ],
      2,
      /set aside/,
    ],
    [['acl', 'render', 'policy.yaml', '--for', 'nftable'], 2, /Do you mean nftables/],
    [['acl', 'render', 'bad.yaml', '--for', 'nftables'], 3, /bad\.yaml:3:1 The key “rulse”/],
    [['policy', 'prove', 'policy.yaml', '--for', 'nftables', 'decisions.txt'], 1, /^$/],
    [
      ['acl', 'check', 'old.nft', '--for', 'nftables', '--traffic', 'missing.pcap', ...zones],
      3,
      /cannot read missing\.pcap/,
    ],
    [['policy', 'diff', 'decisions.txt', 'policy.yaml', '--for', 'nftables'], 3, /understood/],
    [['policy', 'test', '10.0.3.21'], 2, /not a connection/],
    [['policy', 'test', '10.0.3.21 -> 10.0.1.1 tcp/99999'], 2, /highest port is 65535/],
    [['policy', 'test', '10.0.3.21 -> 10.0.1.1 tcp/9', '--jsn'], 2, /unknown option '--jsn'/],
    [['policy', 'prove', '--fro', 'nftables'], 2, /--for, if that is what you meant/],
    [
      ['policy', 'prove', '.', '--for', 'nftables', '.'],
      3,
      /cannot read \.\n {2}why {2}it is a folder/,
    ],
    [
      ['policy', 'refine', '--deny-log', 'decisions.txt', '--policy', 'policy.yaml'],
      5,
      /no line is of a firewall log/,
    ],
    [['policy', 'test', '10.0.3.21 -> 2001:db8::1 tcp/1'], 2, /IPv6/],
  ];

  it('fails with a reason and the right exit code', async () => {
    writeFileSync(join(folder, 'bad.yaml'), 'version: 1\n\nrulse: []\n');
    const outcomes = await Promise.all(FAILURES.map(([words]) => portreeve(...words)));
    for (const [index, [words, code, message]] of FAILURES.entries()) {
      const { code: own, out, err } = outcomes[index]!;
      expect(own, `${words.join(' ')}\n${out}${err}`).toBe(code);
      expect(err).toMatch(message);
    }
  });
});
