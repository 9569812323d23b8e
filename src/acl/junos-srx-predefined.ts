/**
 * Applications that an SRX knows unasked (Junos OS Security Policies User Guide, Predefined Policy
 * Applications; `show configuration groups junos-defaults applications`). Those that the device
 * tells by a program's number or identity are no matter of ports.
 */
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { Asked } from './junos-srx-objects.ts';
import { portRange } from './session-chain.ts';

/** A predefined application: what it asks, and the gateway that follows its connections. */
export interface Predefined {
  readonly asked: readonly Asked[];
  readonly gateway?: string;
}

/** Name, ports, and `+` the gateway: all without `junos-`. */
const PORTS = `
  aol tcp/5190-5193
  bgp tcp/179
  biff udp/512
  bootpc udp/68
  bootps udp/67
  chargen udp/19
  cvspserver tcp/2401
  dhcp-client udp/68
  dhcp-relay udp/67
  dhcp-server udp/67
  discard udp/9
  dns-tcp tcp/53 +dns
  dns-udp udp/53 +dns
  echo udp/7
  finger tcp/79
  ftp tcp/21 +ftp
  ftp-data tcp/20
  gnutella udp/6346-6347
  gopher tcp/70
  h323 tcp/1720 udp/1719 tcp/1503 tcp/389 tcp/522 tcp/1731 +h323
  http tcp/80
  http-ext tcp/7001
  https tcp/443
  ident tcp/113
  ike udp/500
  ike-nat udp/4500
  imap tcp/143
  imaps tcp/993
  internet-locator-service tcp/389
  irc tcp/6660-6669
  l2tp udp/1701
  ldap tcp/389
  ldp-tcp tcp/646
  ldp-udp udp/646
  lpr tcp/515
  mail tcp/25
  mgcp-ca udp/2727 +mgcp
  mgcp-ua udp/2427 +mgcp
  ms-rpc-tcp tcp/135 +msrpc
  ms-rpc-udp udp/135 +msrpc
  ms-sql tcp/1433
  msn tcp/1863
  nbds udp/138
  nbname udp/137
  netbios-session tcp/139
  nfs udp/111
  nfsd-tcp tcp/2049
  nfsd-udp udp/2049
  nntp tcp/119
  ns-global tcp/15397
  ns-global-pro tcp/15397
  nsm udp/69
  ntalk udp/518 tcp/518 +talk
  ntp udp/123
  pc-anywhere udp/5632
  pop3 tcp/110
  pptp tcp/1723 +pptp
  printer tcp/515
  r2cp udp/28672
  radacct udp/1813
  radius udp/1812
  rdp tcp/3389
  realaudio tcp/554 +rtsp
  rip udp/520
  rsh tcp/514 +rsh
  rtsp tcp/554 +rtsp
  sccp tcp/2000 +sccp
  sip udp/5060 tcp/5060 +sip
  smb tcp/139 tcp/445
  smb-session tcp/445
  smtp tcp/25
  smtps tcp/465 tcp/587
  snmp-agentx tcp/705
  snpp tcp/444
  sql-monitor udp/1434
  sqlnet-v1 tcp/1525
  sqlnet-v2 tcp/1521 +sql
  ssh tcp/22
  stun-tcp tcp/3478-3479
  stun-udp udp/3478-3479
  sun-rpc-tcp tcp/111 +sunrpc
  sun-rpc-udp udp/111 +sunrpc
  syslog udp/514
  tacacs tcp/49
  tacacs-ds tcp/65
  talk udp/517 tcp/517 +talk
  telnet tcp/23
  tftp udp/69 +tftp
  uucp udp/540
  vdo-live udp/7000-7010
  vnc tcp/5800
  wais tcp/210
  who udp/513
  whois tcp/43
  winframe tcp/1494
  wxcontrol tcp/3578
  x-windows tcp/6000-6063
  xnm-clear-text tcp/3221
  xnm-ssl tcp/3220
  ymsg tcp/5000-5010 tcp/5050 udp/5000-5010 udp/5050
`;

/** Whole protocols, and messages as type and code. */
const OTHERS: Readonly<Record<string, readonly [protocol: number, type?: number, code?: number]>> =
  {
    gre: [47],
    'icmp-all': [ICMP],
    'icmp-ping': [ICMP, 8],
    ping: [ICMP],
    'icmp6-all': [ICMPV6],
    pingv6: [ICMPV6],
    'icmp6-dst-unreach-addr': [ICMPV6, 1, 3],
    'icmp6-dst-unreach-admin': [ICMPV6, 1, 1],
    'icmp6-dst-unreach-beyond': [ICMPV6, 1, 2],
    'icmp6-dst-unreach-port': [ICMPV6, 1, 4],
    'icmp6-dst-unreach-route': [ICMPV6, 1, 0],
    'icmp6-packet-too-big': [ICMPV6, 2],
    'icmp6-time-exceed-transit': [ICMPV6, 3, 0],
    'icmp6-time-exceed-reassembly': [ICMPV6, 3, 1],
    'icmp6-param-prob-header': [ICMPV6, 4, 0],
    'icmp6-param-prob-nexthdr': [ICMPV6, 4, 1],
    'icmp6-param-prob-option': [ICMPV6, 4, 2],
    'icmp6-echo-request': [ICMPV6, 128],
    'icmp6-echo-reply': [ICMPV6, 129],
    ospf: [89],
    'sctp-any': [132],
    'tcp-any': [TCP],
    'udp-any': [UDP],
  };

const SUN_SERVICES =
  'any mountd nfs nlockmgr portmap rquotad ruserd sadmind sprayd status walld ypbind ypserv';
const EXCHANGE = ['directory-nsp', 'directory-rfr', 'info-store'];
const WMIC =
  'admin admin2 mgmt webm-callresult webm-classobject webm-level1login webm-login-clientid webm-login-helper webm-objectsink webm-refreshing-services webm-remote-refresher webm-services webm-shutdown';

const parts = (start: string, names: readonly string[]): string[] =>
  names.map((name) => `${start}-${name}`);
const MS_PROGRAMS = {
  'ms-rpc-any': parts('ms-rpc-uuid-any', ['tcp', 'udp']),
  'ms-rpc-iis-com': parts('ms-rpc-iis-com', ['1', 'adminbase']),
  'ms-rpc-msexchange': ['ms-rpc-epm', ...parts('ms-rpc-msexchange', EXCHANGE)],
  'ms-rpc-wmic': parts('ms-rpc-wmic', WMIC.split(' ')),
};
const SUN_PROGRAMS = Object.fromEntries(
  SUN_SERVICES.split(' ').map((name) => [
    `sun-rpc-${name}`,
    parts(`sun-rpc-${name}`, ['tcp', 'udp']),
  ]),
);

/**
 * Those that a program's number or identity tells. They hold for connections alone that a gateway has
 * seen being arranged, at the port of the mapper; no first packet of others.
 */
export const BY_PROGRAM: ReadonlySet<string> = new Set(
  [MS_PROGRAMS, SUN_PROGRAMS].flatMap((sets) =>
    Object.values(sets).flatMap((names) => names.map((name) => `junos-${name}`)),
  ),
);

const SUN = ['sun-rpc-tcp', 'sun-rpc-udp'];
const MS = ['ms-rpc-tcp', 'ms-rpc-udp'];
const together = (
  mappers: readonly string[],
  sets: Readonly<Record<string, readonly string[]>>,
): [string, readonly string[]][] =>
  Object.entries(sets).map(([name, programs]) => [name, [...mappers, ...programs]]);

export const PREDEFINED_SETS: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ...Object.entries({
      cifs: ['netbios-session', 'smb-session'],
      mgcp: ['mgcp-ua', 'mgcp-ca'],
      'ms-rpc': MS,
      'routing-inbound': ['bgp', 'rip', 'ldp-tcp', 'ldp-udp'],
      stun: ['stun-udp', 'stun-tcp'],
      'sun-rpc': SUN,
      'sun-rpc-nfs-access': [
        ...SUN,
        ...['nfs', 'mountd', 'portmap'].flatMap((name) => SUN_PROGRAMS[`sun-rpc-${name}`]!),
      ],
    }),
    ...together(SUN, SUN_PROGRAMS),
    // Two of them ask the mapper by TCP alone.
    ...together(MS.slice(0, 1), {
      'ms-rpc-iis-com': MS_PROGRAMS['ms-rpc-iis-com'],
      'ms-rpc-wmic': MS_PROGRAMS['ms-rpc-wmic'],
    }),
    ...together(MS, {
      'ms-rpc-any': MS_PROGRAMS['ms-rpc-any'],
      'ms-rpc-msexchange': MS_PROGRAMS['ms-rpc-msexchange'],
    }),
  ].map(([name, members]) => [`junos-${name}`, members.map((member) => `junos-${member}`)]),
);

const only = (number: number): NumberRange => ({ first: number, last: number });

function predefined(): ReadonlyMap<string, Predefined> {
  const found = new Map<string, Predefined>();
  for (const line of PORTS.trim().split('\n')) {
    const [name, ...words] = line.trim().split(' ');
    const gateway = words.find((word) => word.startsWith('+'))?.slice(1);
    const asked = words
      .filter((word) => !word.startsWith('+'))
      .map((word): Asked => {
        const [protocol, ports = ''] = word.split('/');
        const destinationPorts = [portRange(ports)];
        return { protocols: [only(protocol === 'tcp' ? TCP : UDP)], destinationPorts };
      });
    found.set(`junos-${name}`, { asked, ...(gateway === undefined ? {} : { gateway }) });
  }
  for (const [name, [protocol, type, code]] of Object.entries(OTHERS)) {
    const message =
      type === undefined
        ? {}
        : { icmp: [{ type: only(type), ...(code === undefined ? {} : { code: only(code) }) }] };
    found.set(`junos-${name}`, { asked: [{ protocols: [only(protocol)], ...message }] });
  }
  return found;
}

export const PREDEFINED = predefined();
