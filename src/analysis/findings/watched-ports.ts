/**
 * What detectors want to know of a port for every flow, in two octets per port: made once from the
 * catalogue, so that looking it up costs one load.
 */
import { allEntries, isWide } from '../../catalog/entries.ts';
import type { EntrySummary } from '../../catalog/entry.ts';
import {
  ARRANGER,
  CATALOGUED,
  CLEAR_TEXT,
  LEGACY_NAMES,
  SENSITIVE,
  SILENT,
  TRACEROUTE,
  type WatchedPorts,
} from '../watched-marks.ts';

/** Groups of the catalogue that should not be reached from another zone. */
const EXPOSED_GROUPS: ReadonlySet<string> = new Set(['remote-access', 'management', 'databases']);
/** Of these groups, what is no way in: receivers, and what is made for strangers. */
const NOT_SENSITIVE: ReadonlySet<string> = new Set(
  'snmp-trap snmp-trap-alternate syslog syslog-tcp syslog-tls graylog statsd collectd netflow wake-on-lan whois graphite rd-gateway-udp'.split(
    ' ',
  ),
);
/**
 * TCP ports whose logon is readable unless it was upgraded (RFC 854, 959, 1258, 1939, 9051): FTP,
 * Telnet, POP3, IMAP, rexec, rlogin. Not 514, which is syslog's as well. HTTP, LDAP and SNMP show
 * in their payload, not by the port.
 */
const CLEAR_TEXT_PORTS = [21, 23, 110, 143, 512, 513];
const LEGACY_PORTS: readonly (readonly ['tcp' | 'udp', number])[] = [
  ['udp', 137],
  ['udp', 138],
  ['udp', 5355],
  ['tcp', 42],
  ['tcp', 1512],
];
/** Echoing nothing back is what these are for: syslog, traps, NetFlow, sFlow, IPFIX, statsd … */
const SILENT_PORTS = [9, 162, 514, 2003, 2055, 4739, 6343, 8125, 9995, 9996, 12201, 25826];
/**
 * After whose control connection other ports are to be expected between the same two hosts: FTP,
 * TFTP, ONC RPC, DCE/RPC, RTSP, SQL Browser, H.323, PPTP, SIP, MGCP, NDMP, Bacula, STUN/TURN.
 */
const ARRANGERS = [21, 69, 111, 135, 554, 1434, 1720, 2427, 3478, 5060, 5061, 10_000];
/** RFC 1393 era practice: 33434 and the next ones, one for each probe. */
const TRACEROUTE_FIRST = 33_434;
const TRACEROUTE_LAST = 33_689;

const PORTS = 65_536;
let made: WatchedPorts | undefined;

/** Bits by port, for TCP and for UDP. The arrays are shared: do not write to them. */
export function watchedPorts(): WatchedPorts {
  made ??= make();
  return made;
}

function make(): { tcp: Uint8Array; udp: Uint8Array } {
  const bits = { tcp: new Uint8Array(PORTS), udp: new Uint8Array(PORTS) };
  for (const entry of allEntries()) noteEntry(bits, entry);
  for (const [transport, port] of LEGACY_PORTS) bits[transport][port]! |= LEGACY_NAMES;
  for (const port of CLEAR_TEXT_PORTS) bits.tcp[port]! |= CLEAR_TEXT;
  for (const port of SILENT_PORTS) bits.udp[port]! |= SILENT;
  for (const port of ARRANGERS) {
    bits.tcp[port]! |= ARRANGER;
    bits.udp[port]! |= ARRANGER;
  }
  for (let port = TRACEROUTE_FIRST; port <= TRACEROUTE_LAST; port++) bits.udp[port]! |= TRACEROUTE;
  return bits;
}

function noteEntry(bits: { tcp: Uint8Array; udp: Uint8Array }, entry: EntrySummary): void {
  let mark = CATALOGUED;
  // Of several uses of a port only the likely one counts against it.
  if (EXPOSED_GROUPS.has(entry.group) && entry.rank <= 5 && !NOT_SENSITIVE.has(entry.id)) {
    mark |= SENSITIVE;
  }
  for (const { transport, first, last } of entry.ports) {
    if (transport === 'sctp' || isWide(last - first)) continue;
    const of = bits[transport];
    for (let port = first; port <= last; port++) of[port]! |= mark;
  }
}

/** Ports that arrange others, for a look at what two hosts said to each other before. */
export const ARRANGING_PORTS: readonly number[] = ARRANGERS;
