import { describe, expect, it } from 'vitest';
import { parseSocketCounts, socketCounts } from './socket-counts.ts';

describe('counts of sockets', () => {
  it.each<[string, Record<string, number>]>([
    [
      'sockets: used 128\nTCP: inuse 4 orphan 0 tw 9 alloc 5 mem 1\nUDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 1\nFRAG: inuse 0 memory 0\n',
      { tcp: 4, udp: 0, udplite: 0, raw: 1, frag: 0 },
    ],
    ['TCP6: inuse 3\nUDP6: inuse 2\nRAW6: inuse 0\n', { tcp6: 3, udp6: 2, raw6: 0 }],
    ['TCP: in use 3\nUDP inuse 2\n x: inuse 1\n', {}],
    ['', {}],
  ])('%#', (text, counts) => {
    expect(Object.fromEntries(parseSocketCounts(text))).toEqual(counts);
  });

  it('are none where they cannot be read', () => {
    expect(socketCounts('/nonexistent').size).toBe(0);
  });
});
