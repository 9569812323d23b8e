/** Both readings of a filter: all packets at once, and one packet rule by rule. */
import { describe, expect, it } from 'vitest';
import { packetNear, randomFilterPlan } from '../../test/builders/filter.ts';
import { diceOf } from '../../test/builders/policy.ts';
import { STATES } from '../net/header-fields.ts';
import { lookUp } from '../net/header-witness.ts';
import { acceptedBy, decide, verdictSpaces } from './evaluate.ts';
import type { Filter, FilterAction, FilterChain, FilterRule } from './filter.ts';

const hook = 'forward' as const;
const interfaces = ['eth0', 'eth1', 'eth2'];

/** The rules of a plan thrown into chains that jump to later ones, some bound to interfaces. */
function tangled(seed: number): Filter {
  const dice = diceOf(seed);
  const names = ['first', 'a', 'b', 'c'];
  const chains = names.map((name, depth): FilterChain => {
    const plan = randomFilterPlan(dice, true);
    const rules = plan.filter.chains[0]!.rules.slice(0, 8).map((rule): FilterRule => {
      const match = {
        ...rule.match,
        ...(dice(5) === 0 ? { inInterfaces: [interfaces[dice(3)]!] } : {}),
        ...(dice(5) === 0 ? { notOutInterfaces: [interfaces[dice(3)]!] } : {}),
      };
      if (dice(3) > 0) return { ...rule, match };
      const deeper = names[depth + 1 + dice(names.length - depth)];
      const others: FilterAction[] = ['return', 'continue', 'reject'];
      if (deeper === undefined) return { ...rule, match, action: others[dice(3)]! };
      return { ...rule, match, action: dice(3) === 0 ? 'goto' : 'jump', target: deeper };
    });
    const otherwise = dice(2) === 0 ? 'accept' : 'drop';
    return { name, otherwise, line: 0, rules, ...(depth === 0 ? { hook } : {}) };
  });
  const second = {
    ...randomFilterPlan(dice, true).filter.chains[0]!,
    priority: 10,
    family: 4 as const,
  };
  return { chains: dice(2) === 0 ? chains : [second, ...chains] };
}

describe('acceptedBy and decide', () => {
  it('say the same of every packet, through jumps, interfaces and several chains', () => {
    let accepted = 0;
    for (let seed = 0; seed < 120; seed++) {
      const filter = tangled(seed);
      const dice = diceOf(seed + 1000);
      const vantage = {
        hook,
        ...(dice(4) > 0 ? { inNames: [interfaces[dice(3)]!] } : {}),
        ...(dice(4) > 0 ? { outNames: [interfaces[dice(3)]!, 'dmz'] } : {}),
      };
      const spaces = verdictSpaces();
      const set = acceptedBy(spaces, filter, vantage);
      const rules = filter.chains.flatMap((chain) => chain.rules);
      for (let count = 0; count < 150; count++) {
        const packet = { ...packetNear(dice, rules, true), state: STATES[dice(5)]! };
        const { verdict } = decide(filter, vantage, packet);
        expect(lookUp(spaces, set, packet) === 1, `seed ${seed}`).toBe(verdict === 'accept');
        if (verdict === 'accept') accepted++;
      }
    }
    expect(accepted).toBeGreaterThan(1000);
  });

  it('names the rule that decided, or none for the default', () => {
    const rule: FilterRule = { action: 'accept', match: { family: 4 }, id: 'R1', line: 3 };
    const chain = { name: 'x', hook, otherwise: 'drop', line: 1, rules: [rule] } as const;
    const packet = packetNear(diceOf(1), [rule], false);
    expect(decide({ chains: [chain] }, { hook }, packet)).toEqual({
      verdict: 'accept',
      chain: 'x',
      rule,
    });
    const none = decide({ chains: [{ ...chain, rules: [] }] }, { hook }, packet);
    expect(none).toEqual({ verdict: 'drop', chain: 'x' });
  });

  it.each(['jump', 'goto'] as const)('refuse %s in circles and to nowhere', (action) => {
    const rule = (target: string): FilterRule => ({ action, match: {}, target, line: 1 });
    const circle = { name: 'x', hook, otherwise: 'drop', line: 1, rules: [rule('x')] } as const;
    const lost = { ...circle, rules: [rule('y')] };
    const packet = packetNear(diceOf(1), [rule('x')], false);
    for (const chain of [circle, lost]) {
      expect(() => acceptedBy(verdictSpaces(), { chains: [chain] }, { hook })).toThrow(RangeError);
      expect(() => decide({ chains: [chain] }, { hook }, packet)).toThrow(RangeError);
    }
  });
});
