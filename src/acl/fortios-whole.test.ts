/** Whole configurations of FortiOS, as a backup and `show full-configuration` print them. */
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../net/address.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import { decide } from '../policy/evaluate.ts';
import { BRANCH, FULL } from './fortios-configurations.fixture.ts';
import { parseFortios } from './fortios-parse.ts';

function packet(from: string, to: string, port: number, protocol = 6): PacketHeader {
  const [source, destination] = [parseAddress(from)!, parseAddress(to)!];
  return {
    ...{ state: 'new', family: source.family, laterFragment: false, protocol, tcpFlags: 2 },
    ...{ source, destination, sourcePort: 50112, destinationPort: port, icmpType: 8, icmpCode: 0 },
  };
}

function asked(text: string, places: readonly [string, string], of: PacketHeader) {
  const [from, to] = places;
  const { filter } = parseFortios(text);
  return decide(filter, { hook: 'forward', inNames: [from], outNames: [to] }, of);
}

describe('a backup', () => {
  it('is read whole', () => {
    const { assumed, beside, faults } = parseFortios(BRANCH);
    expect(faults).toEqual([]);
    expect(beside?.map(({ what, lines }) => `${what} ${lines}`)).toEqual([
      'allow-traffic-redirect 1',
      'security-mode 1',
      'tcp-session-without-syn 1',
      'firewall local-in-policy 1',
      'firewall DoS-policy 1',
      'utm-status 1',
      'nat 2',
    ]);
    expect(assumed).toEqual([
      'that the services “HTTP”, “HTTPS”, “PING”, “SMTP”, “ALL_TCP”, “SSH” are as FortiOS brings them along',
    ]);
  });

  it.each([
    ['an interface of the zone', 'office', 'wan1', packet('10.7.1.5', '192.0.2.7', 443), 'accept'],
    ['the zone itself', 'lan', 'backup', packet('10.7.2.10', '192.0.2.7', 443), 'accept'],
    ['an interface of SD-WAN', 'voice', 'wan2', packet('10.7.2.10', '192.0.2.7', 53, 17), 'accept'],
    ['a ping', 'office', 'wan1', packet('10.7.1.5', '192.0.2.7', 0, 1), 'accept'],
    ['an excluded address', 'office', 'wan1', packet('10.7.1.200', '192.0.2.7', 443), 'drop'],
    ['a service that is not named', 'office', 'wan1', packet('10.7.1.5', '192.0.2.7', 22), 'drop'],
    ['another interface', 'guest', 'wan1', packet('10.7.1.5', '192.0.2.7', 22), 'drop'],
    ['IPv6', 'office', 'wan1', packet('2001:db8:7:1::9', '2001:db8:9::1', 80), 'accept'],
    ['IPv6 of others', 'office', 'wan1', packet('2001:db8:8::9', '2001:db8:9::1', 80), 'drop'],
    ['within the zone', 'office', 'voice', packet('10.7.1.5', '10.7.2.11', 5060), 'accept'],
    ['a denial within the zone', 'voice', 'office', packet('10.7.2.9', '10.7.1.200', 9), 'reject'],
    ['a forwarded port', 'wan1', 'dmz', packet('192.0.2.9', '203.0.113.3', 443), 'accept'],
    ['the port behind it', 'wan1', 'dmz', packet('192.0.2.9', '203.0.113.3', 8443), 'drop'],
    ['the address behind it', 'wan1', 'dmz', packet('192.0.2.9', '10.7.5.10', 8443), 'drop'],
    ['a virtual IP elsewhere', 'guest', 'wan1', packet('10.7.9.3', '203.0.113.3', 443), 'accept'],
    ['one address of two', 'wan1', 'dmz', packet('192.0.2.9', '203.0.113.5', 25), 'accept'],
    ['a denial of wildcards', 'wan1', 'dmz', packet('10.200.3.1', '203.0.113.5', 25), 'drop'],
    ['a negated service', 'guest', 'wan1', packet('10.7.9.3', '192.0.2.9', 22), 'drop'],
    ['any other service', 'guest', 'wan1', packet('10.7.9.3', '192.0.2.9', 993), 'accept'],
    ['a negated address', 'guest', 'wan1', packet('10.7.9.3', '10.7.1.9', 993), 'drop'],
  ] as const)('decides %s', (_, from, to, of, verdict) => {
    expect(asked(BRANCH, [from, to], of).verdict).toBe(verdict);
  });

  it.each([
    ['set timezone 26', '7.2.5', 'allow-traffic-redirect'],
    ['set timezone 26', '7.4.10', undefined],
    ['set timezone 26', '7.6.4', 'allow-traffic-redirect'],
    ['set timezone 26', '7.6.5', undefined],
    ['set allow-traffic-redirect enable', '7.6.5', 'allow-traffic-redirect'],
    ['set allow-traffic-redirect disable', '7.2.5', 'ipv6-allow-traffic-redirect'],
  ])('tells whether packets may leave as they came: %s, %s', (setting, version, what) => {
    const text = BRANCH.replace('7.2.5', version).replace('set timezone 26', setting);
    const told = parseFortios(text).beside?.map((each) => each.what) ?? [];
    expect(told.find((each) => each.includes('redirect'))).toBe(what);
  });

  it('names what decided', () => {
    const { rule } = asked(BRANCH, ['wan1', 'dmz'], packet('192.0.2.9', '203.0.113.3', 443));
    expect(rule?.comment).toBe('shop in');
  });

  it.each([
    ['7.0.12', 'accept'],
    ['7.4.1', 'drop'],
  ])('lets denials hold for virtual IPs by the release (%s)', (version, verdict) => {
    const text = BRANCH.replace('7.2.5', version);
    const of = packet('10.200.3.1', '203.0.113.5', 25);
    expect(asked(text, ['wan1', 'dmz'], of).verdict).toBe(verdict);
  });

  it('says what it took of a release that is not told', () => {
    const { assumed } = parseFortios(BRANCH.replace(/^#config.*\n/, ''));
    expect(assumed?.[1]).toContain('match-vip');
  });

  it.each([
    ['config system global', 'config system globule'],
    ['config router static', 'config firewall static'],
    ['        set utm-status enable', '        set utn-status enable'],
    ['        set dstaddr-negate enable', '        set dstaddr-negated enable'],
    ['        set action accept', '        set action acept'],
    ['        set intrazone allow', '        set intrazone alow'],
    ['        set exclude enable', '        set exclud enable'],
    ['        set service "RTP" "SSH"', '        set service "RTP" "SHS"'],
    ['        set extport 443', '        set extprot 443'],
    ['        set srcaddr "people"', '        set srcaddr "peopel"'],
    ['        set start-ip 10.7.2.10', '        set start-ip 10.7.2.100'],
    ['        set groups "staff"', '        set group "staff"'],
  ])('finds what was misspelt: %s', (right, wrong) => {
    const line = BRANCH.split('\n').indexOf(right) + 1;
    const { faults } = parseFortios(BRANCH.replace(`\n${right}\n`, `\n${wrong}\n`));
    // What names it is a fault after it.
    const lines = BRANCH.split('\n');
    const isEntry = (one: string, at: number) => at < line && /^ {4}edit/.test(one);
    const first = /^config/.test(right) ? line : lines.findLastIndex(isEntry) + 1;
    expect(faults[0]?.line).toBeGreaterThanOrEqual(first);
    expect(faults[0]?.line).toBeLessThanOrEqual(lines.indexOf('    next', first) + 1);
  });
});

describe('what was changed in one place', () => {
  const lines = BRANCH.split('\n');
  const READ = /^config (?:firewall (?:addr|policy|schedule|service|vip)|system zone)/;
  const within = lines.map((_, at) => {
    const section = lines.slice(0, at + 1).findLast((line) => line.startsWith('config '));
    return section !== undefined && READ.test(section);
  });
  const changed = (at: number, line: string | undefined) =>
    parseFortios(lines.toSpliced(at, 1, ...(line === undefined ? [] : [line])).join('\n')).faults;

  it('is found in every setting of what is read', () => {
    let tried = 0;
    for (const [at, line] of lines.entries()) {
      if (!within[at] || !/^ {8}(?:set|unset) /.test(line)) continue;
      tried++;
      expect(changed(at, line.replace(/set /, 'set x')), line).not.toEqual([]);
      expect(changed(at, line.replace('set', 'sat')), line).not.toEqual([]);
    }
    expect(tried).toBeGreaterThan(100);
  });

  it('is found where an entry or section begins or ends', () => {
    const isInText = (line: string) => /<html>|<body>|^It's/.test(line);
    for (const [at, line] of lines.entries()) {
      const [before = '', after = ''] = [lines[at - 1], lines[at + 1]];
      const isMark = /^ *(?:config|edit|next|end)\b/.test(line);
      if (!isMark || isInText(before) || isInText(after)) continue;
      expect(changed(at, `x${line}`), `${at + 1}: ${line}`).not.toEqual([]);
      // “end” ends an entry, too.
      if (/next$/.test(line) && /^ *end$/.test(after)) continue;
      expect(changed(at, undefined), `${at + 1}: ${line}`).not.toEqual([]);
    }
  });
});

describe('a full configuration', () => {
  it('is read whole', () => {
    const { assumed, beside, faults, filter } = parseFortios(FULL);
    expect(faults).toEqual([]);
    expect(assumed).toBeUndefined();
    expect(beside).toEqual([{ what: 'allow-traffic-redirect', line: 1, lines: 1 }]);
    expect(filter.chains[0]?.rules).toHaveLength(3);
    const of = packet('192.0.2.7', '10.0.6.9', 443);
    expect(asked(FULL, ['port1', 'port2'], of).verdict).toBe('accept');
    expect(asked(FULL, ['port2', 'port1'], of).verdict).toBe('drop');
  });

  it.each([
    ['set ngfw-mode profile-based', 'set ngfw-mode policy-based', 'Policy-based NGFW'],
    ['set ztna-status disable', 'set ztna-status enable', '“ztna-status” makes'],
    ['unset groups', 'set groups "staff" "it"', '“groups” makes'],
    ['unset vlan-filter', 'set vlan-filter 7', '“vlan-filter” makes'],
    ['set tos-mask 0x00', 'set tos-mask 0xfc', '“tos-mask” makes'],
    [
      'set internet-service-src disable',
      'set internet-service-src enable',
      '“internet-service-src',
    ],
    ["set fqdn ''", 'set fqdn "www.example.net"', 'depends on more than the packet'],
    ['set schedule "always"', 'set schedule "night"', 'depends on time'],
    ['set action accept', 'set action ipsec', '“ipsec” is not read'],
    ['config firewall DoS-policy', 'config firewall security-policy\nedit 1\nnext', 'of this kind'],
    ['set visibility enable', 'set visibility enable enable', 'has one value'],
    ["set comment ''", 'set comment "not closed', 'A quote is not closed'],
    ['fw-2 (root) # show full-configuration', 'fw-2 # show firewall xyzzy', 'not'],
  ])('is refused with %s instead', (before, after, what) => {
    const text = FULL.replace(before, after);
    const told = parseFortios(text).faults.map((fault) => fault.what);
    const isRemark = after.includes('xyzzy');
    expect(told.join(' ')).toContain(isRemark ? 'stands outside of a section' : what);
  });

  it.each([
    ['set nat disable', 'set nat enable', 'nat'],
    ['set asymroute disable', 'set asymroute enable', 'asymroute'],
    ['set central-nat disable', 'set central-nat enable', 'central-nat'],
    ['set bindthroughfw disable', 'set bindthroughfw enable', 'bindthroughfw'],
    ['set security-mode none', 'set security-mode captive-portal', 'security-mode'],
    ['config firewall DoS-policy', 'config firewall acl\nedit 1\nnext', 'firewall acl'],
  ])('tells what may decide beside: %s', (before, after, what) => {
    const { beside, faults } = parseFortios(FULL.replace(before, after));
    expect(faults).toEqual([]);
    expect(beside?.map((each) => each.what)).toContain(what);
  });
});

const policyOf = (name: string) => `config firewall policy
edit 1
set name "${name}"
set srcintf "any"
set dstintf "any"
set srcaddr "all"
set dstaddr "net"
set action accept
set service "ALL"
next
end
`;
const netOf = (prefix: string) => `config firewall address
edit "net"
set subnet ${prefix}
next
end
`;
const domains = (
  edge: string,
  inner: string,
) => `#config-version=FGVMK6-7.6.5-FW-build1:opmode=0:vdom=1:
config vdom
edit root
next
edit inner
next
end

config global
config system global
    set vdom-mode multi-vdom
end
config firewall internet-service-name
    edit "Example-Web"
    next
end
end

config vdom
edit root
config system settings
end
${edge}end

config vdom
edit inner
${inner}end
`;

describe('virtual domains', () => {
  it('are read where one of them has policies', () => {
    const text = domains(netOf('10.1.0.0/16'), `${netOf('10.2.0.0/16')}${policyOf('in')}`);
    const { beside, faults } = parseFortios(text);
    expect(faults).toEqual([]);
    expect(beside).toBeUndefined();
    const verdict = (to: string) => asked(text, ['a', 'b'], packet('192.0.2.1', to, 80)).verdict;
    expect([verdict('10.1.0.1'), verdict('10.2.0.1')]).toEqual(['drop', 'accept']);
  });

  it('are a fault where several have, which says what to give', () => {
    const net = netOf('10.1.0.0/16');
    const text = domains(net + policyOf('out'), net + policyOf('in'));
    const line = text.split('\n').lastIndexOf('edit inner') + 1;
    expect(parseFortios(text).faults).toMatchObject([{ line }]);
    expect(parseFortios(text).faults[0]?.what).toContain('“show”');
  });

  it('end, and so do sections', () => {
    const text = domains('', netOf('10.2.0.0/16') + policyOf('in'));
    const cut = text.slice(0, -4);
    expect(parseFortios(cut).faults).toMatchObject([{ what: 'The last section is not ended.' }]);
    const open = text.replace('multi-vdom\nend\n', 'multi-vdom\n');
    expect(parseFortios(open).faults[0]?.what).toContain('“system global” is not ended');
  });
});

it.each([
  ['2001:db8:5::1', 'policy6', 'accept'],
  ['2001:db8:6::1', 'policy6', 'drop'],
  ['2001:db8:5::1', 'policy', undefined],
] as const)(
  'reads the policies for IPv6 of older releases: to %s by %s',
  (to, section, verdict) => {
    const net = 'config firewall address6\nedit "net"\nset ip6 2001:db8:5::/64\nnext\nend\n';
    const text = net + policyOf('six').replace('firewall policy', `firewall ${section}`);
    const { faults } = parseFortios(text);
    expect(faults.map(({ line }) => line)).toEqual(verdict === undefined ? [7] : []);
    const of = packet('2001:db8:9::1', to, 443);
    if (verdict !== undefined) expect(asked(text, ['a', 'b'], of).verdict).toBe(verdict);
  },
);

it('knows feeds of addresses, and refuses policies that ask for one', () => {
  const feed = 'config system external-resource\nedit "net"\nset type address\nnext\nend\n';
  expect(parseFortios(feed).faults).toEqual([]);
  expect(parseFortios(feed + policyOf('in')).faults[0]?.what).toContain('external-resource');
});

it('refuses to guess what a negation of IPv4 means for IPv6', () => {
  const six = 'set srcaddr6 "all"\nset dstaddr6 "all"\nset srcaddr-negate enable\n';
  const text = netOf('10.1.0.0/16') + policyOf('in').replace('set action', `${six}set action`);
  expect(parseFortios(text).faults[0]?.what).toContain('“srcaddr-negate” beside IPv6');
  const both = text.replace('set action', 'set srcaddr6-negate enable\nset action');
  expect(parseFortios(both).faults).toEqual([]);
});

it('does not follow groups in circles', () => {
  const group = (name: string, ...members: string[]) =>
    `edit "${name}"\nset member ${members.map((one) => `"${one}"`).join(' ')}\nnext\n`;
  const text = `config firewall addrgrp\n${group('net', 'b', 'b')}${group('b', 'net', 'net')}end\n`;
  expect(parseFortios(text + policyOf('in')).faults[0]?.what).toContain('groups within groups');
});

describe('virtual IPs', () => {
  const text = (more: string) => `config firewall address
edit "inside"
set subnet 10.0.5.0 255.255.255.0
next
edit "partner"
set subnet 198.51.100.0 255.255.255.0
next
end
config firewall vip
edit "web"
set extip 203.0.113.8
set mappedip "10.0.5.8"
set extintf "any"
set portforward enable
set protocol udp
set extport 8000-8010
set mappedport 4000-4010
set src-filter "198.51.100.0/24" "192.0.2.1-192.0.2.9"
next
edit "pool"
set extip 203.0.113.16-203.0.113.31
set mappedip "10.0.5.16-10.0.5.31"
set extintf "any"
next
edit "pings"
set service "PING" "GAME"
set extip 203.0.113.40
set mappedip "10.0.5.40"
next
edit "balanced"
set type server-load-balance
set extip 203.0.113.99
set server-type tcp
set extport 80
config realservers
edit 1
set ip 10.0.5.99
next
end
next
end
config firewall vip6
edit "web"
set extip 2001:db8::8
set mappedip 2001:db8:5::8
next
end
config firewall vipgrp
edit "both"
set interface "any"
set member "web" "pool" "pings"
next
end
config firewall service custom
edit "GAME"
set udp-portrange 4004
next
end
config firewall policy
${more}edit 9
set srcintf "any"
set dstintf "any"
set srcaddr "all"
set dstaddr "both"
set srcaddr6 "all"
set dstaddr6 "web"
set service "GAME"
set action accept
next
end
`;
  const denial = (to: string, more = '') => `edit 1
set srcintf "any"
set dstintf "any"
set srcaddr "partner"
set dstaddr "${to}"
set service "ALL"
${more}next
`;
  const told = (more: string, of: PacketHeader) => asked(text(more), ['a', 'b'], of).verdict;

  it.each([
    ['the port that leads to the one asked for', '198.51.100.7', '203.0.113.8', 8004, 'accept'],
    ['another port', '198.51.100.7', '203.0.113.8', 8005, 'drop'],
    ['a sender it is not for', '192.0.2.10', '203.0.113.8', 8004, 'drop'],
    ['a group of them', '192.0.2.10', '203.0.113.20', 4004, 'accept'],
    ['IPv6', '2001:db8:9::1', '2001:db8::8', 4004, 'accept'],
    ['a service it is for', '192.0.2.10', '203.0.113.40', 4004, 'accept'],
    ['a service it is not for', '192.0.2.10', '203.0.113.40', 4005, 'drop'],
  ] as const)('are reached by %s', (_, from, to, port, verdict) => {
    expect(parseFortios(text('')).faults).toEqual([]);
    expect(told('', packet(from, to, port, 17))).toBe(verdict);
  });

  it.each([
    ['all', '203.0.113.20', '', 'drop'],
    ['all', '203.0.113.20', 'set match-vip disable\n', 'accept'],
    ['inside', '203.0.113.20', 'set match-vip enable\n', 'drop'],
    ['partner', '203.0.113.20', 'set match-vip enable\n', 'accept'],
    ['pool', '203.0.113.20', 'set match-vip disable\n', 'drop'],
    ['pool', '203.0.113.8', 'set match-vip disable\n', 'accept'],
  ] as const)('are denied with %s', (to, address, more, verdict) => {
    const port = address.endsWith('.8') ? 8004 : 4004;
    const of = packet('198.51.100.7', address, port, 17);
    expect(told(denial(to, more), of)).toBe(verdict);
  });

  it('are a fault where servers stand behind them, and a policy asks', () => {
    const { faults } = parseFortios(text(denial('balanced')));
    expect(faults).toMatchObject([{ what: expect.stringContaining('server-load-balance') }]);
  });
});
