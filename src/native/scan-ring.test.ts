import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ScanRing } from './scan-ring.ts';
import { waitReadable } from './sockets.ts';

const root = process.platform === 'linux' && process.getuid?.() === 0;

describe.runIf(root)('a ring of answers', () => {
  it('holds what its filter lets through, from the IP header on, and nothing else', async () => {
    const peer = createSocket('udp4');
    await once(peer.bind(0, '127.0.0.1'), 'listening');
    const { port } = peer.address();
    // IPv4 UDP to that port: protocol at 9, destination port at 22 (no options).
    const ring = new ScanRing(0x0800, [
      [0x30, 0, 0, 9],
      [0x15, 0, 3, 17],
      [0x28, 0, 0, 22],
      [0x15, 0, 1, port],
      [0x06, 0, 0, 160],
      [0x06, 0, 0, 0],
    ]);
    try {
      for (let round = 0; round < 40_000; round += 10_000) {
        for (let index = 0; index < 100; index++) peer.send(`x${round + index}`, port, '127.0.0.1');
        peer.send('elsewhere', port === 9 ? 10 : 9, '127.0.0.1');
      }
      const seen: string[] = [];
      await expect
        .poll(() => {
          waitReadable([ring.fd], 10);
          for (let at = ring.next(); at >= 0; at = ring.next()) {
            expect(ring.bytes[at]).toBe(0x45);
            expect(ring.interfaceIndex).toBe(1);
            const words = ring.bytes.subarray(at + 28, at + ring.length);
            seen.push(String.fromCharCode(...words));
          }
          return seen.length;
        })
        .toBe(400);
      expect(seen[0]).toBe('x0');
      expect(seen.at(-1)).toBe('x30099');
      expect(ring.seconds).toBeGreaterThan(1_700_000_000);
      expect(ring.takeDrops()).toBe(0);
    } finally {
      ring.close();
      peer.close();
    }
  });

  it('refuses a filter the kernel does not take', () => {
    expect(() => new ScanRing(0x0800, [[0xffff, 0, 0, 0]])).toThrow(/SO_ATTACH_FILTER/);
  });
});
