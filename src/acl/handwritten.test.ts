/**
 * Texts as people of each platform write them, with what a device makes of single packets. The
 * parsers that prove what was rendered must read these as the devices do.
 */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import { decide } from '../policy/evaluate.ts';
import { platformNamed } from './platforms.ts';

const TEXTS: Readonly<
  Record<string, { text: string; packets: readonly [string, 'accept' | 'drop'][] }>
> = {
  'cisco-ios': {
    text: `!
ip access-list extended OUTSIDE-IN
 10 remark web
 10 permit tcp any host 10.0.1.10 eq www 443
 20 permit tcp 198.51.100.0 0.0.0.255 10.0.1.0 0.0.0.255 range 8000 8010 log
 30 deny   ip 192.0.2.0 0.0.0.255 any
 40 permit udp any eq domain host 10.0.1.53 gt 1023
 50 permit tcp any any established
 60 permit icmp any any echo
 70 permit 47 host 203.0.113.9 any
!
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.10:443', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.10:22', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.1.99:8005', 'accept'],
      ['tcp 192.0.2.7:40000 > 10.0.1.10:80', 'accept'],
      ['tcp 192.0.2.7:40000 > 10.0.1.99:99 ack', 'drop'],
      ['tcp 203.0.113.7:40000 > 10.0.1.99:99 ack', 'accept'],
      ['udp 203.0.113.7:53 > 10.0.1.53:1024', 'accept'],
      ['udp 203.0.113.7:53 > 10.0.1.53:1023', 'drop'],
      ['icmp/8 203.0.113.7 > 10.0.9.9', 'accept'],
      ['icmp/5 203.0.113.7 > 10.0.9.9', 'drop'],
      ['gre 203.0.113.9 > 10.0.9.9', 'accept'],
      // An entry with ports lets the later fragments of its addresses through.
      ['tcp 203.0.113.7 > 10.0.1.10 fragment', 'accept'],
      ['udp 203.0.113.7 > 10.0.1.10 fragment', 'drop'],
    ],
  },
  'cisco-nxos': {
    text: `object-group ip address WEB
  10 host 10.0.1.10
  20 10.0.1.64/26
ip access-list IN
  statistics per-entry
  10 permit tcp 198.51.100.0/24 addrgroup WEB eq 443
  20 deny ip any any log
ipv6 access-list IN6
  10 permit icmp any any packet-too-big
  20 permit tcp any host 2001:db8::80 eq 443
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.70:443', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.11:443', 'drop'],
      ['tcp [2001:db8:1::7]#40000 > [2001:db8::80]#443', 'accept'],
      ['tcp [2001:db8:1::7]#40000 > [2001:db8::80]#80', 'drop'],
      ['icmp/2 [2001:db8:1::7] > [2001:db8::99]', 'accept'],
    ],
  },
  'cisco-asa': {
    text: `: Saved
object-group network DMZ-WEB
 description the web servers
 network-object host 10.0.1.10
 network-object 10.0.1.64 255.255.255.192
access-list OUTSIDE_IN remark web
access-list OUTSIDE_IN extended permit tcp any object-group DMZ-WEB eq https log informational interval 300
access-list OUTSIDE_IN extended deny tcp 192.0.2.0 255.255.255.0 any4
access-list OUTSIDE_IN extended permit icmp any4 any4 unreachable
access-list OUTSIDE_IN extended permit udp any6 host 2001:db8::53 eq domain
access-group OUTSIDE_IN global
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.70:443', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.11:443', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.1.11:443 established', 'accept'],
      ['icmp/3/4 198.51.100.7 > 10.0.9.9', 'accept'],
      ['icmp/8 198.51.100.7 > 10.0.9.9', 'drop'],
      ['udp [2001:db8:1::7]#40000 > [2001:db8::53]#53', 'accept'],
    ],
  },
  mikrotik: {
    text: `# jan/02/2026 by RouterOS 7.14
/ip firewall address-list
add address=10.0.1.10 list=web
add address=10.0.1.20-10.0.1.29 list=web
/ip firewall filter
add action=accept chain=forward comment="answers" connection-state=\\
    established,related,untracked
add action=drop chain=forward connection-state=invalid
add action=jump chain=forward jump-target=dmz dst-address=10.0.1.0/24
add action=drop chain=forward log=yes log-prefix="deny: \\"all\\""
add action=accept chain=dmz dst-address-list=web dst-port=80,443,8000-8010 protocol=tcp
add action=accept chain=dmz protocol=icmp icmp-options=8:0-255
add action=accept chain=forward disabled=yes
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.25:8005', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.30:443', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.9.9:443 established', 'accept'],
      ['icmp/8 198.51.100.7 > 10.0.1.99', 'accept'],
      ['icmp/8 198.51.100.7 > 10.0.9.99', 'drop'],
      // Nothing is said of IPv6, so RouterOS lets it through.
      ['tcp [2001:db8:1::7]#40000 > [2001:db8::80]#80', 'accept'],
    ],
  },
  pf: {
    text: `web = "{ 10.0.1.10, 10.0.1.64/26 }"
ports = "{ 80 443 8000:8010 }"
table <bad> const { 192.0.2.0/24 }
set skip on lo
block drop log all
block drop quick from <bad> to any   # nobody there is served
pass inet proto tcp from any to $web port $ports flags any keep state
pass inet proto icmp icmp-type echoreq
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.70:8005', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.70:22', 'drop'],
      ['tcp 192.0.2.7:40000 > 10.0.1.70:443', 'drop'],
      ['tcp 192.0.2.7:40000 > 10.0.1.70:443 established', 'accept'],
      ['icmp/8 198.51.100.7 > 10.0.9.9', 'accept'],
    ],
  },
  fortios: {
    text: `config firewall address
    edit "web-1"
        set uuid 5b1d
        set subnet 10.0.1.10 255.255.255.255
    next
    edit "web-range"
        set type iprange
        set start-ip 10.0.1.20
        set end-ip 10.0.1.29
    next
end
config firewall addrgrp
    edit "web"
        set member "web-1" "web-range"
    next
end
config firewall service custom
    edit "HTTPS-ALT"
        set tcp-portrange 443 8443-8444:1024-65535
    next
end
config firewall policy
    edit 7
        set name "to the web"
        set srcintf "any"
        set dstintf "any"
        set srcaddr "all"
        set dstaddr "web"
        set action accept
        set schedule "always"
        set service "HTTPS-ALT"
        set logtraffic all
    next
    edit 8
        set status disable
        set srcintf "any"
        set dstintf "any"
        set srcaddr "all"
        set dstaddr "all"
        set action accept
        set schedule "always"
        set service "ALL"
    next
end
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.25:443', 'accept'],
      ['tcp 198.51.100.7:80 > 10.0.1.25:443', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.25:8444', 'accept'],
      ['tcp 198.51.100.7:80 > 10.0.1.25:8444', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.1.30:443', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.1.30:443 established', 'accept'],
    ],
  },
  'junos-srx': {
    text: `set security address-book global address web-1 10.0.1.10/32
set security address-book global address web-2 range-address 10.0.1.20 to 10.0.1.29
set security address-book global address-set web address web-1
set security address-book global address-set web address web-2
set security policies global policy to-web description "the shop; see 4711"
set security policies global policy to-web match source-address any
set security policies global policy to-web match destination-address web
set security policies global policy to-web match application junos-https
set security policies global policy to-web match application alt
set security policies global policy to-web match from-zone any
set security policies global policy to-web then permit
set security policies global policy to-web then log session-close
set security policies global policy no-bad match source-address any-ipv4
set security policies global policy no-bad match destination-address any-ipv6
set security policies global policy no-bad match application any
set security policies global policy no-bad then reject
set security policies global policy ping6 match source-address any-ipv6
set security policies global policy ping6 match destination-address any
set security policies global policy ping6 match application ping6
set security policies global policy ping6 then permit
set security policies default-policy deny-all
set applications application alt term a protocol tcp
set applications application alt term a source-port 1024-65535
set applications application alt term a destination-port 8443-8444
set applications application alt term b protocol udp destination-port 443
set applications application ping6 protocol icmp6
set applications application ping6 icmp6-type 128
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.25:443', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.30:443', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.1.30:443 established', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.10:8444', 'accept'],
      ['tcp 198.51.100.7:80 > 10.0.1.10:8444', 'drop'],
      ['udp 198.51.100.7:80 > 10.0.1.10:443', 'accept'],
      ['icmp/128 [2001:db8::7] > [2001:db8:1::9]', 'accept'],
      ['icmp/129 [2001:db8::7] > [2001:db8:1::9]', 'drop'],
      ['icmp/128 198.51.100.7 > 10.0.1.10', 'drop'],
    ],
  },
  'pan-os': {
    text: `set rulebase security rules "to web" to any
set rulebase security rules "to web" from any
set rulebase security rules "to web" source any
set rulebase security rules "to web" destination [ web 10.0.1.99 ]
set rulebase security rules "to web" source-user any
set rulebase security rules "to web" application any
set rulebase security rules "to web" service [ service-https alt ]
set rulebase security rules "to web" hip-profiles any
set rulebase security rules "to web" action allow
set rulebase security rules "to web" log-setting default
set rulebase security rules old disabled yes from any to any source any destination any application any service any action allow
set rulebase security rules no-bad from any to any source 192.0.2.0/24 destination any application any service any action deny
set rulebase security rules ping from any to any source 0.0.0.0/0 destination any application ping service application-default action allow
set rulebase default-security-rules rules intrazone-default action deny
set rulebase default-security-rules rules intrazone-default log-end yes
set service alt protocol tcp port 8000,8443-8444
set service alt protocol tcp source-port 1024-65535
set address web-1 ip-netmask 10.0.1.10
set shared address web-2 ip-range 10.0.1.20-10.0.1.29
set address-group web static [ web-1 web-2 ]
`,
    packets: [
      ['tcp 198.51.100.7:80 > 10.0.1.25:443', 'accept'],
      ['tcp 198.51.100.7:80 > 10.0.1.99:443', 'accept'],
      ['tcp 198.51.100.7:80 > 10.0.1.30:443', 'drop'],
      ['tcp 198.51.100.7:80 > 10.0.1.30:443 established', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.10:8444', 'accept'],
      ['tcp 198.51.100.7:80 > 10.0.1.10:8444', 'drop'],
      ['icmp/8 192.0.2.7 > 10.0.1.10', 'drop'],
      ['icmp/8 198.51.100.7 > 10.0.1.10', 'accept'],
      ['icmp/13 198.51.100.7 > 10.0.1.10', 'drop'],
      ['icmp/128 [2001:db8::7] > [2001:db8:1::9]', 'drop'],
    ],
  },
  'junos-filter': {
    text: `set policy-options prefix-list web 10.0.1.10/32
set policy-options prefix-list web 10.0.1.64/26
set policy-options prefix-list web 2001:db8:1::/64
set firewall family inet filter EDGE term bad from source-address 192.0.2.0/24
set firewall family inet filter EDGE term bad then discard
set firewall family inet filter EDGE term seen from protocol icmp
set firewall family inet filter EDGE term seen then count pings
set firewall family inet filter EDGE term seen then next term
set firewall family inet filter EDGE term frags from is-fragment
set firewall family inet filter EDGE term frags from destination-address 10.0.1.99/32
set firewall family inet filter EDGE term frags then discard
set firewall family inet filter EDGE term web from destination-prefix-list web
set firewall family inet filter EDGE term web from protocol tcp
set firewall family inet filter EDGE term web from destination-port https
set firewall family inet filter EDGE term web from destination-port 8000-8010
set firewall family inet filter EDGE term web then syslog
set firewall family inet filter EDGE term web then accept
set firewall family inet filter EDGE term answers from protocol tcp
set firewall family inet filter EDGE term answers from tcp-established
set firewall family inet filter EDGE term answers from destination-address 10.0.1.99/32
set firewall family inet filter EDGE term ping from protocol icmp
set firewall family inet filter EDGE term ping from icmp-type echo-request
set firewall family inet filter EDGE term ping then accept
set firewall family inet6 filter EDGE6 term tunnel from payload-protocol gre
set firewall family inet6 filter EDGE6 term tunnel then accept
set firewall family inet6 filter EDGE6 term web from next-header tcp
set firewall family inet6 filter EDGE6 term web from destination-prefix-list web
set firewall family inet6 filter EDGE6 term web then accept
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.70:8005', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.11:443', 'drop'],
      ['tcp 192.0.2.7:40000 > 10.0.1.10:443', 'drop'],
      // A term without a verdict accepts.
      ['tcp 198.51.100.7:40000 > 10.0.1.99:9 ack', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.99:9', 'drop'],
      ['tcp 198.51.100.7 > 10.0.1.99 fragment', 'drop'],
      // What a term with ports makes of a later fragment is not sure, so it may pass.
      ['tcp 198.51.100.7 > 10.0.1.70 fragment', 'accept'],
      ['icmp/8 198.51.100.7 > 10.0.9.9', 'accept'],
      ['icmp/13 198.51.100.7 > 10.0.9.9', 'drop'],
      ['tcp [2001:db8::7]#40000 > [2001:db8:1::9]#9', 'accept'],
      ['tcp [2001:db8::7] > [2001:db8:1::9] fragment', 'drop'],
    ],
  },
  gcp: {
    text: `{"resource": {"google_compute_firewall": {
  "web": {
    "name": "web", "network": "prod", "source_ranges": ["0.0.0.0/0"],
    "destination_ranges": ["10.0.1.0/24"],
    "allow": [{"protocol": "tcp", "ports": ["443", "8000-8010"]}, {"protocol": "47"}]
  },
  "bad": {
    "name": "bad", "network": "prod", "source_ranges": ["192.0.2.0/24"],
    "deny": {"protocol": "all"}, "log_config": {"metadata": "EXCLUDE_ALL_METADATA"}
  },
  "off": {
    "name": "off", "network": "prod", "disabled": true, "priority": 1,
    "allow": {"protocol": "all"}
  },
  "six": {
    "name": "six", "network": "prod", "priority": 2000, "source_ranges": ["::/0"],
    "allow": [{"protocol": "udp", "ports": ["53"]}]
  }
}}}
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.70:8005', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.2.70:8005', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.2.70:8005 established', 'accept'],
      // Of one priority, what denies is asked first.
      ['tcp 192.0.2.7:40000 > 10.0.1.70:443', 'drop'],
      ['gre 198.51.100.7 > 10.0.1.70', 'accept'],
      ['udp [2001:db8::7]#40000 > [2001:db8:1::53]#53', 'accept'],
      ['udp 198.51.100.7:40000 > 10.0.1.53:53', 'drop'],
    ],
  },
  'azure-nsg': {
    text: `{"resource": {"azurerm_network_security_group": {"web": {
  "name": "web", "location": "westeurope", "resource_group_name": "shop",
  "security_rule": [
    {"name": "rest", "priority": 4000, "direction": "Inbound", "access": "Deny", "protocol": "*",
     "source_port_range": "*", "destination_port_range": "*",
     "source_address_prefix": "*", "destination_address_prefix": "*"},
    {"name": "web", "priority": 200, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
     "source_port_range": "*", "destination_port_ranges": ["443", "8000-8010"],
     "source_address_prefix": "*", "destination_address_prefixes": ["10.0.1.0/24", "2001:db8::9"]},
    {"name": "bad", "priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "Tcp",
     "source_port_range": "*", "destination_port_range": "*",
     "source_address_prefix": "192.0.2.0/24", "destination_address_prefix": "*"}
  ]}}}}
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.70:8005', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.2.70:8005', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.2.70:8005 established', 'accept'],
      ['tcp 192.0.2.7:40000 > 10.0.1.70:443', 'drop'],
      ['tcp [2001:db8::7]#40000 > [2001:db8::9]#443', 'accept'],
      ['udp 198.51.100.7:40000 > 10.0.1.70:443', 'drop'],
    ],
  },
  firewalld: {
    text: `firewall-cmd --permanent --new-policy dmz
firewall-cmd --permanent --policy dmz --add-ingress-zone ANY --add-egress-zone ANY
firewall-cmd --permanent --policy dmz --set-target REJECT
# the shop
firewall-cmd --permanent --policy=dmz --add-rich-rule='rule family="ipv4" destination address="10.0.1.0/24" port port="8000-8010" protocol="tcp" log prefix="it is " level="info" limit value="3/m" accept'
firewall-cmd --permanent --policy=dmz --add-rich-rule='rule family=ipv4 source address=192.0.2.0/24 drop'
firewall-cmd --permanent --policy=dmz --add-rich-rule='rule icmp-type name=echo-request accept'
firewall-cmd --permanent --policy=dmz --add-rich-rule='rule priority="-5" family="ipv4" source address="192.0.2.9" protocol value="gre" accept'
firewall-cmd --reload
`,
    packets: [
      ['tcp 198.51.100.7:40000 > 10.0.1.25:8005', 'accept'],
      ['tcp 198.51.100.7:40000 > 10.0.1.25:8011', 'drop'],
      ['tcp 198.51.100.7:40000 > 10.0.1.25:8011 established', 'accept'],
      // Of one priority, what drops is asked first.
      ['tcp 192.0.2.7:40000 > 10.0.1.25:8005', 'drop'],
      ['gre 192.0.2.9 > 10.0.9.9', 'accept'],
      ['gre 192.0.2.7 > 10.0.9.9', 'drop'],
      ['icmp/8 198.51.100.7 > 10.0.9.9', 'accept'],
      ['icmp/128 [2001:db8::7] > [2001:db8:1::9]', 'accept'],
      ['icmp/129 [2001:db8::7] > [2001:db8:1::9]', 'drop'],
    ],
  },
};

const SRX_POLICY = `set security policies from-zone dmz to-zone lan policy a match source-address any
set security policies from-zone dmz to-zone lan policy a match destination-address any
set security policies from-zone dmz to-zone lan policy a match application any
set security policies from-zone dmz to-zone lan policy a then permit`;

it.each([
  ['junos-srx', SRX_POLICY],
  [
    'pan-os',
    `set rulebase security rules a from dmz to lan source any destination any application any service any action allow
set rulebase default-security-rules rules intrazone-default action deny`,
  ],
])('%s: a rule of zones holds between these zones', (name, text) => {
  const { filter, faults } = platformNamed(name)!.parse(text);
  expect(faults).toEqual([]);
  const first = packet('tcp 198.51.100.7:40000 > 10.0.1.70:443');
  const between = (from: string, to: string) =>
    decide(filter, { hook: 'forward', inNames: [from], outNames: [to] }, first).verdict;
  expect(between('dmz', 'lan')).toBe('accept');
  expect(between('lan', 'dmz')).toBe('drop');
  expect(between('dmz', 'dmz')).toBe('drop');
});

describe.each(Object.entries(TEXTS))('%s, written by hand', (name, { text, packets }) => {
  const { filter, faults } = platformNamed(name)!.parse(text);

  it('is read whole', () => {
    expect(faults).toEqual([]);
  });

  it.each(packets)('%s: %s', (written, verdict) => {
    expect(decide(filter, { hook: 'forward' }, packet(written)).verdict).toBe(verdict);
  });
});

it.each([
  // The numbers of entries decide their order, not where they stand.
  [
    'cisco-ios',
    `ip access-list extended A
 20 deny ip any any
 10 permit tcp any any eq 443
 permit udp any any
`,
    ['accept', 'drop', 'drop'],
  ],
  [
    'cisco-nxos',
    `ip access-list A
  20 deny ip any any
  10 permit tcp any any eq 443
`,
    ['accept', 'drop', 'drop'],
  ],
])('%s: what comes first', (name, text, verdicts) => {
  const { filter, faults } = platformNamed(name)!.parse(text);
  expect(faults).toEqual([]);
  const packets = [
    'tcp 198.51.100.7:40000 > 10.0.1.70:443',
    'tcp 198.51.100.7:40000 > 10.0.1.70:80',
    'udp 198.51.100.7:40000 > 10.0.1.70:53',
  ];
  const at = (written: string) => decide(filter, { hook: 'forward' }, packet(written)).verdict;
  expect(packets.map(at)).toEqual(verdicts);
});

it('pf: what ends on its link is not forwarded, and a list that holds more is', () => {
  const at = (to: string, wanted: string) => {
    const { filter, faults } = platformNamed('pf')!.parse(`block all\npass quick to ${to}\n`);
    expect(faults).toEqual([]);
    return decide(filter, { hook: 'forward' }, packet(wanted)).verdict;
  };
  const [link, unicast] = ['udp 10.0.1.70:1 > 224.0.0.5:9', 'udp 10.0.1.70:1 > 10.0.2.7:9'];
  expect(at('{ 224.0.0.0/24 ff02::/16 }', link)).toBe('drop');
  expect(at('{ 224.0.0.0/24 10.0.2.7 }', unicast)).toBe('accept');
  expect(at('224.0.0.0/4', link)).toBe('accept');
});

it('pf: a segment in the middle of a connection opens no state, unless flags may be any', () => {
  const at = (options: string) => {
    const { filter } = platformNamed('pf')!.parse(`block all\npass proto tcp all ${options}\n`);
    const middle = packet('tcp 198.51.100.7:40000 > 10.0.1.70:443 ack');
    return decide(filter, { hook: 'forward' }, middle).verdict;
  };
  expect([at(''), at('flags S/SA keep state'), at('flags any')]).toEqual([
    'drop',
    'drop',
    'accept',
  ]);
});
