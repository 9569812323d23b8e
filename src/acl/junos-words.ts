/** Names that Junos has for protocols, ports and messages (Junos OS CLI Reference, match conditions). */
import type { Family } from '../net/address.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';

/** `name number` pairs. */
function named(text: string): ReadonlyMap<string, number> {
  const words = text.trim().split(/\s+/);
  return new Map(
    words.flatMap((word, index) =>
      index % 2 === 0 ? [[word, Number(words[index + 1])] as const] : [],
    ),
  );
}

const PROTOCOLS = new Map([
  ['icmp', ICMP],
  ['tcp', TCP],
  ['udp', UDP],
  ['icmp6', ICMPV6],
  ['icmpv6', ICMPV6],
  ...named(
    'hop-by-hop 0 igmp 2 ipip 4 egp 8 ipv6 41 routing 43 fragment 44 rsvp 46 gre 47 esp 50 ah 51 no-next-header 59 dstopts 60 ospf 89 pim 103 vrrp 112 sctp 132',
  ),
]);

const PORTS = named(`
  afs 1483 bgp 179 biff 512 bootpc 68 bootps 67 cmd 514 cvspserver 2401 dhcp 67 domain 53 eklogin 2105
  ekshell 2106 exec 512 finger 79 ftp 21 ftp-data 20 http 80 https 443 ident 113 imap 143
  kerberos-sec 88 klogin 543 kpasswd 761 krb-prop 754 krbupdate 760 kshell 544 ldap 389 ldp 646
  login 513 mobileip-agent 434 mobilip-mn 435 msdp 639 netbios-dgm 138 netbios-ns 137 netbios-ssn 139
  nfsd 2049 nntp 119 ntalk 518 ntp 123 pop3 110 pptp 1723 printer 515 radacct 1813 radius 1812 rip 520
  rkinit 2108 smtp 25 snmp 161 snmptrap 162 snpp 444 socks 1080 ssh 22 sunrpc 111 syslog 514 tacacs 49
  tacacs-ds 65 talk 517 telnet 23 tftp 69 timed 525 who 513 xdmcp 177 zephyr-clt 2103 zephyr-hm 2104
`);

const TYPES: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: named(`
    echo-reply 0 unreachable 3 source-quench 4 redirect 5 echo-request 8 router-advertisement 9
    router-solicit 10 time-exceeded 11 parameter-problem 12 timestamp 13 timestamp-reply 14
    info-request 15 info-reply 16 mask-request 17 mask-reply 18
  `),
  6: named(`
    destination-unreachable 1 packet-too-big 2 time-exceeded 3 parameter-problem 4 echo-request 128
    echo-reply 129 membership-query 130 membership-report 131 membership-termination 132
    router-solicit 133 router-advertisement 134 neighbor-solicit 135 neighbor-advertisement 136
    redirect 137 router-renumbering 138 node-information-request 139 node-information-reply 140
  `),
};

const CODES: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: named(`
    network-unreachable 0 host-unreachable 1 protocol-unreachable 2 port-unreachable 3
    fragmentation-needed 4 source-route-failed 5 destination-network-unknown 6
    destination-host-unknown 7 source-host-isolated 8 destination-network-prohibited 9
    destination-host-prohibited 10 network-unreachable-for-tos 11 host-unreachable-for-tos 12
    communication-prohibited-by-filtering 13 host-precedence-violation 14 precedence-cutoff-in-effect 15
    redirect-for-network 0 redirect-for-host 1 redirect-for-tos-and-net 2 redirect-for-tos-and-host 3
    ttl-eq-zero-during-transit 0 ttl-eq-zero-during-reassembly 1
    ip-header-bad 0 required-option-missing 1
  `),
  6: named(`
    no-route-to-destination 0 administratively-prohibited 1 address-unreachable 3 port-unreachable 4
    ttl-eq-zero-during-transit 0 ttl-eq-zero-during-reassembly 1
    ip6-header-bad 0 unrecognized-next-header 1 unrecognized-option 2
  `),
};

/** A protocol's number. Throws `LineFault`. */
export function protocolOf(word: string): number {
  return PROTOCOLS.get(word) ?? numberOf(word, 255);
}

/** `80`, `80-90`, `http`. Throws `LineFault`. */
export function portsOf(word: string): NumberRange {
  const port = PORTS.get(word);
  return port === undefined ? range(word, 65_535, PORTS) : { first: port, last: port };
}

/** `8`, `0-3`, `echo-request`. Throws `LineFault`. */
export function icmpTypes(word: string, family: Family): NumberRange {
  const type = TYPES[family].get(word);
  return type === undefined ? range(word, 255, TYPES[family]) : { first: type, last: type };
}

/** `3`, `0-3`, `port-unreachable`. Throws `LineFault`. */
export function icmpCodes(word: string, family: Family): NumberRange {
  const code = CODES[family].get(word);
  return code === undefined ? range(word, 255, CODES[family]) : { first: code, last: code };
}

function range(word: string, max: number, names: ReadonlyMap<string, number>): NumberRange {
  const [low = '', high, ...more] = word.split('-');
  if (more.length > 0) throw new LineFault(`“${word}” is not a number or a range.`);
  const first = names.get(low) ?? numberOf(low, max);
  const last = high === undefined ? first : (names.get(high) ?? numberOf(high, max));
  if (first > last) throw new LineFault(`The range “${word}” runs backwards.`);
  return { first, last };
}
