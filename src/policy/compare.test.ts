/** Interfaces in a comparison: nothing that a rule does at one may go unseen. */
import { describe, expect, it } from 'vitest';
import { nftables } from '../acl/nftables.ts';
import { zonesOf } from '../pipeline/policy.ts';
import { compareFilters, type Extent } from './compare.ts';
import { verdictSpaces } from './evaluate.ts';
import type { Zone } from './intent.ts';

const WEB = 'ip saddr 10.0.1.0/24 ip daddr 10.0.2.10 tcp dport 443 accept';

function filterOf(hook: string, rules: readonly string[]) {
  const lines = rules.join('\n');
  const { filter, faults } = nftables.parse(
    `table inet t { chain c { type filter hook ${hook} priority 0; policy drop;\n${lines}\n} }`,
  );
  expect(faults).toEqual([]);
  return filter;
}

const zones = (interfaces: Readonly<Record<string, readonly string[]>> = {}): Zone[] =>
  zonesOf({ dmz: ['10.0.1.0/24'], inside: ['10.0.2.0/24'] }).map((zone) => ({
    ...zone,
    interfaces: interfaces[zone.name] ?? [],
  }));

const OWN = { dmz: ['eth1'], inside: ['eth2'] };

describe('what is forwarded', () => {
  const differs = (known: readonly Zone[], before: readonly string[], after: readonly string[]) =>
    compareFilters(
      verdictSpaces(),
      filterOf('forward', before),
      filterOf('forward', after),
      known,
    ).map(({ kind, from = 'any', to = 'any' }) => `${kind} ${from} ${to}`);

  it.each<[string, readonly string[], Readonly<Record<string, readonly string[]>>, string[]]>([
    ['an interface of no zone', [WEB, 'iifname "eth7" accept'], {}, ['extra interface eth7 any']],
    ['… where it goes out', [WEB, 'oifname "eth7" accept'], {}, ['extra any interface eth7']],
    [
      '… though other interfaces are known',
      [WEB, 'iifname "eth7" oifname "eth2" accept'],
      OWN,
      ['extra interface eth7 inside'],
    ],
    [
      '… at both ends',
      [WEB, 'iifname "eth7" oifname "eth8" accept'],
      OWN,
      ['extra interface eth7 interface eth8'],
    ],
    [
      '… that is denied something',
      ['iifname "eth7" drop', WEB],
      {},
      ['missing interface eth7 any'],
    ],
    [
      'a zone with a way to what is in no zone',
      [WEB, 'iifname "eth1" ip daddr 192.0.2.1 accept'],
      OWN,
      ['extra dmz any'],
    ],
    ['the interfaces of the zones', [`iifname "eth1" oifname "eth2" ${WEB}`], OWN, []],
    [
      'one of two interfaces of a zone',
      [`iifname "eth1" ${WEB}`],
      { dmz: ['eth1', 'eth3'] },
      ['missing dmz inside'],
    ],
    [
      'each of two interfaces of a zone',
      [`iifname { "eth1", "eth3" } ${WEB}`],
      { dmz: ['eth1', 'eth3'] },
      [],
    ],
    [
      'all interfaces but one of two',
      [`iifname != "eth3" ${WEB}`],
      { dmz: ['eth1', 'eth3'] },
      ['missing dmz inside'],
    ],
  ])('%s', (_, after, interfaces, expected) => {
    expect(differs(zones(interfaces), [WEB], after)).toEqual(expected);
  });

  it('tells interfaces apart where no zone is known', () => {
    const found = differs([], ['iifname "eth0" accept'], ['iifname "eth1" accept']);
    expect(found).toEqual(['missing interface eth0 any', 'extra interface eth1 any']);
  });
});

describe('what a machine takes and sends', () => {
  const differs = (hook: 'input' | 'output', after: readonly string[]) => {
    const extent: Extent = { hooks: [hook], hosts: zones()[1]!.addresses };
    const loop = hook === 'input' ? 'iifname "lo" accept' : 'oifname "lo" accept';
    const [one, two] = [[loop, WEB], after].map((rules) => filterOf(hook, rules));
    return compareFilters(verdictSpaces(), one!, two!, zones(OWN), extent).map(
      ({ kind, from = 'any', to = 'any' }) => `${kind} ${from} ${to}`,
    );
  };

  it.each<['input' | 'output', readonly string[], string[]]>([
    ['input', ['iifname "lo" accept', WEB], []],
    ['input', [WEB], ['missing interface lo any']],
    ['input', ['iifname "lo" accept', WEB, 'iifname "eth0" accept'], ['extra interface eth0 any']],
    // Nothing leaves here yet, whatever the firewall's interfaces are called.
    ['input', ['iifname "lo" accept', WEB, 'oifname "eth2" accept'], []],
    ['output', ['oifname "lo" accept', 'oifname "wg0" accept'], ['extra any interface wg0']],
  ])('%s: %j', (hook, after, expected) => {
    expect(differs(hook, after)).toEqual(expected);
  });
});
