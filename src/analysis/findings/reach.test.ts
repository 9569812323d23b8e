import { describe, expect, it } from 'vitest';
import type { Finding } from '../../model/finding.ts';
import type { Context } from '../../wire/context.ts';
import { reachOf, withFilter } from './reach.ts';

const PLAIN: Context = { vlan: 0, innerVlan: 0, tunnel: 'none', tunnelId: 0, depth: 0 };
const VLAN: Context = { ...PLAIN, vlan: 10 };
const TWO: Context = { ...PLAIN, vlan: 100, innerVlan: 10 };
const INSIDE: Context = { ...PLAIN, tunnel: 'gre', depth: 1 };
const FILTER = 'udp port 137 or udp port 138';

const finding = (filter: string | undefined, evidence: Finding['evidence']) =>
  ({ id: 'x', evidence, ...(filter === undefined ? {} : { filter }) }) as Finding;
const SHOWN = [{ locator: 'lan.pcap#7' }];

describe('the filter of a finding', () => {
  it.each<[string, Context[], string | undefined]>([
    ['is as it was without tags', [PLAIN], FILTER],
    ['looks behind a tag', [PLAIN, VLAN], `(${FILTER}) or (vlan and (${FILTER}))`],
    [
      'looks behind two tags',
      [PLAIN, VLAN, TWO],
      `(${FILTER}) or (vlan and (${FILTER})) or (vlan and (${FILTER}))`,
    ],
    ['is none for what is inside tunnels', [PLAIN, VLAN, INSIDE], undefined],
  ])('%s', (_, contexts, filter) => {
    expect(withFilter(finding(FILTER, SHOWN), reachOf(contexts)).filter).toBe(filter);
  });

  it('stays where there are no frames to go by', () => {
    expect(withFilter(finding(FILTER, []), reachOf([PLAIN, INSIDE])).filter).toBe(FILTER);
    expect(withFilter(finding(undefined, SHOWN), reachOf([PLAIN, VLAN])).filter).toBeUndefined();
  });
});
