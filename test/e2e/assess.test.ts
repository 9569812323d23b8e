/** The commands that read captures, as built: what people and scripts see of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concat, pcapHeader, pcapRecord } from '../builders/capture.ts';
import { arp, ether, icmp4, ipv4, tcp, udp } from '../builders/packet.ts';
import { built, resting, runCli } from './run-cli.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portreeve-e2e-'));
afterAll(() => rmSync(folder, { recursive: true }));

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

/** Records a second apart, from a fixed time. */
function recordsOf(frames: readonly Uint8Array[]): Uint8Array[] {
  return frames.map((frame, index) => pcapRecord(frame, { seconds: 1_700_000_000 + index }));
}

const captureOf = (frames: readonly Uint8Array[]) => concat(pcapHeader(), ...recordsOf(frames));

const CLIENT = '10.0.0.7';
const SERVER = '192.0.2.80';
const up = (flags: string, dport = 443, payload = '') =>
  ether({}, ipv4({ src: CLIENT, dst: SERVER }, tcp({ sport: 50_123, dport, flags }, payload)));
const down = (flags: string, sport = 443, payload = '') =>
  ether({}, ipv4({ src: SERVER, dst: CLIENT }, tcp({ sport, dport: 50_123, flags }, payload)));

const FRAMES = [
  up('S'),
  down('SA'),
  up('A'),
  up('PA', 443, 'x'.repeat(300)),
  down('PA', 443, 'y'.repeat(900)),
  up('S', 25),
  up('S', 8443),
  down('RA', 8443),
  ether(
    {},
    ipv4({ src: CLIENT, dst: '192.0.2.53' }, udp({ sport: 50_124, dport: 53 }, 'z'.repeat(20))),
  ),
  ether({}, ipv4({ src: CLIENT, dst: SERVER }, icmp4({ type: 8 }))),
  ether({}, arp({ sender: CLIENT, target: '10.0.0.1' })),
];

const path = (name: string) => join(folder, name);
const lan = path('lan.pcap');

beforeAll(() => {
  writeFileSync(lan, captureOf(FRAMES));
  writeFileSync(path('empty.pcap'), captureOf([]));
  writeFileSync(path('arp.pcap'), captureOf([FRAMES.at(-1)!]));
  const whole = captureOf(FRAMES);
  writeFileSync(path('cut.pcap'), whole.subarray(0, whole.length - 5));
  writeFileSync(path('zero.pcap'), '');
  mkdirSync(path('folder'));
  writeFileSync(path('folder/a.pcap'), captureOf(FRAMES.slice(0, 5)));
  writeFileSync(path('folder/b.pcap'), captureOf(FRAMES.slice(5)));
});

describe.runIf(built)('assess', () => {
  it.each([
    ['at 80 columns', ['--width', '80', '--sizes']],
    ['in a pipe', []],
    ['as JSON', ['--json']],
    ['as Markdown', ['--markdown']],
    ['of an empty capture', []],
    ['of ARP alone', []],
  ])('answers %s', async (what, options) => {
    const file =
      what === 'of an empty capture'
        ? 'empty.pcap'
        : what === 'of ARP alone'
          ? 'arp.pcap'
          : 'lan.pcap';
    const { code, out, err } = await runCli(['assess', file, ...options], { cwd: folder });
    expect([code, err]).toEqual([0, '']);
    const name = what.replaceAll(' ', '-');
    await expect(out).toMatchFileSnapshot(`golden/assess-${name}.txt`);
    if (options[0] === '--width') {
      expect(Math.max(...out.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80);
    }
  });

  it('sums to the capture in JSON', async () => {
    const { out } = await runCli(['assess', lan, '--json', '--zone', 'dmz=192.0.2.0/24']);
    const answer = JSON.parse(out);
    expect(answer.schema).toBe('portreeve/assess/1');
    const parts = [...answer.ports, ...answer.remainder];
    const sum = (key: string) => parts.reduce((total, part) => total + part[key], 0);
    expect(sum('packets')).toBe(answer.facts.packets);
    expect(sum('bytes')).toBe(answer.facts.bytes);
    expect(answer.ports[0].zones[0]).toMatchObject({ client: 'in', server: 'dmz' });
  });

  it('takes several inputs, and a folder, as one', async () => {
    const both = await runCli(['assess', '--json', path('folder/a.pcap'), path('folder/b.pcap')]);
    const all = await runCli(['assess', '--json', path('folder')]);
    for (const { code, out } of [both, all]) {
      expect(code).toBe(0);
      expect(JSON.parse(out).facts).toMatchObject({ packets: FRAMES.length, services: 1 });
    }
  });

  it('reports what came before damage, and fails with 3', async () => {
    const { code, out, err } = await runCli(['assess', path('cut.pcap')]);
    expect([code, err]).toEqual([3, '']);
    expect(out).toMatch(/^! 10 packets/);
    expect(out).toMatch(/record 11, offset \d+\): the last record is cut short/);
  });

  it('goes on when one of several inputs cannot be read', async () => {
    const { code, out } = await runCli(['assess', lan, path('nowhere.pcap'), '--json']);
    expect(code).toBe(3);
    const answer = JSON.parse(out);
    expect(answer.facts.packets).toBe(FRAMES.length);
    expect(answer.notes[0]).toMatchObject({ id: 'cannot-open', missing: true });
  });

  it.each([
    [
      'no such file',
      ['nowhere.pcap'],
      /^✖ cannot read .*nowhere\.pcap: there is no such file\n {2}why /,
    ],
    ['an empty file', ['zero.pcap'], /^✖ cannot read .*zero\.pcap: the input is empty/],
  ])('refuses %s', async (_what, names, message) => {
    const { code, out, err } = await runCli(['assess', ...names.map(path)]);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(message);
  });

  it.each([
    ['no input', [], /missing required argument/],
    ['a zone without a name', ['x', '--zone', '10.0.0.0/8'], /dmz=10\.0\.1\.0\/24/],
    ['a zone with host bits', ['x', '--zone', 'a=10.0.0.1/8'], /write\s+10\.0\.0\.0\/8/],
    ['an order there is not', ['x', '--sort', 'luck'], /'luck' is invalid/],
    ['too many workers', ['x', '--workers', '9'], /from 0 to 1/],
  ])('takes %s for misuse', async (_what, args, message) => {
    const { code, err } = await runCli(['assess', ...args]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it.each(['table', 'plain', 'json', 'ndjson', 'csv', 'markdown'])(
    'shows a hostile file name safely as %s',
    async (format) => {
      const hostile = path('evil\x1b[31m\u202e.pcap');
      writeFileSync(hostile, captureOf(FRAMES));
      const { code, out } = await runCli(['assess', hostile, '--format', format]);
      expect(code).toBe(0);
      expect(out.replaceAll('\r\n', '\n')).not.toMatch(CONTROL);
      expect(out).not.toContain('\u202e');
    },
  );

  it('is quiet when nobody reads on', async () => {
    expect(await runCli(['assess', lan, '--json'], { deaf: true })).toMatchObject({ err: '' });
  });

  it('says the same with a second thread', async () => {
    const [one, two] = await Promise.all(
      ['0', '1'].map((workers) => runCli(['assess', lan, '--json', '--workers', workers])),
    );
    expect(two).toEqual(one);
  });

  it('fails with 5 where a complete view was asked for and there is none', async () => {
    const half = path('half.pcap');
    const frames = Array.from({ length: 6 }, (_, index) =>
      ['S', 'A', 'PA'].map((flags) =>
        ether(
          {},
          ipv4({ src: CLIENT, dst: SERVER }, tcp({ sport: 50_000 + index, dport: 80, flags })),
        ),
      ),
    ).flat();
    writeFileSync(half, captureOf(frames));
    expect((await runCli(['assess', half])).code).toBe(0);
    expect((await runCli(['assess', half, '--complete'])).code).toBe(5);
    expect((await runCli(['assess', lan, '--complete'])).code).toBe(0);
  });
});

/** The program reading a pipe that the test writes to. */
function reading(args: readonly string[]): {
  child: ChildProcess;
  done: Promise<{ code: number | null; out: string }>;
} {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return { child, done: once(child, 'close').then(([code]) => ({ code, out })) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.runIf(built)('standard input', () => {
  it('is read while it is being written', async () => {
    const { child, done } = reading(['assess', '-', '--json']);
    child.stdin!.write(pcapHeader());
    for (const record of recordsOf(FRAMES)) {
      child.stdin!.write(record.subarray(0, 9));
      await pause(5);
      child.stdin!.write(record.subarray(9));
    }
    child.stdin!.end();
    const { code, out } = await done;
    expect(code).toBe(0);
    expect(JSON.parse(out).facts).toMatchObject({ packets: FRAMES.length, inputs: ['-'] });
  });

  it.skipIf(process.platform === 'win32')('is reported so far on an interrupt', async () => {
    const { child, done } = reading(['assess', '-', '--json']);
    child.stdin!.write(captureOf(FRAMES.slice(0, 5)));
    await resting(child.pid!);
    child.kill('SIGINT');
    const { code, out } = await done;
    expect(code).toBe(130);
    const answer = JSON.parse(out);
    expect(answer.facts).toMatchObject({ packets: 5, services: 1, interrupted: true });
    expect(answer.notes.map(({ id }: { id: string }) => id)).toContain('interrupted');
  });
});

describe.runIf(built)('flows', () => {
  it('writes one JSON object a line in a pipe, with the documented keys', async () => {
    const { code, out, err } = await runCli(['flows', lan]);
    expect([code, err]).toEqual([0, '']);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(5);
    expect(Object.keys(rows[0]).slice(1, 18)).toEqual(
      'transport client clientPort server serverPort vlan packetsToServer bytesToServer packetsToClient bytesToClient firstMs lastMs state history service spoken direction'.split(
        ' ',
      ),
    );
    expect(rows[0]).toMatchObject({
      transport: 'tcp',
      client: CLIENT,
      clientPort: 50_123,
      server: SERVER,
      serverPort: 443,
      vlan: null,
      packetsToServer: 3,
      packetsToClient: 2,
      firstMs: 1_700_000_000_000,
      state: 'S1',
      history: 'ShADd',
      service: 'https',
      direction: { reason: 'syn', confidence: 'certain' },
      confirmed: 'handshake',
    });
  });

  it.each(['zeek', 'csv', 'json', 'table', 'plain', 'markdown'])('has %s', async (format) => {
    const { code, out } = await runCli(['flows', 'lan.pcap', '--format', format], {
      cwd: folder,
    });
    expect(code).toBe(0);
    if (format === 'json') expect(JSON.parse(out).flows).toHaveLength(5);
    else await expect(out).toMatchFileSnapshot(`golden/flows-${format}.txt`);
  });

  it('lists what came before damage, and says on standard error what is wrong', async () => {
    const { code, out, err } = await runCli(['flows', path('cut.pcap')]);
    expect(code).toBe(3);
    expect(out.trimEnd().split('\n')).toHaveLength(5);
    expect(err).toMatch(/^✖ .*cut\.pcap \(record 11/);
  });

  it('writes a whole conn.log of an empty capture', async () => {
    const { code, out } = await runCli(['flows', path('empty.pcap'), '--format', 'zeek']);
    expect(code).toBe(0);
    expect(out.split('\n').at(-2)).toMatch(/^#close\t/);
  });

  it('stops after the number asked for, and when nobody reads on', async () => {
    const { out } = await runCli(['flows', lan, '--top', '2']);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(await runCli(['flows', lan], { deaf: true })).toMatchObject({ err: '' });
  });
});
