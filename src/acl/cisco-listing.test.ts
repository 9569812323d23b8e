/** What devices print of a list with its hits means what its configuration means. */
import { describe, expect, it } from 'vitest';
import { compareFilters } from '../policy/compare.ts';
import { verdictSpaces } from '../policy/evaluate.ts';
import { platformNamed } from './platforms.ts';

interface Listing {
  readonly platform: string;
  readonly configured: string;
  readonly listed: string;
  /** Hits by line of the listing. */
  readonly hits: readonly (readonly [line: number, hits: number])[];
}

const LISTINGS: Readonly<Record<string, Listing>> = {
  'an ASA, with groups, an inactive entry and the cache of denied flows': {
    platform: 'cisco-asa',
    configured: `object-group network ADMINS
 network-object host 10.0.1.5
 network-object 10.0.1.64 255.255.255.192
access-list OUT_IN remark the shop
access-list OUT_IN extended permit tcp any host 10.0.2.20 eq https
access-list OUT_IN extended permit tcp object-group ADMINS host 10.0.2.5 eq ssh log
access-list OUT_IN extended permit tcp any host 10.0.2.9 eq 8080 inactive
access-list OUT_IN extended permit udp any6 host 2001:db8::53 eq domain
access-list OUT_IN extended deny ip any any log
`,
    listed: `fw1# show access-list OUT_IN
access-list cached ACL log flows: total 0, denied 0 (deny-flow-max 4096)
            alert-interval 300
access-list OUT_IN; 6 elements; name hash: 0x7b3a2c1d
access-list OUT_IN line 1 remark the shop
access-list OUT_IN line 2 extended permit tcp any host 10.0.2.20 eq https (hitcnt=1527) 0x4a5b6c7d
access-list OUT_IN line 3 extended permit tcp object-group ADMINS host 10.0.2.5 eq ssh log informational interval 300 (hitcnt=12) 0x0badcafe
  access-list OUT_IN line 3 extended permit tcp host 10.0.1.5 host 10.0.2.5 eq ssh log informational interval 300 (hitcnt=12) 0x11111111
  access-list OUT_IN line 3 extended permit tcp 10.0.1.64 255.255.255.192 host 10.0.2.5 eq ssh log informational interval 300 (hitcnt=0) 0x22222222
access-list OUT_IN line 4 extended permit tcp any host 10.0.2.9 eq 8080 inactive (hitcnt=0) (inactive) 0x33333333
access-list OUT_IN line 5 extended permit udp any6 host 2001:db8::53 eq domain (hitcnt=3) 0x44444444
access-list OUT_IN line 6 extended deny ip any any log informational interval 300 (hitcnt=48) 0x55555555
`,
    hits: [
      [6, 1527],
      [8, 12],
      [9, 0],
      [11, 3],
      [12, 48],
    ],
  },
  'IOS, both families': {
    platform: 'cisco-ios',
    configured: `ip access-list extended OUT_IN
 10 permit tcp any host 10.0.2.20 eq 443
 20 permit tcp 10.0.1.0 0.0.0.255 host 10.0.2.5 eq 22 log
 30 permit icmp any any echo
 40 deny ip any any log
ipv6 access-list OUT_IN6
 sequence 10 permit tcp any host 2001:db8::20 eq 443
 sequence 20 deny ipv6 any any
`,
    listed: `Router>sh access-lists
Extended IP access list OUT_IN (Compiled)
    10 permit tcp any host 10.0.2.20 eq 443 (1527 matches)
    20 permit tcp 10.0.1.0 0.0.0.255 host 10.0.2.5 eq 22 log (1 match)
    30 permit icmp any any echo
    40 deny ip any any log (48 matches)
IPv6 access list OUT_IN6
    permit tcp any host 2001:DB8::20 eq 443 (3 matches) sequence 10
    deny ipv6 any any sequence 20
`,
    hits: [
      [3, 1527],
      [4, 1],
      [6, 48],
      [8, 3],
    ],
  },
  'NX-OS': {
    platform: 'cisco-nxos',
    configured: `ip access-list OUT_IN
  statistics per-entry
  10 permit tcp any 10.0.2.20/32 eq 443
  20 deny ip any any log
`,
    listed: `
IP access list OUT_IN
        statistics per-entry
        10 permit tcp any 10.0.2.20/32 eq 443 [match=1527]
        20 deny ip any any log [match=0]
`,
    hits: [
      [4, 1527],
      [5, 0],
    ],
  },
};

describe.each(Object.entries(LISTINGS))('%s', (_name, { platform, configured, listed, hits }) => {
  const { parse } = platformNamed(platform)!;
  const from = parse(listed);

  it('is read whole, and means what was configured', () => {
    const wanted = parse(configured);
    expect([...wanted.faults, ...from.faults]).toEqual([]);
    expect(compareFilters(verdictSpaces(), wanted.filter, from.filter, [])).toEqual([]);
  });

  it('keeps what was counted, by line', () => {
    const counted = from.filter.chains.flatMap(({ rules }) =>
      rules.flatMap(({ line, hits: each }) => (each === undefined ? [] : [[line, each]])),
    );
    expect(counted).toEqual(hits);
  });
});

describe('what a listing does not tell', () => {
  it.each([
    // The members are not printed where “object-group-search” is on.
    ['cisco-asa', 'access-list A line 1 extended permit tcp object-group G any (hitcnt=3) 0x1', 1],
    [
      'cisco-asa',
      'access-list A; 1 elements; name hash: 0x1\naccess-list B line 1 remark x\n access-list A line 1 extended permit ip any any (hitcnt=1)',
      3,
    ],
    [
      'cisco-ios',
      'Standard IP access list 10\n    10 permit 10.0.0.0, wildcard bits 0.255.255.255',
      1,
    ],
    [
      'cisco-ios',
      'Extended IP access list A\n    10 permit tcp any any (3 matches) (time left 9)',
      2,
    ],
    ['cisco-nxos', 'IP access list A\n    10 permit tcp any any [match=x]', 2],
  ])('%s: %s', (platform, text, line) => {
    expect(platformNamed(platform)!.parse(text).faults[0]?.line).toBe(line);
  });
});
