import { describe, expect, it } from 'vitest';
import { packetNear, randomFilterPlan } from '../../test/builders/filter.ts';
import { diceOf } from '../../test/builders/policy.ts';
import { parseNftables } from '../acl/nftables-parse.ts';
import { findAnomalies } from './anomalies.ts';
import { acceptedBy, decide, verdictSpaces } from './evaluate.ts';

const hook = 'forward' as const;

function anomaliesOf(rules: string, policy = 'drop') {
  const text = `table inet t {\n chain c {\n type filter hook forward priority filter; policy ${policy};\n${rules}\n}\n}\n`;
  const { filter, faults } = parseNftables(text);
  expect(faults).toEqual([]);
  return findAnomalies(verdictSpaces(), filter).map(({ kind, rule, others }) =>
    [kind, rule && rule.line - 3, ...others.map(({ line }) => line - 3)]
      .filter((part) => part !== undefined)
      .join(' '),
  );
}

describe('findAnomalies', () => {
  it.each([
    [
      'tcp dport 22 ip saddr 10.0.0.0/8 drop\nip saddr 10.1.0.0/16 tcp dport 22 accept',
      ['shadowed 2 1'],
    ],
    [
      'ip saddr 10.0.0.0/8 tcp dport 22 accept\nip saddr 10.1.0.0/16 tcp dport 22 accept',
      ['covered 2 1'],
    ],
    [
      'ip saddr 10.0.0.0/9 tcp dport 22 accept\nip saddr 10.128.0.0/9 tcp dport 22 accept\nip saddr 10.0.0.0/8 tcp dport 22 accept',
      ['redundant 1', 'redundant 2', 'covered 3 1 2'],
    ],
    [
      'ip saddr 10.0.0.1 tcp dport 1-99 accept\nip daddr 10.0.0.2 tcp dport 50 drop\nip daddr 10.0.0.2 tcp dport 40-60 accept',
      ['correlated 2 1'],
    ],
    ['ip saddr 10.0.0.1 accept', ['wide 1']],
    ['tcp dport 80 accept', ['wide 1']],
    [
      'ct state established accept\nip saddr 10.0.0.1 ip daddr 10.0.0.2 tcp dport 80 ct state new accept',
      [],
    ],
    ['ip saddr 10.0.0.1 ip saddr 10.0.0.2 accept', ['empty 1']],
    [
      'iifname "a" ip saddr 10.0.0.1 tcp dport 1 accept\niifname "b" ip saddr 10.0.0.1 tcp dport 1 accept',
      [],
    ],
    [
      'iifname "a" ip saddr 10.0.0.1 tcp dport 1 drop\niifname "a" ip saddr 10.0.0.1 tcp dport 1 accept',
      ['shadowed 2 1'],
    ],
    ['ip saddr 10.0.0.1 tcp dport 1 accept\ncounter drop', []],
  ])('of %j are %j', (rules, kinds) => {
    expect(anomaliesOf(rules)).toEqual(kinds);
  });

  it('says that a chain lets in what no rule decides', () => {
    expect(anomaliesOf('', 'accept')).toEqual(['open-default']);
  });

  it('calls needless only rules that can go without a change, and shows packets that are theirs', () => {
    const judged: Record<string, number> = {};
    for (let seed = 0; seed < 80; seed++) {
      const { filter } = randomFilterPlan(diceOf(seed), true);
      const spaces = verdictSpaces();
      const [chain] = filter.chains;
      for (const { kind, rule, packet } of findAnomalies(spaces, filter)) {
        if (kind === 'open-default' || kind === 'wide' || rule === undefined) continue;
        judged[kind] = (judged[kind] ?? 0) + 1;
        if (kind === 'correlated') {
          expect(packet).toBeDefined();
          continue;
        }
        const rules = chain!.rules.filter((other) => other !== rule);
        const without = { chains: [{ ...chain!, rules }] };
        expect(acceptedBy(spaces, without, { hook }), `${kind} seed ${seed}`).toBe(
          acceptedBy(spaces, filter, { hook }),
        );
      }
    }
    expect(Object.keys(judged).sort()).toEqual(['correlated', 'covered', 'redundant', 'shadowed']);
  });

  it('finds every rule that decides nothing', () => {
    let found = 0;
    for (let seed = 0; seed < 40; seed++) {
      const dice = diceOf(seed);
      const { filter } = randomFilterPlan(dice, true);
      const { rules } = filter.chains[0]!;
      const idle = findAnomalies(verdictSpaces(), filter)
        .filter(({ kind }) => kind === 'shadowed' || kind === 'covered' || kind === 'empty')
        .map(({ rule }) => rule);
      found += idle.length;
      for (let count = 0; count < 400; count++) {
        const decided = decide(filter, { hook }, packetNear(dice, rules, false)).rule;
        if (decided !== undefined) expect(idle).not.toContain(decided);
      }
    }
    expect(found).toBeGreaterThan(20);
  });
});
