/** Whole exports of RouterOS, as devices write them: what is read of them, and what is not passed over. */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import type { State } from '../net/header-fields.ts';
import { decide } from '../policy/evaluate.ts';
import type { Hook } from '../policy/filter.ts';
import { parseMikrotik } from './mikrotik-parse.ts';

/** Version 7, a router at the edge of an office, with the rules it is shipped with and some more. */
const OFFICE = `# 2026-11-02 10:11:12 by RouterOS 7.16.2
# software id = ABCD-1234
#
# model = RB5009UG+S+
/interface bridge
add admin-mac=02:00:00:00:00:01 auto-mac=no comment=defconf name=bridge \\
    vlan-filtering=yes
/interface ethernet
set [ find default-name=ether1 ] name=ether1-wan
set [ find default-name=ether8 ] comment="spare; add chain=forward" disabled=yes
/interface wireguard
add listen-port=51820 mtu=1420 name=wg-home
/interface vlan
add interface=bridge name=guests vlan-id=20
add interface=bridge name=servers vlan-id=30
/interface list
add comment=defconf name=WAN
add comment=defconf name=LAN
add include=LAN name=INSIDE
add exclude=WAN include=all name=NOT-WAN
/interface wifi security
add authentication-types=wpa2-psk,wpa3-psk name=office
/ip pool
add name=dhcp ranges=192.0.2.10-192.0.2.99
/ip dhcp-server
add address-pool=dhcp interface=bridge name=defconf
/queue simple
add max-limit=20M/20M name=guests target=guests
/snmp community
set [ find default=yes ] addresses=192.0.2.0/24
/interface bridge port
add bridge=bridge comment=defconf interface=ether2 pvid=20
/ip neighbor discovery-settings
set discover-interface-list=LAN
/ip settings
set rp-filter=loose tcp-syncookies=yes
/interface bridge vlan
add bridge=bridge tagged=bridge,ether8 vlan-ids=20,30
/interface list member
add comment=defconf interface=bridge list=LAN
add comment=defconf interface=ether1-wan list=WAN
add interface=servers list=INSIDE
add disabled=yes interface=guests list=INSIDE
/interface wireguard peers
add allowed-address=198.51.100.2/32 interface=wg-home public-key="AAAA="
/ip address
add address=192.0.2.1/24 comment=defconf interface=bridge network=192.0.2.0
/ip dhcp-client
add comment=defconf interface=ether1-wan
/ip dns
set allow-remote-requests=yes
/ip dns static
add address=192.0.2.1 comment=defconf name=router.lan
/ip firewall address-list
add address=192.0.2.50-192.0.2.59 comment="of the admins" list=admins
add address=198.51.100.0/25 list=admins
add address=updates.example.net list=unused
add address=203.0.113.66 list=blocked
/ip firewall filter
add action=accept chain=input comment="defconf: accept established,related,untracked" \\
    connection-state=established,related,untracked
add action=drop chain=input comment="defconf: drop invalid" connection-state=invalid
add action=accept chain=input comment="defconf: accept ICMP" protocol=icmp
add action=drop chain=input comment="known scanners" src-address-list=blocked
add action=add-src-to-address-list address-list=blocked address-list-timeout=1d \\
    chain=input in-interface-list=WAN protocol=tcp psd=21,3s,3,1
add action=accept chain=input dst-port=51820 protocol=udp
add action=accept chain=input in-interface=wg-home dst-port=22,8291 protocol=tcp \\
    src-address-list=admins
add action=drop chain=input comment="defconf: drop all not coming from LAN" \\
    in-interface-list=!LAN
add action=accept chain=forward comment="defconf: accept in ipsec policy" \\
    ipsec-policy=in,ipsec
add action=fasttrack-connection chain=forward comment="defconf: fasttrack" \\
    connection-state=established,related hw-offload=yes
add action=accept chain=forward connection-state=established,related,untracked
add action=drop chain=forward comment="defconf: drop invalid" connection-state=invalid
add action=jump chain=forward in-interface=guests jump-target=from-guests
add action=reject chain=forward out-interface-list=!NOT-WAN port=25,465 protocol=tcp \\
    reject-with=icmp-admin-prohibited src-address-list=!admins
add action=drop chain=forward comment="defconf: drop all from WAN not DSTNATed" \\
    connection-nat-state=!dstnat connection-state=new in-interface-list=WAN
add action=accept chain=from-guests comment="the net" out-interface-list=WAN
add action=drop chain=from-guests log=yes log-prefix="guest: \\"in\\""
add action=passthrough chain=unused-hs-chain comment="place hotspot rules here" \\
    disabled=yes
/ip firewall nat
add action=masquerade chain=srcnat ipsec-policy=out,none out-interface-list=WAN
add action=dst-nat chain=dstnat dst-port=443 in-interface-list=WAN protocol=tcp \\
    to-addresses=192.0.2.200 to-ports=8443
add action=dst-nat chain=dstnat disabled=yes dst-port=22 in-interface-list=WAN \\
    protocol=tcp to-addresses=192.0.2.200
/ip route
add disabled=no distance=1 dst-address=0.0.0.0/0 gateway=203.0.113.1
/ip service
set telnet disabled=yes
set www address=192.0.2.0/24
/ipv6 firewall address-list
add address=fec0::/10 comment="defconf: site-local" list=bad_ipv6
/ipv6 firewall filter
add action=accept chain=forward connection-state=established,related,untracked
add action=drop chain=forward dst-address-list=bad_ipv6
add action=drop chain=forward comment="rfc4890 drop hop-limit=1" hop-limit=equal:1 \\
    protocol=icmpv6
add action=accept chain=forward protocol=icmpv6
add action=drop chain=forward in-interface-list=!LAN
/system clock
set time-zone-name=Etc/UTC
/system identity
set name=office
/system script
add dont-require-permissions=no name=night source=":log info \\"night\\"\\r\\
    \\n/ip firewall filter add action=drop chain=forward"
/tool mac-server
set allowed-interface-list=LAN
`;

interface Place {
  readonly hook?: Hook;
  readonly in?: string;
  readonly out?: string;
  readonly state?: State;
}

function verdictOf(text: string, written: string, place: Place = {}): string {
  const { filter, faults } = parseMikrotik(text);
  expect(faults).toEqual([]);
  const { hook = 'forward', in: inName, out: outName, state } = place;
  const vantage = {
    hook,
    ...(inName === undefined ? {} : { inNames: [inName] }),
    ...(outName === undefined ? {} : { outNames: [outName] }),
  };
  const header = packet(written);
  return decide(filter, vantage, state === undefined ? header : { ...header, state }).verdict;
}

describe('a whole export of version 7', () => {
  const { filter, faults, assumed, beside } = parseMikrotik(OFFICE);

  it('is read without a fault, and tells what it does not weigh', () => {
    expect(faults).toEqual([]);
    expect(beside).toEqual([
      { what: 'ip settings rp-filter', line: 36, lines: 1 },
      { what: 'ip firewall nat', line: 88, lines: 2 },
      { what: 'system script', line: 112, lines: 1 },
    ]);
    expect(assumed).toEqual([
      'that whatever NAT could have led to where it goes was led there by it',
      'that the address list “blocked”, which fills as the device runs, holds only what the text gives it',
      'that no packet has so few hops left (equal:1) that line 103 drops it',
    ]);
    expect(filter.chains.map(({ name }) => name)).not.toContain('4 unused-hs-chain');
  });

  it.each<[string, Place, string]>([
    // Interfaces by the lists they are on.
    ['tcp 203.0.113.9:40000 > 192.0.2.1:22', { hook: 'input', in: 'ether1-wan' }, 'drop'],
    ['tcp 192.0.2.70:40000 > 192.0.2.1:22', { hook: 'input', in: 'bridge' }, 'accept'],
    ['tcp 192.0.2.70:40000 > 192.0.2.1:22', { hook: 'input', in: 'guests' }, 'drop'],
    ['tcp 198.51.100.2:40000 > 192.0.2.1:22', { hook: 'input', in: 'wg-home' }, 'accept'],
    ['tcp 198.51.100.200:40000 > 192.0.2.1:22', { hook: 'input', in: 'wg-home' }, 'drop'],
    ['icmp/8 203.0.113.9 > 203.0.113.2', { hook: 'input', in: 'ether1-wan' }, 'accept'],
    ['udp 203.0.113.66:1 > 203.0.113.2:51820', { hook: 'input', in: 'ether1-wan' }, 'drop'],
    // What was translated passes, by where it leads.
    ['tcp 203.0.113.9:40000 > 192.0.2.200:8443', { in: 'ether1-wan', out: 'bridge' }, 'accept'],
    ['tcp 203.0.113.9:40000 > 192.0.2.200:443', { in: 'ether1-wan', out: 'bridge' }, 'drop'],
    ['tcp 203.0.113.9:40000 > 192.0.2.200:22', { in: 'ether1-wan', out: 'bridge' }, 'drop'],
    ['tcp 192.0.2.70:40000 > 203.0.113.9:22', { in: 'bridge', out: 'ether1-wan' }, 'accept'],
    // Either port, and addresses not on a list.
    ['tcp 192.0.2.70:40000 > 203.0.113.9:25', { in: 'bridge', out: 'ether1-wan' }, 'reject'],
    ['tcp 192.0.2.70:465 > 203.0.113.9:99', { in: 'bridge', out: 'ether1-wan' }, 'reject'],
    ['tcp 192.0.2.55:40000 > 203.0.113.9:25', { in: 'bridge', out: 'ether1-wan' }, 'accept'],
    ['tcp 192.0.2.70:40000 > 192.0.2.200:25', { in: 'bridge', out: 'servers' }, 'accept'],
    // Chains that are jumped to.
    ['tcp 192.0.2.9:40000 > 203.0.113.9:443', { in: 'guests', out: 'ether1-wan' }, 'accept'],
    ['tcp 192.0.2.9:40000 > 192.0.2.200:443', { in: 'guests', out: 'servers' }, 'drop'],
    // FastTrack and states.
    ['tcp 203.0.113.9:1 > 192.0.2.70:2', { in: 'ether1-wan', state: 'established' }, 'accept'],
    ['tcp 203.0.113.9:1 > 192.0.2.70:2', { in: 'ether1-wan', state: 'invalid' }, 'drop'],
    // The other family.
    ['icmp/128 [2001:db8::1] > [2001:db8::2]', { in: 'ether1-wan' }, 'accept'],
    ['tcp [2001:db8::1]#1 > [2001:db8::2]#443', { in: 'ether1-wan' }, 'drop'],
    ['tcp [2001:db8::1]#1 > [2001:db8::2]#443', { in: 'bridge' }, 'accept'],
    ['tcp [2001:db8::1]#1 > [fec0::2]#443', { in: 'bridge' }, 'drop'],
  ])('%s, %j: %s', (written, place, verdict) => {
    expect(verdictOf(OFFICE, written, place)).toBe(verdict);
  });

  it.each<[string, string, string, string, string?]>([
    ['an unknown menu', '/ip pool', '/ip pond', '“/ip pond”'],
    ['a menu below none', '/queue simple', '/ip firewall simple', '“/ip firewall simple”'],
    ['an unknown command', 'set name=office', 'sett name=office', '“sett”'],
    ['an unknown field', 'connection-state=invalid', 'shape=round', '“shape”'],
    [
      'an unknown field that is not set',
      'chain=input comment',
      'chain=input !shape comment',
      'shape',
    ],
    ['a misspelt field', 'out-interface-list=WAN\n', 'outinterface-list=WAN\n', 'outinterface'],
    ['a misspelt action', 'action=drop chain=from', 'action=dropp chain=from', '“dropp”'],
    ['a misspelt state', 'state=invalid', 'state=invaled', '“invaled”'],
    ['a misspelt switch', 'log=yes', 'log=yess', '“log=yess”'],
    ['an unknown way to reject', 'icmp-admin-prohibited', 'icmp-admin', '“icmp-admin”'],
    ['an unknown list of interfaces', 'list=!NOT-WAN', 'list=!NOT-WAM', '“NOT-WAM”'],
    [
      'an unknown list that lets through',
      'list=admins\nadd action=drop',
      'list=admin\nadd action=drop',
      '“admin”',
    ],
    ['a condition on more than the header', 'in-interface=guests', 'dscp=8', '“dscp”'],
    [
      'the name of a host on a list',
      'list=unused',
      'list=admins',
      'updates.example.net',
      'wg-home dst-port',
    ],
    [
      'rules below another menu',
      '/ip firewall filter\n',
      '/ip dns static\n',
      'stands in the menu',
      '    connection-state=established',
    ],
    [
      'rules of the filter in NAT',
      '/ipv6 firewall filter\n',
      '/ipv6 firewall nat\n',
      'stands in',
      'dst-address-list=bad_ipv6',
    ],
  ])('has a fault with %s', (_, from, to, what, near = from) => {
    expect(OFFICE).toContain(from);
    const changed = OFFICE.replace(from, to);
    const [first] = parseMikrotik(changed).faults;
    expect(first?.what).toContain(what);
    expect(first?.line).toBe(beginOf(OFFICE, OFFICE.indexOf(near)));
  });
});

/** The line, counted from 1, where the command at this place of the text begins. */
function beginOf(text: string, at: number): number {
  const before = text.slice(0, at).split('\n');
  let line = before.length;
  while (line > 1 && before[line - 2]?.endsWith('\\')) line--;
  return line;
}

/** Version 6 with everything written out, as \`export verbose\` does, and the raw table. */
const BRANCH = `[admin@branch] > /export verbose
# jan/02/2026 10:11:12 by RouterOS 6.49.17
/interface list
set [ find name=all ] comment="contains all interfaces" exclude="" include="" name=all
set [ find name=none ] exclude="" include="" name=none
add exclude="" include="" name=WAN
/interface list member
add disabled=no interface=pppoe-out1 list=WAN
/ppp profile
set *0 address-list="" !bridge change-tcp-mss=yes interface-list=WAN name=default
/ip firewall connection tracking
set enabled=auto tcp-established-timeout=1d
/ip settings
set ip-forward=yes rp-filter=no
/interface bridge settings
set use-ip-firewall=yes
/ip upnp
set enabled=no
/ip hotspot
add address-pool=guests disabled=no interface=wlan2 name=hotspot1
/ip ipsec policy
set 0 disabled=no dst-address=0.0.0.0/0 template=yes
/ip firewall filter
add action=accept chain=forward !connection-bytes !connection-limit connection-state=\\
    established,related disabled=no log=no log-prefix="" !limit !src-address
add action=log chain=forward limit=5,5:packet log-prefix=x
add action=drop chain=forward protocol=tcp tcp-flags=syn,!ack,fin
add action=drop chain=forward in-interface-list=WAN !tcp-flags dst-address-type=!multicast
add action=jump chain=forward jump-target=elsewhere
add action=accept chain=never limit=1,1 
/ip firewall raw
add action=drop chain=prerouting protocol=udp port=53 in-interface-list=WAN
add action=jump chain=prerouting jump-target=bogons
add action=accept chain=prerouting
add action=drop chain=bogons src-address=198.51.100.0/24
/ip firewall mangle
add action=mark-routing chain=prerouting new-routing-mark=a passthrough=no
/ip route
add distance=1 dst-address=198.51.100.0/24 type=blackhole
/ipv6 settings
set disable-ipv6=yes
`;

describe('a whole export of version 6', () => {
  it('is read without a fault, and tells what it does not weigh', () => {
    const { faults, assumed, beside } = parseMikrotik(BRANCH);
    expect(faults).toEqual([]);
    expect(beside?.map(({ what, line }) => `${line} ${what}`)).toEqual([
      '16 interface bridge settings use-ip-firewall',
      '20 ip hotspot',
      '37 ip firewall mangle',
      '39 ip route blackhole',
    ]);
    expect(assumed).toEqual([
      'that only the text puts interfaces on the list “WAN”',
      'that the chain “4 elsewhere”, of which the text has no rule, is empty',
    ]);
  });

  it.each<[string, Place, string]>([
    ['tcp 192.0.2.9:1 > 203.0.113.9:443', { in: 'pppoe-out1' }, 'drop'],
    ['udp 192.0.2.9:1 > 224.0.0.5:9', { in: 'pppoe-out1' }, 'accept'],
    ['tcp 192.0.2.9:1 > 203.0.113.9:443', { in: 'bridge' }, 'accept'],
    ['tcp 198.51.100.9:1 > 203.0.113.9:443', { in: 'bridge' }, 'drop'],
    ['tcp 198.51.100.9:1 > 203.0.113.9:443', { in: 'bridge', hook: 'input' }, 'drop'],
    ['tcp 198.51.100.9:1 > 203.0.113.9:443', { hook: 'output' }, 'accept'],
    ['udp 192.0.2.9:53 > 203.0.113.9:9', { in: 'pppoe-out1', state: 'established' }, 'drop'],
    ['udp 192.0.2.9:53 > 203.0.113.9:9', { in: 'bridge', state: 'established' }, 'accept'],
    ['tcp [2001:db8::1]#1 > [2001:db8::2]#443', { in: 'bridge' }, 'drop'],
  ])('%s, %j: %s', (written, place, verdict) => {
    expect(verdictOf(BRANCH, written, place)).toBe(verdict);
  });

  it('tells of the raw table where it asks for more than the header', () => {
    for (const rule of ['action=notrack', 'action=drop limit=9,9']) {
      const text = `${BRANCH}/ip firewall raw\nadd chain=prerouting ${rule}\n`;
      const { faults, beside, filter } = parseMikrotik(text);
      expect(faults).toEqual([]);
      expect(beside).toContainEqual({ what: 'ip firewall raw', line: 32, lines: 5 });
      expect(filter.chains.filter(({ name }) => /^(?:raw|before)/.test(name))).toEqual([]);
    }
  });
});

describe('what decides how rules are read', () => {
  const WAN = 'add chain=forward action=drop connection-nat-state=!dstnat in-interface=wan\n';
  const FILTER = '/ip firewall filter\n';
  const from = (text: string) => verdictOf(text, 'tcp 203.0.113.9:1 > 192.0.2.7:80', { in: 'wan' });

  it.each<[string, string, string | undefined]>([
    [
      'no word of NAT',
      FILTER + WAN,
      'that NAT translates no destination: the text has no rules of it',
    ],
    [
      'NAT of sources',
      `${FILTER + WAN}/ip firewall nat\nadd chain=srcnat action=masquerade\n`,
      undefined,
    ],
    ['a whole export without NAT', `${FILTER + WAN}/system identity\nset name=a\n`, undefined],
  ])('%s', (_, text, clause) => {
    expect(from(text)).toBe('drop');
    expect(parseMikrotik(text).assumed).toEqual(clause === undefined ? undefined : [clause]);
  });

  it('reads a list of interfaces as a zone where the text has no lists', () => {
    const text = `${FILTER}add chain=forward action=drop in-interface-list=!LAN\n`;
    expect(verdictOf(text, 'tcp 192.0.2.9:1 > 203.0.113.9:443', { in: 'LAN' })).toBe('accept');
    expect(verdictOf(text, 'tcp 192.0.2.9:1 > 203.0.113.9:443', { in: 'DMZ' })).toBe('drop');
  });

  it('takes connections of TCP and UDP past later rules once they are known', () => {
    const text = `${FILTER}add chain=forward action=fasttrack-connection\nadd chain=forward action=drop\n`;
    const at = (written: string) => verdictOf(text, written);
    expect(at('tcp 192.0.2.9:1 > 203.0.113.9:443')).toBe('drop');
    expect(at('tcp 192.0.2.9:1 > 203.0.113.9:443 established')).toBe('accept');
    expect(at('gre 192.0.2.9 > 203.0.113.9 established')).toBe('drop');
    const either = text.replace('connection\n', 'connection protocol=tcp port=443\n');
    expect(verdictOf(either, 'tcp 192.0.2.9:1 > 203.0.113.9:443 established')).toBe('accept');
    expect(verdictOf(either, 'tcp 192.0.2.9:443 > 203.0.113.9:1 established')).toBe('accept');
    expect(verdictOf(either, 'tcp 192.0.2.9:1 > 203.0.113.9:80 established')).toBe('drop');
    const slow = `${text}/ip settings set allow-fast-path=no\n`;
    expect(verdictOf(slow, 'tcp 192.0.2.9:1 > 203.0.113.9:443 established')).toBe('drop');
  });

  it('drops what is not forwarded', () => {
    const text = '/ip settings\nset ip-forward=no\n/ipv6/settings set forward=no\n';
    expect(verdictOf(text, 'tcp 192.0.2.9:1 > 203.0.113.9:443')).toBe('drop');
    expect(verdictOf(text, 'tcp 192.0.2.9:1 > 203.0.113.9:443', { hook: 'input' })).toBe('accept');
    expect(verdictOf(text, 'tcp [2001:db8::1]#1 > [2001:db8::2]#443')).toBe('drop');
    const again = `${text}/ipv6/settings set forward=yes\n`;
    expect(verdictOf(again, 'tcp [2001:db8::1]#1 > [2001:db8::2]#443')).toBe('accept');
  });

  it.each<[string, string]>([
    [
      'a list that lets through and fills',
      'add chain=input src-address-list=knocked\nadd chain=input action=add-src-to-address-list address-list=knocked protocol=tcp dst-port=7',
    ],
    [
      'states without tracking',
      'add chain=input connection-state=new\n/ip firewall connection tracking\nset enabled=no',
    ],
    [
      'lists of interfaces in circles',
      'add chain=input in-interface-list=a\n/interface list\nadd name=a include=b\nadd name=b include=a',
    ],
    ['a kind of interfaces', 'add chain=input in-interface=all-ppp'],
    [
      'FastTrack asked of the device, too',
      'add chain=input action=jump jump-target=x\nadd chain=x action=fasttrack-connection',
    ],
    ['rules that are changed', 'set 0 disabled=yes'],
    ['a menu that the device did not write', '#error exporting "/ip/firewall/raw" (timeout)'],
    ['an export that broke off', '#error exporting /ip smb\n#interrupted'],
  ])('has a fault with %s', (_, text) => {
    expect(parseMikrotik(`${FILTER}${text}\n`).faults).toHaveLength(1);
  });

  it('reads menus with slashes, relative ones, and commands that leave the menu as it is', () => {
    const text = `/ip/firewall
filter add chain=forward action=drop protocol=tcp dst-port=80
/ip/address/add address=192.0.2.1/24 interface=ether1
filter/add chain=forward action=drop protocol=udp dst-port=53
`;
    expect(verdictOf(text, 'tcp 192.0.2.9:1 > 203.0.113.9:80')).toBe('drop');
    expect(verdictOf(text, 'udp 192.0.2.9:1 > 203.0.113.9:53')).toBe('drop');
  });

  it('takes long lines of brackets and quotes in time', () => {
    for (const part of ['[', '"', '\\"', '!a ', 'a=']) {
      const text = `/system script\nadd source=${part.repeat(200_000)}\n`;
      expect(parseMikrotik(text).filter.chains).toEqual([]);
    }
  });
});
