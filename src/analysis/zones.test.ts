import { describe, expect, it } from 'vitest';
import { parseAddress } from '../net/address.ts';
import { parsePrefix } from '../net/prefix.ts';
import { ZoneTable } from './zones.ts';

function zoneOf(table: ZoneTable, text: string): string {
  const { family, words } = parseAddress(text)!;
  return table.names[family === 4 ? table.of4(words[0]! | 0) : table.of6(words, 0)]!;
}

describe('ZoneTable', () => {
  it.each([
    ['10.255.0.1', 'in'],
    ['172.16.0.0', 'in'],
    ['172.32.0.0', 'out'],
    ['192.168.255.255', 'in'],
    ['100.64.0.1', 'in'],
    ['100.128.0.1', 'out'],
    ['169.254.9.9', 'in'],
    ['127.0.0.1', 'in'],
    ['192.0.2.1', 'out'],
    ['224.0.0.1', 'group'],
    ['255.255.255.255', 'group'],
    ['255.255.255.254', 'out'],
    ['0.0.0.0', 'none'],
    ['0.0.0.1', 'out'],
    ['::', 'none'],
    ['::1', 'in'],
    ['fe80::1', 'in'],
    ['fd00::1', 'in'],
    ['ff02::fb', 'group'],
    ['2001:db8::1', 'out'],
  ])('%s is %s', (text, zone) => {
    const table = new ZoneTable();
    expect(zoneOf(table, text)).toBe(zone);
    expect(zoneOf(table, text)).toBe(zone);
  });

  it('prefers the longest prefix, in any order of asking', () => {
    const rules = [
      ['dmz', '10.0.1.0/24'],
      ['host', '10.0.1.7/32'],
      ['dmz', '2001:db8:1::/48'],
      ['in', '192.0.2.0/24'],
    ].map(([name, prefix]) => ({ name: name!, prefix: parsePrefix(prefix!) }));
    const table = new ZoneTable(rules);
    const cases = [
      ['10.0.2.1', 'in'],
      ['10.0.1.1', 'dmz'],
      ['10.0.1.7', 'host'],
      ['10.0.0.255', 'in'],
      ['2001:db8:1::9', 'dmz'],
      ['192.0.2.9', 'in'],
      ['192.0.3.9', 'out'],
    ];
    for (const [text, zone] of [...cases, ...cases.reverse()]) {
      expect(zoneOf(table, text!)).toBe(zone);
    }
    expect(table.names).toEqual(['out', 'in', 'group', 'none', 'dmz', 'host']);
  });

  it('refuses more zones than it can number', () => {
    const rules = Array.from({ length: 300 }, (_, index) => ({
      name: `z${index}`,
      prefix: parsePrefix('192.0.2.0/24'),
    }));
    expect(() => new ZoneTable(rules)).toThrow(RangeError);
  });
});
