import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import {
  containsAddress,
  containsPrefix,
  formatPrefix,
  PrefixError,
  parsePrefix,
  prefixOf,
} from './prefix.ts';

describe('parsePrefix', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['192.0.2.128/25', '192.0.2.128/25'],
    ['255.255.255.255/32', '255.255.255.255/32'],
    ['::/0', '::/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:db8:8000::/33', '2001:db8:8000::/33'],
    ['::ffff:10.0.0.0/104', '::ffff:10.0.0.0/104'],
  ])('reads %s as %s', (text, canonical) => {
    expect(formatPrefix(parsePrefix(text))).toBe(canonical);
  });

  it.each([
    ['10.0.1.7/24', 'host-bits', '10.0.1.0/24'],
    ['10.0.1.0/0', 'host-bits', '0.0.0.0/0'],
    ['2001:db8::1/64', 'host-bits', '2001:db8::/64'],
    ['2001:db8:0:0:8000::/64', 'host-bits', '2001:db8::/64'],
    ['fe80::%eth0/10', 'zone', 'fe80::/10'],
    ['10.0.0.0/33', 'length', undefined],
    ['::/129', 'length', undefined],
    ['10.0.0.0/', 'length', undefined],
    ['10.0.0.0/08', 'length', undefined],
    ['10.0.0.0/-1', 'length', undefined],
    ['10.0.0.0/255.0.0.0', 'length', undefined],
    ['10.0.0.0/8/8', 'length', undefined],
    ['10/8', 'address', undefined],
    ['', 'address', undefined],
    ['any', 'address', undefined],
  ])('refuses %s (%s)', (text, code, fix) => {
    const thrown = failure(text);
    expect(thrown).toMatchObject({ code, fix, text });
    expect(thrown.message).toContain(fix ?? text);
  });

  it('always offers a fix that it accepts itself', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat(31), fc.ipV6(), fc.nat(127), (v4, length4, v6, length6) => {
        for (const text of [`${v4}/${length4}`, `${v6}/${length6}`]) {
          const canonical = formatPrefix(
            prefixOf(parseAddress(text.split('/')[0]!)!, lengthOf(text)),
          );
          expect(formatPrefix(parsePrefix(canonical))).toBe(canonical);
          try {
            expect(formatPrefix(parsePrefix(text))).toBe(canonical);
          } catch (error) {
            expect((error as PrefixError).fix).toBe(canonical);
          }
        }
      }),
    );
  });
});

function lengthOf(text: string): number {
  return Number(text.split('/')[1]);
}

function failure(text: string): PrefixError {
  try {
    parsePrefix(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PrefixError);
    return error as PrefixError;
  }
  throw new Error(`${text} was accepted`);
}

describe('containment', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::', false],
    ['::/0', '::1', true],
    ['::/0', '10.0.0.1', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['fe80::/10', 'fe80::1%eth0', true],
  ])('%s holds %s: %s', (prefix, address, expected) => {
    expect(containsAddress(parsePrefix(prefix), parseAddress(address)!)).toBe(expected);
  });

  it.each([
    ['10.0.0.0/8', '10.0.1.0/24', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.0.0.0/8', '0.0.0.0/0', false],
    ['10.0.1.0/24', '10.0.0.0/8', false],
    ['::/0', '10.0.0.0/8', false],
  ])('%s holds all of %s: %s', (outer, inner, expected) => {
    expect(containsPrefix(parsePrefix(outer), parsePrefix(inner))).toBe(expected);
  });
});
