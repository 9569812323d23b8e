/** The way from a capture to proved rules on the command line, and how it fails. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, CLI, type Outcome, runCli } from './run-cli.ts';

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
