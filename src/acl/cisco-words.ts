/**
 * Words of Cisco's access lists for protocols, ports and messages (IOS Security Command Reference,
 * "permit"; ASA command reference, "access-list extended"). Renderers write numbers; these are read.
 */
import type { Family } from '../net/address.ts';
import type { IcmpMatch } from '../net/header-match.ts';
import { type LineWords, numberOf } from './list-line.ts';

export const PROTOCOL_WORDS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['igmp', 2],
  ['ipinip', 4],
  ['tcp', 6],
  ['udp', 17],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['ahp', 51],
  ['icmp6', 58],
  ['eigrp', 88],
  ['ospf', 89],
  ['nos', 94],
  ['pim', 103],
  ['pcp', 108],
  ['sctp', 132],
]);

export const PORT_WORDS: ReadonlyMap<string, number> = new Map([
  ['echo', 7],
  ['discard', 9],
  ['daytime', 13],
  ['chargen', 19],
  ['ftp-data', 20],
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['time', 37],
  ['nameserver', 42],
  ['whois', 43],
  ['tacacs', 49],
  ['domain', 53],
  ['bootps', 67],
  ['bootpc', 68],
  ['tftp', 69],
  ['gopher', 70],
  ['finger', 79],
  ['www', 80],
  ['http', 80],
  ['hostname', 101],
  ['pop2', 109],
  ['pop3', 110],
  ['sunrpc', 111],
  ['ident', 113],
  ['nntp', 119],
  ['ntp', 123],
  ['netbios-ns', 137],
  ['netbios-dgm', 138],
  ['netbios-ss', 139],
  ['netbios-ssn', 139],
  ['imap4', 143],
  ['snmp', 161],
  ['snmptrap', 162],
  ['bgp', 179],
  ['irc', 194],
  ['ldap', 389],
  ['https', 443],
  ['isakmp', 500],
  ['biff', 512],
  ['exec', 512],
  ['login', 513],
  ['who', 513],
  ['cmd', 514],
  ['rsh', 514],
  ['syslog', 514],
  ['lpd', 515],
  ['talk', 517],
  ['rip', 520],
  ['uucp', 540],
  ['klogin', 543],
  ['kshell', 544],
  ['ldaps', 636],
  ['sqlnet', 1521],
  ['radius', 1645],
  ['radius-acct', 1646],
  ['pptp', 1723],
  ['nfs', 2049],
  ['sip', 5060],
  ['non500-isakmp', 4500],
]);

/** Type, and code where the word means one. */
type Message = readonly [type: number, code?: number];

const ICMP_WORDS: ReadonlyMap<string, Message> = new Map<string, Message>([
  ['echo-reply', [0]],
  ['unreachable', [3]],
  ['net-unreachable', [3, 0]],
  ['host-unreachable', [3, 1]],
  ['protocol-unreachable', [3, 2]],
  ['port-unreachable', [3, 3]],
  ['packet-too-big', [3, 4]],
  ['administratively-prohibited', [3, 13]],
  ['source-quench', [4]],
  ['redirect', [5]],
  ['alternate-address', [6]],
  ['echo', [8]],
  ['router-advertisement', [9]],
  ['router-solicitation', [10]],
  ['time-exceeded', [11]],
  ['ttl-exceeded', [11, 0]],
  ['reassembly-timeout', [11, 1]],
  ['parameter-problem', [12]],
  ['timestamp-request', [13]],
  ['timestamp-reply', [14]],
  ['information-request', [15]],
  ['information-reply', [16]],
  ['mask-request', [17]],
  ['mask-reply', [18]],
  ['traceroute', [30]],
]);

const ICMP6_WORDS: ReadonlyMap<string, Message> = new Map<string, Message>([
  ['unreachable', [1]],
  ['no-route', [1, 0]],
  ['port-unreachable', [1, 4]],
  ['packet-too-big', [2]],
  ['time-exceeded', [3]],
  ['hop-limit', [3, 0]],
  ['parameter-problem', [4]],
  ['echo-request', [128]],
  ['echo', [128]],
  ['echo-reply', [129]],
  ['mld-query', [130]],
  ['mld-report', [131]],
  ['mld-reduction', [132]],
  ['router-solicitation', [133]],
  ['router-advertisement', [134]],
  ['nd-ns', [135]],
  ['neighbor-solicitation', [135]],
  ['nd-na', [136]],
  ['neighbor-advertisement', [136]],
  ['redirect', [137]],
  ['router-renumbering', [138]],
]);

/**
 * Takes the message that an entry for ICMP asks for, by name or by numbers; undefined where the words
 * go on with something else. Throws `LineFault` for numbers beyond 255.
 */
export function messageOf(words: LineWords, family: Family): IcmpMatch | undefined {
  const word = words.peek();
  const named = (family === 4 ? ICMP_WORDS : ICMP6_WORDS).get(word);
  if (named === undefined && !/^\d+$/.test(word)) return undefined;
  words.next('a message');
  const type = named?.[0] ?? numberOf(word, 255);
  const code = named?.[1] ?? (/^\d+$/.test(words.peek()) ? words.number('a code', 255) : undefined);
  return {
    type: { first: type, last: type },
    ...(code === undefined ? {} : { code: { first: code, last: code } }),
  };
}
