/** Ethernet frames for packet headers, with right checksums and a number at their end. */
import type { PacketHeader } from '../../src/net/header-fields.ts';
import { hex, internetChecksum, join, put16, u8, u16, u32, zeros } from '../builders/bytes.ts';

/** Connections that the kernel could take for the same one, in either direction. */
export function connectionKey({
  source,
  destination,
  protocol,
  sourcePort,
  destinationPort,
}: PacketHeader): string {
  const ends = [`${source.words}/${sourcePort}`, `${destination.words}/${destinationPort}`];
  return `${protocol} ${ends.sort().join(' ')}`;
}

/** What follows the IP header: the transport's header, then the number. */
function body(packet: PacketHeader, sequence: number, filler: number): Uint8Array {
  const { protocol, laterFragment, sourcePort, destinationPort, tcpFlags } = packet;
  const number = join(new Uint8Array(filler).fill(0xff), u32(sequence));
  if (laterFragment) return join(zeros(12), number);
  const ports = u16(sourcePort, destinationPort);
  switch (protocol) {
    case 6: {
      const acknowledged = tcpFlags & 16 ? 1 : 0;
      const rest = join(u32(sequence, acknowledged), u8(0x50, tcpFlags), u16(1024, 0, 0));
      return summed(packet, join(ports, rest, number), 16);
    }
    case 17:
    case 136:
      return summed(packet, join(ports, u16(12 + filler, 0), number), 6);
    case 132:
      // An INIT chunk (RFC 9260) that ends with the number.
      return join(ports, zeros(8), u8(1, 0), u16(24), u32(1, 1500), u16(1, 1), zeros(4), number);
    case 1:
    case 58: {
      const id = u16(sequence & 0xffff, sequence >>> 16);
      return summed(packet, join(u8(packet.icmpType, packet.icmpCode), u16(0), id, number), 2);
    }
    default:
      return join(zeros(12), number);
  }
}

/** Puts in the checksum, over the pseudo-header too where the protocol has one. */
function summed(packet: PacketHeader, bytes: Uint8Array, at: number): Uint8Array {
  const { source, destination, protocol } = packet;
  const addresses = join(u32(...source.words), u32(...destination.words));
  const pseudo = protocol === 1 ? zeros(0) : join(addresses, u32(bytes.length, protocol));
  const sum = internetChecksum(join(pseudo, bytes));
  put16(bytes, at, sum === 0 && protocol === 17 ? 0xffff : sum);
  return bytes;
}

/**
 * The frame, or with `cut` the two frames of its fragments, each after its length in two octets;
 * `mac` is whom it is sent to.
 */
export function framesOf(
  packet: PacketHeader,
  mac: string,
  sequence: number,
  cut = false,
): Uint8Array {
  const type = u16(packet.family === 4 ? 0x0800 : 0x86dd);
  const ethernet = join(hex(mac), hex('02 00 00 00 00 01'), type);
  // A first fragment holds the whole header (RFC 7112) and does not end in a low number.
  const whole = packet.protocol === 6 ? 24 : 16;
  const payload = body(packet, sequence, cut ? 12 : 0);
  const frame = (part: Uint8Array, place: Place | undefined): Uint8Array => {
    const bytes = join(ethernet, ipHeader(packet, part.length, sequence, place), part);
    return join(u16(bytes.length), bytes);
  };
  // Places from 64 on, in units of 8 octets: the kernel distrusts those right behind the start.
  if (packet.laterFragment) return frame(payload, { place: 64 + (sequence % 100), more: false });
  if (!cut) return frame(payload, undefined);
  const first = frame(payload.subarray(0, whole), { place: 0, more: true });
  return join(first, frame(payload.subarray(whole), { place: whole / 8, more: false }));
}

/** Where a fragment lies, in units of 8 octets. */
interface Place {
  readonly place: number;
  readonly more: boolean;
}

function ipHeader(
  packet: PacketHeader,
  length: number,
  sequence: number,
  fragment: Place | undefined,
): Uint8Array {
  const { source, destination, protocol } = packet;
  const addresses = join(u32(...source.words), u32(...destination.words));
  if (packet.family === 4) {
    const place = fragment === undefined ? 0 : fragment.place | (fragment.more ? 0x2000 : 0);
    const sizes = u16(20 + length, sequence & 0xffff, place);
    const header = join(u8(0x45, 0), sizes, u8(64, protocol), u16(0), addresses);
    put16(header, 10, internetChecksum(header));
    return header;
  }
  const size = u16(length + (fragment === undefined ? 0 : 8));
  const next = u8(fragment === undefined ? protocol : 44, 64);
  const header = join(u32(0x60000000), size, next, addresses);
  if (fragment === undefined) return header;
  const place = (fragment.place << 3) | (fragment.more ? 1 : 0);
  return join(header, u8(protocol, 0), u16(place), u32(sequence));
}

/** DSCP by the number at the end of each IP packet of a pcap file. Frames of others are left out. */
export function sequencesOf(pcap: Uint8Array): Map<number, number> {
  const found = new Map<number, number>();
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.length);
  for (let at = 24; at + 16 <= pcap.length; ) {
    const frame = at + 16;
    const ip = frame + 14;
    at = frame + view.getUint32(at + 8, true);
    const type = view.getUint16(frame + 12);
    if (type === 0x0800 && isOurs(view.getUint8(ip + 12))) {
      const end = ip + view.getUint16(ip + 2);
      found.set(view.getUint32(end - 4), view.getUint8(ip + 1) >> 2);
    } else if (type === 0x86dd && view.getUint32(ip + 8) === 0x20010db8) {
      const end = ip + 40 + view.getUint16(ip + 4);
      found.set(view.getUint32(end - 4), (view.getUint16(ip) >> 6) & 0x3f);
    }
  }
  return found;
}

/** Sources are in 10.0.0.0/8 or just below it. */
const isOurs = (octet: number) => octet === 10 || octet === 9;
