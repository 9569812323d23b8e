/**
 * Services of a FortiOS configuration and those the system brings along (FortiOS 7.4 CLI Reference:
 * config firewall service custom, service group; Administration Guide: predefined services). Services
 * that depend on more than the packet (applications, names of hosts, a proxy's) are refused where a
 * policy that is asked uses them.
 */
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import { mergePorts } from '../net/port-range.ts';
import type { FilterMatch } from '../policy/filter.ts';
import { type Entry, SettingFault } from './fortios-text.ts';
import { LineFault } from './line-fault.ts';
import { numberOf } from './list-line.ts';
import { leavesOf } from './nested-groups.ts';
import { settingWords } from './other-settings.ts';
import { portRange } from './session-chain.ts';

/** What one service asks for; several may be in one policy. */
export type Asked = Pick<
  FilterMatch,
  'family' | 'protocols' | 'sourcePorts' | 'destinationPorts' | 'icmp'
>;

const SCTP = 132;
const UDP_LITE = 136;

/** How long sessions last, how they look in the GUI, and which helper follows them. */
const HARMLESS = settingWords(`
  category check-reset-range color comment fabric-object helper session-ttl tagging
  tcp-halfclose-timer tcp-halfopen-timer tcp-rst-timer tcp-timewait-timer udp-idle-timer uuid
  visibility
`);

/** Protocols of the explicit proxy. */
const OF_PROXY: ReadonlySet<string> = new Set([
  ...['ALL', 'HTTP', 'FTP', 'CONNECT', 'SOCKS-TCP', 'SOCKS-UDP'],
]);

/** Ports as they are written there: `tcp/80`, several with commas; a source after a colon. */
const PREDEFINED = `
  AFS3 tcp/7000-7009 udp/7000-7009; AH ip/51; ALL ip/0; ALL_ICMP icmp; ALL_ICMP6 icmp6;
  ALL_TCP tcp/1-65535; ALL_UDP udp/1-65535; AOL tcp/5190-5194; BGP tcp/179;
  CVSPSERVER tcp/2401 udp/2401; DCE-RPC tcp/135 udp/135; DHCP udp/67-68; DHCP6 udp/546,547;
  DNS tcp/53 udp/53; ESP ip/50; FINGER tcp/79; FTP tcp/21; FTP_GET tcp/21; FTP_PUT tcp/21;
  GOPHER tcp/70; GRE ip/47; H323 tcp/1720,1503 udp/1719; HTTP tcp/80; HTTPS tcp/443;
  IKE udp/500,4500; IMAP tcp/143; IMAPS tcp/993; INFO_ADDRESS icmp/17; INFO_REQUEST icmp/15;
  IRC tcp/6660-6669; Internet-Locator-Service tcp/389; KERBEROS tcp/88,464 udp/88,464;
  L2TP tcp/1701 udp/1701; LDAP tcp/389; LDAP_UDP udp/389; MGCP tcp/2428 udp/2427,2727;
  MMS tcp/1755 udp/1024-5000; MS-SQL tcp/1433,1434; MYSQL tcp/3306; NFS tcp/111,2049 udp/111,2049;
  NNTP tcp/119; NONE tcp/0; NTP tcp/123 udp/123; NetMeeting tcp/1720; ONC-RPC tcp/111 udp/111;
  OSPF ip/89; PC-Anywhere tcp/5631 udp/5632; PING icmp/8; PING6 icmp6/128; POP3 tcp/110;
  POP3S tcp/995; PPTP tcp/1723; QUAKE udp/26000,27000,27910,27960; RADIUS udp/1812,1813;
  RADIUS-OLD udp/1645,1646; RAUDIO udp/7070; RDP tcp/3389; REXEC tcp/512; RIP udp/520;
  RLOGIN tcp/513:512-1023; RSH tcp/514:512-1023; RTSP tcp/554,7070,8554 udp/554; SAMBA tcp/139;
  SCCP tcp/2000; SIP tcp/5060 udp/5060; SIP-MSNmessenger tcp/1863; SMB tcp/445; SMTP tcp/25;
  SMTPS tcp/465; SNMP tcp/161-162 udp/161-162; SOCKS tcp/1080 udp/1080; SQUID tcp/3128; SSH tcp/22;
  SYSLOG udp/514; TALK udp/517-518; TELNET tcp/23; TFTP udp/69; TIMESTAMP icmp/13;
  TRACEROUTE udp/33434-33535; UUCP tcp/540; VDOLIVE tcp/7000-7010; VNC tcp/5900; WAIS tcp/210;
  WINFRAME tcp/1494,2598; WINS tcp/1512 udp/1512; X-WINDOWS tcp/6000-6063
`;
const PREDEFINED_GROUPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Email Access', ['DNS', 'IMAP', 'IMAPS', 'POP3', 'POP3S', 'SMTP', 'SMTPS']],
  ['Web Access', ['DNS', 'HTTP', 'HTTPS']],
  ['Windows AD', ['DCE-RPC', 'DNS', 'KERBEROS', 'LDAP', 'LDAP_UDP', 'SAMBA', 'SMB']],
  ['Exchange Server', ['DCE-RPC', 'DNS', 'HTTPS']],
]);

const single = (number: number): NumberRange[] => [{ first: number, last: number }];

/** Services of the system by their name, without `NAME` itself. */
const SHIPPED: ReadonlyMap<string, readonly Asked[]> = new Map(
  PREDEFINED.split(';').map((text) => {
    const [name = '', ...parts] = text.trim().split(/\s+/);
    return [name, parts.flatMap(shipped)];
  }),
);

function shipped(part: string): Asked[] {
  const [word = '', value = ''] = part.split('/');
  if (word === 'icmp' || word === 'icmp6') {
    return icmpOf(word === 'icmp' ? 4 : 6, value === '' ? undefined : value, undefined);
  }
  if (word === 'ip') return value === '0' ? [{}] : [{ protocols: single(Number(value)) }];
  return value.split(',').map((ports) => portAsked(word === 'tcp' ? TCP : UDP, ports));
}

interface Custom {
  readonly line: number;
  readonly asked?: readonly Asked[];
  readonly members?: readonly string[];
  /** Why it cannot be weighed. */
  readonly elsewhere?: string;
}

export class FortiServices {
  /** Names of the system's services that the text does not hold and policies ask for. */
  readonly taken = new Set<string>();
  private readonly own = new Map<string, Custom>();

  /** Reads an entry of `firewall service custom`. Throws `LineFault`. */
  custom(entry: Entry): void {
    const { name, line } = entry;
    const protocol = entry.one('protocol') ?? 'TCP/UDP/SCTP';
    const elsewhere = dependsOn(entry, protocol);
    if (elsewhere === undefined) {
      const asked = serviceOf(entry, protocol);
      entry.end(HARMLESS, OF_OTHER_PROTOCOLS);
      this.define(name, { line, asked });
      return;
    }
    for (const key of OF_OTHER_PROTOCOLS) entry.take(key);
    entry.end(HARMLESS);
    this.define(name, { line, elsewhere });
  }

  /** Reads an entry of `firewall service group`. Throws `LineFault`. */
  group(entry: Entry): void {
    const members = entry.take('member') ?? [];
    const isProxy = entry.isEnabled('proxy') || entry.isEnabled('explicit-proxy');
    entry.end(HARMLESS);
    if (members.length === 0) throw new LineFault(`“${entry.name}” names no service.`);
    const elsewhere = isProxy ? { elsewhere: 'proxy' } : {};
    this.define(entry.name, { line: entry.line, members, ...elsewhere });
  }

  private define(name: string, custom: Custom): void {
    if (this.own.has(name)) throw new SettingFault(custom.line, `“${name}” is defined twice.`);
    this.own.set(name, custom);
  }

  private has(name: string): boolean {
    return this.own.has(name) || SHIPPED.has(name) || PREDEFINED_GROUPS.has(name);
  }

  /** Members of groups that are nowhere, whether a policy asks for the group or not. */
  *strangers(): Generator<{ line: number; what: string }> {
    for (const { line, members = [] } of this.own.values()) {
      const stranger = members.find((name) => !this.has(name));
      if (stranger !== undefined) yield { line, what: `There is no service “${stranger}”.` };
    }
  }

  /** What the names ask for, as few conditions as say it. Throws `LineFault`. */
  asked(names: readonly string[]): readonly Asked[] {
    const leaves = leavesOf(names, (name) => this.membersOf(name));
    return joined(leaves.flatMap((name) => this.leaf(name)));
  }

  private membersOf(name: string): readonly string[] | undefined {
    const own = this.own.get(name);
    if (own === undefined) return PREDEFINED_GROUPS.get(name);
    if (own.elsewhere !== undefined) throw elsewhereFault(name, own.elsewhere);
    return own.members;
  }

  private leaf(name: string): readonly Asked[] {
    const own = this.own.get(name);
    if (own?.asked !== undefined) return own.asked;
    const known = SHIPPED.get(name);
    if (known === undefined) throw new LineFault(`There is no service “${name}”.`);
    if (name !== 'ALL') this.taken.add(name);
    return known;
  }
}

function elsewhereFault(name: string, key: string): LineFault {
  return new LineFault(`“${name}” depends on more than the packet (“${key}”).`);
}

/** The setting that makes a service depend on more than the packet. */
function dependsOn(entry: Entry, protocol: string): string | undefined {
  const found: string[] = [];
  if (entry.isEnabled('proxy') || entry.isEnabled('explicit-proxy')) found.push('proxy');
  if (OF_PROXY.has(protocol)) found.push('protocol');
  if ((entry.one('app-service-type') ?? 'disable') !== 'disable') found.push('app-service-type');
  for (const key of ['application', 'app-category', 'fqdn']) {
    if (entry.take(key) !== undefined) found.push(key);
  }
  if ((entry.one('iprange') ?? '0.0.0.0') !== '0.0.0.0') found.push('iprange');
  return found[0];
}

const PORT_KEYS: ReadonlyMap<string, number> = new Map([
  ['tcp-portrange', TCP],
  ['udp-portrange', UDP],
  ['sctp-portrange', SCTP],
  ['udplite-portrange', UDP_LITE],
]);

const OF_OTHER_PROTOCOLS: ReadonlySet<string> = new Set([
  ...PORT_KEYS.keys(),
  ...['icmptype', 'icmpcode', 'protocol-number'],
]);

function serviceOf(entry: Entry, protocol: string): Asked[] {
  if (protocol === 'IP') {
    const number = numberOf(entry.one('protocol-number') ?? '0', 255);
    // Number 0 stands for any.
    return number === 0 ? [{}] : [{ protocols: single(number) }];
  }
  // Printed beside the protocol it belongs to.
  if (entry.one('protocol-number') !== undefined && protocol.startsWith('TCP')) {
    throw entry.fault('protocol-number', '“protocol-number” stands with the protocol “IP”.');
  }
  if (protocol === 'ICMP' || protocol === 'ICMP6') {
    const [type, code] = [entry.one('icmptype'), entry.one('icmpcode')];
    return icmpOf(protocol === 'ICMP' ? 4 : 6, type, code);
  }
  if (protocol !== 'TCP/UDP/SCTP' && protocol !== 'TCP/UDP/UDP-Lite/SCTP') {
    throw entry.fault('protocol', `The protocol “${protocol}” is not read.`);
  }
  const asked: Asked[] = [];
  for (const [key, number] of PORT_KEYS) {
    for (const word of entry.take(key) ?? []) asked.push(portAsked(number, word));
  }
  if (asked.length === 0) throw new LineFault('The service names no ports.');
  return asked;
}

function icmpOf(family: 4 | 6, type: string | undefined, code: string | undefined): Asked[] {
  const protocols = single(family === 4 ? ICMP : ICMPV6);
  if (type === undefined) {
    if (code !== undefined) throw new LineFault('A code of ICMP stands without a type.');
    return [{ family, protocols }];
  }
  const message: IcmpMatch = {
    type: single(numberOf(type, 255))[0]!,
    ...(code === undefined ? {} : { code: single(numberOf(code, 255))[0]! }),
  };
  return [{ family, protocols, icmp: [message] }];
}

/** `443`, `8000-8010`, with source ports `513:512-1023`. */
function portAsked(protocol: number, word: string): Asked {
  const [to = '', from, ...more] = word.split(':');
  if (more.length > 0) throw new LineFault(`“${word}” is not a range of ports.`);
  return {
    protocols: single(protocol),
    destinationPorts: [portRange(to)],
    ...(from === undefined ? {} : { sourcePorts: [portRange(from)] }),
  };
}

/** What both ask for; undefined: there is no such packet. */
export function bothAsked(one: Asked, other: Asked): Asked | undefined {
  const family = one.family ?? other.family;
  const protocols = one.protocols ?? other.protocols;
  const differs = (mine: unknown, theirs: unknown) =>
    mine !== undefined && theirs !== undefined && JSON.stringify(mine) !== JSON.stringify(theirs);
  if (differs(one.family, other.family) || differs(one.protocols, other.protocols))
    return undefined;
  const icmp = differs(one.icmp, other.icmp)
    ? one.icmp!.filter((message) => other.icmp!.some((theirs) => !differs(message, theirs)))
    : (one.icmp ?? other.icmp);
  const sourcePorts = bothPorts(one.sourcePorts, other.sourcePorts);
  const destinationPorts = bothPorts(one.destinationPorts, other.destinationPorts);
  if ([icmp, sourcePorts, destinationPorts].some((list) => list?.length === 0)) return undefined;
  return {
    ...(family === undefined ? {} : { family }),
    ...(protocols === undefined ? {} : { protocols }),
    ...(icmp === undefined ? {} : { icmp }),
    ...(sourcePorts === undefined ? {} : { sourcePorts }),
    ...(destinationPorts === undefined ? {} : { destinationPorts }),
  };
}

function bothPorts(
  one: readonly NumberRange[] | undefined,
  other: readonly NumberRange[] | undefined,
): readonly NumberRange[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.flatMap((mine) =>
    other.flatMap((theirs) => {
      const first = Math.max(mine.first, theirs.first);
      const last = Math.min(mine.last, theirs.last);
      return first > last ? [] : [{ first, last }];
    }),
  );
}

/** Ports of one protocol together, so that no part of a policy repeats another. */
function joined(all: readonly Asked[]): Asked[] {
  // One that asks for nothing stands for all.
  if (all.some((asked) => Object.keys(asked).length === 0)) return [{}];
  const byKey = new Map<string, Asked>();
  for (const asked of all) {
    const { family, protocols, sourcePorts, destinationPorts, icmp } = asked;
    const kind = [destinationPorts === undefined, icmp === undefined];
    const key = JSON.stringify([family, protocols, sourcePorts, ...kind]);
    const before = byKey.get(key);
    if (before === undefined) byKey.set(key, asked);
    else if (destinationPorts !== undefined) {
      const ports = mergePorts([...(before.destinationPorts ?? []), ...destinationPorts]);
      byKey.set(key, { ...before, destinationPorts: ports });
    } else if (icmp !== undefined) {
      const messages = [...(before.icmp ?? []), ...icmp];
      const distinct = new Map(messages.map((message) => [JSON.stringify(message), message]));
      byKey.set(key, { ...before, icmp: [...distinct.values()] });
    }
  }
  return [...byKey.values()];
}
