/** IPv4 (RFC 791) and IPv6 (RFC 8200) headers, and cutting their packets into fragments. */
import {
  internetChecksum,
  ip4,
  ip6,
  join,
  octets,
  type Payload,
  padTo,
  put16,
  u8,
  u16,
  u32,
  zeros,
} from './bytes.ts';
import { settle, tagged, tagOf } from './layer.ts';

const IPV4 = { etherType: 0x800, protocol: 4, ppp: 0x21 };
const IPV6 = { etherType: 0x86dd, protocol: 41, ppp: 0x57 };
/** RFC 3692 experiment: what bytes of no known protocol are announced as. */
const EXPERIMENT = 253;

export interface Ipv4Fields {
  readonly src?: string;
  readonly dst?: string;
  readonly version?: number;
  /** Header length in 32-bit words. */
  readonly ihl?: number;
  readonly tos?: number;
  /** Total length; 0 as segmentation offload writes it. */
  readonly length?: number;
  readonly id?: number;
  /** The three flag bits (4 reserved, 2 DF, 1 MF), or a name. Default DF. */
  readonly flags?: number | '' | 'DF' | 'MF';
  /** Fragment offset in octets, a multiple of 8. */
  readonly offset?: number;
  readonly ttl?: number;
  readonly protocol?: number;
  readonly checksum?: number;
  /** Padded to 32 bits with end-of-list octets. */
  readonly options?: Uint8Array;
}

const FLAGS = { '': 0, DF: 2, MF: 1 };

export function ipv4(fields: Ipv4Fields, payload: Payload): Uint8Array {
  const { version = 4, tos = 0, id = 0, flags = 'DF', offset = 0, ttl = 64 } = fields;
  const source = ip4(fields.src ?? '192.0.2.1');
  const destination = ip4(fields.dst ?? '198.51.100.2');
  const options = padTo(4, fields.options ?? zeros(0));
  const size = 20 + options.length;
  const bits = typeof flags === 'number' ? flags : FLAGS[flags];
  const header = join(
    u8((version << 4) | (fields.ihl ?? size / 4), tos),
    u16(fields.length ?? size + octets(payload).length, id, (bits << 13) | (offset >> 3)),
    u8(ttl, fields.protocol ?? tagOf(payload).protocol ?? EXPERIMENT),
    u16(0),
    source,
    destination,
    options,
  );
  put16(header, 10, fields.checksum ?? internetChecksum(header));
  const packet = join(header, payload);
  settle(packet, size, payload, source, destination);
  return tagged(packet, IPV4);
}

export interface Ipv6Fields {
  readonly src?: string;
  readonly dst?: string;
  readonly version?: number;
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  /** Payload length; 0 in jumbograms and under segmentation offload. */
  readonly length?: number;
  readonly nextHeader?: number;
  readonly hopLimit?: number;
}

export function ipv6(fields: Ipv6Fields, payload: Payload): Uint8Array {
  const { version = 6, trafficClass = 0, flowLabel = 0, hopLimit = 64 } = fields;
  const source = ip6(fields.src ?? '2001:db8::1');
  const destination = ip6(fields.dst ?? '2001:db8::2');
  const packet = join(
    u32((version << 28) | (trafficClass << 20) | flowLabel),
    u16(fields.length ?? octets(payload).length),
    u8(fields.nextHeader ?? tagOf(payload).protocol ?? EXPERIMENT, hopLimit),
    source,
    destination,
    payload,
  );
  settle(packet, 40, payload, source, destination);
  return tagged(packet, IPV6);
}

/** Cuts `body` into runs of a multiple of 8 octets that fit `room`; the last takes the rest. */
function pieces(
  body: Uint8Array,
  room: number,
): { offset: number; part: Uint8Array; last: boolean }[] {
  const step = room & ~7;
  if (step < 8) throw new RangeError('the MTU leaves no room for 8 octets of payload');
  const list = [];
  for (let offset = 0; offset < body.length; offset += step) {
    const last = offset + room >= body.length;
    list.push({ offset, part: body.subarray(offset, last ? undefined : offset + step), last });
    if (last) break;
  }
  return list;
}

/** The IPv4 fragments of a packet from `ipv4`, in order, each at most `mtu` octets long. */
export function fragment4(packet: Uint8Array, mtu: number): Uint8Array[] {
  const size = ((packet[0] ?? 0) & 15) * 4;
  return pieces(packet.subarray(size), mtu - size).map(({ offset, part, last }) => {
    const fragment = join(packet.subarray(0, size), part);
    put16(fragment, 2, fragment.length);
    put16(fragment, 6, (last ? 0 : 0x2000) | (offset >> 3));
    put16(fragment, 10, 0);
    put16(fragment, 10, internetChecksum(fragment.subarray(0, size)));
    return tagged(fragment, IPV4);
  });
}

/** Where the part that every fragment repeats ends, and where its next-header octet is. */
function unfragmentable(packet: Uint8Array): { end: number; nextAt: number } {
  const walked = { end: 40, nextAt: 6 };
  let [at, nextAt] = [40, 6];
  let next = packet[6] ?? 59;
  while (next === 0 || next === 43 || next === 60) {
    nextAt = at;
    const routed = next !== 60;
    next = packet[at] ?? 59;
    at += 8 + 8 * (packet[at + 1] ?? 0);
    // RFC 8200 4.5: up to and including the routing header, else the hop-by-hop header.
    if (routed) Object.assign(walked, { end: at, nextAt });
  }
  return walked;
}

/** The IPv6 fragments of a packet from `ipv6`, in order, each at most `mtu` octets long. */
export function fragment6(packet: Uint8Array, mtu: number, id = 1): Uint8Array[] {
  const { end, nextAt } = unfragmentable(packet);
  return pieces(packet.subarray(end), mtu - end - 8).map(({ offset, part, last }) => {
    const header = join(u8(packet[nextAt] ?? 59, 0), u16(offset | (last ? 0 : 1)), u32(id));
    const fragment = join(packet.subarray(0, end), header, part);
    fragment[nextAt] = 44;
    put16(fragment, 4, fragment.length - 40);
    return tagged(fragment, IPV6);
  });
}
