/**
 * What the first octets of a payload say about direction: whether its sender asks (is the client)
 * or answers (is the server). A hint is an octet: protocol number above, `ASKS` or `ANSWERS` in
 * the low two bits, 0 for none. Only messages that can come from one side alone give a hint; an
 * SSH banner, say, comes from both.
 */
import type { Decoder } from './decoder.ts';

export const ASKS = 1;
export const ANSWERS = 2;

/** Protocols that give hints; the position is the number above the two direction bits. */
export const HINT_PROTOCOLS = [
  'icmp',
  'dns',
  'ntp',
  'dhcp',
  'dhcpv6',
  'snmp',
  'tftp',
  'radius',
  'quic',
  'tls',
  'http',
  'mail-or-ftp',
] as const;

const DNS = 1 << 2;
const NTP = 2 << 2;
const DHCP = 3 << 2;
const DHCPV6 = 4 << 2;
const SNMP = 5 << 2;
const TFTP = 6 << 2;
const RADIUS = 7 << 2;
const QUIC = 8 << 2;
const TLS = 9 << 2;
const HTTP = 10 << 2;
const TEXT = 11 << 2;

/** Four ASCII characters as a big-endian word. */
function word(text: string): number {
  return (
    (text.charCodeAt(0) << 24) |
    (text.charCodeAt(1) << 16) |
    (text.charCodeAt(2) << 8) |
    text.charCodeAt(3)
  );
}

const GET = word('GET ');
const POST = word('POST');
const HEAD = word('HEAD');
const PUT = word('PUT ');
const DELETE = word('DELE');
const OPTIONS = word('OPTI');
const CONNECT = word('CONN');
const PATCH = word('PATC');
const PRI = word('PRI ');
const HTTP_ANSWER = word('HTTP');
const READY = word('220 ');
const READY_MORE = word('220-');
const POP_READY = word('+OK ');
const IMAP_READY = word('* OK');
const EHLO = word('EHLO');
const HELO = word('HELO');

/** The hint of a TCP payload of at least 5 captured octets. */
export function tcpHint(d: Decoder, at: number, ports: number): number {
  const first = d.bytes[at]!;
  // TLS: a handshake record (22), version 3.x, client hello (1) or server hello (2).
  if (first === 0x16 && d.bytes[at + 1] === 3) {
    if (d.end - at < 6) return 0;
    const message = d.bytes[at + 5]!;
    return message === 1 ? TLS | ASKS : message === 2 ? TLS | ANSWERS : 0;
  }
  if (first >= 0x2a && first <= 0x50) {
    switch (d.view.getInt32(at)) {
      case GET:
      case POST:
      case HEAD:
      case PUT:
      case DELETE:
      case OPTIONS:
      case CONNECT:
      case PATCH:
      case PRI:
        return HTTP | ASKS;
      case HTTP_ANSWER:
        return HTTP | ANSWERS;
      case READY:
      case READY_MORE:
      case POP_READY:
      case IMAP_READY:
        return TEXT | ANSWERS;
      case EHLO:
      case HELO:
        return TEXT | ASKS;
    }
  }
  // DNS over TCP: a length, at least that of a header, then the message (RFC 1035 section 4.2.2).
  if (((ports & 0xffff) === 53 || ports >>> 16 === 53) && d.end - at >= 14) {
    // The length came before, in a segment of its own: one question stands where flags would.
    if (d.view.getUint16(at + 4) === 1) {
      return DNS | ((d.bytes[at + 2]! & 0x80) === 0 ? ASKS : ANSWERS);
    }
    if (d.view.getUint16(at) < 12) return 0;
    return DNS | ((d.bytes[at + 4]! & 0x80) === 0 ? ASKS : ANSWERS);
  }
  return 0;
}

/** The hint of a UDP payload on one of the ports that udp.ts names. */
export function udpHint(d: Decoder, at: number, ports: number): number {
  const source = ports >>> 16;
  const destination = ports & 0xffff;
  const captured = d.end - at;
  if (captured < 1) return 0;
  const first = d.bytes[at]!;
  // The lower port is the likelier one to be known; the other is tried when it gives nothing.
  const low = Math.min(source, destination);
  return (
    hintOfPort(d, at, captured, first, low) ||
    hintOfPort(d, at, captured, first, source ^ destination ^ low)
  );
}

function hintOfPort(d: Decoder, at: number, captured: number, first: number, port: number): number {
  switch (port) {
    // DNS, NetBIOS names, mDNS and LLMNR share the header: QR is the top bit of octet 2.
    case 53:
    case 137:
    case 5353:
    case 5355:
      if (captured < 12) return 0;
      return DNS | ((d.bytes[at + 2]! & 0x80) === 0 ? ASKS : ANSWERS);
    // BOOTP operation: 1 request, 2 reply (RFC 951).
    case 67:
    case 68:
      return first === 1 ? DHCP | ASKS : first === 2 ? DHCP | ANSWERS : 0;
    // Read and write requests open a transfer (RFC 1350).
    case 69:
      return first === 0 && captured > 2 && (d.bytes[at + 1] === 1 || d.bytes[at + 1] === 2)
        ? TFTP | ASKS
        : 0;
    // NTP mode: 3 client, 4 server, 5 broadcast (RFC 5905); symmetric modes say nothing.
    case 123: {
      const mode = first & 7;
      return mode === 3 ? NTP | ASKS : mode === 4 || mode === 5 ? NTP | ANSWERS : 0;
    }
    case 161:
      return snmpHint(d, at, captured);
    // A long header of type Initial or 0-RTT with a client's minimum size (RFC 9000 section 14.1)
    // comes from servers too: only the 0-RTT type is the client's alone.
    case 443:
      return captured >= 5 && (first & 0xf0) === 0xd0 && d.view.getInt32(at + 1) === 1
        ? QUIC | ASKS
        : 0;
    case 546:
    case 547:
      return dhcpv6Hint(first);
    // Access and accounting requests are 1 and 4 (RFC 2865, RFC 2866).
    case 1812:
    case 1813:
      if (captured < 20) return 0;
      if (first === 1 || first === 4) return RADIUS | ASKS;
      return first === 2 || first === 3 || first === 5 || first === 11 ? RADIUS | ANSWERS : 0;
    default:
      return 0;
  }
}

/** Message types: 2 advertise, 7 reply, 10 reconfigure, 13 relay reply come from servers (RFC 8415). */
function dhcpv6Hint(type: number): number {
  if (type === 2 || type === 7 || type === 10 || type === 13) return DHCPV6 | ANSWERS;
  return type >= 1 && type <= 12 ? DHCPV6 | ASKS : 0;
}

/** The PDU tag after version and community (SNMPv1, v2c): A0 get … A2 response, A3 set, A5 bulk. */
function snmpHint(d: Decoder, at: number, captured: number): number {
  if (captured < 12 || d.bytes[at] !== 0x30) return 0;
  let next = at + 1;
  const length = d.bytes[next]!;
  next += length < 0x80 ? 1 : 1 + (length & 0x7f);
  if (next + 5 > d.end || d.bytes[next] !== 2 || d.bytes[next + 1] !== 1) return 0;
  next += 3;
  if (d.bytes[next] !== 4) return 0;
  next += 2 + d.bytes[next + 1]!;
  if (next >= d.end) return 0;
  const tag = d.bytes[next]!;
  if (tag === 0xa2) return SNMP | ANSWERS;
  return tag === 0xa0 || tag === 0xa1 || tag === 0xa3 || tag === 0xa5 ? SNMP | ASKS : 0;
}
