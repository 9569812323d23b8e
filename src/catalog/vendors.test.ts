import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { vendorOf } from './vendors.ts';

describe('the vendor of a MAC address', () => {
  it.each([
    ['00:00:0c:12:34:56', 'Cisco Systems, Inc'],
    ['00000C123456', 'Cisco Systems, Inc'],
    ['b8-27-eb-00-00-01', 'Raspberry Pi Foundation'],
  ])('%s is %s', (mac, name) => {
    expect(vendorOf(mac)).toBe(name);
  });

  it.each([
    ['locally administered', '02:42:ac:11:00:02'],
    ['a group', '01:00:5e:00:00:fb'],
    ['of nobody', 'fc:ff:ff:ff:ff:ff'],
    ['too short', '00:00:0c'],
    ['no number', 'zz:00:0c:12:34:56'],
    ['nothing', ''],
  ])('is unknown for an address that is %s', (_, mac) => {
    expect(vendorOf(mac)).toBeUndefined();
  });

  it('is that of the registry for every block', () => {
    const registry: Record<string, string> = JSON.parse(
      readFileSync(fileURLToPath(import.meta.resolve('oui-data')), 'utf8'),
    );
    const nobody = new Set(['Private', 'IEEE Registration Authority']);
    let blocks = 0;
    const wrong: string[] = [];
    for (const [prefix, text] of Object.entries(registry)) {
      const name = text.split('\n')[0]!.replace(/\s+/g, ' ').trim();
      if (nobody.has(name) || (Number.parseInt(prefix.slice(0, 2), 16) & 3) !== 0) continue;
      // Digits that belong to no smaller block inside this one.
      const mac = ['f0f0f0', '0f0f0f', '777777', '3a3a3a']
        .map((rest) => (prefix + rest + rest).slice(0, 12))
        .find(
          (each) =>
            ![7, 9].some(
              (length) => length > prefix.length && registry[each.slice(0, length).toUpperCase()],
            ),
        );
      if (mac === undefined) continue;
      blocks++;
      // One assertion each would take longer than all the rest.
      const found = vendorOf(mac);
      if (found !== name) wrong.push(`${prefix}: ${found}, not ${name}`);
    }
    expect(wrong).toEqual([]);
    expect(blocks).toBeGreaterThan(45_000);
  });
});
