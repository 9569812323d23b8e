/**
 * Tunnels: GRE (RFC 2784, 2890; version 1 of RFC 2637), ERSPAN (draft-foschiano-erspan), VXLAN
 * (RFC 7348) and its generic protocol extension, Geneve (RFC 8926), Teredo (RFC 4380), GTP-U (3GPP
 * TS 29.281), L2TPv2 (RFC 2661). IP in IP and 6in4 need nothing: `ipv4({}, ipv6({}, …))`.
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
  u24,
  u32,
  zeros,
} from './bytes.ts';
import { tagged, tagOf } from './layer.ts';

const present = <T>(value: T | undefined, write: (value: T) => Uint8Array): Uint8Array =>
  value === undefined ? zeros(0) : write(value);

export interface GreFields {
  readonly protocol?: number;
  readonly key?: number;
  readonly sequence?: number;
  /** True computes it; a number is written as it is. */
  readonly checksum?: boolean | number;
  readonly version?: number;
  /** Further bits of the first word. */
  readonly flags?: number;
}

export function gre(fields: GreFields, payload: Payload): Uint8Array {
  const { key, sequence, checksum = false, version = 0 } = fields;
  const bits =
    (checksum === false ? 0 : 0x8000) |
    (key === undefined ? 0 : 0x2000) |
    (sequence === undefined ? 0 : 0x1000);
  const bytes = join(
    u16(bits | (fields.flags ?? 0) | version, fields.protocol ?? tagOf(payload).etherType ?? 0),
    checksum === false ? zeros(0) : u16(checksum === true ? 0 : checksum, 0),
    present(key, u32),
    present(sequence, u32),
    payload,
  );
  if (checksum === true) put16(bytes, 4, internetChecksum(bytes));
  return tagged(bytes, { protocol: 47, etherType: 0xb7ea });
}

/** GRE version 1 as PPTP uses it; the payload is a PPP frame. */
export function pptp(
  fields: { call?: number; sequence?: number; acknowledgment?: number; length?: number },
  payload: Payload = '',
): Uint8Array {
  const { call = 1, sequence, acknowledgment } = fields;
  const bits =
    0x2001 | (sequence === undefined ? 0 : 0x1000) | (acknowledgment === undefined ? 0 : 0x80);
  const header = u16(bits, 0x880b, fields.length ?? octets(payload).length, call);
  const bytes = join(header, present(sequence, u32), present(acknowledgment, u32), payload);
  return tagged(bytes, { protocol: 47 });
}

export interface ErspanFields {
  /** 1: bare GRE; 2: eight-octet header; 3: twelve octets. Default 2. */
  readonly type?: 1 | 2 | 3;
  readonly session?: number;
  readonly vlan?: number;
  readonly sequence?: number;
  /** Type 3: the eight-octet platform-specific subheader, which sets the O bit. */
  readonly subheader?: Uint8Array;
}

/** A mirrored Ethernet frame with its GRE header. */
export function erspan(fields: ErspanFields, frame: Payload): Uint8Array {
  const { type = 2, session = 1, vlan = 0, sequence = 0, subheader } = fields;
  if (type === 1) return gre({ protocol: 0x88be }, frame);
  const start = u16(((type - 1) << 12) | vlan, session);
  if (type === 2) return gre({ protocol: 0x88be, sequence }, join(start, u32(0), frame));
  const rest = join(u32(0), u16(0, subheader ? 1 : 0), subheader ?? zeros(0));
  return gre({ protocol: 0x22eb, sequence }, join(start, rest, frame));
}

export const vxlan = (
  { vni = 1, flags = 0x08 }: { vni?: number; flags?: number },
  frame: Payload,
): Uint8Array => tagged(join(u8(flags), u24(0), u24(vni), u8(0), frame), { udpPort: 4789 });

/** VXLAN-GPE's next protocol by EtherType of the payload. */
const GPE_NEXT: Readonly<Record<number, number>> = { 2048: 1, 34525: 2, 25944: 3, 34887: 5 };

export function vxlanGpe(
  fields: { vni?: number; flags?: number; next?: number },
  payload: Payload,
): Uint8Array {
  const { vni = 1, flags = 0x0c } = fields;
  const next = fields.next ?? GPE_NEXT[tagOf(payload).etherType ?? 0] ?? 0;
  return tagged(join(u8(flags, 0, 0, next), u24(vni), u8(0), payload), { udpPort: 4790 });
}

export interface GeneveFields {
  readonly vni?: number;
  readonly protocol?: number;
  readonly options?: readonly { class: number; type: number; data: Uint8Array }[];
  /** Length of all options in 32-bit words. */
  readonly optionsLength?: number;
  /** Octet with the O and C bits. */
  readonly flags?: number;
}

export function geneve(fields: GeneveFields, payload: Payload): Uint8Array {
  const { vni = 1, protocol = tagOf(payload).etherType ?? 0, flags = 0 } = fields;
  const options = join(
    ...(fields.options ?? []).map(({ class: owner, type, data }) => {
      const body = padTo(4, data);
      return join(u16(owner), u8(type, body.length / 4), body);
    }),
  );
  const start = u8(fields.optionsLength ?? options.length / 4, flags);
  const bytes = join(start, u16(protocol), u24(vni), u8(0), options, payload);
  return tagged(bytes, { udpPort: 6081 });
}

/** Teredo: authentication and origin indications may stand before the IPv6 packet. */
export function teredo(
  fields: { authentication?: boolean; origin?: { port: number; address: string } },
  packet: Payload,
): Uint8Array {
  const { authentication = false, origin } = fields;
  const bytes = join(
    // RFC 4380 5.1.1: indicator, two empty lengths, an eight-octet nonce, the confirmation octet.
    authentication ? join(u16(1), zeros(11)) : zeros(0),
    // 5.1.1: port and address are written inverted.
    origin
      ? join(
          u16(0, ~origin.port & 0xffff),
          ip4(origin.address).map((n) => ~n),
        )
      : zeros(0),
    packet,
  );
  return tagged(bytes, { udpPort: 3544 });
}

export interface GtpuFields {
  readonly teid?: number;
  readonly type?: number;
  readonly sequence?: number;
  readonly npdu?: number;
  /** Content is padded so that the header (length octet, content, next type) fills 4-octet units. */
  readonly extensions?: readonly { type: number; content: Uint8Array }[];
  readonly length?: number;
}

export function gtpu(fields: GtpuFields, payload: Payload = ''): Uint8Array {
  const { teid = 1, type = 255, sequence, npdu, extensions = [] } = fields;
  const flags =
    (extensions.length > 0 ? 4 : 0) |
    (sequence === undefined ? 0 : 2) |
    (npdu === undefined ? 0 : 1);
  const chain = extensions.map(({ content }, index) => {
    const body = join(content, zeros((4 - ((content.length + 2) % 4)) % 4));
    return join(u8((body.length + 2) / 4), body, u8(extensions[index + 1]?.type ?? 0));
  });
  const optional = join(u16(sequence ?? 0), u8(npdu ?? 0, extensions[0]?.type ?? 0), ...chain);
  const body = join(flags === 0 ? zeros(0) : optional, payload);
  const header = join(u8(0x30 | flags, type), u16(fields.length ?? body.length), u32(teid));
  return tagged(join(header, body), { udpPort: 2152 });
}

/** An L2TPv2 data message; the payload is a PPP frame. */
export function l2tp(
  fields: { tunnel?: number; session?: number; withLength?: boolean; sequence?: number },
  payload: Payload,
): Uint8Array {
  const { tunnel = 1, session = 1, withLength = true, sequence } = fields;
  const rest = join(
    u16(tunnel, session),
    present(sequence, (n) => u16(n, 0)),
    payload,
  );
  const bits = 2 | (withLength ? 0x4000 : 0) | (sequence === undefined ? 0 : 0x0800);
  const bytes = join(u16(bits), withLength ? u16(rest.length + 4) : zeros(0), rest);
  return tagged(bytes, { udpPort: 1701 });
}
