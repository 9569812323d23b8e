import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SystemCallError } from './libc.ts';
import { inNetwork, interfaceName, NetlinkSocket } from './netlink.ts';
import { GONE, ProcWalker } from './proc-walk.ts';

const linux = process.platform === 'linux';

describe.runIf(linux)('netlink', () => {
  it('dumps messages to their end, and reports the kernel’s error', () => {
    const socket = new NetlinkSocket(4);
    try {
      const request = new Uint8Array(56);
      request[0] = 2;
      request[1] = 6;
      new DataView(request.buffer).setUint32(4, 0xfff, true);
      const types = new Set<number>();
      socket.dump(20, request, (type) => types.add(type));
      expect([...types].every((type) => type === 20)).toBe(true);
      // No address family 200.
      request[0] = 200;
      expect(() => socket.dump(20, request, () => {})).toThrow(SystemCallError);
      // And it can be asked again.
      request[0] = 10;
      expect(() => socket.dump(20, request, () => {})).not.toThrow();
    } finally {
      socket.close();
    }
  });

  it('names interfaces, and unknown ones by number', () => {
    expect(interfaceName(1)).toBe('lo');
    expect(interfaceName(2 ** 31 - 1)).toBe(String(2 ** 31 - 1));
  });

  it.runIf(process.getuid?.() === 0)('comes back from another namespace whatever happens', () => {
    const home = readlinkSync('/proc/thread-self/ns/net');
    const failing = (): never =>
      inNetwork('/proc/self/ns/net', () => {
        throw new Error('inside');
      });
    expect(failing).toThrow('inside');
    expect(() => inNetwork('/proc/self/ns/mnt', () => 0)).toThrow(SystemCallError);
    expect(readlinkSync('/proc/thread-self/ns/net')).toBe(home);
  });
});

describe.runIf(linux)('walking proc', () => {
  it('finds sockets among files, reads texts and links', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const walker = new ProcWalker('/proc');
      const inodes: number[] = [];
      walker.enter(process.pid);
      expect(walker.exists()).toBe(true);
      expect(walker.eachSocket((inode) => inodes.push(inode))).toBe(1);
      expect(inodes.length).toBeGreaterThan(0);
      expect(inodes.every((inode) => inode > 0)).toBe(true);
      expect(walker.readText('stat')).toContain(`${process.pid} (`);
      expect(walker.readText('none')).toBeUndefined();
      expect(walker.readLink('exe')).toBe(readlinkSync('/proc/self/exe'));
      expect(walker.readLink('none')).toBe('gone');
      expect(walker.effectiveUser()).toBe(process.geteuid?.());
      walker.enter('self');
      expect(`net:[${walker.network()}]`).toBe(readlinkSync('/proc/self/ns/net'));
      // No process can have that id (PID_MAX_LIMIT).
      walker.enter(2 ** 22 + 1);
      expect(walker.exists()).toBe(false);
      expect(walker.effectiveUser()).toBeUndefined();
      expect([walker.network(), walker.eachSocket(() => {})]).toEqual([GONE, GONE]);
      walker.close();
    } finally {
      server.close();
    }
  });
});
