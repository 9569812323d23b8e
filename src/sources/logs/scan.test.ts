import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIPv4, formatIPv6, parseAddress } from '../../net/address.ts';
import { AddressPool } from '../../net/address-pool.ts';
import { Scan } from './scan.ts';

const pool = new AddressPool();

function addressOf(text: string): { address: string; length: number } | undefined {
  const scan = new Scan(pool);
  const bytes = new TextEncoder().encode(text);
  scan.aim(bytes, 0, bytes.length);
  if (!scan.address()) {
    expect(scan.at).toBe(0);
    return undefined;
  }
  const { family, value } = scan;
  const address = family === 4 ? formatIPv4(value) : formatIPv6(pool.words, 4 * value);
  return { address, length: scan.at };
}

describe('addresses', () => {
  it.each([
    ['10.0.1.10/80', '10.0.1.10', 9],
    ['255.255.255.255', '255.255.255.255', 15],
    ['2001:db8::1]', '2001:db8::1', 11],
    ['::', '::', 2],
    ['::1 x', '::1', 3],
    ['fe80::1%eth0', 'fe80::1', 7],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1', 15],
    ['2001:0db8:0000:0000:0000:0000:0000:0007', '2001:db8::7', 39],
    ['1::', '1::', 3],
  ])('%s', (text, address, length) => {
    expect(addressOf(text)).toEqual({ address, length });
  });

  it.each([
    ...['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', '1..2.3', 'g::', '1:2:3', '::1::2'],
    ...['12345::', ':1', '1:2:3:4:5:6:7:8:9'],
  ])('%s is none', (text) => {
    const found = addressOf(text);
    // Nine groups: the first eight are an address, and what follows belongs to it no more.
    if (text.startsWith('1:2:3:4')) expect(found?.length).toBe(15);
    else expect(found).toBeUndefined();
  });

  it('are read as the strict parser reads them', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const six = fc
      .tuple(fc.array(group, { minLength: 0, maxLength: 8 }), fc.nat(8))
      .map(([groups, at]) =>
        groups.length === 8
          ? groups.join(':')
          : `${groups.slice(0, at).join(':')}::${groups.slice(at).join(':')}`,
      );
    fc.assert(
      fc.property(fc.oneof(six, fc.ipV4(), fc.ipV6()), (text) => {
        const strict = parseAddress(text);
        if (strict === undefined) return;
        const { family, words } = strict;
        const expected = family === 4 ? formatIPv4(words[0]!) : formatIPv6(words);
        expect(addressOf(text)).toEqual({ address: expected, length: text.length });
      }),
    );
  });
});
