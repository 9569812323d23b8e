/**
 * The kernel's packet log by netlink: rules in a namespace log real packets to a group, and what is
 * read of it must be exactly what was sent; what there was no room for must be said.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab, Lab, type Space } from './lab.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const A = '10.9.17.1';
const B = '10.9.17.2';
/** Each datagram is logged so often. */
const TIMES = 40;
const DATAGRAMS = 3000;
const RULES = `table inet t {
 chain i {
  type filter hook input priority 0; policy accept
  udp dport 4001 log group 5 prefix "NF-DROP " drop
  tcp dport 4002 log group 5 prefix "NF-ACCEPT: "
${'  udp dport 4009 log group 6 prefix "FLOOD "\n'.repeat(TIMES)} }
 chain o {
  type filter hook output priority 0; policy accept
  udp dport 4003 log group 5 prefix "NF-OUT" drop
 }
}
`;
const SEND = `
const [host, port, localPort, count = '1'] = process.argv.slice(1);
const socket = require('dgram').createSocket('udp4');
socket.on('error', () => {});
socket.bind(Number(localPort), async () => {
  for (let left = Number(count); left > 0; left--)
    await new Promise((sent) => socket.send('x', Number(port), host, sent));
  socket.close();
});`;
const CONNECT = `
const [host, port, localPort] = process.argv.slice(1);
const socket = require('net').connect({ host, port: Number(port), localPort: Number(localPort) });
socket.on('error', () => {});
setTimeout(() => process.exit(), 200);`;

/** Starts the audit of a group; `end` interrupts it and gives the answer. */
function listening(space: Space, ...words: string[]) {
  const child = space.start(process.execPath, [CLI, 'audit', '--nflog', ...words, '--json']);
  let [out, err] = ['', ''];
  child.stdout!.on('data', (piece) => {
    out += piece;
  });
  child.stderr!.on('data', (piece) => {
    err += piece;
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const end = async () => {
    child.kill('SIGINT');
    const code = await closed;
    return { code, err, answer: JSON.parse(out) };
  };
  return { child, end, closed };
}

describeLab('the packet log of this kernel', ['ip', 'nft'], () => {
  const lab = new Lab();
  let a: Space;
  let b: Space;

  beforeAll(() => {
    a = lab.space('a');
    b = lab.space('b');
    lab.join(a, b, [`${A}/24`], [`${B}/24`]);
    b.run('nft', RULES);
  });
  afterAll(() => lab.close());

  /** Until the group is bound: /proc lists it. */
  async function bound(group: number): Promise<void> {
    const listed = new RegExp(`^ *${group} `, 'm');
    for (let tries = 0; tries < 100; tries++) {
      const known = spawnSync(
        ...(['ip', ['netns', 'exec', b.name, 'cat', '/proc/net/netfilter/nfnetlink_log']] as const),
        { encoding: 'utf8' },
      );
      if (listed.test(known.stdout)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`group ${group} was not bound`);
  }

  it('is read exactly', async () => {
    const { end } = listening(b, '5');
    await bound(5);
    a.run(process.execPath, '-e', SEND, B, '4001', '40001');
    a.run(process.execPath, '-e', CONNECT, B, '4002', '40002');
    b.run(process.execPath, '-e', SEND, A, '4003', '40003');

    const other = spawnSync(
      ...([
        'ip',
        ['netns', 'exec', b.name, process.execPath, CLI, 'audit', '--nflog', '5'],
      ] as const),
      { encoding: 'utf8', timeout: 5000 },
    );
    expect([other.status, other.stderr]).toEqual([3, expect.stringContaining('another program')]);

    const { code, answer } = await end();
    expect(code).toBe(0);
    expect(answer.facts).toMatchObject({ inputs: ['nflog 5'], linesRead: 3, unknown: 1 });
    expect(answer.refused).toMatchObject([
      { client: A, server: B, port: 4001, rule: 'NF-DROP', inInterface: 'eth0', bytes: 29 },
    ]);
    expect(answer.allowedInternal).toMatchObject([{ port: 4002, transport: 'tcp', bytes: 60 }]);
    expect(answer.unknownVerdict).toMatchObject([{ port: 4003, transport: 'udp' }]);
    expect(answer.paths).toContainEqual(
      expect.objectContaining({ from: 'uid 0 gid 0', to: 'eth0' }),
    );
    expect(JSON.stringify(answer)).not.toContain('sequence numbers');
  });

  it('says what there was no room for', async () => {
    const { child, end } = listening(b, '6');
    await bound(6);
    // Who does not run does not read.
    child.kill('SIGSTOP');
    a.run(process.execPath, '-e', SEND, B, '4009', '40009', String(DATAGRAMS));
    child.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    // The next packet shows by its number how many are missing.
    a.run(process.execPath, '-e', SEND, B, '4009', '40010');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { code, answer } = await end();
    expect(code).toBe(0);
    const { notes } = answer as { notes: { what: string; because: string }[] };
    const lost = notes.find(({ because }) => because.includes('sequence numbers'))!;
    expect(answer.facts.linesRead + Number(/^\d+/.exec(lost.what))).toBe(TIMES * (DATAGRAMS + 1));
    expect(lost.because).toMatch(/[1-9]\d* times there was no room/);
  });
});
