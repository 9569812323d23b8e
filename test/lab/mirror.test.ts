/**
 * Mirrors as they are written, run in namespaces: a bridge between two hosts copies to a third
 * port, where a capture sees both directions, each packet once, until the mirror is taken back.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeLab, Lab, type Space } from './lab.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeLab('a mirror', ['ip', 'tc', 'nft', 'ping', 'ovs-vswitchd', 'ovs-vsctl'], () => {
  let lab: Lab;
  let bridge: Space;
  let left: Space;
  let sniffer: Space;

  beforeEach(() => {
    lab = new Lab();
    bridge = lab.space('sw');
    left = lab.space('left');
    const right = lab.space('right');
    sniffer = lab.space('snif');
    lab.join(bridge, left, [], ['10.9.3.1/24'], ['p1', 'eth0']);
    lab.join(bridge, right, [], ['10.9.3.2/24'], ['p2', 'eth0']);
    lab.join(bridge, sniffer, [], [], ['p3', 'eth0']);
  });
  afterEach(async () => {
    await lab.close();
  });

  const part = (id: string, which: string, ...more: string[]): string => {
    const words = ['mirror', '--for', id, '--monitor', 'p1', '--to', 'p3', '--part', which];
    return bridge.run(process.execPath, CLI, ...words, ...more);
  };

  /** What the third port saw of three pings, once there is as much as `least`. */
  async function sniffed(least = 0): Promise<string[]> {
    const words = [CLI, 'capture', '-i', 'eth0', '-nqtl', 'icmp'];
    const child = sniffer.start(process.execPath, words);
    const closed = once(child, 'close');
    let [out, err] = ['', ''];
    child.stdout!.on('data', (text) => {
      out += text;
    });
    child.stderr!.on('data', (text) => {
      err += text;
    });
    const lines = () => out.trimEnd().split('\n').filter(Boolean);
    await expect.poll(() => err, { interval: 20 }).toContain('capturing on');
    left.run('ping', '-c3', '-i0.2', '-W10', '10.9.3.2');
    await expect.poll(() => lines().length, { interval: 20 }).toBeGreaterThanOrEqual(least);
    // Whatever else is under way, copies among it.
    await pause(150);
    child.kill('SIGINT');
    await closed;
    return lines();
  }

  /** Without the mirror nothing is seen, with it both directions once, and nothing after it. */
  async function expectMirror(
    write: (which: string) => string,
    shell: (script: string) => string,
  ): Promise<void> {
    expect(await sniffed()).toEqual([]);
    shell(write('configure'));
    const lines = await sniffed(6);
    expect(lines.filter((line) => line.includes('echo request'))).toHaveLength(3);
    expect(lines.filter((line) => line.includes('echo reply'))).toHaveLength(3);
    expect(shell(write('show'))).toMatch(/p3|mirred|portreeve/);
    shell(write('undo'));
    expect(await sniffed()).toEqual([]);
  }

  it.each(['linux-tc', 'nftables'])('by %s shows both directions once', async (id) => {
    bridge.run('ip', 'link', 'add', 'br0', 'type', 'bridge');
    for (const port of ['p1', 'p2']) bridge.run('ip', 'link', 'set', port, 'master', 'br0');
    bridge.run('ip', 'link', 'set', 'br0', 'up');
    await expectMirror(
      (which) => part(id, which),
      (script) => bridge.run('sh', '-ec', script),
    );
  });

  it('by Open vSwitch shows both directions once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portreeve-switch-'));
    const own = [`OVS_RUNDIR=${folder}`, `OVS_LOGDIR=${folder}`];
    const vsctl = (...words: string[]) => bridge.run('env', ...own, 'ovs-vsctl', '-t10', ...words);
    try {
      const [database, socket] = [join(folder, 'conf.db'), join(folder, 'db.sock')];
      bridge.run('ovsdb-tool', 'create', database, '/usr/share/openvswitch/vswitch.ovsschema');
      bridge.start('env', [...own, 'ovsdb-server', database, `--remote=punix:${socket}`]);
      vsctl('--retry', '--no-wait', 'init');
      bridge.start('env', [...own, 'ovs-vswitchd', `unix:${socket}`, '--pidfile']);
      // Packets are forwarded by the program itself: the kernel may have no module for it.
      vsctl('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev');
      for (const port of ['p1', 'p2', 'p3']) vsctl('add-port', 'br0', port);
      await expectMirror(
        (which) => part('openvswitch', which, '--bridge', 'br0'),
        (script) => bridge.run('env', ...own, 'sh', '-ec', script),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
