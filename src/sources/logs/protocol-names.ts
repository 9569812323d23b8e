/** IP protocols and ports as devices write them: by number, or by a name of their own. */
import { servicePorts } from '../../catalog/services.ts';
import type { NameTable } from '../../model/name-table.ts';
import { KeyTable } from './key-table.ts';
import { isDigit, type Scan } from './scan.ts';

const PROTOCOLS: readonly (readonly [name: string, number: number])[] = [
  ...([
    ['tcp', 6],
    ['udp', 17],
    ['icmp', 1],
    ['igmp', 2],
    ['ip', -1],
    ['gre', 47],
  ] as const),
  ...([
    ['esp', 50],
    ['ah', 51],
    ['ahp', 51],
    ['eigrp', 88],
    ['ospf', 89],
    ['pim', 103],
  ] as const),
  ...([
    ['icmp6', 58],
    ['icmpv6', 58],
    ['ipv6-icmp', 58],
    ['sctp', 132],
    ['udplite', 136],
  ] as const),
  ...([
    ['ipinip', 4],
    ['ipip', 4],
    ['ipencap', 4],
    ['vrrp', 112],
    ['carp', 112],
  ] as const),
  ...([
    ['l2tp', 115],
    ['nos', 94],
    ['pcp', 108],
    ['snp', 109],
    ['ipv6', 41],
    ['rsvp', 46],
  ] as const),
  ...([
    ['egp', 8],
    ['igrp', 9],
    ['pfsync', 240],
    ['dccp', 33],
    ['udp-lite', 136],
  ] as const),
  // Keywords of the registry of protocol numbers.
  ...([
    ['hopopt', 0],
    ['ggp', 3],
    ['st', 5],
    ['cbt', 7],
    ['ipv6-route', 43],
    ['ipv6-frag', 44],
    ['ipv6-nonxt', 59],
    ['ipv6-opts', 60],
  ] as const),
  ...([
    ['ospfigp', 89],
    ['etherip', 97],
    ['encap', 98],
    ['ipcomp', 108],
    ['isis', 124],
    ['hip', 139],
    ['mpls-in-ip', 137],
    ['shim6', 140],
  ] as const),
];
const LONGEST_NAME = 16;
/** The name in lower case. */
const lower = new Uint8Array(LONGEST_NAME);
const PROTOCOL_KEYS = new KeyTable(PROTOCOLS.map(([name]) => name));

/**
 * Reads a protocol, by number or name, up to `end`. -1: a name that stands for any (`ip`); -2: no
 * protocol known here.
 */
export function protocolIn(scan: Scan, start: number, end: number): number {
  const { bytes } = scan;
  if (start < end && isDigit(bytes[start]!)) {
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) return -2;
      value = value * 10 + digit;
      if (value > 255) return -2;
    }
    return value;
  }
  const length = end - start;
  if (length > LONGEST_NAME) return -2;
  for (let index = 0; index < length; index++) {
    const octet = bytes[start + index]!;
    lower[index] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
  }
  const key = PROTOCOL_KEYS.of(lower, 0, length);
  return key < 0 ? -2 : PROTOCOLS[key]![1];
}

/** Whether the IP protocol has ports: TCP, UDP, DCCP, SCTP, UDP-Lite. */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === 6 || protocol === 17 || protocol === 33 || protocol === 132 || protocol === 136
  );
}

/** Names that Cisco gives to ports where the registry has another. */
const CISCO_PORTS: Readonly<Record<string, number>> = {
  ...{ www: 80, http: 80, domain: 53, bootps: 67, bootpc: 68, 'netbios-ssn': 139, sqlnet: 1521 },
  ...{ 'citrix-ica': 1494, 'pcanywhere-data': 5631, 'pcanywhere-status': 5632, aol: 5190 },
  ...{ cifs: 3020, cmd: 514, ctiqbe: 2748, h323: 1720, kerberos: 750, klogin: 543, kshell: 544 },
  ...{ lotusnotes: 1352, lpd: 515, 'radius-acct': 1646, radius: 1645, rsh: 514, secureid: 5510 },
  ...{ 'secureid-udp': 5510, 'ftp-data': 20, who: 513, xdmcp: 177, isakmp: 500, dnsix: 195 },
  ...{ 'mobile-ip': 434, syslog: 514, snmptrap: 162, rip: 520, rpc: 111, sunrpc: 111, vxlan: 4789 },
};

/** Ports by number of their names, -1 for names of no port; learned as they are met. */
export class PortNames {
  private readonly known = new Map<number, number>();
  private readonly names: NameTable;

  constructor(names: NameTable) {
    this.names = names;
  }

  /** Port of the name in `bytes[start, end)`, or -1. */
  of(bytes: Uint8Array, start: number, end: number): number {
    const number = this.names.intern(bytes, start, end);
    let port = this.known.get(number);
    if (port === undefined) {
      const name = this.names.names[number]!;
      port = CISCO_PORTS[name] ?? servicePorts(name)[0]?.port ?? -1;
      this.known.set(number, port);
    }
    return port;
  }
}
