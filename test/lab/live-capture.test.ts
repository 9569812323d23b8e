/** Live captures in namespaces: counts against the sender, tags, filters, signals, faults. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCaptures } from '../builders/read-capture.ts';
import { describeLab, Lab, run, type Space } from './lab.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** A multiple of the sender's bursts. */
const DATAGRAMS = 51_200;

/** Sends datagrams as fast as a socket takes them, numbered, then says how many. */
const SENDER = `
const socket = require('node:dgram').createSocket('udp4');
const [count, port, host] = process.argv.slice(1);
let sent = 0;
const more = () => {
  let burst = 0;
  const next = () => {
    if (sent >= count) return socket.close(() => console.log(sent));
    const octets = Buffer.alloc(64);
    octets.writeUInt32BE(sent++);
    socket.send(octets, Number(port), host, ++burst % 64 === 0 ? next : undefined);
    if (burst % 64 !== 0) next();
  };
  next();
};
socket.bind(40000, more);
`;

/** Sends one frame as it is, in hexadecimal, out of an interface. */
const RAW = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
s.send(bytes.fromhex(sys.argv[2]))
`;

interface Said {
  err: string;
  out: string;
  /** Fulfilled once it has ended and nothing more can come; also when that was long ago. */
  readonly closed: Promise<unknown>;
}

const saidBy = new WeakMap<ChildProcess, Said>();

/** What a program wrote, from the first time this is asked. */
function said(child: ChildProcess): Said {
  const known = saidBy.get(child);
  if (known !== undefined) return known;
  const text = { err: '', out: '', closed: once(child, 'close') };
  saidBy.set(child, text);
  child.stderr?.on('data', (piece) => {
    text.err += piece;
  });
  child.stdout?.on('data', (piece) => {
    text.out += piece;
  });
  return text;
}

async function ended(child: ChildProcess): Promise<Said & { code: number | null }> {
  const text = said(child);
  await text.closed;
  return { code: child.exitCode, ...text };
}

/** Until the capture says that its interfaces are open. */
async function started(child: ChildProcess): Promise<void> {
  const text = said(child);
  while (!text.err.includes('capturing on') && child.exitCode === null) await pause(20);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeLab('a live capture', ['ip', 'tcpdump', 'python3', 'mount'], () => {
  let lab: Lab;
  let here: Space;
  let there: Space;
  let folder = '';

  beforeAll(() => {
    lab = new Lab();
    here = lab.space('here');
    there = lab.space('there');
    lab.join(here, there, ['10.9.1.1/24'], ['10.9.1.2/24']);
    folder = mkdtempSync(join(tmpdir(), 'portreeve-live-'));
    chmodSync(folder, 0o777);
  });
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const capture = (...words: string[]): ChildProcess =>
    here.start(process.execPath, [CLI, 'capture', '-i', 'eth0', ...words]);

  /** `ip netns exec` becomes the program, so the signal reaches it. */
  async function stopped(child: ChildProcess, signal: NodeJS.Signals = 'SIGINT') {
    const end = ended(child);
    await pause(300);
    child.kill(signal);
    return end;
  }

  it('has every packet that was sent, in order', async () => {
    const file = join(folder, 'all.pcapng');
    const child = capture('-w', file, '-B', '65536', 'udp dst port 9999');
    await started(child);
    const sent = there.run(process.execPath, '-e', SENDER, String(DATAGRAMS), '9999', '10.9.1.1');
    const { code, err } = await stopped(child);
    expect(Number(sent)).toBe(DATAGRAMS);
    expect(err).toContain(`${DATAGRAMS.toLocaleString('en-US')} packets captured`);
    expect(err).toContain('none dropped');
    expect(code).toBe(0);
    const { frames, reader } = await readCaptures([file]);
    expect(frames).toHaveLength(DATAGRAMS);
    expect(reader.faults).toEqual([]);
    expect(reader.interfaces[0]).toMatchObject({ name: 'eth0', filter: 'udp dst port 9999' });
    expect(reader.drops[0]).toMatchObject({ received: DATAGRAMS });
    const numbers = frames.map(({ octets }) =>
      new DataView(octets.buffer, octets.byteOffset).getUint32(42),
    );
    expect(numbers.findIndex((number, index) => number !== index)).toBe(-1);
    expect(run('tcpdump', '-nq', '-r', file).trim().split('\n')).toHaveLength(DATAGRAMS);
  });

  it.each([
    ['by libpcap', ['--engine', 'libpcap', '-i', 'eth0']],
    ['by rings that share an interface', ['--fanout', '3', '-i', 'eth0']],
    ['by rings that share all interfaces', ['--fanout', '2', '-i', 'any']],
  ])('has every packet %s', async (_, words) => {
    const file = join(folder, 'each.pcapng');
    const rest = ['-w', file, '-B', '65536', 'udp dst port 9998'];
    const child = here.start(process.execPath, [CLI, 'capture', ...words, ...rest]);
    await started(child);
    // Of several flows, so that they are shared out.
    for (const from of ['40001', '40002', '40003', '40004']) {
      const sender = SENDER.replace('40000', from);
      there.run(process.execPath, '-e', sender, '3200', '9998', '10.9.1.1');
    }
    const { code, err } = await stopped(child);
    expect(err).toContain('12,800 packets captured, 12,800 written');
    expect(err).toMatch(/12,80\d packets received, none dropped/);
    expect(code).toBe(0);
    const { frames, reader } = await readCaptures([file]);
    expect(frames).toHaveLength(12_800);
    expect(reader.faults).toEqual([]);
  });

  it('restores VLAN tags, and filters by them', async () => {
    const tagged = (vlan: string) =>
      `ffffffffffff02000000000181000${vlan}0800${'4500001c00010000401100000a0901020a090101'}0001000200080000`;
    const file = join(folder, 'vlan.pcap');
    const child = capture('-w', file, 'vlan 7');
    await started(child);
    there.run('python3', '-c', RAW, 'eth0', tagged('007'));
    there.run('python3', '-c', RAW, 'eth0', tagged('008'));
    const { err } = await stopped(child);
    expect(err).toContain('the filter runs in this program');
    const { frames } = await readCaptures([file]);
    expect(frames.map(({ octets }) => Buffer.from(octets).toString('hex'))).toEqual([
      tagged('007'),
    ]);
  });

  it('prints from all interfaces at once, with a filter in the kernel', async () => {
    const child = here.start(process.execPath, [CLI, 'capture', '-i', 'any', '-nqt', 'icmp']);
    await started(child);
    there.run('ping', '-c2', '-i0.2', '10.9.1.1');
    here.run('ping', '-c1', '127.0.0.1');
    const { out } = await stopped(child);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/id \d+/, 'id N')),
    ).toEqual([
      'eth0  In  IP 10.9.1.2 > 10.9.1.1: ICMP echo request, id N, seq 1, length 64',
      'eth0  Out IP 10.9.1.1 > 10.9.1.2: ICMP echo reply, id N, seq 1, length 64',
      'eth0  In  IP 10.9.1.2 > 10.9.1.1: ICMP echo request, id N, seq 2, length 64',
      'eth0  Out IP 10.9.1.1 > 10.9.1.2: ICMP echo reply, id N, seq 2, length 64',
      'lo    In  IP 127.0.0.1 > 127.0.0.1: ICMP echo request, id N, seq 1, length 64',
      'lo    In  IP 127.0.0.1 > 127.0.0.1: ICMP echo reply, id N, seq 1, length 64',
    ]);
  });

  it('stops by itself after so many packets', async () => {
    const child = capture('-c', '3', '-nqt', 'icmp');
    const end = ended(child);
    await started(child);
    there.run('ping', '-c3', '-i0.2', '10.9.1.1');
    const { code, out } = await end;
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
  });

  it.each([
    ['SIGINT', 1],
    ['SIGTERM', 1],
    ['SIGHUP', 1],
    // As timeout(1) does it: to the program and to its group.
    ['SIGINT', 2],
  ] as const)('ends in order on %s, %i times', async (signal, times) => {
    const file = join(folder, `${signal}-${times}.pcapng`);
    const child = capture('-w', file, 'icmp');
    await started(child);
    there.run('ping', '-c2', '-i0.2', '10.9.1.1');
    const end = stopped(child, signal);
    if (times > 1) setTimeout(() => child.kill(signal), 310);
    const { code, err } = await end;
    expect(code).toBe(0);
    expect(err).toContain('4 packets captured, 4 written');
    expect((await readCaptures([file])).frames).toHaveLength(4);
  });

  it('leaves a readable file when it is killed', async () => {
    const file = join(folder, 'killed.pcapng');
    const child = capture('-w', file, 'icmp');
    await started(child);
    there.run('ping', '-c5', '-i0.2', '10.9.1.1');
    // What was taken is written within a second.
    const framesIn = async () => (await readCaptures([file])).frames.length;
    await expect.poll(framesIn, { interval: 100 }).toBe(10);
    const end = ended(child);
    child.kill('SIGKILL');
    await end;
    const { frames, reader } = await readCaptures([file]);
    expect(frames).toHaveLength(10);
    expect(reader.faults).toEqual([]);
  });

  it('rotates files', async () => {
    const file = join(folder, 'turn.pcap');
    const child = capture('-w', file, '-C', '1', '-W', '3', 'udp');
    await started(child);
    there.run(process.execPath, '-e', SENDER, '40960', '9', '10.9.1.1');
    await stopped(child);
    const names = readdirSync(folder)
      .filter((name) => name.startsWith('turn.pcap'))
      .sort();
    expect(names).toEqual(['turn.pcap0', 'turn.pcap1', 'turn.pcap2']);
    for (const name of names) {
      const { reader } = await readCaptures([join(folder, name)]);
      expect(reader.faults).toEqual([]);
    }
  });

  it.each([
    ['', '600k', [], ['full.pcapng']],
    [' where a file cannot even be begun', '1048k', ['-C', '1'], ['full.pcapng']],
    [' amid several files', '1600k', ['-C', '1'], ['full.pcapng', 'full.pcapng1']],
  ])('keeps what is safe on a full disk%s, and says so', async (_, size, words, names) => {
    const disk = mkdtempSync(join(folder, 'disk-'));
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk);
    try {
      const child = capture('-w', join(disk, 'full.pcapng'), ...words, 'udp');
      const end = ended(child);
      await started(child);
      there.run(process.execPath, '-e', SENDER, '30720', '9', '10.9.1.1');
      const { code, err } = await end;
      expect(code).toBe(3);
      expect(err).toContain('the disk is full (ENOSPC)');
      const safe = Number(/; ([\d,]+) packets are safe/.exec(err)?.[1]?.replaceAll(',', ''));
      expect(readdirSync(disk).sort()).toEqual(names);
      const { frames, reader } = await readCaptures(names.map((name) => join(disk, name)));
      expect(frames.length).toBe(safe);
      expect(safe).toBeGreaterThan(1000);
      expect(reader.faults).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it('goes on when its interface was down, and ends when it is removed', async () => {
    const child = capture('-nqtl', 'icmp');
    const end = ended(child);
    await started(child);
    here.run('ip', 'link', 'set', 'eth0', 'down');
    await expect.poll(() => said(child).err, { interval: 20 }).toContain('went down');
    here.run('ip', 'link', 'set', 'eth0', 'up');
    there.run('ping', '-c2', '-i0.2', '-W10', '10.9.1.1');
    await expect.poll(() => said(child).out, { interval: 20 }).toContain('ICMP echo reply');
    here.run('ip', 'link', 'delete', 'eth0');
    const { code, err, out } = await end;
    expect(err).toContain('eth0 went down; frames are taken once it is up');
    expect(err).toContain('eth0 was removed; its capture ends');
    expect(out).toContain('ICMP echo request');
    expect(code).toBe(0);
    lab.join(here, there, ['10.9.1.1/24'], ['10.9.1.2/24']);
  });

  it('makes control characters in the names of interfaces visible', async () => {
    const name = 'a\x1b[31mx';
    here.run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'other0');
    here.run('ip', 'link', 'set', name, 'up');
    const watching = here.start(process.execPath, [CLI, 'watch', '-i', name, '--interval', '1s']);
    const child = here.start(process.execPath, [CLI, 'capture', '-i', name]);
    const ends = [ended(child), ended(watching)];
    await Promise.all([started(child), started(watching)]);
    here.run('ip', 'link', 'set', name, 'down');
    await expect.poll(() => said(child).err, { interval: 20 }).toContain('went down');
    here.run('ip', 'link', 'delete', name);
    for (const { out, err } of await Promise.all(ends)) {
      expect(out + err).toContain('a\\x1b[31mx');
      expect(out + err).not.toContain('\x1b');
    }
  });

  it('knows the interfaces of a network that was entered without its /sys', () => {
    const inside = [`--net=/run/netns/${here.name}`, process.execPath, CLI, 'capture', '-D'];
    expect(run('nsenter', ...inside).match(/\S+(?= \[)/g)).toEqual(['1.lo', '2.eth0', '3.any']);
  });

  it('becomes the user who called sudo before it reads a packet', async () => {
    const file = join(folder, 'mine.pcapng');
    const child = here.start('env', [
      'SUDO_UID=65534',
      'SUDO_GID=65534',
      'SUDO_USER=nobody',
      process.execPath,
      CLI,
      'capture',
      '-i',
      'eth0',
      '-w',
      file,
      'icmp',
    ]);
    await started(child);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+65534\s+65534\s+65534/m);
    there.run('ping', '-c1', '10.9.1.1');
    const { err } = await stopped(child);
    expect(err).toContain('running as nobody');
    expect(statSync(file).uid).toBe(65_534);
    expect((await readCaptures([file])).frames).toHaveLength(2);
  });

  it('assesses what passes, for a time', async () => {
    // Ready beforehand: the time is short, and a program may take as long to start.
    const waiting = `process.stdin.once('data', () => {${SENDER}}); console.log('ready');`;
    const sender = there.start(process.execPath, ['-e', waiting, '128', '9', '10.9.1.1'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(sender.stdout!, 'data');
    const words = [CLI, 'assess', '-i', 'eth0', '--for', '2s', '--json', '--filter', 'udp port 9'];
    const child = here.start(process.execPath, words);
    const end = ended(child);
    // It says nothing meanwhile. What it opens is bound to its interface a moment later.
    const rings = () => here.run('cat', '/proc/net/packet').trim().split('\n').length - 1;
    await expect.poll(rings, { interval: 20 }).toBeGreaterThan(0);
    await pause(200);
    sender.stdin!.end('now');
    const { code, out } = await end;
    expect(code).toBe(0);
    const { facts, ports, next } = JSON.parse(out);
    expect(facts).toMatchObject({ inputs: ['eth0'], packets: 128, interrupted: false });
    expect(ports).toMatchObject([{ port: 9, transport: 'udp', packets: 128 }]);
    expect(next).toEqual([]);
  });
});
