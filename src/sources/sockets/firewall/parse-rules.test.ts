/** What the two readers make of rules that are not understood: never a condition that is ignored. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIptablesSave } from './iptables-save.ts';
import { parseNftRuleset } from './nft-ruleset.ts';

const nft = (...expr: unknown[]) =>
  parseNftRuleset(
    JSON.stringify({
      nftables: [
        { metainfo: { version: '1.0.6' } },
        { table: { family: 'inet', name: 'f' } },
        {
          chain: {
            family: 'inet',
            table: 'f',
            name: 'i',
            type: 'filter',
            hook: 'input',
            prio: 0,
            policy: 'drop',
          },
        },
        { rule: { family: 'inet', table: 'f', chain: 'i', handle: 4, comment: 'c', expr } },
      ],
    }),
  ).bases[0]?.rules;

describe('nftables', () => {
  it.each<[string, unknown]>([
    ['a statement', { wonder: {} }],
    ['a limit', { limit: { rate: 1, per: 'second' } }],
    ['a left side', { match: { op: '==', left: { socket: { key: 'transparent' } }, right: 1 } }],
    ['an operator', { match: { op: '~', left: { meta: { key: 'mark' } }, right: 1 } }],
    [
      'a set that is not there',
      { match: { op: '==', left: { meta: { key: 'iifname' } }, right: '@none' } },
    ],
    ['a concatenation', { match: { op: '==', left: { concat: [] }, right: { set: [] } } }],
    ['a match that is empty', { match: {} }],
  ])('%s that is not known is an open condition', (_what, statement) => {
    expect(nft(statement, { accept: null })).toMatchObject([
      {
        action: { kind: 'accept' },
        conditions: [{ kind: 'unknown' }],
        name: 'inet f i handle 4 (c)',
      },
    ]);
  });

  it('leaves tables with matches of iptables to iptables', () => {
    expect(nft({ xt: { type: 'match', name: 'comment' } }, { accept: null })).toBeUndefined();
  });

  it('reads any JSON of that shape, and refuses what is no JSON', () => {
    expect(() => parseNftRuleset('')).toThrow(SyntaxError);
    fc.assert(
      fc.property(
        fc.array(
          fc.record(
            { rule: fc.jsonValue(), chain: fc.jsonValue(), set: fc.jsonValue() },
            { requiredKeys: [] },
          ),
        ),
        (nftables) => {
          parseNftRuleset(JSON.stringify({ nftables }));
        },
      ),
    );
  });
});

describe('iptables', () => {
  const rules = (text: string) =>
    parseIptablesSave(`*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ${text}\nCOMMIT\n`, 4).bases[0]
      ?.rules;

  it.each([
    ['-m owner --uid-owner 0 -j DROP', 1],
    ['-m wonder -p tcp -j DROP', 1],
    ['-m wonder --of the world -j DROP', 1],
    ['-m recent --rcheck --name a -j DROP', 2],
    ['-i br+ -j DROP', 1],
    ['-m comment --comment "-j ACCEPT" -m limit --limit 3/min -j DROP', 1],
  ])('%s has open conditions', (text, count) => {
    const [rule] = rules(text) ?? [];
    const open = rule?.conditions.filter(({ kind }) => kind === 'unknown' || kind === 'transport');
    expect([rule?.action.kind, open?.length]).toEqual(['drop', count]);
  });

  it.each([
    ['-j LOG --log-prefix "x -j DROP"', 'return', false],
    ['-p tcp', 'return', false],
    ['-j WONDER', 'queue', undefined],
  ])('%s decides nothing by itself', (text, action, holds) => {
    const [rule] = rules(text) ?? [];
    expect(rule?.action.kind).toBe(action);
    expect(rule?.conditions.find(({ kind }) => kind === 'fixed')).toEqual(
      holds === undefined ? undefined : { kind: 'fixed', holds },
    );
  });

  it('reads any text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '-A',
            'INPUT',
            '-j',
            '-p',
            '!',
            'tcp',
            '"',
            '--dport',
            '1:',
            '*filter\n',
            ':INPUT DROP\n',
            '\n',
            '-s',
            '-g',
          ),
        ),
        (words) => {
          parseIptablesSave(words.join(' '), 6);
        },
      ),
    );
  });
});
