import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  compareAddresses,
  formatAddress,
  formatIPv4,
  formatIPv6,
  isMappedIPv4,
  parseAddress,
} from './address.ts';

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0xffff, 0x10000, 0xffff0000, 0xffffffff),
);
const words6 = fc.array(word, { minLength: 4, maxLength: 4 });

describe('formatIPv4', () => {
  it.each([
    [0, '0.0.0.0'],
    [0xc0000201, '192.0.2.1'],
    [0xffffffff, '255.255.255.255'],
    [-1, '255.255.255.255'],
    [0xc0000201 | 0, '192.0.2.1'],
  ])('%i is %s', (address, text) => expect(formatIPv4(address)).toBe(text));
});

describe('IPv6 text (RFC 5952)', () => {
  it.each([
    // [any accepted form, canonical form]
    ['::', '::'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1::', '1::'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longest run
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of equal runs
    ['0:0:1:2:3:4:0:0', '::1:2:3:4:0:0'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['0:0:0:0:0:ffff:0:0', '::ffff:0.0.0.0'],
    ['::192.0.2.1', '::c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s is written %s', (text, canonical) => {
    const address = parseAddress(text);
    expect(address?.family).toBe(6);
    expect(formatAddress(address!)).toBe(canonical);
  });

  it('reads words from the middle of a longer array, signed or unsigned', () => {
    const column = new Int32Array([7, 0x20010db8, 0, 0, 0x80000001 | 0, 9]);
    expect(formatIPv6(column, 1)).toBe('2001:db8::8000:1');
    expect(isMappedIPv4(new Int32Array([5, 0, 0, 0xffff, -1]), 1)).toBe(true);
  });
});

describe('parseAddress', () => {
  it.each([
    '',
    ' ',
    'host',
    '1',
    '192.0.2',
    '192.0.2.',
    '192.0.2.1.',
    '.192.0.2.1',
    '192.0.2.256',
    '192.0.2.01',
    '0300.0.2.1',
    '0xc0.0.2.1',
    '192.0.2.1 ',
    ' 192.0.2.1',
    '192.0..1',
    '192.0.2.1/24',
    '192.0.2.1:80',
    '192.0.2.1%eth0',
    '192.0.2.1%fe80::1',
    '3221225985',
    '1٫2.3.4',
    '１92.0.2.1',
    ':',
    ':::',
    ':1',
    '1:',
    '::1:',
    '1:::2',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8:9',
    '1:2:3:4::5:6:7:8',
    '12345::',
    '00001::',
    'g::',
    '[::1]',
    '::1/128',
    '::192.0.2',
    '::192.0.2.1:1',
    '::192.0.2.1.5',
    '192.0.2.1::',
    '1:2:3:4:5:6:7:192.0.2.1',
    '::1%',
    '::1%eth0%eth1',
    '::1%eth 0',
    '::1%\u001b[2J',
    `::1%${'x'.repeat(65)}`,
    '1'.repeat(100_000),
    ':'.repeat(100_000),
  ])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('keeps the zone apart from the number', () => {
    expect(parseAddress('fe80::1%eth0')).toEqual({
      family: 6,
      words: [0xfe800000, 0, 0, 1],
      zone: 'eth0',
    });
    expect(formatAddress(parseAddress('FE80::1%br-lan.20')!)).toBe('fe80::1%br-lan.20');
  });

  it('agrees with the runtime about what an address is', () => {
    const nearly = fc.array(fc.constantFrom(...'0123456789afg:.%x'.split(''), '::', '1.2.3.4'), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(nearly, (parts) => {
        const text = parts.join('');
        const plain = text.includes('%') ? '' : text;
        expect(parseAddress(plain) !== undefined).toBe(isIPv4(plain) || isIPv6(plain));
      }),
      { numRuns: 3000 },
    );
  });

  it('undoes formatting', () => {
    fc.assert(
      fc.property(word, words6, (v4, v6) => {
        expect(parseAddress(formatIPv4(v4))).toEqual({ family: 4, words: [v4] });
        expect(parseAddress(formatIPv6(v6))).toEqual({ family: 6, words: v6 });
      }),
    );
  });

  it('writes what a URL parser writes, but for mapped addresses', () => {
    fc.assert(
      fc.property(words6, (words) => {
        fc.pre(!isMappedIPv4(words));
        expect(`[${formatIPv6(words)}]`).toBe(new URL(`http://[${formatIPv6(words)}]/`).hostname);
      }),
    );
  });
});

describe('compareAddresses', () => {
  it('puts IPv4 first, then goes by number, then by zone', () => {
    const sorted = [
      '0.0.0.1',
      '9.0.0.0',
      '10.0.0.0',
      '255.0.0.0',
      '::',
      '::ffff:1.2.3.4',
      '2001:db8::1',
      'fe80::1',
      'fe80::1%eth0',
      'fe80::1%eth1',
    ];
    const shuffled = [...sorted].reverse().map((text) => parseAddress(text) as Address);
    expect(shuffled.sort(compareAddresses).map(formatAddress)).toEqual(sorted);
  });
});
