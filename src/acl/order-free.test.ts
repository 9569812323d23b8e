/** Plans without denials, or with denials that win, let the same packets through. */
import { describe, expect, it } from 'vitest';
import { planAt } from '../../test/builders/platform-plans.ts';
import { compareFilters } from '../policy/compare.ts';
import { verdictSpaces } from '../policy/evaluate.ts';
import type { FilterRule } from '../policy/filter.ts';
import { extentOf, type Plan, planFor } from '../policy/plan.ts';
import { readPolicy } from '../policy/read-policy.ts';
import { parseYaml } from '../sources/documents/yaml.ts';
import { withoutDenials, withWinningDenials } from './order-free.ts';
import { PLATFORMS, platformNamed } from './platforms.ts';

const isDenial = ({ action }: FilterRule) => action === 'drop';
const rulesOf = (plan: Plan) => plan.filter.chains.flatMap(({ rules }) => rules.slice(0, -1));

function expectSame(one: Plan, two: Plan): void {
  const extent = extentOf(one);
  const found = compareFilters(verdictSpaces(), one.filter, two.filter, one.zones, extent);
  expect(found).toEqual([]);
}

/** Rules as `allow any -> 192.0.2.1 tcp/80` in a policy between two zones. */
function planOf(...lines: string[]): Plan {
  const rules = lines.map((line, index) => {
    const [action, from, , to, services] = line.split(' ');
    return `  - { id: R${index}, action: ${action}, from: "${from}", to: "${to}", services: [${services}] }`;
  });
  const text = ['version: 1', 'name: test', 'zones: { all: rest }', 'rules:', ...rules];
  const { policy } = readPolicy(parseYaml(`${text.join('\n')}\ndefault: deny\n`).root!);
  return planFor(policy!, { stateful: true, nowMs: 0 });
}

describe('withoutDenials and withWinningDenials', () => {
  it('let through what the plan does, for random policies at hosts and between zones', () => {
    let carved = 0;
    for (let seed = 0; seed < 24; seed++) {
      for (const name of ['windows', 'nftables', 'cisco-ios']) {
        const platform = platformNamed(name)!;
        const plan = planAt(seed, platform.capabilities.filters[0]!, platform);
        const allows = withoutDenials(plan);
        if (allows !== undefined) {
          if (allows !== plan) carved++;
          expect(rulesOf(allows).filter(isDenial)).toEqual([]);
          expectSame(plan, allows);
        }
        const wins = withWinningDenials(plan);
        if (wins === undefined) continue;
        expectSame(plan, wins);
        const sorted = wins.filter.chains.map((chain) => {
          const last = chain.rules.at(-1)!;
          const [first, ...others] = chain.rules.slice(0, -1);
          // The rule for answers stays in front.
          const ordered = [...others.filter(isDenial), ...others.filter((rule) => !isDenial(rule))];
          return { ...chain, rules: [...(first === undefined ? [] : [first]), ...ordered, last] };
        });
        if (plan.stateful && plan.hosts === undefined) {
          expectSame(plan, { ...wins, filter: { chains: sorted } });
        }
      }
    }
    expect(carved).toBeGreaterThan(15);
  });

  it.each([
    ['ports', ['deny any -> 192.0.2.1 tcp/90-95', 'allow any -> 192.0.2.0/24 tcp/80-99'], 3],
    ['all of it', ['deny any -> 192.0.2.0/24 tcp', 'allow any -> 192.0.2.1 tcp/80'], 1],
    ['types', ['deny any -> any icmp/3/4', 'allow any -> 192.0.2.1 icmp/3'], 2],
    ['nothing', ['deny any -> 192.0.2.1 udp/53', 'allow any -> 192.0.2.1 tcp/53'], 2],
    ['a family', ['deny 192.0.2.1 -> any tcp/80', 'allow any -> any tcp/80'], 3],
  ])('takes %s out of a rule', (_, lines, count) => {
    const plan = planOf(...lines);
    const allows = withoutDenials(plan)!;
    expect(rulesOf(allows)).toHaveLength(count);
    expect(allows.remarks.join(' ')).toContain('What R0 denies');
    expectSame(plan, allows);
  });

  it('cannot take a port out of a rule for all of TCP, which holds fragments', () => {
    expect(
      withoutDenials(planOf('deny any -> any tcp/22', 'allow any -> 192.0.2.1 tcp')),
    ).toBeUndefined();
  });

  it('leaves a plan alone that has nothing to take out', () => {
    const plan = planOf('deny any -> 192.0.2.1 tcp/22', 'allow any -> 192.0.2.0/24 tcp/22');
    expect(withWinningDenials(plan)).toBe(plan);
  });

  it('spares platforms a denial they have no words for, when nothing allows it', () => {
    const plan = planOf('deny any -> 192.0.2.1 icmp/13', 'allow any -> 192.0.2.1 tcp/22');
    const asked = PLATFORMS.filter(
      ({ capabilities: { stateful, filters } }) => stateful && filters.includes('between'),
    );
    expect(asked.length).toBeGreaterThan(5);
    for (const { name, render } of asked) expect(render(plan).refusals, name).toEqual([]);
  });
});
