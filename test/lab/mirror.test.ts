/**
 * Mirrors as they are written, run in namespaces: a bridge between two hosts copies to a third
 * port, where a capture sees both directions, each packet once, until the mirror is taken back.
 */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeLab, Lab, type Space } from './lab.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeLab('a mirror', ['ip', 'tc', 'nft', 'ping'], () => {
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
    bridge.run('ip', 'link', 'add', 'br0', 'type', 'bridge');
    for (const port of ['p1', 'p2']) bridge.run('ip', 'link', 'set', port, 'master', 'br0');
    bridge.run('ip', 'link', 'set', 'br0', 'up');
  });
  afterEach(async () => {
    await lab.close();
  });

  const part = (id: string, which: string): string =>
    bridge.run(
      process.execPath,
      CLI,
      'mirror',
      '--for',
      id,
      '--monitor',
      'p1',
      '--to',
      'p3',
      '--part',
      which,
    );

  function seen(child: ChildProcess): Promise<string[]> {
    let out = '';
    child.stdout!.on('data', (text) => {
      out += text;
    });
    return new Promise((resolve) => {
      child.once('close', () => resolve(out.trimEnd().split('\n').filter(Boolean)));
    });
  }

  async function sniffed(): Promise<string[]> {
    const words = [CLI, 'capture', '-i', 'eth0', '-nqt', 'icmp'];
    const child = sniffer.start(process.execPath, words);
    const lines = seen(child);
    await new Promise<void>((resolve) => child.stderr!.once('data', () => resolve()));
    await pause(200);
    left.run('ping', '-c3', '-i0.2', '-W2', '10.9.3.2');
    await pause(400);
    child.kill('SIGINT');
    return lines;
  }

  it.each(['linux-tc', 'nftables'])('by %s shows both directions once', async (id) => {
    expect(await sniffed()).toEqual([]);
    bridge.run('sh', '-ec', part(id, 'configure'));
    const lines = await sniffed();
    expect(lines.filter((line) => line.includes('echo request'))).toHaveLength(3);
    expect(lines.filter((line) => line.includes('echo reply'))).toHaveLength(3);
    expect(bridge.run('sh', '-ec', part(id, 'show'))).toMatch(/p3|mirred/);
    bridge.run('sh', '-ec', part(id, 'undo'));
    expect(await sniffed()).toEqual([]);
  });
});
