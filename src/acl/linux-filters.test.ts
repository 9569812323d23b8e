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

describe('what cannot be proved from a text', () => {
  it.each([
    ['limit rate 5/second accept', /depends on time/],
    ['tcp dport @ports accept', /not defined/],
    ['tcp dport ssh accept', /names are not read/],
    ['ip6 nexthdr tcp accept', /nexthdr/],
    ['ct mark 1 accept', /ct mark/],
    ['tcp dport vmap { 22 : accept }', /./],
    ['iifname "eth*" accept', /pattern/],
    ['accept drop', /after the verdict/],
    ['ip saddr 10.0.0.9-10.0.0.1 accept', /not a range/],
    ['log prefix "x', /quote/],
    ['meta mark set 1 accept', /meta mark/],
    ['jump nowhere', /no chain/],
    ['log flags tcp sequence', /sequence/],
  ])('nftables: %s', (rule, what) => {
    const { faults } = nftables.parse(nft(rule));
    expect(faults.map((fault) => fault.what).join(' ')).toMatch(what);
  });

  it.each([
    ['set s { type ipv4_addr; flags timeout; }', /changes by itself/],
    ['set s { type ipv4_adr; elements = { 10.0.0.1 } }', /ipv4_adr/],
    ['chain n { type nat hook postrouting priority srcnat; masquerade; }', /masquerade/],
    ['chain p { type filter hook prerouting priority raw; drop; }', /not evaluated/],
    ['flowtable f { hook ingress priority 0; }', /flowtable/],
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
  ])('iptables: %s', (rule, what) => {
    const { faults } = iptables.parse(ipt(rule));
    expect(faults.map((fault) => fault.what).join(' ')).toMatch(what);
  });

  it('iptables: a table that is never committed, or rules that translate', () => {
    expect(iptables.parse('*filter\n:FORWARD DROP [0:0]\n').faults).toHaveLength(1);
    const nat = '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DNAT --to 10.0.0.1\nCOMMIT\n';
    expect(iptables.parse(nat).faults).toHaveLength(1);
  });
});

describe.each([nftables, iptables])('$name refuses', ({ render }) => {
  it.each<[string, FilterMatch]>([
    ['an interface that would become syntax', { inInterfaces: ['eth0" accept #'] }],
    ['an interface too long for Linux', { notOutInterfaces: ['abcdefghijklmnop'] }],
    ['fragments', { laterFragment: true }],
    ['what matches nothing', { source: [] }],
  ])('%s', (_name, match) => {
    const { text, refusals } = render(planWith(match));
    expect(text).toBeUndefined();
    expect(refusals[0]).toMatchObject({ rule: 'R1' });
  });
});
