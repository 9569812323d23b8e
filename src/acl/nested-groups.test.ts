import { describe, expect, it } from 'vitest';
import { rangeOfAddress } from '../net/address-range.ts';
import { LineFault } from './line-fault.ts';
import { AddressGroup, leavesOf } from './nested-groups.ts';
import { platformNamed } from './platforms.ts';

/** Groups of thirty, each of them the group before: 30^8 ways to one member. */
const DEPTH = 9;
const WIDTH = 30;
const INNER = Array.from({ length: DEPTH - 1 }, (_, index) => index + 1);
const OUTER = `g${DEPTH - 1}`;
const times = (line: string): string[] => Array.from({ length: WIDTH }, () => line);

const PAN = 'set rulebase security rules r';
const SRX = 'set security policies global policy p';
const ASA = [
  'object-group network g0',
  ' network-object host 192.0.2.1',
  ...INNER.flatMap((n) => [`object-group network g${n}`, ...times(` group-object g${n - 1}`)]),
];
const TEXTS: readonly (readonly [platform: string, lines: readonly string[]])[] = [
  ['cisco-asa', [...ASA, `access-list a extended permit tcp object-group ${OUTER} any eq 80`]],
  [
    'cisco-ios',
    [
      ...ASA.map((line) => line.replace('network-object ', '')),
      'ip access-list extended a',
      ` permit tcp object-group ${OUTER} any eq 80`,
    ],
  ],
  [
    'pan-os',
    [
      'set address h ip-netmask 192.0.2.1/32',
      'set service s protocol tcp port 80',
      'set address-group g0 static h',
      'set service-group g0 members s',
      ...INNER.flatMap((n) => [
        `set address-group g${n} static [ ${times(`g${n - 1}`).join(' ')} ]`,
        `set service-group g${n} members [ ${times(`g${n - 1}`).join(' ')} ]`,
      ]),
      ...['from any', 'to any', 'destination any', 'application any', 'action allow'].map(
        (part) => `${PAN} ${part}`,
      ),
      `${PAN} source ${OUTER}`,
      `${PAN} service ${OUTER}`,
    ],
  ],
  [
    'junos-srx',
    [
      'set security address-book global address h 192.0.2.1/32',
      'set security address-book global address-set g0 address h',
      'set applications application s protocol tcp',
      'set applications application s destination-port 80',
      'set applications application-set g0 application s',
      ...INNER.flatMap((n) => [
        ...times(`set security address-book global address-set g${n} address-set g${n - 1}`),
        ...times(`set applications application-set g${n} application-set g${n - 1}`),
      ]),
      `${SRX} match source-address ${OUTER}`,
      `${SRX} match destination-address any`,
      `${SRX} match application ${OUTER}`,
      `${SRX} then permit`,
    ],
  ],
];

describe('groups within groups', () => {
  it.each(TEXTS)('of %s are read once each', (name, lines) => {
    const { filter } = platformNamed(name)!.parse(`${lines.join('\n')}\n`);
    const rules = filter.chains.flatMap((chain) => chain.rules);
    const [rule] = rules.filter(({ match }) => match.destinationPorts !== undefined);
    expect(rule?.match.source).toEqual([rangeOfAddress({ family: 4, words: [0xc0000201] })]);
    expect(rule?.match.destinationPorts).toEqual([{ first: 80, last: 80 }]);
  });
});

describe('the leaves of groups', () => {
  const groups: Readonly<Record<string, readonly string[]>> = {
    a: ['x', 'b', 'y'],
    b: ['y', 'z'],
    loop: ['x', 'pool'],
    pool: ['loop'],
    ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`d${n}`, [`d${n + 1}`]])),
  };
  const leaves = (...names: string[]) => leavesOf(names, (name) => groups[name]);

  it('come once, in the order they are met', () => {
    expect(leaves('a', 'z', 'b')).toEqual(['x', 'y', 'z']);
    expect(leaves('unknown')).toEqual(['unknown']);
    expect(leaves('d4')).toEqual(['d20']);
  });

  it.each(['loop', 'd0'])('are none of %s, which never ends', (name) => {
    expect(() => leaves(name)).toThrow(LineFault);
  });
});

it('a group of addresses has those that come to it after it was asked', () => {
  const one = rangeOfAddress({ family: 4, words: [1] });
  const two = rangeOfAddress({ family: 4, words: [2] });
  const [inner, outer] = [new AddressGroup(), new AddressGroup()];
  inner.add(one);
  outer.include(inner);
  outer.include(inner);
  outer.include(outer);
  expect(outer.ranges).toEqual([one]);
  expect(outer.ranges).toBe(outer.ranges);
  outer.add(two);
  expect([...outer.ranges].sort((left, right) => left.first[0]! - right.first[0]!)).toEqual([
    one,
    two,
  ]);
});
