/** One packet of `nft monitor trace`: what its line says of it, until its way is known (nft-trace.ts). */
import { addressIn, numberIn } from './fields.ts';
import { BAD_ADDRESS, BAD_NUMBER, BAD_PORT, CUT_OFF, type Line } from './format.ts';
import { KeyTable } from './key-table.ts';
import { ICMP_CODES, ICMP_TYPES, ICMPV6_CODES, ICMPV6_TYPES } from './nft-icmp-names.ts';
import { protocolIn } from './protocol-names.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const LETTER_X = 0x78;
/** Chains on the way of a packet. */
const MOST_CHAINS = 64;
const IN_INTERFACE = octetsOf('iif ');
const OUT_INTERFACE = octetsOf('oif ');
const EQUAL = octetsOf('== ');
/** Headers, whose fields follow each with its value. */
const LAYERS = new KeyTable([
  ...['ether', 'vlan', 'arp', 'ip', 'ip6', 'tcp', 'udp', 'udplite', 'sctp', 'dccp', 'icmp'],
  ...['icmpv6', 'igmp', 'esp', 'ah', 'comp', 'th', 'meta', 'frag', 'exthdr'],
]);
const [ETHER, IP, IP6, TCP, ICMP_LAYER, ICMP6_LAYER] = [0, 3, 4, 5, 10, 11];
const TCP_PROTOCOL = 6;
/** IP protocol of the header, by number of the layer; -1 for those that do not tell. */
const PROTOCOLS = [-1, -1, -1, -1, -1, 6, 17, 136, 132, 33, 1, 58, 2, 50, 51, 108, -1, -1, -1, -1];
const FIELDS = new KeyTable([
  ...['saddr', 'daddr', 'protocol|nexthdr', 'length', 'sport', 'dport', 'flags', 'type', 'code'],
  'id',
]);
const [
  SOURCE,
  DESTINATION,
  PROTOCOL,
  LENGTH,
  SOURCE_PORT,
  DESTINATION_PORT,
  FLAGS,
  TYPE,
  CODE,
  ID,
] = [...([0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const)] as const;
/** Headers of IPv6 behind which the transport stands (RFC 8200 section 4). */
const EXTENSIONS = new Set([0, 43, 44, 60]);
const FLAG_NAMES = new KeyTable(['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ecn', 'cwr']);

/** A packet whose way is not known to its end. */
export class Pending {
  line = 0;
  timeMs = Number.NaN;
  device = 0;
  family = 0;
  source = 0;
  destination = 0;
  identification = -1;
  protocol = -1;
  sourcePort = -1;
  destinationPort = -1;
  flags = -1;
  bytes = -1;
  inInterface = 0;
  outInterface = 0;
  group = 0;
  /** Which end began, where the connection table knows it. */
  initiator = 0;
  hasSource = false;
  hasDestination = false;
  rule = 0;
  /** How well `rule` tells what let it through: 0 not at all, 1 a translation, 2 a policy, 3 a rule. */
  told = 0;
  /** Line of what told it. */
  decided = 0;
  /** Numbers of the chains that told of it. */
  chains: number[] = [];

  /** Whether a line about this packet, in that chain, can be about the one before with the same id. */
  follows(before: Pending, chain: number): boolean {
    return (
      before.chains.length < MOST_CHAINS &&
      !before.chains.includes(chain) &&
      this.family === before.family &&
      this.source === before.source &&
      this.sourcePort === before.sourcePort &&
      this.identification === before.identification
    );
  }
}

/** Reads the fields of a packet; 0 or a fault. */
export function packetIn(line: Line, packet: Pending): number {
  const { scan, names } = line;
  const { bytes, end } = scan;
  for (;;) {
    scan.skipSpaces();
    const start = scan.at;
    if (start >= end) break;
    scan.at = scan.until(SPACE);
    const isIn = scan.isAt(IN_INTERFACE, start);
    if (isIn || scan.isAt(OUT_INTERFACE, start)) {
      const from = passValue(scan);
      if (scan.at >= end) return CUT_OFF;
      const quoted = bytes[from] === QUOTE ? 1 : 0;
      const name = names.intern(bytes, from + quoted, scan.at - quoted);
      if (isIn) packet.inInterface = name;
      else packet.outInterface = name;
      continue;
    }
    const layer = LAYERS.of(bytes, start, scan.at);
    if (layer < 0) continue;
    const field = passValue(scan);
    const fault = fieldIn(line, packet, layer, FIELDS.of(bytes, field, scan.at));
    if (fault !== 0) return fault;
  }
  if (packet.family === 0) return 0;
  const { sourcePort, destinationPort } = packet;
  const isHalf = sourcePort < 0 !== destinationPort < 0;
  if (isHalf || !packet.hasSource || !packet.hasDestination) return CUT_OFF;
  // A later fragment has no ports; nor has a line that was cut off in front of them.
  return line.unended && sourcePort < 0 ? CUT_OFF : 0;
}

/** The value of a field, which is next; 0 or a fault. */
function fieldIn(line: Line, packet: Pending, layer: number, field: number): number {
  const { scan } = line;
  const { bytes, end } = scan;
  if (layer === TCP && field === FLAGS) return flagsIn(scan, packet);
  const start = passValue(scan);
  const stop = scan.at;
  if (PROTOCOLS[layer]! >= 0) packet.protocol = PROTOCOLS[layer]!;
  if (layer === ETHER) {
    // The lowest bit of a station's address tells groups (IEEE 802).
    if (field === DESTINATION && addressBit(bytes, start)) packet.group = 1;
    return 0;
  }
  const isAddress = field === SOURCE || field === DESTINATION;
  if (layer === IP && field === ID) packet.identification = numberIn(bytes, start, stop, 65_535);
  if ((layer === IP || layer === IP6) && (isAddress || field === PROTOCOL || field === LENGTH)) {
    if (stop >= end && field !== LENGTH) return CUT_OFF;
    return outerField(scan, packet, layer, field, start, stop);
  }
  if (field === SOURCE_PORT || field === DESTINATION_PORT) {
    if (stop >= end) return CUT_OFF;
    const port = numberIn(bytes, start, stop, 65_535);
    if (port < 0) return BAD_PORT;
    if (field === SOURCE_PORT) packet.sourcePort = port;
    else packet.destinationPort = port;
  } else if (
    (layer === ICMP_LAYER || layer === ICMP6_LAYER) &&
    (field === TYPE || field === CODE)
  ) {
    if (stop >= end && (field === TYPE || line.unended)) return CUT_OFF;
    const four = layer === ICMP_LAYER;
    const names =
      field === TYPE ? (four ? ICMP_TYPES : ICMPV6_TYPES) : four ? ICMP_CODES : ICMPV6_CODES;
    const number = names.in(bytes, start, stop);
    if (number < 0) return BAD_NUMBER;
    if (field === TYPE) packet.sourcePort = number;
    else packet.destinationPort = number;
  }
  return 0;
}

/** A field of the IP header; 0 or a fault. */
function outerField(
  scan: Scan,
  packet: Pending,
  layer: number,
  field: number,
  start: number,
  stop: number,
): number {
  const { bytes } = scan;
  if (field === PROTOCOL) {
    const protocol = protocolIn(scan, start, stop);
    if (protocol === -2) return BAD_NUMBER;
    packet.protocol = layer === IP6 && EXTENSIONS.has(protocol) ? -1 : protocol;
  } else if (field === LENGTH) {
    const length = numberIn(bytes, start, stop, 65_535);
    if (length < 0) return BAD_NUMBER;
    if (layer === IP) packet.bytes = length;
  } else {
    if (!addressIn(scan, start, stop)) return BAD_ADDRESS;
    if (packet.family !== 0 && packet.family !== scan.family) return BAD_ADDRESS;
    packet.family = scan.family;
    if (field === SOURCE) {
      packet.source = scan.value;
      packet.hasSource = true;
    } else {
      packet.destination = scan.value;
      packet.hasDestination = true;
    }
  }
  return 0;
}

/** `== syn`, `== 0x12`, `== ( syn | ack )`, `== syn,ack`; 0 or a fault. */
function flagsIn(scan: Scan, packet: Pending): number {
  const { bytes, end } = scan;
  packet.protocol = TCP_PROTOCOL;
  scan.skipSpaces();
  if (!scan.takeText(EQUAL)) return scan.at >= end ? CUT_OFF : 0;
  let flags = 0;
  for (;;) {
    while (scan.at < end && !isLetter(scan.peek()) && !isDigit(scan.peek())) scan.at++;
    const start = scan.at;
    while (scan.at < end && (isLetter(scan.peek()) || isDigit(scan.peek()))) scan.at++;
    if (scan.at >= end) return CUT_OFF;
    const name = FLAG_NAMES.of(bytes, start, scan.at);
    if (name >= 0) flags |= 1 << name;
    else if (bytes[start + 1] === LETTER_X) flags = Number(textOf(scan, start, scan.at));
    else {
      // The next field.
      scan.at = start;
      break;
    }
  }
  if (!(flags >= 0 && flags <= 255)) return BAD_NUMBER;
  packet.flags = flags;
  return 0;
}

/** Passes blanks and a word, which may be in quotes; returns where it begins. */
function passValue(scan: Scan): number {
  scan.skipSpaces();
  const start = scan.at;
  if (scan.peek() !== QUOTE) scan.at = scan.until(SPACE);
  else {
    scan.at++;
    scan.at = Math.min(scan.until(QUOTE) + 1, scan.end);
  }
  return start;
}

function addressBit(bytes: Uint8Array, start: number): boolean {
  const low = bytes[start + 1]!;
  // Odd digits: 1 3 5 7 9 are odd codes, b d f even ones.
  return isDigit(low) ? (low & 1) === 1 : (low & 1) === 0;
}

export function textOf({ bytes }: Scan, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 40)));
}
