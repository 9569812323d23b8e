import { describe, expect, it } from 'vitest';
import { parsePackets } from './proc-packet.ts';

const HEAD = 'sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n';
const row = (port: number, uid: number, inode: number, device?: string) => ({
  transport: 'packet',
  address: { family: 4, words: [0] },
  port,
  uid,
  inode,
  ...(device === undefined ? {} : { device }),
});

describe('/proc/net/packet', () => {
  it.each<[string, string, object[]]>([
    ['no socket', HEAD, []],
    ['nothing', '', []],
    [
      'a sniffer on one interface',
      `${HEAD}0000000000000000 3      3    0003   2     1 0      0      12345\n`,
      [row(3, 0, 12345, '2')],
    ],
    [
      'one of IPv4 on all',
      `${HEAD}ffff9b8a0c2d1000 3      2    0800   0     0 640    101    4294967295\n`,
      [row(0x800, 101, 4294967295)],
    ],
  ])('with %s', (_what, text, rows) => {
    expect(parsePackets(text)).toEqual({ rows, connected: 0, faults: [] });
  });

  it('tells of lines that are no rows, and keeps the others', () => {
    const text = `${HEAD}rubbish\nffff 3 3 0003 2 1 0 0 1\nffff 3 3 0003 2 1 0\n`;
    const { rows, faults } = parsePackets(text);
    expect(rows.map(({ inode }) => inode)).toEqual([1]);
    expect(faults.map(({ line }) => line)).toEqual([2, 4]);
  });
});
