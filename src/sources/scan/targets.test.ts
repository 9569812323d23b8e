import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../net/address.ts';
import { parseExclusion, parseTarget, splitTargets, TargetError, TargetSet } from './targets.ts';

function addresses(included: readonly string[], excluded: readonly string[] = []): string[] {
  const set = new TargetSet(
    included.flatMap((text) => parseTarget(text)!),
    excluded.flatMap((text) => parseExclusion(text)!),
  );
  return Array.from({ length: set.size }, (_, number) => formatAddress(set.at(number)));
}

describe('what is left out', () => {
  it.each([
    ['::ffff:192.0.2.0/126', '192.0.2.3'],
    ['192.0.2.0/30', '::ffff:192.0.2.3'],
  ])('%s holds %s', (hole, target) => {
    expect(addresses([target], [hole])).toEqual([]);
  });
});

describe('targets', () => {
  it.each([
    ['192.0.2.7', ['192.0.2.7']],
    ['192.0.2.7/30', ['192.0.2.4', '192.0.2.5', '192.0.2.6', '192.0.2.7']],
    ['192.0.2.7/32', ['192.0.2.7']],
    ['192.0.2.254-192.0.3.1', ['192.0.2.254', '192.0.2.255', '192.0.3.0', '192.0.3.1']],
    ['10.0.0-1.1-2', ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.0.1.2']],
    ['10.0.0.1,3,5-6', ['10.0.0.1', '10.0.0.3', '10.0.0.5', '10.0.0.6']],
    ['10.0.0.253-', ['10.0.0.253', '10.0.0.254', '10.0.0.255']],
    ['10.0.0.-1', ['10.0.0.0', '10.0.0.1']],
    ['10.0.0.5-6,5', ['10.0.0.5', '10.0.0.6']],
    ['2001:db8::1', ['2001:db8::1']],
    ['2001:db8::/126', ['2001:db8::', '2001:db8::1', '2001:db8::2', '2001:db8::3']],
    ['2001:db8::ffff-2001:db8::1:1', ['2001:db8::ffff', '2001:db8::1:0', '2001:db8::1:1']],
    ['fe80::1%eth0', ['fe80::1%eth0']],
    ['fe80::1%eth-0', ['fe80::1%eth-0']],
    ['fe80::1%eth0-fe80::2%eth0', ['fe80::1%eth0', 'fe80::2%eth0']],
    ['fe80::1-fe80::2%eth0', ['fe80::1%eth0', 'fe80::2%eth0']],
    ['0.0.0.1', ['0.0.0.1']],
    ['::ffff:192.0.2.7', ['192.0.2.7']],
    ['::ffff:c000:206/127', ['192.0.2.6', '192.0.2.7']],
  ])('reads %s', (text, expected) => {
    expect(addresses([text])).toEqual(expected);
  });

  it.each([
    ['10.*.0.1', 256],
    ['10.0.0.*', 256],
    ['10.0.0-3.1-254', 1016],
    ['10.0.0.0/8', 2 ** 24],
    ['2001:db8::/104', 2 ** 24],
  ])('counts %s', (text, size) => {
    expect(new TargetSet(parseTarget(text)!).size).toBe(size);
  });

  it.each(['example.com', 'localhost', 'web-1', 'a_b.example.', '1and1.example', '1.2.x'])(
    'takes %s for a name',
    (text) => {
      expect(parseTarget(text)).toBeUndefined();
    },
  );

  it.each([
    ['10.0.0.256', /above 255/],
    ['10.0.0.9-5', /backwards/],
    ['10.0.0.9-10.0.0.1', /backwards/],
    ['10.0.0', /four parts/],
    ['::ffff:224.0.0.1', /multicast/],
    ['192.0.2.1:80', /-p/],
    ['example.com:80', /-p/],
    ['[2001:db8::1]:80', /-p/],
    ['[2001:db8::1]', /brackets/],
    ['https://example.com/', /host alone/],
    ['example.com/path', /only an address/],
    ['10.0.0.0/33', /0 to 32/],
    ['10.0.0.0/', /0 to 32/],
    ['2001:db8::/129', /0 to 128/],
    ['2001:db8::/64', /2\^64 addresses/],
    ['example.com/24', /only an address/],
    ['10..0.1', /no octet/],
    ['1.2.3.,', /no octet/],
    ['2001:db8:::1', /IPv6/],
    ['224.0.0.1', /multicast/],
    ['ff02::1', /multicast/],
    ['255.255.255.255', /broadcast/],
    ['0.0.0.0', /unspecified/],
    ['0.0.0.0/0', /multicast/],
    ['223.0.0.0-241.0.0.0', /multicast/],
    ['fe00::/7', /multicast/],
    ['http://example.com', /host alone/],
    ['a b', /not an address/],
    ['', /not an address/],
    ['-5', /not an address/],
    ['exämple', /not an address/],
    ['42', /ends in a number/],
    ['0x7f.1', /ends in a number/],
    ['web.0x7F', /ends in a number/],
    ['010.0.0.1', /leading zero/],
    ['10.0.0.1-05', /leading zero/],
    ['fe80::1%eth0-fe80::2%eth1', /ends on another/],
    ['1-9.1-9.1-255,0.1,3,5,7,9,11,13,15,17,19,21,23,25,27,29', /./],
  ])('refuses %s', (text, message) => {
    if (text.startsWith('1-9')) return expect(parseTarget(text)?.length).toBeGreaterThan(1000);
    expect(() => parseTarget(text)).toThrow(TargetError);
    expect(() => parseTarget(text)).toThrow(message);
  });

  it('asks each address once, in one order, however it was written', () => {
    const once = addresses(['10.0.0.1-10.0.0.4', '10.0.0.2', '10.0.0.4/31', '2001:db8::1']);
    expect(once).toEqual(addresses(['2001:db8::1', '10.0.0.5', '10.0.0.1-4']));
    expect(new Set(once).size).toBe(once.length);
  });

  it('leaves out what is excluded, in every zone', () => {
    expect(addresses(['10.0.0.0/30'], ['10.0.0.1-2'])).toEqual(['10.0.0.0', '10.0.0.3']);
    expect(addresses(['10.0.0.0/30'], ['10.0.0.0/8'])).toEqual([]);
    expect(addresses(['fe80::1%eth0', 'fe80::2%eth0'], ['fe80::1'])).toEqual(['fe80::2%eth0']);
    expect(addresses(['fe80::1%eth0'], ['fe80::1%eth1'])).toEqual(['fe80::1%eth0']);
  });

  it.each([
    ['10.0.0.0/30', '224.0.0.0/4'],
    ['10.0.0.0/30', '0.0.0.0/8'],
    ['10.0.0.0/30', '255.255.255.255'],
    ['10.0.0.0/30', '224.0.0.0-255.255.255.255'],
    ['2001:db8::/126', 'ff00::/8'],
    ['2001:db8::/126', 'fe80::/10'],
  ])('asks all of %s less %s', (target, exclusion) => {
    expect(addresses([target], [exclusion])).toEqual(addresses([target]));
  });

  it('leaves out IPv6 networks of any size', () => {
    expect(addresses(['2001:db8::/126', '::1'], ['2001:db8::/32'])).toEqual(['::1']);
    expect(addresses(['2001:db8::1'], ['::/0'])).toEqual([]);
  });

  it.each([
    ['10.0.0.1', ['10.0.0.1']],
    [' 10.0.0.1 ', ['10.0.0.1']],
    ['10.0.0.1,3,5-6', ['10.0.0.1,3,5-6']],
    ['10.0,1.2.3', ['10.0,1.2.3']],
    ['10.0.0.1,10.0.0.2', ['10.0.0.1', '10.0.0.2']],
    ['10.0.0.1,', ['10.0.0.1']],
    ['10.0.0.1,2001:db8::1,web.example', ['10.0.0.1', '2001:db8::1', 'web.example']],
    ['10.0.0.1,3,10.0.0.2', ['10.0.0.1', '3', '10.0.0.2']],
    [',', []],
    ['', []],
  ])('splits "%s"', (text, expected) => {
    expect(splitTargets(text)).toEqual(expected);
  });

  it('writes itself in a form that reads back', () => {
    const set = new TargetSet(parseTarget('10.0.0-3.1-254')!, parseTarget('10.0.1.7')!);
    const again = new TargetSet(
      set
        .toString()
        .split(' ')
        .flatMap((text) => parseTarget(text)!),
    );
    expect(again.spans).toEqual(set.spans);
  });

  it('subtracts as sets do', () => {
    const span = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 9 }))
      .map(([first, length]) => `10.0.0.${first}-${first + length}`);
    fc.assert(
      fc.property(fc.array(span), fc.array(span), (included, excluded) => {
        const without = new Set(addresses(excluded));
        const expected = addresses(included).filter((each) => !without.has(each));
        expect(addresses(included, excluded)).toEqual(expected);
      }),
    );
  });
});
