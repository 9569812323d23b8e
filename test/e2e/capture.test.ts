/** `capture`, `mirror` and filters as they are run, on files. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { concat, pcapHeader, pcapRecord } from '../builders/capture.ts';
import { arp, ether, icmp4, ipv4, ipv6, tcp, udp } from '../builders/packet.ts';
import { readCaptures } from '../builders/read-capture.ts';
import { built, runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'portreeve-capture-'));
afterAll(() => rmSync(folder, { recursive: true }));

const A = '192.0.2.1';
const B = '198.51.100.7';
const FRAMES = [
  ether({}, ipv4({ src: A, dst: B }, tcp({ sport: 40_000, dport: 80, flags: 'S', seq: 100 }))),
  ether(
    {},
    ipv4({ src: B, dst: A }, tcp({ sport: 80, dport: 40_000, flags: 'SA', seq: 7, ack: 101 })),
  ),
  ether(
    {},
    ipv4(
      { src: A, dst: B },
      tcp({ sport: 40_000, dport: 80, flags: 'PA', seq: 101, ack: 8 }, 'hello'),
    ),
  ),
  ether({}, ipv4({ src: A, dst: B }, udp({ sport: 5000, dport: 514 }, 'log line'))),
  ether({}, ipv4({ src: A, dst: B }, icmp4({ type: 8 }, 'ping'))),
  ether({}, ipv6({ src: '2001:db8::1', dst: '2001:db8::2' }, udp({ sport: 1, dport: 2 }, 'six'))),
  ether({ type: 0x0806 }, arp({ sender: A, target: B })),
];
const file = join(folder, 'all.pcap');
const times = FRAMES.map((frame, index) =>
  pcapRecord(frame, { seconds: 1_700_000_000 + index, fraction: 250_000 }),
);
writeFileSync(file, concat(pcapHeader(), ...times));

describe.skipIf(!built)('capture -r', () => {
  const print = async (...words: string[]): Promise<string[]> => {
    const { out, err, code } = await runCli(['capture', '-r', file, ...words]);
    expect([code, err]).toEqual([0, '']);
    return out.trimEnd().split('\n');
  };

  it('helps within 80 columns', async () => {
    const { out } = await runCli(['capture', '--help']);
    await expect(out).toMatchFileSnapshot('help/capture.txt');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('prints a line a packet, in brief', async () => {
    expect((await print('-nqt')).slice(0, 6)).toEqual([
      'IP 192.0.2.1.40000 > 198.51.100.7.80: tcp 0',
      'IP 198.51.100.7.80 > 192.0.2.1.40000: tcp 0',
      'IP 192.0.2.1.40000 > 198.51.100.7.80: tcp 5',
      'IP 192.0.2.1.5000 > 198.51.100.7.514: UDP, length 8',
      expect.stringMatching(
        /^IP 192\.0\.2\.1 > 198\.51\.100\.7: ICMP echo request, id \d+, seq \d+, length 12$/,
      ),
      'IP6 2001:db8::1.1 > 2001:db8::2.2: UDP, length 3',
    ]);
  });

  it('prints the frames that are asked for by number', async () => {
    const numbers = async (...words: string[]) =>
      (await print('-nt', '--numbers', ...words)).map((line) => line.trim().split(/\s+/)[0]);
    expect(await numbers('--frames', '2,5-6')).toEqual(['2', '5', '6']);
    expect(await numbers('--frames', '6-', '-c', '1')).toEqual(['6']);
    expect(await numbers('--frames', '1-4', 'udp')).toEqual(['4']);
    expect(await numbers('--frames', '2', '-r', file)).toEqual(['2', '2']);
  });

  it.each([
    [['-r', file, '--frames', '5-2'], 'Such as 27, 27,331-340 or 500-.'],
    [['--frames', '2'], '--frames picks from a file, and there is none'],
  ])('refuses %j', async (words, message) => {
    const { err, code } = await runCli(['capture', ...words]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('counts sequence numbers from the first, unless told otherwise', async () => {
    const relative = await print('-nt', 'tcp');
    expect(relative[2]).toMatch(/Flags \[P\.\], seq 1:6, ack 1, win \d+.*, length 5$/);
    expect((await print('-ntS', 'tcp'))[2]).toMatch(/seq 101:106, ack 8,/);
  });

  it.each([
    ['-ntt', /^1700000000\.250000 IP /],
    ['-nttt', /^ 00:00:00\.000000 IP /],
    ['-nqet', /^[\da-f:]{17} > [\da-f:]{17}, IPv4, length 54: 192\.0\.2\.1\.40000 > /],
    ['-qt', /198\.51\.100\.7\.http: tcp 0$/],
    [
      '-nvt',
      /^IP \(tos 0x0, ttl 64, id \d+, offset 0, flags \[.*\], proto TCP \(6\), length 40\)$/,
    ],
  ])('%s says more or less', async (words, first) => {
    expect((await print(words))[0]).toMatch(first);
  });

  it('shows octets and text', async () => {
    const lines = await print('-ntX', 'udp', 'port', '514');
    expect(lines.at(-2)).toMatch(/^\t0x0010: {2}c633 6407 1388 0202 /);
    expect(lines.at(-1)).toMatch(/^\t0x0020: {2}6c69 6e65 +line$/);
    expect((await print('-ntA', 'udp', 'port', '514')).at(-1)).toContain('log line');
  });

  it.each([
    [['tcp'], 3],
    [['port', '80', 'and', 'len', '>', '54'], 1],
    [['proto', 'UDP', 'port', '514'], 1],
    [['not', 'ip'], 2],
    [['-c', '2'], 2],
  ])('%j selects %i', async (words, count) => {
    const { out } = await runCli(['capture', '-r', file, '-nq', ...words]);
    expect(out.trimEnd().split('\n')).toHaveLength(count);
  });

  it.each(['pcap', 'pcapng'])('writes %s that keeps every octet', async (format) => {
    const copy = join(folder, `copy.${format}`);
    const { err, code } = await runCli(['capture', '-r', file, '-w', copy, 'udp']);
    expect([code, err]).toEqual([0, '2 packets written\n']);
    const { frames, reader } = await readCaptures([copy]);
    expect(reader.faults).toEqual([]);
    expect(frames.map(({ octets }) => octets)).toEqual([FRAMES[3], FRAMES[5]]);
    expect(frames.map(({ seconds }) => seconds)).toEqual([1_700_000_003, 1_700_000_005]);
    expect(frames[0]!.nanoseconds).toBe(250_000_000);
  });

  it('writes to standard output', async () => {
    const words = ['capture', '-r', file, '-w', '-', '--format', 'pcap', '-s', '20'];
    const copy = join(folder, 'out.pcap');
    await runCli(words, { wrapper: ['sh', '-c', `"$@" > ${copy}`, 'sh'] });
    const { frames } = await readCaptures([copy]);
    expect(frames).toHaveLength(7);
    expect(frames[0]).toMatchObject({ original: 54 });
    expect(frames[0]!.octets).toEqual(FRAMES[0]!.slice(0, 20));
  });

  it('runs a command for each file that another follows, without a shell', async () => {
    const source = join(folder, 'many.pcap');
    const payload = 'x'.repeat(1400);
    const frame = ether({}, ipv4({ src: A, dst: B }, udp({ sport: 1, dport: 2 }, payload)));
    const record = pcapRecord(frame, { seconds: 1_700_000_000 });
    writeFileSync(source, concat(pcapHeader(), ...Array.from({ length: 1600 }, () => record)));
    const place = join(folder, 'turned');
    mkdirSync(place);
    const path = join(place, 'a b;touch c');
    const words = ['capture', '-r', source, '-w', path, '-C', '1'];
    const { err, code } = await runCli([...words, '-z', 'gzip']);
    expect([code, err]).toEqual([0, '1,600 packets written in 3 files\n']);
    const names = ['a b;touch c.gz', 'a b;touch c1.gz', 'a b;touch c2'];
    expect(readdirSync(place).sort()).toEqual(names);
    const failing = await runCli([...words, '-z', '/no/such']);
    expect(failing.err).toContain(`-z /no/such ${path}: it cannot be run (ENOENT)`);
  });

  it.each([
    [['-z', 'gzip'], '-z without a file to write'],
    [['-w', '-', '-C', '1'], '-C without a file to write'],
    [['-w', 'x', '-W', '2'], '-W without a reason to begin another file'],
  ])('refuses %j', async (words, what) => {
    const { err, code } = await runCli(['capture', '-r', file, ...words]);
    expect(code).toBe(2);
    expect(err).toContain(what);
  });

  it('rotates by size', async () => {
    const big = join(folder, 'big.pcap');
    const frame = ether(
      {},
      ipv4({ src: A, dst: B }, udp({ sport: 1, dport: 2 }, 'x'.repeat(1400))),
    );
    writeFileSync(
      big,
      concat(pcapHeader(), ...Array.from({ length: 2000 }, () => pcapRecord(frame))),
    );
    const copy = join(folder, 'part.pcap');
    expect((await runCli(['capture', '-r', big, '-w', copy, '-C', '1'])).err).toContain(
      'in 3 files',
    );
    const parts = await readCaptures([copy, `${copy}1`, `${copy}2`]);
    expect(parts.frames).toHaveLength(2000);
    expect(readFileSync(copy).length).toBeGreaterThan(1e6);
  });

  it.each([
    [
      'a filter that means nothing',
      ['prot 80'],
      2,
      /“prot” does not say what it is[\s\S]*»prot« 80/,
    ],
    ['both kinds of octets', ['-A', '-x'], 2, /two ways to show/],
    ['files and interfaces', ['-i', 'lo'], 2, /cannot be captured from together/],
    [
      'a folder that is not there',
      ['-w', join(folder, 'absent', 'x.pcap')],
      3,
      /the folder does not exist \(ENOENT\)\n/,
    ],
    ['a full disk', ['-w', '/dev/full'], 3, /the disk is full \(ENOSPC\)/],
  ])('refuses %s', async (_what, words, code, message) => {
    const outcome = await runCli(['capture', '-r', file, ...words]);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toMatch(message);
  });

  it('prints what stands before damage, and fails', async () => {
    const cut = join(folder, 'cut.pcap');
    writeFileSync(cut, new Uint8Array(readFileSync(file)).subarray(0, 200));
    const { out, err, code } = await runCli(['capture', '-r', cut, '-nqt']);
    expect(code).toBe(3);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(err).toMatch(/^✖ .*cut\.pcap/);
  });

  it('ends quietly when nobody reads on', async () => {
    const { code, err } = await runCli(['capture', '-r', file, '-n'], { deaf: true });
    expect([code, err]).toEqual([0, '']);
  });
});

describe.skipIf(!built)('mirror and watch', () => {
  it.each(['mirror', 'setup-capture', 'watch'])('%s helps within 80 columns', async (name) => {
    const { out } = await runCli([name, '--help']);
    await expect(out).toMatchFileSnapshot(`help/${name}.txt`);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('writes a configuration that can be pasted', async () => {
    const words = ['mirror', '--for', 'cisco-2900xl', '--monitor', 'Fa0/1-3', '--to', 'Fa0/24'];
    const { out, code } = await runCli(words);
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => !line.startsWith('!'))).toEqual([
      'configure terminal',
      'interface FastEthernet0/24',
      ' port monitor FastEthernet0/1',
      ' port monitor FastEthernet0/2',
      ' port monitor FastEthernet0/3',
      'end',
      '',
    ]);
  });

  it.each([
    [
      ['--for', 'cisco-2900x', '--monitor', 'Fa0/1', '--to', 'Fa0/2'],
      /--for cisco-2900xl, if that/,
    ],
    [['--for', 'arista', '--monitor', 'Et1', '--to', 'Et1'], /mirrored to itself/],
    [['--for', 'arista', '--monitor', 'Et1'], /no port is named for the sniffer/],
    [['--for', 'arista', '--monitor', 'eth1; reload', '--to', 'Et2'], /no port of arista/],
  ])('refuses %j', async (words, message) => {
    const { code, err, out } = await runCli(['mirror', ...words]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('watches no interface that is not there', async () => {
    const { code, err } = await runCli(['watch', '-i', 'nosuch0']);
    expect(code).toBe(2);
    expect(err).toContain('there is no interface “nosuch0” here');
  });
});
