import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diceOf, randomPolicy } from '../../test/builders/policy.ts';
import { planChoices } from '../acl/platform.ts';
import { PLATFORMS } from '../acl/platforms.ts';
import { parseYaml, writeYaml } from '../sources/documents/yaml.ts';
import { compareFilters } from './compare.ts';
import { verdictSpaces } from './evaluate.ts';
import type { Policy } from './intent.ts';
import { plainPolicy } from './plain-policy.ts';
import { extentOf, planFor } from './plan.ts';
import { readPolicy } from './read-policy.ts';
import { formatServices } from './service-text.ts';

function read(text: string): ReturnType<typeof readPolicy> {
  const { root, faults } = parseYaml(text);
  return root === undefined ? { faults } : readPolicy(root);
}

const GOOD = `# Who may talk to whom.
version: 1
name: Office
zones:
  dmz: 10.0.1.0/24 # behind the firewall
  internal: {addresses: [10.0.2.0/24, 2001:db8:2::/48], interfaces: eth2}
  internet: rest
groups:
  web: [10.0.1.10, 10.0.1.11]
  sql: {addresses: 10.0.2.20, about: payroll}
services:
  directory: [tcp/88, udp/88, tcp/389, tcp/49152-65535]
rules:
  # The only reason for all this.
  - id: R001
    from: web
    to: sql
    services: tcp/1433
    approved: {by: alice, at: 2026-11-22, reason: the shop reads its database}
    expires: 2027-11-22T10:00:00Z
    evidence:
      conversations: 2
      connections: 40
      first: 2026-11-20T10:00:00Z
      last: 2026-11-21T10:00:00Z
      samples: ["10.0.1.10 -> 10.0.2.20 tcp/1433 at lan.pcap#12"]
  - {id: R002, from: web, to: [10.0.2.1, 10.0.2.2], services: [directory, icmp/8], log: true}
  - {id: D1, action: deny, from: any, to: 10.0.2.99, services: [tcp]}
log-denied: 10
`;

describe('readPolicy', () => {
  it('understands all that a policy can say', () => {
    const { policy, faults } = read(GOOD);
    expect(faults).toEqual([]);
    const [first, second, third] = policy!.rules;
    expect(policy!.zones.map(({ name, isRest }) => [name, isRest])).toEqual([
      ['dmz', false],
      ['internal', false],
      ['internet', true],
    ]);
    expect(first).toMatchObject({
      approved: { by: 'alice' },
      expiresMs: Date.UTC(2027, 10, 22, 10),
    });
    expect(first!.evidence!.samples[0]!.seen).toBe('lan.pcap#12');
    expect(formatServices(second!.services)).toEqual([
      ...['tcp/88', 'udp/88', 'tcp/389', 'tcp/49152-65535', 'icmp/8'],
    ]);
    expect(second!.to.addresses).toHaveLength(1);
    expect(third).toMatchObject({ action: 'deny', from: { addresses: undefined } });
  });

  it.each([
    [
      'rulse: []',
      'version: 1\nrulse: []',
      2,
      1,
      'The key “rulse” is not known here; do you mean rules?',
    ],
    ['no version', 'name: x', 1, 1, '“version” is missing.'],
    ['another version', 'version: 2', 1, 10, 'This version of Portreeve reads version 1.'],
    [
      'default allow',
      'version: 1\ndefault: allow',
      2,
      10,
      'The default is deny; allow what you need with rules.',
    ],
    [
      'a prefix with host bits',
      'version: 1\nzones:\n  a: 10.0.1.7/24',
      3,
      6,
      '"10.0.1.7/24" has bits set after the first 24; write 10.0.1.0/24.',
    ],
    [
      'two rests',
      'version: 1\nzones:\n  a: rest\n  b: rest',
      4,
      6,
      'Only one zone can be the rest.',
    ],
    [
      'an unknown group',
      'version: 1\nrules:\n- {id: a, from: wep, to: any, services: tcp/1}',
      3,
      17,
      'There is no group or zone “wep”.',
    ],
    [
      'an id twice',
      'version: 1\nrules:\n- &r {id: a, from: any, to: any, services: tcp/1}\n- *r',
      3,
      6,
      'The id “a” stands twice.',
    ],
    [
      'a bad id',
      'version: 1\nrules:\n- {id: "a b", from: any, to: any, services: tcp/1}',
      3,
      8,
      /^An id is a letter/,
    ],
    [
      'no service',
      'version: 1\nrules:\n- {id: a, from: any, to: any, services: []}',
      3,
      41,
      'At least one service is needed.',
    ],
    [
      'an unknown service',
      'version: 1\nrules:\n- {id: a, from: any, to: any, services: http}',
      3,
      41,
      /“http” is not a service/,
    ],
    [
      'ports where there are none',
      'version: 1\nrules:\n- {id: a, from: any, to: any, services: gre/4}',
      3,
      41,
      /has ports where there are none/,
    ],
    [
      'a port too high',
      'version: 1\nrules:\n- {id: a, from: any, to: any, services: tcp/65536}',
      3,
      41,
      /the highest port is 65535/,
    ],
    [
      'no date',
      'version: 1\nrules:\n- {id: a, from: any, to: any, services: tcp/1, expires: soon}',
      3,
      57,
      /^A date like/,
    ],
    [
      'any and more',
      'version: 1\nrules:\n- {id: a, from: [any, 10.0.0.1], to: any, services: tcp/1}',
      3,
      17,
      '“any” stands alone.',
    ],
    [
      'a name taken',
      'version: 1\nzones: {a: 10.0.0.1}\ngroups: {a: 10.0.0.1}',
      3,
      13,
      'The name “a” is taken.',
    ],
    ['a list where a map is due', '- 1', 1, 1, /^A map with version/],
    ['a key twice', 'version: 1\nversion: 1', 2, 1, /unique/],
    ['no YAML', 'version: [1', 1, 12, /flow sequence/i],
    ['nothing', '', 1, 1, /^A map with version/],
    ['a second document', 'version: 1\n---\nversion: 1', 2, 1, /^A second document/],
    ['what holds itself', 'version: 1\nzones: &z {a: *z}', 2, 11, /^It is nested too deeply/],
    ['many levels', `a: ${'['.repeat(200)}${']'.repeat(200)}`, 1, 104, /nested too deeply/],
  ])('locates %s', (_name, text, line, column, what) => {
    const { faults } = read(text);
    expect(faults[0]).toMatchObject({ line, column });
    expect(faults[0]!.what).toMatch(what);
    expect(faults[0]!.what).toMatch(/\.$|\?\.$/);
  });

  it('is not led astray by aliases that grow without bounds', () => {
    const lines = ['a0: &a0 [x, x]'];
    for (let level = 1; level < 30; level++) {
      lines.push(`a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`);
    }
    expect(read(lines.join('\n')).faults.length).toBeGreaterThan(0);
  });
});

describe('the article’s example', () => {
  const text = readFileSync(new URL('../../examples/article-policy.yaml', import.meta.url), 'utf8');

  it.each(PLATFORMS)('is written for $name, and proved', (platform) => {
    const { render, parse, capabilities } = platform;
    const { policy, faults } = read(text);
    expect(faults).toEqual([]);
    const choices = { ...planChoices(platform), nowMs: Date.UTC(2026, 10) };
    const { addresses } = policy!.groups.find(({ name }) => name === 'web')!;
    const hosts = { name: 'web', addresses };
    const between = capabilities.filters.includes('between');
    const plan = planFor(policy!, between ? choices : { ...choices, hosts });
    const rendered = render(plan);
    if (/^aws-/.test(platform.name)) {
      // A domain member's services are more than they hold.
      expect(rendered.refusals[0]!.what).toMatch(/It would take \d+ rules in one direction/);
      return;
    }
    expect(rendered.refusals).toEqual([]);
    const parsed = parse(rendered.text!);
    expect(parsed.faults).toEqual([]);
    const { zones } = policy!;
    const extent = extentOf(plan);
    expect(compareFilters(verdictSpaces(), plan.filter, parsed.filter, zones, extent)).toEqual([]);
  });
});

describe('writing', () => {
  it('gives back the same policy', () => {
    for (let seed = 0; seed < 60; seed++) {
      const policy = legible(randomPolicy(diceOf(seed)));
      const { policy: again, faults } = read(writeYaml(plainPolicy(policy)));
      expect(faults).toEqual([]);
      const plans = [policy, again!].map((each) => planFor(each, { stateful: true, nowMs: 0 }));
      const [one, two] = plans.map((plan) => plan.filter);
      expect(compareFilters(verdictSpaces(), one!, two!, []), `seed ${seed}`).toEqual([]);
      expect(plainPolicy(again!)).toEqual(plainPolicy(policy));
    }
  });

  it('leaves what did not change as it was, with its comments', () => {
    const { policy } = read(GOOD);
    const [first, ...others] = policy!.rules;
    const changed = { ...policy!, rules: [first!, ...others.slice(0, 1)], logDeniedPerSecond: 20 };
    const text = writeYaml(plainPolicy(changed), GOOD);
    expect(text).toContain('# Who may talk to whom.');
    expect(text).toContain('dmz: 10.0.1.0/24 # behind the firewall');
    expect(text).toContain('# The only reason for all this.');
    expect(text).toContain('log-denied: 20');
    expect(text).not.toContain('D1');
    expect(plainPolicy(read(text).policy!)).toEqual(plainPolicy(changed));
    expect(writeYaml(plainPolicy(changed), text)).toBe(text);
  });
});

/** With names that a file can hold. */
function legible(policy: Policy): Policy {
  const names = new Map<string, string>();
  for (const { name } of policy.groups) names.set(name, `g${names.size}`);
  const party = (side: Policy['rules'][number]['from']) => {
    const [name] = side.names;
    if (side.addresses === undefined) return side;
    const known = names.get(name!);
    if (known !== undefined) return { ...side, names: [known] };
    const texts = side.addresses.map((range) =>
      plainPolicy({ ...policy, groups: [{ name: 'x', addresses: [range] }] }),
    );
    return { ...side, names: texts.flatMap((text) => (text.groups as { x: string | string[] }).x) };
  };
  return {
    ...policy,
    name: 'random',
    groups: policy.groups.map((group) => ({ ...group, name: names.get(group.name)! })),
    rules: policy.rules.map((rule) => ({
      ...rule,
      from: party(rule.from),
      to: party(rule.to),
      serviceNames: formatServices(rule.services),
    })),
  };
}
