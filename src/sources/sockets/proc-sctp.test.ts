import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../net/address.ts';
import { parseSctpEndpoints } from './proc-sctp.ts';

const HEAD = ' ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS\n';

describe('parseSctpEndpoints', () => {
  it('gives a row per address of a listening endpoint', () => {
    const text = `${HEAD}ffff8e5a8ba3a000 ffff8e5a8b0cd400 2   10  29   5060   1000 4294967295 192.0.2.1 *198.51.100.1 \n`;
    const { rows, faults } = parseSctpEndpoints(text);
    expect(faults).toEqual([]);
    expect(rows.map((row) => [formatAddress(row.address), row.port, row.uid, row.inode])).toEqual([
      ['192.0.2.1', 5060, 1000, 4294967295],
      ['198.51.100.1', 5060, 1000, 4294967295],
    ]);
  });

  it('reads IPv6 addresses written out in full', () => {
    const text = `${HEAD}0 0 0 10 1 2905 0 7 2001:0db8:0000:0000:0000:0000:0000:0001 \n`;
    expect(parseSctpEndpoints(text).rows.map((row) => formatAddress(row.address))).toEqual([
      '2001:db8::1',
    ]);
  });

  it('keeps endpoints that do not listen apart', () => {
    const { rows, connected } = parseSctpEndpoints(`${HEAD}0 0 2 7 1 2905 0 7 0.0.0.0 \n`);
    expect([rows.length, connected]).toEqual([0, 1]);
  });

  it.each([
    ['no address', '0 0 2 10 1 2905 0 7'],
    ['port too great', '0 0 2 10 1 65536 0 7 0.0.0.0'],
    ['no number for the port', '0 0 2 10 1 x 0 7 0.0.0.0'],
    ['one bad address of two', '0 0 2 10 1 2905 0 7 0.0.0.0 192.0.2'],
    ['a word', 'x'],
  ])('reports a line with %s', (_name, line) => {
    expect(parseSctpEndpoints(`${HEAD}${line}\n`)).toEqual({
      rows: [],
      connected: 0,
      faults: [{ line: 2, text: line }],
    });
  });
});
