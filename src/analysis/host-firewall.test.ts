import { describe, expect, it } from 'vitest';
import type {
  FilterChain,
  FilterRule,
  PacketFilter,
  Reachability,
} from '../model/packet-filter.ts';
import { parsePrefix } from '../net/prefix.ts';
import { reachability } from './host-firewall.ts';

const rule = (
  action: FilterRule['action'],
  ...conditions: FilterRule['conditions']
): FilterRule => ({
  action,
  conditions,
  name: `${action.kind} ${conditions.length}`,
});
const accept = { kind: 'accept' } as const;
const drop = { kind: 'drop' } as const;
const unknown = { kind: 'unknown', what: 'the moon' } as const;
const filter = (
  rules: FilterRule[],
  policy: 'accept' | 'drop' = 'accept',
  chains: FilterChain[] = [],
): PacketFilter => ({
  bases: [{ id: 'input', rules, families: [4, 6], policy, nat: false }],
  chains,
});
const ask = (
  of: PacketFilter,
  more: { family?: 4 | 6; address?: string; port?: number } = {},
): Reachability => reachability(of, { family: 4, transport: 'tcp', port: 22, ...more });

describe('a packet filter', () => {
  it('without chains lets everything in', () => {
    expect(ask({ bases: [], chains: [] })).toEqual({ answer: 'yes', rules: [], on: [] });
  });

  it('names the rule that decides', () => {
    expect(ask(filter([rule(drop)]))).toEqual({ answer: 'no', rules: ['drop 0'], on: [] });
    expect(ask(filter([], 'drop'))).toEqual({
      answer: 'no',
      rules: ['policy drop of input'],
      on: [],
    });
    expect(ask(filter([rule(accept)], 'drop'))).toEqual({
      answer: 'yes',
      rules: ['accept 0'],
      on: [],
    });
  });

  it('says what it depends on, unless both ways end the same', () => {
    const depends = { answer: 'depends', rules: ['drop 1'], on: ['the moon'] };
    expect(ask(filter([rule(drop, unknown)]))).toEqual(depends);
    expect(ask(filter([rule(accept, unknown)], 'accept')).answer).toBe('yes');
    expect(ask(filter([rule(drop, unknown)], 'drop')).answer).toBe('no');
    expect(ask(filter([rule({ kind: 'return' }, unknown), rule(drop)], 'accept')).answer).toBe(
      'depends',
    );
  });

  it('ends with rule sets that never do', () => {
    const loop: FilterChain = {
      id: 'a',
      rules: [rule({ kind: 'jump', chain: 'a' }), rule({ kind: 'jump', chain: 'a' })],
    };
    expect(ask(filter([rule({ kind: 'jump', chain: 'a' })], 'accept', [loop])).answer).toBe(
      'depends',
    );
    expect(ask(filter([rule({ kind: 'jump', chain: 'none' })])).answer).toBe('depends');
  });

  it.each<[string, string, 4 | 6, string | undefined, string]>([
    ['its own address', '192.0.2.1', 4, '192.0.2.1', 'no'],
    ['another', '192.0.2.1', 4, '192.0.2.2', 'yes'],
    ['any of them', '192.0.2.1', 4, undefined, 'depends'],
    ['every address', '0.0.0.0/0', 4, undefined, 'no'],
    ['the other family', '192.0.2.1', 6, undefined, 'yes'],
  ])('knows a destination: %s', (_what, prefix, family, address, expected) => {
    const to = { kind: 'destination', prefixes: [parsePrefix(prefix)], not: false } as const;
    expect(
      ask(filter([rule(drop, to)]), { family, ...(address === undefined ? {} : { address }) })
        .answer,
    ).toBe(expected);
  });

  it.each<[string, string[], boolean, string]>([
    ['some network', ['192.0.2.0/24'], false, 'depends'],
    ['not some network', ['192.0.2.0/24'], true, 'depends'],
    ['loopback, from which no other machine comes', ['127.0.0.0/8'], false, 'yes'],
    ['not loopback', ['127.0.0.0/8'], true, 'no'],
    ['everywhere', ['0.0.0.0/0'], false, 'no'],
  ])('does not know the source: %s', (_what, prefixes, not, expected) => {
    const from = { kind: 'source', prefixes: prefixes.map(parsePrefix), not, text: '' } as const;
    expect(ask(filter([rule(drop, from)])).answer).toBe(expected);
  });
});
