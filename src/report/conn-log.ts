/**
 * Flows as a Zeek conn.log: tab-separated values with a header of `#` lines that names separator,
 * fields and types (Zeek's ASCII log writer). Field order is Zeek's, with `ip_proto`, `vlan` and
 * `inner_vlan` at the end. `service` is what payloads showed, by Zeek's names, not what the port is
 * registered for.
 */
import type { Flow } from '../model/flow.ts';

const FIELDS: readonly (readonly [name: string, type: string])[] = [
  ['ts', 'time'],
  ['uid', 'string'],
  ['id.orig_h', 'addr'],
  ['id.orig_p', 'port'],
  ['id.resp_h', 'addr'],
  ['id.resp_p', 'port'],
  ['proto', 'enum'],
  ['service', 'string'],
  ['duration', 'interval'],
  ['orig_bytes', 'count'],
  ['resp_bytes', 'count'],
  ['conn_state', 'string'],
  ['local_orig', 'bool'],
  ['local_resp', 'bool'],
  ['missed_bytes', 'count'],
  ['history', 'string'],
  ['orig_pkts', 'count'],
  ['orig_ip_bytes', 'count'],
  ['resp_pkts', 'count'],
  ['resp_ip_bytes', 'count'],
  ['tunnel_parents', 'set[string]'],
  ['ip_proto', 'count'],
  ['vlan', 'int'],
  ['inner_vlan', 'int'],
];

const UNSET = '-';

/** The lines before the first flow. `openedMs` is the time the log says it was begun. */
export function connLogHead(openedMs: number): string {
  const names = FIELDS.map(([name]) => name).join('\t');
  const types = FIELDS.map(([, type]) => type).join('\t');
  return [
    '#separator \\x09',
    '#set_separator\t,',
    '#empty_field\t(empty)',
    `#unset_field\t${UNSET}`,
    '#path\tconn',
    `#open\t${stamp(openedMs)}`,
    `#fields\t${names}`,
    `#types\t${types}`,
    '',
  ].join('\n');
}

/** The line after the last flow. */
export function connLogTail(closedMs: number): string {
  return `#close\t${stamp(closedMs)}\n`;
}

const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  dccp: 33,
  icmpv6: 58,
  sctp: 132,
  udplite: 136,
};
/** Transports that Zeek's `proto` has names for. */
const ZEEK_TRANSPORTS = new Set(['tcp', 'udp', 'icmp', 'sctp']);

/** Zeek's names of protocols that have others here. */
const ZEEK_SERVICES: Readonly<Record<string, string>> = {
  'dce-rpc': 'dce_rpc',
  kerberos: 'krb',
  ldap: 'ldap_tcp',
  cldap: 'ldap_udp',
  tls: 'ssl',
  mdns: 'dns',
  llmnr: 'dns',
  'netbios-ns': 'dns',
  'ethernet-ip': 'enip',
  vnc: 'rfb',
  dhcpv6: 'dhcp',
};

/**
 * One flow, with its line end.
 *
 * @param spoken the protocol at the server's endpoint, as in docs/identification.md
 */
export function connLogLine(
  flow: Flow,
  clientInside: boolean,
  serverInside: boolean,
  spoken: string | null = null,
): string {
  const { transport, toServer, toClient } = flow;
  const protocol = PROTOCOL_NUMBERS[transport] ?? Number(transport.slice('ip-'.length));
  const proto = transport === 'icmpv6' ? 'icmp' : transport;
  // As Zeek has it, one packet has neither duration nor payload counts.
  const single = toServer.packets + toClient.packets === 1;
  const duration = ((flow.lastMs - flow.firstMs) / 1000).toFixed(6);
  const payload = single
    ? `${UNSET}\t${UNSET}\t${UNSET}`
    : `${duration}\t${toServer.payloadBytes}\t${toClient.payloadBytes}`;
  return (
    `${(flow.firstMs / 1000).toFixed(6)}\t${uidOf(flow)}\t${flow.client}\t${flow.clientPort}\t` +
    `${flow.server}\t${flow.serverPort}\t` +
    `${ZEEK_TRANSPORTS.has(proto) ? proto : 'unknown_transport'}\t${serviceOf(flow, spoken)}\t${payload}\t` +
    `${flow.state}\t${clientInside ? 'T' : 'F'}\t${serverInside ? 'T' : 'F'}\t0\t` +
    `${flow.history || UNSET}\t${toServer.packets}\t${toServer.bytes}\t` +
    `${toClient.packets}\t${toClient.bytes}\t${UNSET}\t${protocol}\t` +
    `${flow.vlan ?? UNSET}\t${flow.innerVlan ?? UNSET}\n`
  );
}

/** A flow without payload spoke nothing, whatever its server speaks. */
function serviceOf({ toServer, toClient }: Flow, spoken: string | null): string {
  if (spoken === null || toServer.payloadBytes + toClient.payloadBytes === 0) return UNSET;
  return ZEEK_SERVICES[spoken] ?? spoken;
}

/** `2026-11-22-10-30-00`, UTC. */
function stamp(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace(/[T:]/g, '-');
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The same for the same flow of the same capture, wherever it lies: 89 bits over what it is. */
function uidOf(flow: Flow): string {
  const frame = flow.locator.slice(flow.locator.lastIndexOf('#'));
  const text = `${frame} ${flow.firstMs} ${flow.transport} ${flow.client} ${flow.clientPort} ${flow.server} ${flow.serverPort} ${flow.tunnel ?? ''} ${flow.tunnelId ?? ''}`;
  let one = 0x811c9dc5;
  let two = 0x9e3779b9;
  let three = 0x85ebca6b;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 0x01000193);
    two = Math.imul(two ^ code, 0x27d4eb2f) ^ (one >>> 15);
    three = Math.imul(three ^ code, 0xc2b2ae35) ^ (two >>> 13);
  }
  return `C${digits(one)}${digits(two)}${digits(three)}`;
}

/** Five digits of base 62: 29.8 bits of the word. */
function digits(word: number): string {
  let rest = (word ^ (word >>> 16)) >>> 0;
  let text = '';
  for (let index = 0; index < 5; index++) {
    text += DIGITS[rest % 62];
    rest = Math.floor(rest / 62);
  }
  return text;
}
