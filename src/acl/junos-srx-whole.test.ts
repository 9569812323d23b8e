/** Whole configurations of an SRX, as the device prints them in either form. */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import { decide } from '../policy/evaluate.ts';
import { parseSrx } from './junos-srx-parse.ts';

/** As `show configuration | display set` prints it. */
const BRANCH = `set version 21.4R3.15
set groups node0 system host-name edge-a
set groups node1 system host-name edge-b
set groups LOGGED security policies from-zone <*> to-zone <*> policy <*> then log session-close
set groups HOSTS security address-book global address printer 10.10.0.9/32
set groups UNUSED security policies default-policy permit-all
set apply-groups "\${node}"
set apply-groups HOSTS
set system root-authentication encrypted-password "$6$abc;def"
set system services ssh root-login deny
set system syslog file messages any notice
set chassis cluster reth-count 2
set security log mode stream
set security ike proposal main authentication-method pre-shared-keys
set security alg sip disable
set security flow tcp-mss all-tcp mss 1350
set security forwarding-options family inet6 mode flow-based
set security screen ids-option wan icmp ping-death
set security nat source rule-set out from zone lan
set security nat source rule-set out rule all then source-nat interface
set security address-book global description "the whole site"
set security address-book global address web 10.20.0.10/32
set security address-book global address mirror dns-name mirror.example.net
set security address-book global address pool range-address 10.20.0.20 to 10.20.0.29
set security address-book global address odd wildcard-address 10.30.0.5/255.255.0.255
set security address-book global address-set servers address web
set security address-book global address-set servers address pool
set security address-book LAN address web 10.10.0.80/32
set security address-book LAN attach zone lan
set security policies apply-groups LOGGED
set security policies from-zone wan to-zone dmz policy block match source-address any
set security policies from-zone wan to-zone dmz policy block match destination-address any
set security policies from-zone wan to-zone dmz policy block match application any
set security policies from-zone wan to-zone dmz policy block then deny
set security policies from-zone wan to-zone dmz policy web-in description "customers; all"
set security policies from-zone wan to-zone dmz policy web-in match source-address any
set security policies from-zone wan to-zone dmz policy web-in match destination-address servers
set security policies from-zone wan to-zone dmz policy web-in match application [ junos-http junos-https ]
set security policies from-zone wan to-zone dmz policy web-in then permit application-services idp-policy strict
set security policies from-zone wan to-zone dmz policy web-in then permit application-services utm-policy mail
set security policies from-zone lan to-zone lan policy within match source-address any
set security policies from-zone lan to-zone lan policy within match destination-address web
set security policies from-zone lan to-zone lan policy within match application shop
set security policies from-zone lan to-zone lan policy within then permit
set security policies from-zone lan to-zone wan policy out match source-address any
set security policies from-zone lan to-zone wan policy out match destination-address servers
set security policies from-zone lan to-zone wan policy out match destination-address-excluded
set security policies from-zone lan to-zone wan policy out match application junos-ftp
set security policies from-zone lan to-zone wan policy out match application junos-sip
set security policies from-zone lan to-zone wan policy out match dynamic-application any
set security policies from-zone lan to-zone wan policy out then permit
set security policies from-zone lan to-zone dmz policy old match source-address mirror
set security policies from-zone lan to-zone dmz policy old match destination-address any
set security policies from-zone lan to-zone dmz policy old match application any
set security policies from-zone lan to-zone dmz policy old then permit
deactivate security policies from-zone lan to-zone dmz policy old
set security policies from-zone wan to-zone junos-host policy vpn match source-address any
set security policies from-zone wan to-zone junos-host policy vpn match destination-address any
set security policies from-zone wan to-zone junos-host policy vpn match application junos-ike
set security policies from-zone wan to-zone junos-host policy vpn then permit
set security policies global policy printing match source-address any destination-address printer application junos-lpr
set security policies global policy printing match from-zone dmz
set security policies global policy printing match from-zone lan
set security policies global policy printing match to-zone lan
set security policies global policy printing then permit
set security policies default-policy deny-all
set security policies policy-rematch extensive
set security zones functional-zone management interfaces fxp0.0
set security zones security-zone lan tcp-rst
set security zones security-zone lan host-inbound-traffic system-services all
set security zones security-zone lan interfaces reth1.0
set security zones security-zone dmz address-book address special 10.20.0.99/32
set security zones security-zone dmz interfaces reth2.0 host-inbound-traffic system-services ping
set security zones security-zone wan screen wan
set security zones security-zone wan interfaces reth0.0
set interfaces ge-0/0/3 gigether-options redundant-parent reth0
set interfaces reth0 redundant-ether-options redundancy-group 1
set interfaces reth0 unit 0 family inet address 203.0.113.2/24
set interfaces reth1 vlan-tagging
set interfaces reth1 unit 0 vlan-id 10
set interfaces reth1 unit 0 family inet address 10.10.0.1/24
set interfaces reth1 unit 0 family inet6 address 2001:db8:10::1/64
set interfaces reth2 unit 0 family inet filter input COUNT
set interfaces lo0 unit 0 family inet filter input PROTECT
set firewall family inet filter COUNT term all then accept
set routing-options static route 0.0.0.0/0 next-hop 203.0.113.1
set routing-instances guest instance-type virtual-router
set protocols lldp interface all
set applications application shop term plain protocol tcp
set applications application shop term plain destination-port 8080-8081
set applications application shop term named alg http protocol tcp destination-port https
set applications application rpc protocol tcp
set applications application rpc uuid 12345678-1234-abcd-ef00-01234567cffb
insert security policies from-zone wan to-zone dmz policy web-in before policy block
`;

/** As `show configuration` prints it. */
const SMALL = `## Last commit: 2024-05-01 10:00:00 UTC by admin
version 12.3X48-D30.7;
groups {
    node0 {
        system {
            host-name a;
        }
    }
}
apply-groups "\${node}";
system {
    root-authentication {
        encrypted-password "$1$x{y}"; ## SECRET-DATA
    }
    inactive: services {
        telnet;
    }
}
/* who may
   speak with whom */
security {
    forwarding-options {
        family {
            inet6 {
                mode drop;
            }
        }
    }
    policies {
        from-zone trust to-zone untrust {
            inactive: policy all {
                match {
                    source-address any;
                    destination-address any;
                    application any;
                }
                then {
                    permit;
                }
            }
            policy web {
                match {
                    source-address [ pc printer ];
                    destination-address any;
                    application [ junos-http junos-https ];
                }
                then {
                    permit {
                        application-services {
                            utm-policy scan;
                        }
                    }
                    log {
                        session-init;
                        session-close;
                    }
                    count;
                }
            }
        }
        default-policy {
            permit-all;
        }
    }
    zones {
        security-zone trust {
            address-book {
                address pc 192.168.1.10/32;
                address printer {
                    description "third floor";
                    192.168.1.11/32;
                }
            }
            host-inbound-traffic {
                system-services {
                    all;
                }
            }
            interfaces {
                vlan.0;
            }
        }
        security-zone untrust {
            screen untrust-screen;
            interfaces {
                ge-0/0/0.0 {
                    host-inbound-traffic {
                        system-services {
                            dhcp;
                        }
                    }
                }
            }
        }
    }
}
`;

const verdict = (text: string, from: string, to: string, written: string): string => {
  const { filter } = parseSrx(text);
  const vantage = { hook: 'forward', inNames: [from], outNames: [to] } as const;
  return decide(filter, vantage, packet(written)).verdict;
};

describe('a whole configuration in set commands', () => {
  const { faults, assumed, beside, filter } = parseSrx(BRANCH);

  it('is read', () => {
    expect(faults).toEqual([]);
  });

  it('is told where others decide as well, or the manual leaves it open', () => {
    expect(beside?.map(({ what }) => what)).toEqual([
      'security screen',
      'security nat',
      'security-zone screen',
      'interfaces … filter',
      'application-services idp-policy',
      'application-services utm-policy',
      'alg http',
      'alg ftp',
    ]);
    expect(beside?.[1]).toEqual({ what: 'security nat', line: 19, lines: 2 });
    expect(assumed).toHaveLength(1);
  });

  it('adds what groups say to the policies that are there', () => {
    const [, rule] = filter.chains[0]!.rules;
    expect(rule).toMatchObject({ comment: 'customers; all', log: { prefix: '' }, line: 35 });
  });

  it.each([
    // Put in before the policy that blocks.
    ['wan', 'dmz', 'tcp 198.51.100.7:40000 > 10.20.0.25:443', 'accept'],
    ['wan', 'dmz', 'tcp 198.51.100.7:40000 > 10.20.0.25:22', 'drop'],
    ['wan', 'dmz', 'tcp 198.51.100.7:40000 > 10.20.0.30:443', 'drop'],
    ['wan', 'lan', 'tcp 198.51.100.7:40000 > 10.20.0.25:443', 'drop'],
    // The zone's own book goes before the global one.
    ['lan', 'lan', 'tcp 10.10.0.5:40000 > 10.10.0.80:8081', 'accept'],
    ['lan', 'lan', 'tcp 10.10.0.5:40000 > 10.10.0.80:443', 'accept'],
    ['lan', 'lan', 'tcp 10.10.0.5:40000 > 10.20.0.10:8081', 'drop'],
    ['lan', 'wan', 'tcp 10.10.0.5:40000 > 198.51.100.7:21', 'accept'],
    ['lan', 'wan', 'udp 10.10.0.5:40000 > 198.51.100.7:5060', 'accept'],
    ['lan', 'wan', 'tcp 10.10.0.5:40000 > 10.20.0.10:21', 'drop'],
    ['lan', 'dmz', 'tcp 10.10.0.5:40000 > 10.20.0.10:80', 'drop'],
    // A group's address; the zones that the global policy names.
    ['dmz', 'lan', 'tcp 10.20.0.10:40000 > 10.10.0.9:515', 'accept'],
    ['wan', 'lan', 'tcp 198.51.100.7:40000 > 10.10.0.9:515', 'drop'],
  ])('from %s to %s: %s', (from, to, written, wanted) => {
    expect(verdict(BRANCH, from, to, written)).toBe(wanted);
  });

  it.each([
    ['set securty zones security-zone lan'],
    ['set security policy default-policy permit-all'],
    ['set security policies from-zone lan to-zone wan polcy out match source-address any'],
    ['set security policies from-zone lan to-zone wan policy out match source-adress any'],
    ['set security policies from-zone lan to-zone wan policy out match source-identity alice'],
    ['set security policies from-zone lan to-zone wan policy out then permitt'],
    ['set security zones security-zone lan host-inbound-trafic system-services all'],
    ['set interfaces reth1 unit 0 family inet filtr input COUNT'],
    ['set interfaces reth1 unit 0 family inett address 10.0.0.1/8'],
    ['set applications application shop term other protokol tcp'],
    ['set security address-book global address-set servers adress web'],
    ['set groups HOSTS security policies global policy new match source-address any'],
    ['set groups node0 security address-book global address here 10.0.0.1/32'],
    ['set security policies from-zone lan to-zone wan apply-groups NONE'],
    ['set security polices apply-groups LOGGED'],
    ['deactivate security policies from-zone lan to-zone wan policy nobody'],
    ['insert security policies from-zone wan to-zone dmz policy web-in before policy nobody'],
    ['delete security policies from-zone wan to-zone dmz policy web-in'],
    ['set logical-systems one security policies default-policy permit-all'],
    ['xyzzy'],
  ])('is not, with one line more: %s', (line) => {
    const lines = BRANCH.split('\n').length;
    const [fault, ...others] = parseSrx(`${BRANCH}${line}\n`).faults;
    expect(others).toEqual([]);
    // What a group holds is at fault where it stands.
    expect(fault?.line).toBe(lines);
  });

  it('finds a fault in an address only where a policy that is asked needs it', () => {
    const active = BRANCH.replace(/^deactivate .*\n/m, '');
    expect(parseSrx(active).faults).toEqual([
      { line: 52, what: 'The address “mirror” is what a name server says.' },
    ]);
  });
});

describe('a whole configuration in braces', () => {
  const { faults, assumed, beside } = parseSrx(SMALL);

  it('is read', () => {
    expect(faults).toEqual([]);
    expect(assumed).toBeUndefined();
    expect(beside?.map(({ what }) => what)).toEqual([
      'security-zone screen',
      'application-services utm-policy',
    ]);
  });

  it.each([
    ['trust', 'untrust', 'tcp 192.168.1.11:40000 > 198.51.100.7:443', 'accept'],
    ['untrust', 'trust', 'tcp 198.51.100.7:40000 > 192.168.1.11:22', 'accept'],
    ['untrust', 'trust', 'tcp [2001:db8::7]#40000 > [2001:db8::9]#443', 'drop'],
  ])('from %s to %s: %s', (from, to, written, wanted) => {
    expect(verdict(SMALL, from, to, written)).toBe(wanted);
  });

  it('leaves to the default what only an inactive policy permits', () => {
    const closed = SMALL.replace('permit-all', 'deny-all');
    const other = 'tcp 192.168.1.12:40000 > 198.51.100.7:443';
    expect(verdict(closed, 'trust', 'untrust', other)).toBe('drop');
    expect(verdict(closed.replace('inactive: policy', 'policy'), 'trust', 'untrust', other)).toBe(
      'accept',
    );
  });

  it.each([
    ['                    application [ junos-http junos-https ];', 'application [ junos-htp ];'],
    ['                    count;', 'cuont;'],
    ['            interfaces {\n                vlan.0;', 'interface {\n vlan.0;'],
    ['            screen untrust-screen;', 'scren untrust-screen;'],
    ['system {', 'sistem {'],
    ['            permit-all;', 'permit-all'],
    ['                address pc 192.168.1.10/32;', 'address pc "192.168.1.10/32;'],
  ])('is not with another in place of%s', (from, to) => {
    const at = SMALL.slice(0, SMALL.indexOf(from)).split('\n').length;
    const { faults: found } = parseSrx(SMALL.replace(from, to));
    // A fault in a name is one of the policy that uses it, which begins above.
    expect(found.some(({ line }) => line > at - 6 && line < at + 4)).toBe(true);
  });
});

it.each([BRANCH, SMALL])(
  'reads lines with a carriage return, and what is shown around them',
  (text) => {
    const copied = `admin@edge> show configuration | display set\n${text}\n{primary:node0}\nadmin@edge>\n`;
    const { faults, filter } = parseSrx(copied.replaceAll('\n', '\r\n'));
    expect(faults).toEqual([]);
    const rules = ({ chains }: typeof filter) => chains.flatMap((chain) => chain.rules);
    expect(rules(filter)).toHaveLength(rules(parseSrx(text).filter).length);
  },
);

it.each([
  ['blocks', 'a {\n'.repeat(50_000)],
  ['members', `set applications application-set a application [ ${'a '.repeat(200_000)}]`],
  ['remarks', `set version 1\n${'/* \n'.repeat(100_000)}`],
  ['quotes', `a {\n${'"x '.repeat(100_000)}`],
  [
    'inserts',
    `${'set security policies global policy a then count\n'.repeat(10_000)}${'insert security policies global policy a before policy b\n'.repeat(2000)}`,
  ],
])('says that there are too many %s', (_, text) => {
  expect(parseSrx(text).faults).not.toEqual([]);
});
