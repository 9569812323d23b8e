/**
 * TCP (RFC 9293), UDP (RFC 768), DCCP (RFC 4340), ICMP (RFC 792, 4443) and IGMP (RFC 2236, 3376).
 * Checksums that need the IP addresses are filled by the enclosing `ipv4` or `ipv6`.
 */
import {
  internetChecksum,
  ip4,
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
import { tagged, tagOf } from './layer.ts';

/** The waiting checksum of a transport header, unless the caller wrote one. */
const pendingAt = (protocol: number, at: number, given: number | undefined) =>
  given === undefined ? { pending: { protocol, start: 0, at } } : {};

export interface TcpFields {
  readonly sport?: number;
  readonly dport?: number;
  readonly seq?: number;
  readonly ack?: number;
  /** Letters of `FSRPAUEC` and `N` (accurate ECN), or the bits. Default `A`. */
  readonly flags?: string | number;
  readonly window?: number;
  readonly checksum?: number;
  readonly urgent?: number;
  /** Padded to 32 bits with end-of-list octets. See `tcpOptions`. */
  readonly options?: Uint8Array;
  /** Header length in 32-bit words. */
  readonly dataOffset?: number;
}

const LETTERS = 'FSRPAUECN';

export function tcp(fields: TcpFields, payload: Payload = ''): Uint8Array {
  const { sport = 40000, dport = 80, seq = 1000, ack = 0, flags = 'A', window = 64240 } = fields;
  const options = padTo(4, fields.options ?? zeros(0));
  const bits =
    typeof flags === 'number'
      ? flags
      : [...flags].reduce((sum, letter) => {
          const bit = LETTERS.indexOf(letter);
          if (bit < 0) throw new TypeError(`not a TCP flag: ${letter}`);
          return sum | (1 << bit);
        }, 0);
  const words = fields.dataOffset ?? 5 + options.length / 4;
  const bytes = join(
    u16(sport, dport),
    u32(seq, ack),
    u16((words << 12) | bits, window, fields.checksum ?? 0, fields.urgent ?? 0),
    options,
    payload,
  );
  return tagged(bytes, { protocol: 6, ...pendingAt(6, 16, fields.checksum) });
}

/** The usual TCP options in the order Linux sends them. */
export function tcpOptions(options: {
  mss?: number;
  sackPermitted?: boolean;
  timestamps?: readonly [value: number, echo: number];
  windowScale?: number;
  sack?: readonly (readonly [left: number, right: number])[];
}): Uint8Array {
  const { mss, sackPermitted, timestamps, windowScale, sack } = options;
  return join(
    mss === undefined ? zeros(0) : join(u8(2, 4), u16(mss)),
    sackPermitted ? u8(4, 2) : zeros(0),
    timestamps ? join(u8(8, 10), u32(...timestamps)) : zeros(0),
    windowScale === undefined ? zeros(0) : u8(1, 3, 3, windowScale),
    sack ? join(u8(5, 2 + 8 * sack.length), ...sack.map((block) => u32(...block))) : zeros(0),
  );
}

export interface UdpFields {
  readonly sport?: number;
  readonly dport?: number;
  readonly length?: number;
  /** 0 = none, as IPv4 allows. */
  readonly checksum?: number;
}

export function udp(fields: UdpFields, payload: Payload = ''): Uint8Array {
  const { sport = 40000, dport = tagOf(payload).udpPort ?? 53 } = fields;
  const length = fields.length ?? 8 + octets(payload).length;
  const bytes = join(u16(sport, dport, length, fields.checksum ?? 0), payload);
  return tagged(bytes, { protocol: 17, ...pendingAt(17, 6, fields.checksum) });
}

/** DCCP packet types by name; the list's order is RFC 4340's numbering. */
const DCCP_TYPES = [
  'request',
  'response',
  'data',
  'ack',
  'dataack',
  'closereq',
  'close',
  'reset',
  'sync',
  'syncack',
] as const;

export interface DccpFields {
  readonly sport?: number;
  readonly dport?: number;
  readonly type?: (typeof DCCP_TYPES)[number];
  readonly sequence?: number;
  readonly ack?: number;
  readonly service?: number;
  readonly checksum?: number;
  /** Header length in 32-bit words. */
  readonly dataOffset?: number;
}

/** A DCCP packet with 48-bit sequence numbers (X = 1). */
export function dccp(fields: DccpFields, payload: Payload = ''): Uint8Array {
  const { sport = 40000, dport = 5001, type = 'request', sequence = 1, ack = 1 } = fields;
  const number = DCCP_TYPES.indexOf(type);
  const wide = (value: number) => u16(Math.floor(value / 2 ** 32), value >>> 16, value & 0xffff);
  const extra = join(
    type === 'request' || type === 'data' ? zeros(0) : join(u16(0), wide(ack)),
    type === 'request' || type === 'response' ? u32(fields.service ?? 0) : zeros(0),
    type === 'reset' ? u32(0) : zeros(0),
  );
  const header = join(
    u16(sport, dport),
    u8(fields.dataOffset ?? 4 + extra.length / 4, 0),
    u16(fields.checksum ?? 0),
    u8((number << 1) | 1, 0),
    wide(sequence),
    extra,
  );
  return tagged(join(header, payload), { protocol: 33, ...pendingAt(33, 6, fields.checksum) });
}

export interface IcmpFields {
  readonly type: number;
  readonly code?: number;
  readonly checksum?: number;
  /** Octets 4 to 7: of an echo, `id` and `sequence`; of an error, its MTU, pointer or gateway. */
  readonly rest?: number;
  readonly id?: number;
  readonly sequence?: number;
}

function icmp(fields: IcmpFields, payload: Payload): Uint8Array {
  const { type, code = 0, checksum = 0, id = 0, sequence = 0 } = fields;
  return join(
    u8(type, code),
    u16(checksum),
    fields.rest === undefined ? u16(id, sequence) : u32(fields.rest),
    payload,
  );
}

/** ICMP for IPv4: 8/0 echo request/reply; errors (3, 4, 5, 11, 12) quote a packet as payload. */
export function icmp4(fields: IcmpFields, payload: Payload = ''): Uint8Array {
  const bytes = icmp(fields, payload);
  if (fields.checksum === undefined) put16(bytes, 2, internetChecksum(bytes));
  return tagged(bytes, { protocol: 1 });
}

/** ICMPv6: 128/129 echo request/reply; errors (1 to 4) quote a packet as payload. */
export const icmp6 = (fields: IcmpFields, payload: Payload = ''): Uint8Array =>
  tagged(icmp(fields, payload), { protocol: 58, ...pendingAt(58, 2, fields.checksum) });

/** IGMPv2 by default: 0x11 query, 0x16 report, 0x17 leave; `payload` adds what version 3 has. */
export function igmp(
  fields: { type?: number; maxResponse?: number; group?: string; checksum?: number },
  payload: Payload = '',
): Uint8Array {
  const { type = 0x16, maxResponse = 0, group = '239.1.2.3', checksum = 0 } = fields;
  const bytes = join(u8(type, maxResponse), u16(checksum), ip4(group), payload);
  if (fields.checksum === undefined) put16(bytes, 2, internetChecksum(bytes));
  return tagged(bytes, { protocol: 2 });
}
