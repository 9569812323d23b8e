/** Whole configurations of Junos routers with firewall filters, as the device prints them. */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import { decide } from '../policy/evaluate.ts';
import type { Hook } from '../policy/filter.ts';
import { parseJunosFilter } from './junos-filter-parse.ts';

const ROUTER = `set version 20.4R3.8
set groups EDGE interfaces <ge-*> unit <*> family inet filter input FROM_EDGE
set groups COUNTED firewall family inet filter <*> term <*> then count seen
set system host-name core
set system services ssh
set chassis fpc 0 pic 0 tunnel-services
set interfaces apply-groups EDGE
set interfaces ge-0/0/0 description "to the provider"
set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/30
set interfaces ge-0/0/0 unit 0 family inet rpf-check
set interfaces ge-0/0/1 flexible-vlan-tagging
set interfaces ge-0/0/1 apply-groups-except EDGE
set interfaces ge-0/0/1 unit 10 vlan-id 10
set interfaces ge-0/0/1 unit 10 family inet filter input-list [ MARKS OFFICE ]
set interfaces ge-0/0/1 unit 10 family inet filter output TO_OFFICE
set interfaces ge-0/0/1 unit 10 family inet address 10.1.0.1/24
set interfaces ge-0/0/2 unit 0 family inet filter input OWN
set interfaces ge-0/0/2 unit 0 family inet address 10.2.0.1/24
set interfaces ge-0/0/2 unit 0 family iso
set interfaces interface-range USERS member xe-0/1/0
set interfaces interface-range USERS member-range xe-0/1/4 to xe-0/1/6
set interfaces interface-range USERS unit 0 family inet filter input OWN
set interfaces xe-0/1/5 unit 0 family inet address 10.5.0.1/24
set interfaces ae0 unit 0 family inet6 filter input SIX
set interfaces fxp0 unit 0 family inet address 192.0.2.2/24
set interfaces lo0 unit 0 family inet filter input PROTECT
set interfaces lo0 unit 0 family inet address 10.255.0.1/32
set interfaces lo0 unit 1 family inet address 10.255.0.2/32
set routing-options autonomous-system 65001
set routing-options static route 192.0.2.0/24 discard
set protocols bgp group transit neighbor 203.0.113.1 peer-as 65010
set protocols bgp group office neighbor 10.1.0.2 peer-as 65020
set policy-options prefix-list admins 10.1.0.0/24
set policy-options prefix-list peers apply-path "protocols bgp group <*> neighbor <*>"
set policy-options prefix-list local apply-path "interfaces <ge-*> unit <*> family inet address <*>"
set policy-options prefix-list none
set policy-options policy-statement export term all then accept
set routing-instances blue instance-type vrf
set routing-instances blue interface ge-0/0/2.0
set routing-instances blue interface lo0.1
set class-of-service interfaces ge-0/0/0 scheduler-map wan
set firewall apply-groups COUNTED
set firewall policer slow if-exceeding bandwidth-limit 1m
set firewall policer slow if-exceeding burst-size-limit 15k
set firewall policer slow then discard
set firewall family inet filter FROM_EDGE interface-specific
set firewall family inet filter FROM_EDGE term forged from source-address 10.0.0.0/8
set firewall family inet filter FROM_EDGE term forged from source-address 10.99.0.0/16 except
set firewall family inet filter FROM_EDGE term forged from source-address 10.99.7.0/24
set firewall family inet filter FROM_EDGE term forged then discard
set firewall family inet filter FROM_EDGE term options from ip-options any
set firewall family inet filter FROM_EDGE term options then discard
set firewall family inet filter FROM_EDGE term web from destination-address 10.1.0.0/24
set firewall family inet filter FROM_EDGE term web from protocol tcp
set firewall family inet filter FROM_EDGE term web from port [ http 8080-8081 ]
set firewall family inet filter FROM_EDGE term web then accept
set firewall family inet filter FROM_EDGE term back from protocol tcp
set firewall family inet filter FROM_EDGE term back from tcp-flags "(ack & !syn) | rst"
set firewall family inet filter FROM_EDGE term back then accept
set firewall family inet filter FROM_EDGE term pings from protocol icmp
set firewall family inet filter FROM_EDGE term pings from icmp-type [ echo-request unreachable ]
set firewall family inet filter FROM_EDGE term pings then policer slow
set firewall family inet filter FROM_EDGE term own filter OWN
set firewall family inet filter OWN term local from prefix-list local
set firewall family inet filter OWN term local from protocol-except udp
set firewall family inet filter OWN term local then accept
set firewall family inet filter OWN term nobody from source-prefix-list none
set firewall family inet filter OWN term nobody then accept
set firewall family inet filter MARKS term voice from dscp-marks ef
set firewall family inet filter MARKS term all then forwarding-class best-effort
set firewall family inet filter MARKS term all then next term
deactivate firewall family inet filter MARKS term voice
set firewall family inet filter OFFICE term dns from protocol udp
set firewall family inet filter OFFICE term dns from destination-port-except domain
set firewall family inet filter OFFICE term dns then reject administratively-prohibited
set firewall family inet filter OFFICE term rest then accept
set firewall family inet filter TO_OFFICE term started from protocol tcp
set firewall family inet filter TO_OFFICE term started from tcp-initial
set firewall family inet filter TO_OFFICE term started then discard
set firewall family inet filter TO_OFFICE term rest then accept
set firewall family inet filter PROTECT term ssh from source-prefix-list admins
set firewall family inet filter PROTECT term ssh from protocol tcp
set firewall family inet filter PROTECT term ssh from destination-port ssh
set firewall family inet filter PROTECT term ssh then accept
set firewall family inet filter PROTECT term bgp from source-prefix-list peers
set firewall family inet filter PROTECT term bgp from protocol tcp
set firewall family inet filter PROTECT term bgp from port bgp
set firewall family inet filter PROTECT term bgp then accept
set firewall family inet filter UNUSED term odd from packet-length 64
set firewall family inet filter UNUSED term odd then accept
set firewall family inet6 filter SIX term all from next-header tcp
set firewall family inet6 filter SIX term all then accept
set firewall family ethernet-switching filter L2 term a then accept
insert firewall family inet filter FROM_EDGE term web before term forged
`;

const at = (text: string, hook: Hook, from: string, to: string, written: string): string => {
  const { filter } = parseJunosFilter(text);
  return decide(filter, { hook, inNames: [from], outNames: [to] }, packet(written)).verdict;
};

describe('a whole configuration', () => {
  const { faults, assumed, beside } = parseJunosFilter(ROUTER);

  it('is read', () => {
    expect(faults).toEqual([]);
    expect(assumed).toEqual(['that a prefix list with nothing in it holds no address']);
    expect(beside).toEqual([
      { what: 'interfaces … rpf-check', line: 10, lines: 1 },
      { what: 'from ip-options', line: 51, lines: 1 },
      { what: 'policer', line: 60, lines: 1 },
    ]);
  });

  it.each([
    // A group's filter where an interface has none of its own, and is not excepted.
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 10.3.0.7:40000 > 198.51.100.9:25', 'drop'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 198.51.100.7:40000 > 198.51.100.9:25', 'drop'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 198.51.100.7:40000 > 198.51.100.9:25 ack', 'accept'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 10.3.0.7:40000 > 198.51.100.9:25 ack', 'drop'],
    // The longest prefix decides.
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 10.99.3.7:40000 > 198.51.100.9:25 ack', 'accept'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 10.99.7.7:40000 > 198.51.100.9:25 ack', 'drop'],
    // Put in before what is forged; ports of either side.
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 10.3.0.7:40000 > 10.1.0.9:8081', 'accept'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 10.3.0.7:80 > 10.1.0.9:40000', 'accept'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'icmp/8 198.51.100.7 > 198.51.100.9', 'accept'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'icmp/13 198.51.100.7 > 198.51.100.9', 'drop'],
    // The filter within it.
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'tcp 198.51.100.7:40000 > 10.2.0.9:25', 'accept'],
    ['ge-0/0/0.0', 'ge-0/0/3.0', 'udp 198.51.100.7:40000 > 10.2.0.9:25', 'drop'],
    // One filter after the other.
    ['ge-0/0/1.10', 'ge-0/0/3.0', 'udp 10.1.0.7:40000 > 198.51.100.9:53', 'accept'],
    ['ge-0/0/1.10', 'ge-0/0/3.0', 'udp 10.1.0.7:40000 > 198.51.100.9:54', 'reject'],
    ['ge-0/0/1.10', 'ge-0/0/3.0', 'tcp 10.1.0.7:40000 > 198.51.100.9:54', 'accept'],
    // Both ends have a say.
    ['ge-0/0/0.0', 'ge-0/0/1.10', 'tcp 198.51.100.7:40000 > 10.1.0.9:80', 'drop'],
    ['ge-0/0/0.0', 'ge-0/0/1.10', 'tcp 198.51.100.7:80 > 10.1.0.9:40000 ack', 'accept'],
    // Members of a range; an interface without a filter.
    ['xe-0/1/5.0', 'ge-0/0/3.0', 'tcp 10.5.0.7:40000 > 198.51.100.9:54', 'drop'],
    ['xe-0/1/0.0', 'ge-0/0/3.0', 'tcp 10.5.0.7:40000 > 10.2.0.9:54', 'accept'],
    ['xe-0/1/3.0', 'ge-0/0/3.0', 'tcp 10.5.0.7:40000 > 198.51.100.9:54', 'accept'],
    ['ae0.0', 'ge-0/0/3.0', 'udp 10.5.0.7:40000 > 198.51.100.9:54', 'accept'],
    ['ae0.0', 'ge-0/0/3.0', 'udp [2001:db8::7]#40000 > [2001:db8::9]#54', 'drop'],
  ])('from %s to %s: %s', (from, to, written, wanted) => {
    expect(at(ROUTER, 'forward', from, to, written)).toBe(wanted);
  });

  it.each([
    ['ge-0/0/1.10', 'tcp 10.1.0.7:40000 > 10.255.0.1:22', 'accept'],
    ['ge-0/0/3.0', 'tcp 10.3.0.7:40000 > 10.255.0.1:22', 'drop'],
    ['ge-0/0/3.0', 'tcp 10.1.0.2:40000 > 10.255.0.1:179', 'accept'],
    ['ge-0/0/3.0', 'tcp 10.1.0.3:40000 > 10.255.0.1:179', 'drop'],
    // Its instance has a loopback unit of its own, without a filter.
    ['ge-0/0/2.0', 'tcp 10.2.0.7:40000 > 10.255.0.2:23', 'accept'],
  ])('to the device itself, by %s: %s', (from, written, wanted) => {
    expect(at(ROUTER, 'input', from, '', written)).toBe(wanted);
  });

  it.each([
    ['set interfces ge-0/0/3 unit 0 family inet filter input OWN'],
    ['set interfaces ge-0/0/3 unit 0 family inet filter inptu OWN'],
    ['set interfaces ge-0/0/3 unit 0 family inet filtr input OWN'],
    ['set interfaces ge-0/0/3 unit 0 famly inet filter input OWN'],
    ['set interfaces ge-0/0/3 unit 0 family inet filter input NONE'],
    ['set interfaces ge-0/0/2 unit 0 family inet filter input OFFICE'],
    ['set firewall family inet filter OWN term last from protokol tcp'],
    ['set firewall family inet filter OWN term last from protocol tcpp'],
    ['set firewall family inet filter OWN term last from ttl 1'],
    ['set firewall family inet filter OWN term last from source-prefix-list nobody'],
    ['set firewall family inet filter OWN term last then acept'],
    ['set firewall family inet filter OWN term last then policer fast'],
    ['set firewall family inett filter OWN term last then accept'],
    ['set groups COUNTED firewall family inet filter OWN term new then accept'],
    ['set logical-systems a interfaces ge-0/0/9 unit 0 family inet filter input OWN'],
    ['deactivate firewall family inet filter NONE'],
    ['set routing-instances blue interfac ge-0/0/1.10'],
    ['set interfces apply-groups EDGE'],
    ['set policy-option prefix-list admins 10.0.0.0/8'],
    ['xyzzy'],
  ])('is not, with one line more: %s', (line) => {
    const lines = ROUTER.split('\n').length;
    expect(parseJunosFilter(`${ROUTER}${line}\n`).faults).toMatchObject([{ line: lines }]);
  });
});

it('finds filters that ask each other in a circle', () => {
  const circle = 'set firewall family inet filter OWN term last filter FROM_EDGE\n';
  expect(parseJunosFilter(`${ROUTER}${circle}`).faults).toEqual([
    { line: 63, what: 'Jumps from chain “OWN (IPv4)” run in circles.' },
  ]);
});

it('reads braces', () => {
  const text = `## Last changed: 2024-05-01 10:00:00 UTC
version 18.4R1;
interfaces {
    irb {
        unit 5 {
            family inet {
                filter {
                    input USERS;
                }
                address 10.5.0.1/24;
            }
        }
    }
}
firewall {
    family inet {
        /* what users may */
        filter USERS {
            term web {
                from {
                    source-address {
                        10.5.0.0/24;
                        10.5.0.9/32 except;
                    }
                    protocol tcp;
                    destination-port [ http https ];
                }
                then {
                    count web;
                    accept;
                }
            }
            inactive: term all {
                then accept;
            }
        }
    }
}
`;
  expect(parseJunosFilter(text).faults).toEqual([]);
  const verdict = (written: string) => at(text, 'forward', 'irb.5', '', written);
  expect(verdict('tcp 10.5.0.8:40000 > 198.51.100.9:443')).toBe('accept');
  expect(verdict('tcp 10.5.0.9:40000 > 198.51.100.9:443')).toBe('drop');
  expect(verdict('tcp 10.5.0.8:40000 > 198.51.100.9:22')).toBe('drop');
});

it('takes one filter that no interface has for whatever is forwarded, and says so', () => {
  const filter = 'set firewall family inet filter A term a from protocol tcp\n';
  const address = 'set interfaces ge-0/0/0 unit 0 family inet address 10.0.0.1/8\n';
  expect(parseJunosFilter(filter).assumed).toBeUndefined();
  expect(parseJunosFilter(`${filter}${address}`)).toMatchObject({ faults: [] });
  expect(parseJunosFilter(`${filter}${address}`).assumed).toHaveLength(1);
});
