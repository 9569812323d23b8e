/** What nftables and iptables texts mean beyond what we write ourselves, and what is refused. */
import { describe, expect, it } from 'vitest';
import { ALL_PACKETS } from '../net/header-space.ts';
import { acceptedBy, verdictSpaces } from '../policy/evaluate.ts';
import type { FilterMatch } from '../policy/filter.ts';
import type { Plan } from '../policy/plan.ts';
import { iptables } from './iptables.ts';
import { nftables } from './nftables.ts';

const nft = (rules: string) =>
  `table inet t {\n chain c {\n  type filter hook forward priority filter; policy drop;\n${rules}\n }\n}\n`;
const ipt = (rules: string) => `*filter\n:FORWARD DROP [0:0]\n${rules}\nCOMMIT\n`;

function planWith(match: FilterMatch): Plan {
  const rule = { action: 'accept', match, id: 'R1', line: 0 } as const;
  const chain = {
    name: 'forward',
    hook: 'forward',
    otherwise: 'drop',
    line: 0,
    rules: [rule],
  } as const;
  const filter = { chains: [chain] };
  return { name: 'x', stateful: true, zones: [], groups: [], filter, remarks: [] };
}

describe('what two texts mean', () => {
  it.each([
    ['tcp flags ! psh,urg accept', 'tcp flags & 0x28 == 0x00 accept'],
    ['tcp flags syn / fin,syn,rst,ack accept', 'tcp flags & (fin | syn | rst | ack) == syn accept'],
    ['tcp dport != 22 accept', 'tcp dport { 0-21, 23-65535 } accept'],
    [
      'tcp sport != { 1, 5 } tcp dport != 2 accept',
      'tcp sport { 0, 2-4, 6-65535 } tcp dport { 0-1, 3-65535 } accept',
    ],
    [
      'ip saddr != { 10.0.0.0/8 } accept',
      'ip saddr { 0.0.0.0-9.255.255.255, 11.0.0.0-255.255.255.255 } accept',
    ],
    ['meta l4proto tcp th dport 80 accept', 'tcp dport 80 accept'],
    [
      'tcp dport 80 counter packets 3 bytes 180 log prefix "x" accept comment "drop"',
      'tcp dport 80 accept',
    ],
    ['tcp dport 80 drop\ntcp dport 1-99 accept', 'tcp dport { 1-79, 81-99 } accept'],
    ['ct state { new, established } accept', 'ct state != { invalid, related, untracked } accept'],
    ['icmp type echo-request accept', 'ip protocol icmp icmp type 8 accept'],
    ['limit rate 5/second log prefix "x"\ntcp dport 80 accept', 'tcp dport 80 accept'],
    [
      'ct state vmap { established : accept, related : accept, invalid : drop }\ntcp dport 22 accept',
      'ct state { established, related } accept\nct state invalid drop\ntcp dport 22 accept',
    ],
    [
      'ip saddr 10.0.0.1 counter packets 3 bytes 9 tcp dport vmap {\n 22 : accept,\n 80-90 : drop,\n} comment "x"\naccept',
      'ip saddr 10.0.0.1 tcp dport 22 accept\nip saddr 10.0.0.1 tcp dport 80-90 drop\naccept',
    ],
  ])('%s is %s', (one, two) => {
    const spaces = verdictSpaces();
    const [left, right] = [one, two].map((rules) => {
      const { filter, faults } = nftables.parse(nft(rules));
      expect(faults).toEqual([]);
      return acceptedBy(spaces, filter, { hook: 'forward' });
    });
    expect(left).toBe(right);
  });

  it.each([
    [
      '-A FORWARD -p tcp --syn -j ACCEPT',
      '-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT',
    ],
    ['-A FORWARD -s 10.1.2.3/255.255.0.0 -j ACCEPT', '-A FORWARD -s 10.1.0.0/16 -j ACCEPT'],
    [
      '-A FORWARD ! -s 10.0.0.0/8 -p udp --dport 53: -j ACCEPT',
      '-A FORWARD -p udp -m udp --dport 53:65535 -m iprange ! --src-range 10.0.0.0-10.255.255.255 -j ACCEPT',
    ],
    [
      '-A FORWARD -s 10.0.0.1 -p icmp --icmp-type any -j ACCEPT',
      '-A FORWARD -s 10.0.0.1 -p icmp -m icmp --icmp-type 255 -j ACCEPT',
    ],
    [
      '[5:300] -A FORWARD -d 10.0.0.1 -p tcp -m state --state NEW -j ACCEPT',
      '-A FORWARD -d 10.0.0.1/32 -p 6 -m conntrack --ctstate NEW -j ACCEPT',
    ],
    [
      '-A FORWARD -p icmp --icmp-type 255/0 -j ACCEPT',
      '-A FORWARD -p icmp --icmp-type any -j ACCEPT',
    ],
    [
      `-A FORWARD -p tcp -m comment --comment it's -j ACCEPT`,
      '-A FORWARD -p tcp -m comment --comment "a\\" -j DROP" -j ACCEPT',
    ],
    [
      '-A FORWARD -j ACCEPT\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD -p tcp -j ACCEPT',
      '-A FORWARD -p tcp -j ACCEPT',
    ],
    [
      '-A FORWARD -p tcp -j ACCEPT\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]',
      '-A FORWARD -j DROP',
    ],
  ])('%s is %s', (one, two) => {
    const spaces = verdictSpaces();
    const [left, right] = [one, two].map((rules) => {
      const { filter, faults } = iptables.parse(ipt(rules));
      expect(faults).toEqual([]);
      return acceptedBy(spaces, filter, { hook: 'forward' });
    });
    expect(left).toBe(right);
    expect(left).not.toBe(ALL_PACKETS);
  });
});

describe('an nftables table in several pieces', () => {
  const head = 'table inet t { chain c { type filter hook forward priority 0; policy drop;';
  it.each([
    // What a later block adds to a chain counts, wherever it stands.
    [`${head} }\n}\ntable inet t { chain c { tcp dport 22 accept; }\n}`, 'tcp dport 22 accept'],
    [`${head} }\n chain c { tcp dport 22 accept; }\n}`, 'tcp dport 22 accept'],
    [`${head} tcp dport 22 accept }\n}\ntable inet t { chain c { policy accept; }\n}`, 'accept'],
    [
      `table inet t { set s { type inet_service; elements = { 22 } }\n}\n${head} tcp dport @s accept }\n}`,
      'tcp dport 22 accept',
    ],
    // The hook and its policy stay when a table is emptied.
    [`${head} accept }\n}\nflush table inet t`, ''],
    [
      `${head} accept }\n}\ndelete table inet t\n${head} tcp dport 22 accept }\n}`,
      'tcp dport 22 accept',
    ],
    ['flush ruleset', 'accept'],
  ])('%s', (text, rules) => {
    const spaces = verdictSpaces();
    const [left, right] = [text, nft(rules)].map((one) => {
      const { filter, faults } = nftables.parse(one);
      expect(faults).toEqual([]);
      return acceptedBy(spaces, filter, { hook: 'forward' });
    });
    expect(left).toBe(right);
  });
});

describe('what cannot be proved from a text', () => {
  it.each([
    ['limit rate 5/second accept', /depends on time/],
    ['tcp dport @ports accept', /not defined/],
    ['tcp dport ssh accept', /names are not read/],
    ['ip6 nexthdr tcp accept', /nexthdr/],
    ['ct mark 1 accept', /ct mark/],
    ['iifname "eth*" accept', /pattern/],
    ['accept drop', /after the verdict/],
    ['ip saddr 10.0.0.9-10.0.0.1 accept', /not a range/],
    ['log prefix "x', /quote/],
    ['meta mark set 1 accept', /meta mark/],
    ['jump nowhere', /no chain/],
    ['log flags tcp sequence', /sequence/],
    ['tcp dport vmap @ports', /by name/],
    ['tcp dport vmap { 22:accept }', /blanks around/],
    ['tcp dport vmap { 22 : accept, 80 }', /“key : verdict”/],
    ['tcp dport vmap { }', /empty/],
    ['tcp dport vmap { 22 : accept } drop', /behind a verdict map/],
    // The kernel accepts at the map, whatever the state is.
    ['tcp dport vmap { 22 : accept } ct state new', /behind a verdict map/],
    ['tcp dport vmap { 22 : accept } counter log prefix "x"', /behind a verdict map/],
    ['tcp dport != vmap { 22 : accept }', /nothing between/],
    ['tcp dport vmap { 22 : accept, 22 : drop }', /in common/],
    ['tcp dport vmap { 20-30 : accept, 443 : accept, 22 : drop }', /in common/],
    ['ip saddr vmap { 10.0.0.0/8 : accept, 10.0.0.1 : drop }', /in common/],
    ['ip6 saddr vmap { 2001:db8::/32 : accept, 2001:db8::1 : drop }', /in common/],
    ['ip saddr . tcp dport vmap { 10.0.0.1 . 22 : accept }', /./],
    // Older nft compares with both bits at once: the first is always true, the second never.
    ['ct state != established,related accept', /what it looks like/],
    ['ct state == established | related accept', /what it looks like/],
    ['ip saddr 10.0.0.1,10.0.0.2 accept', /without “\{ \}”/],
    // Whatever lies where a port would be: type and code of ICMP, for one.
    ['th dport 2048 accept', /“th”/],
    ['tcp sport != { 80 } tcp dport != 22 accept', /Two excluded ports/],
    ['tcp sport != 80 ct state new tcp dport != 22 accept', /Two excluded ports/],
    ['meta l4proto { tcp, icmp } th dport 53 accept', /“th”/],
    ['meta l4proto != tcp th dport 53 accept', /“th”/],
    // Protocol 1 in IPv6 is not looked at as a family.
    ['ip6 saddr 2001:db8::1 icmp type echo-request accept', /only IPv6/],
    ['meta nfproto ipv6 ip saddr 10.0.0.1 accept', /only IPv6/],
    ['meta l4proto { 6, 60 } accept', /never finds protocol 60/],
  ])('nftables: %s', (rule, what) => {
    const { faults } = nftables.parse(nft(rule));
    expect(faults.map((fault) => fault.what).join(' ')).toMatch(what);
  });

  it.each([
    ['set s { type ipv4_addr; flags timeout; }', /changes by itself/],
    ['set s { type ipv4_adr; elements = { 10.0.0.1 } }', /ipv4_adr/],
    ['chain n { type filter hook forward priority 0; masquerade; }', /masquerade/],
    [
      'chain n { type nat hook forward priority 0; }',
      /no chains of type “nat” at the hook “forward”/,
    ],
    ['chain n { type filtre hook input priority 0; }', /“filtre”/],
    [
      'chain f { type filter hook input priority 0; vmap @m; }\n map m { type ipv4_addr : verdict; }',
      /map by name/,
    ],
    ['chain f { type filter hook input priority 0; flow add f; }', /“@”/],
    ['chain f { type filter hook input priority 0; tcp option sack-perm exists drop; }', /maxseg/],
    ['chain f { type filter hook input priority 0; ct status confirmed accept; }', /ct status/],
    [
      'chain c { type filter hook forward priority 0; }\n chain c { type filter hook input priority 0; }',
      /another hook/,
    ],
    ['chain c { policy drop; }', /without a hook/],
    ['chain c { tcp sport != 80 tcp dport != 22 drop; }', /Two excluded ports/],
    ['set s { type ipv4_addr; }\n set s { type ipv6_addr; }', /another type/],
    ['chain c { icmpv6 type 128 accept; }', /only IPv4/],
  ])('nftables: %s in a table', (item, what) => {
    const { faults } = nftables.parse(`table ip t {\n ${item}\n}\n`);
    expect(faults.map((fault) => fault.what).join(' ')).toMatch(what);
  });

  it.each([
    ['-A FORWARD -m set --match-set x src -j ACCEPT', /extension “set”/],
    ['-A FORWARD -m limit --limit 5/sec -j ACCEPT', /depends on time/],
    // Without a rate it is three an hour.
    ['-A FORWARD -m limit -j ACCEPT', /depends on time/],
    ['-A FORWARD -m limit --limit 5/sector -j LOG', /not a rate/],
    ['-A FORWARD -p tcp -j ACCEPT -j DROP', /“-j” stands twice/],
    ['-A FORWARD -p tcp -p udp -j ACCEPT', /“-p” stands twice/],
    ['-A FORWARD -i eth0 -i eth1 -j ACCEPT', /“-i” stands twice/],
    ['-A FORWARD ! -s 10.0.0.1,10.0.0.2 -j ACCEPT', /one address/],
    ['-A FORWARD -j REJECT --reject-with -p', /kind of rejection/],
    ['-A FORWARD -j LOG --log-level -p', /level/],
    ['-A FORWARD -j NFLOG --nflog-group -p', /number/],
    ['-A FORWARD -p tcp -j TCPMSS --clamp-mss-to-pmtu', /TCPMSS/],
    ['-A FORWARD -i eth+ -j ACCEPT', /pattern/],
    ['-A FORWARD --dport 22 -j ACCEPT', /without a protocol/],
    ['-A FORWARD -j elsewhere', /no chain/],
    ['-I FORWARD -j ACCEPT', /command/],
    ['-A FORWARD -s example.org -j ACCEPT', /names are not read/],
    ['-A FORWARD -s 10.0.0.1 -d 2001:db8::1 -j ACCEPT', /among IPv6/],
    ['-A FORWARD -p tcp -m udp --dport 1 -j ACCEPT', /without “-p udp”/],
    // ip6tables-legacy passes over these headers, ip6tables-nft over all but the first.
    ['-A FORWARD -s 2001:db8::1 -p ah -j ACCEPT', /Over IPv6/],
    ['-A FORWARD -p 60 -j ACCEPT', /Over IPv6/],
    ['-A FORWARD -p tcp ! --dport 22 ! --sport 80 -j DROP', /Two excluded ports/],
    ['-A FORWARD -p udp -m udp ! --source-port 1 ! --destination-port 2 -j DROP', /Two excluded/],
    // Only double quotes hold words together.
    [`-A FORWARD -m comment --comment 'a -j ACCEPT' -j DROP`, /stands twice/],
  ])('iptables: %s', (rule, what) => {
    const { faults } = iptables.parse(ipt(rule));
    expect(faults.map((fault) => fault.what).join(' ')).toMatch(what);
  });

  it('iptables: a table that is never committed, and no command of other tables', () => {
    expect(iptables.parse('*filter\n:FORWARD DROP [0:0]\n').faults).toHaveLength(1);
    const nat = '*nat\n:PREROUTING ACCEPT [0:0]\nxyzzy PREROUTING -j DNAT\nCOMMIT\n';
    expect(iptables.parse(nat).faults).toHaveLength(1);
  });
});

describe('what decides beside the filter is named, not weighed', () => {
  it('iptables: other tables', () => {
    const nat = `*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.1:80
-A POSTROUTING -o eth0 -j MASQUERADE
COMMIT
*mangle
:FORWARD ACCEPT [0:0]
COMMIT
`;
    const { faults, beside, filter } = iptables.parse(nat + ipt('-A FORWARD -j DROP'));
    expect([faults, beside]).toEqual([[], [{ what: 'table nat', line: 3, lines: 2 }]]);
    expect(filter.chains.map(({ name }) => name)).toContain('FORWARD');
  });

  it('nftables: chains of other hooks with all that only they call', () => {
    const { faults, beside, filter } = nftables.parse(`table inet f {
 flowtable fast { hook ingress priority 0; devices = { eth0 }; }
 map ports { type inet_service : ipv4_addr; }
 chain out { masquerade; }
 chain both { tcp dport 22 accept; }
 chain nat_out { type nat hook postrouting priority srcnat; oifname "wan" jump out; }
 chain raw { type filter hook prerouting priority raw; policy drop; fib saddr . iif oif missing drop; jump both; }
 chain forward { type filter hook forward priority filter; policy drop
  tcp flags syn tcp option maxseg size set rt mtu
  ct state established flow add @fast
  ct status dnat accept
  jump both
 }
}
`);
    expect(faults).toEqual([]);
    expect(beside?.map(({ what }) => what).sort()).toEqual([
      ...[
        'ct status',
        'flow',
        'flowtable',
        'hook postrouting, nat',
        'hook prerouting',
        'tcp option',
      ],
    ]);
    expect(filter.chains.map(({ name }) => name)).toEqual(['inet/f/both', 'inet/f/forward']);
    // Whether a packet was translated is not known: the rule is none for any.
    const [, forward] = filter.chains;
    expect(forward!.rules.map(({ action }) => action)).toEqual([
      'continue',
      'continue',
      'continue',
      'jump',
    ]);
  });

  it('nftables: a fault in what the filter calls stays one', () => {
    const { faults } = nftables.parse(`table ip f {
 chain both { masquerade; }
 chain nat { type nat hook postrouting priority srcnat; jump both; }
 chain forward { type filter hook forward priority 0; jump both; }
}
`);
    expect(faults).toMatchObject([{ line: 2 }]);
  });
});

describe('the family of an iptables text', () => {
  const families = (text: string) => {
    const { filter, faults, assumed = [] } = iptables.parse(text);
    return [filter.chains.map(({ family }) => family), faults.length, assumed.length];
  };
  const rule = '-A FORWARD -p tcp -m comment --comment "x -6 y" -j ACCEPT';
  it.each<[string, string, unknown]>([
    ['of iptables-save', `# Generated by iptables-save v1.8.9\n${ipt(rule)}`, [[4], 0, 0]],
    ['of ip6tables-save', `# Generated by ip6tables-save v1.8.9\n${ipt(rule)}`, [[6], 0, 0]],
    ['with addresses', ipt(`${rule}\n-A FORWARD -s 10.0.0.1 -j DROP`), [[4], 0, 0]],
    ['that names one in a line', ipt(`${rule}\n-A FORWARD -4 -j DROP`), [[undefined], 0, 0]],
    // Whoever loads it with one program alone leaves the other family open.
    ['that nothing tells', ipt(rule), [[undefined], 0, 1]],
    [
      'in words of a comment',
      ipt('-A FORWARD -m comment --comment -4 -j DROP'),
      [[undefined], 0, 1],
    ],
  ])('%s', (_, text, expected) => {
    expect(families(text)).toEqual(expected);
  });
});

describe.each([nftables, iptables])('$name refuses', ({ render }) => {
  it.each<[string, FilterMatch]>([
    ['an interface that would become syntax', { inInterfaces: ['eth0" accept #'] }],
    ['an interface too long for Linux', { notOutInterfaces: ['abcdefghijklmnop'] }],
    ['fragments', { laterFragment: true }],
    ['what matches nothing', { source: [] }],
    ['a header that IPv6 passes over', { family: 6, protocols: [{ first: 60, last: 60 }] }],
  ])('%s', (_name, match) => {
    const { text, refusals } = render(planWith(match));
    expect(text).toBeUndefined();
    expect(refusals[0]).toMatchObject({ rule: 'R1' });
  });
});

it.each<[string, FilterMatch]>([
  ['AH over IPv6', { family: 6, protocols: [{ first: 51, last: 51 }] }],
  ['AH over both', { protocols: [{ first: 51, last: 51 }] }],
  [
    'the ICMP type that stands for any',
    {
      ...{ family: 4, protocols: [{ first: 1, last: 1 }] },
      icmp: [{ type: { first: 255, last: 255 } }],
    },
  ],
])('iptables refuses %s', (_, match) => {
  const { text, refusals } = iptables.render(planWith(match));
  expect(text).toBeUndefined();
  expect(refusals[0]).toMatchObject({ rule: 'R1' });
});
