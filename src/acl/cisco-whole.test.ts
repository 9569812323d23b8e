/** Whole configurations of Cisco's devices: what decides is read, what may decide is told. */
import { describe, expect, it } from 'vitest';
import type { PacketHeader } from '../net/header-fields.ts';
import { decide } from '../policy/evaluate.ts';
import { parseAsa } from './cisco-asa-parse.ts';
import type { Parsed } from './platform.ts';
import { parseRouterLists } from './router-parse.ts';

const ASA = `: Saved
: Serial Number: JAD00000000
ASA Version 9.18(3)
!
hostname edge
enable password $sha512$5000$x pbkdf2
names
name 10.1.1.25 mail description the old one
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.2 255.255.255.0
!
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.1.1 255.255.255.0
!
interface GigabitEthernet0/2
 nameif dmz
 security-level 50
!
interface GigabitEthernet0/3
 nameif guest
 security-level 50
!
interface Management0/0
 management-only
 no nameif
!
banner motd # Only for those who may:
banner motd access-list is what guards it
clock timezone CET 1
dns server-group DefaultDNS
 domain-name example.com
object network WEB
 host 10.1.1.10
object network FARM
 range 10.1.1.20 10.1.1.29
object network CLOUD
 fqdn v4 cdn.example.com
object service APP
 service tcp source gt 1023 destination eq 8443
object-group service WEBPORTS tcp
 port-object eq www
 port-object range 8000 8010
object-group service MIXED
 service-object tcp destination eq smtp
 service-object udp destination eq domain
 service-object icmp echo
 service-object object APP
object-group protocol TUNNELS
 protocol-object esp
 protocol-object gre
object-group icmp-type PINGS
 icmp-object echo
 icmp-object time-exceeded
object-group network SERVERS
 network-object object WEB
 network-object object FARM
access-list OUT_IN remark the web
access-list OUT_IN extended permit tcp any object-group SERVERS object-group WEBPORTS
access-list OUT_IN extended permit object-group MIXED any host mail
access-list OUT_IN extended permit object-group TUNNELS any object FARM
access-list OUT_IN extended permit icmp any any object-group PINGS
access-list OUT_IN extended deny ip any any log
access-list SPLIT standard permit 10.0.0.0 255.0.0.0
access-list TO_CLOUD extended permit tcp any object CLOUD eq https
pager lines 24
logging enable
mtu outside 1500
nat (inside,outside) source dynamic any interface
!
object network WEB
 nat (dmz,outside) static 203.0.113.10
access-group OUT_IN in interface outside
route outside 0.0.0.0 0.0.0.0 203.0.113.1 1
timeout xlate 3:00:00
ssh 10.1.1.0 255.255.255.0 inside
class-map inspection_default
 match default-inspection-traffic
policy-map global_policy
 class inspection_default
  inspect ftp
service-policy global_policy global
Cryptochecksum:00112233445566778899aabbccddeeff
: end
`;

const IOS = `Building configuration...

Current configuration : 2200 bytes
!
version 15.7
service timestamps debug datetime msec
no service password-encryption
hostname edge
banner login ^CC
permit nobody
^C
interface GigabitEthernet0/0
 description to the provider
 ip address 203.0.113.2 255.255.255.0
 ip access-group WAN_IN in
 ipv6 traffic-filter WAN6 in
 ip nat outside
 ip verify unicast source reachable-via rx
!
interface GigabitEthernet0/1
 ip address 10.1.1.1 255.255.255.0
 ip access-group 10 out
!
router ospf 1
 network 10.0.0.0 0.255.255.255 area 0
ip nat inside source list NATTED interface GigabitEthernet0/0 overload
ip route 0.0.0.0 0.0.0.0 203.0.113.1
!
ip access-list extended NATTED
 permit ip 10.0.0.0 0.255.255.255 any time-range office
ip access-list extended WAN_IN
 remark the web
 permit tcp any host 10.1.1.10 eq www 443
 permit tcp any any established
 deny ip any any log
!
access-list 10 remark who may come in
access-list 10 permit 198.51.100.7
access-list 10 permit 192.0.2.0 0.0.0.255 log
ipv6 access-list WAN6
 permit tcp any host 2001:DB8::80 eq 443
snmp-server community secret RO 10
line vty 0 4
 access-class 10 in
end
`;

const NXOS = `!Command: show running-config
version 9.3(5) Bios:version
hostname leaf
feature interface-vlan
vlan 1,10
ip access-list SERVERS
  statistics per-entry
  10 permit tcp any 10.1.1.0/24 eq 443
  20 deny ip any any log
interface Vlan10
  no shutdown
  ip address 10.1.1.1/24
  ip access-group SERVERS out
interface Ethernet1/1
  switchport access vlan 10
line vty
boot nxos bootflash:/nxos.9.3.5.bin
`;

function verdict(
  { filter }: Parsed,
  [from, to]: readonly [string, string],
  protocol: number,
  source: number,
  destination: number,
  port: number,
): string {
  const packet: PacketHeader = {
    ...{ state: 'new', family: 4, laterFragment: false, protocol, tcpFlags: 2 },
    source: { family: 4, words: [source] },
    destination: { family: 4, words: [destination] },
    ...{ sourcePort: 50112, destinationPort: port, icmpType: 8, icmpCode: 0 },
  };
  const vantage = { hook: 'forward', inNames: [from], outNames: [to] } as const;
  return decide(filter, vantage, packet).verdict;
}

const PEER = 0xc6336407;
const WEB = 0x0a01010a;
const FARM = 0x0a010115;
const MAIL = 0x0a010119;

describe('a whole ASA', () => {
  const parsed = parseAsa(ASA);

  it('is understood, and says what it does beside its lists', () => {
    expect(parsed.faults).toEqual([]);
    expect(parsed.assumed).toBeUndefined();
    expect(parsed.beside?.map(({ what, lines }) => [what, lines])).toEqual([
      ['nat', 2],
      ['service-policy', 1],
    ]);
  });

  it.each([
    ['ports of a group', 6, FARM, 8005, 'accept'],
    ['a port beside', 6, FARM, 8011, 'drop'],
    ['a range of addresses', 6, 0x0a01011e, 80, 'drop'],
    ['services of a group', 6, MAIL, 25, 'accept'],
    ['services of UDP', 17, MAIL, 53, 'accept'],
    ['an object of services', 6, MAIL, 8443, 'accept'],
    ['a service that is not in it', 17, MAIL, 25, 'drop'],
    ['protocols of a group', 50, FARM, 0, 'accept'],
    ['protocols elsewhere', 50, WEB, 0, 'drop'],
    ['messages of a group', 1, WEB, 0, 'accept'],
  ])('reads %s', (_what, protocol, to, port, expected) => {
    expect(verdict(parsed, ['outside', 'inside'], protocol, PEER, to, port)).toBe(expected);
  });

  it.each([
    ['inside', 'dmz', 'accept'],
    ['inside', 'outside', 'accept'],
    ['dmz', 'inside', 'drop'],
    ['dmz', 'guest', 'drop'],
    ['guest', 'outside', 'accept'],
    ['inside', 'inside', 'drop'],
  ])('from %s to %s goes by the levels', (from, to, expected) => {
    expect(verdict(parsed, [from, to], 6, FARM, PEER, 22)).toBe(expected);
  });

  it('lets interfaces of one level speak where that is set', () => {
    const text = ASA.replace('names\n', 'names\nsame-security-traffic permit inter-interface\n');
    const open = parseAsa(text);
    expect(open.faults).toEqual([]);
    expect(verdict(open, ['dmz', 'guest'], 6, FARM, PEER, 22)).toBe('accept');
    expect(verdict(open, ['dmz', 'dmz'], 6, FARM, PEER, 22)).toBe('drop');
  });

  it('goes by the levels alone where no list is bound', () => {
    const bare = parseAsa(ASA.replace(/^access-group.*\n/m, ''));
    expect(bare.faults).toEqual([]);
    expect(verdict(bare, ['outside', 'inside'], 6, PEER, FARM, 80)).toBe('drop');
    expect(verdict(bare, ['inside', 'outside'], 6, FARM, PEER, 80)).toBe('accept');
  });

  it.each([
    ['an unknown setting', 'pager lines 24', 'pagers lines 24'],
    ['an unknown setting of an interface', 'object network WEB\n host', 'xyzzy WEB\n host'],
    ['a misspelt entry', 'access-list OUT_IN extended deny', 'acces-list OUT_IN extended deny'],
    ['a name that is looked up, where it is asked', 'any object FARM', 'any object CLOUD'],
    ['a group of another kind', 'any object FARM', 'any object-group WEBPORTS'],
    ['a group twice', 'object network WEB\n nat', 'object-group network SERVERS\n nat'],
    [
      'an object twice',
      'object network WEB\n nat (dmz',
      'object network WEB\n host 10.9.9.9\n nat (dmz',
    ],
  ])('with %s is not understood', (_what, from, to) => {
    expect(ASA).toContain(from);
    const { faults } = parseAsa(ASA.replace(from, to));
    expect(faults.length).toBeGreaterThan(0);
  });
});

describe('a whole router', () => {
  const parsed = parseRouterLists(IOS, 'wildcard');
  const [lan, wan] = ['GigabitEthernet0/1', 'GigabitEthernet0/0'];

  it('is understood, and says what it does beside its lists', () => {
    expect(parsed.faults).toEqual([]);
    expect(parsed.beside?.map(({ what, lines }) => [what, lines])).toEqual([
      ['ip nat', 2],
      ['ip verify', 1],
    ]);
  });

  it.each([
    ['the list of the interface', wan, 'Gi0/9', PEER, WEB, 443, 'accept'],
    ['its end', wan, 'Gi0/9', PEER, WEB, 22, 'drop'],
    ['no list', 'Gi0/9', wan, PEER, WEB, 22, 'accept'],
    ['a standard list by the sender', 'Gi0/9', lan, PEER, WEB, 22, 'accept'],
    ['its prefix', 'Gi0/9', lan, 0xc0000209, WEB, 22, 'accept'],
    ['its end', 'Gi0/9', lan, WEB, WEB, 22, 'drop'],
    ['both lists', wan, lan, 0x08080808, WEB, 443, 'drop'],
  ])('asks %s', (_what, from, to, source, destination, port, expected) => {
    expect(verdict(parsed, [from!, to!], 6, source, destination, port)).toBe(expected);
  });

  it('lets everything through where no interface names a list', () => {
    const bare = parseRouterLists(
      IOS.replace(/^ ip(v6)? (access-group|traffic-filter).*\n/gm, ''),
      'wildcard',
    );
    expect(bare.faults).toEqual([]);
    expect(verdict(bare, [wan!, lan!], 6, PEER, WEB, 22)).toBe('accept');
  });

  it.each([
    ['an unknown setting', 'hostname edge', 'hostnames edge', /“hostnames” stands outside/],
    ['a list that is asked and not there', 'WAN_IN in', 'WAN_IM in', /“WAN_IM” has no entries/],
    [
      'a misspelt list',
      'ip access-list extended WAN_IN',
      'ip acess-list extended WAN_IN',
      /outside/,
    ],
    ['time in a list that is asked', 'any any established', 'any any time-range t', /time-range/],
    ['a word beside its name', 'WAN_IN in\n', 'WAN_IN in common\n', /“common” is not known/],
  ])('with %s is not understood', (_what, from, to, message) => {
    expect(IOS).toContain(from);
    const { faults } = parseRouterLists(IOS.replace(from, to), 'wildcard');
    expect(faults.map(({ what }) => what).join('\n')).toMatch(message);
  });
});

it('a whole switch is understood', () => {
  const parsed = parseRouterLists(NXOS, 'length');
  expect(parsed).toMatchObject({ faults: [] });
  expect(parsed.beside).toBeUndefined();
  const way = ['Ethernet1/1', 'Vlan10'] as const;
  expect(verdict(parsed, way, 6, PEER, WEB, 443)).toBe('accept');
  expect(verdict(parsed, way, 6, PEER, WEB, 80)).toBe('drop');
  expect(verdict(parsed, ['Vlan10', 'Ethernet1/1'], 6, WEB, PEER, 80)).toBe('accept');
});
