/**
 * Link layers and what sits between them and IP: Ethernet II with 802.1Q/802.1ad tags (IEEE
 * 802.3, 802.1Q), 802.2 LLC and SNAP, MPLS (RFC 3032), PPPoE (RFC 2516), PPP (RFC 1661), BSD
 * null/loop, Linux cooked v1/v2, NFLOG (the LINKTYPE_ documents of tcpdump.org), ARP (RFC 826).
 */
import {
  crc32,
  hex,
  ip4,
  join,
  little,
  octets,
  type Payload,
  padTo,
  u8,
  u16,
  u24,
  u32,
  zeros,
} from './bytes.ts';
import { tagged, tagOf } from './layer.ts';

const MAC_A = '02:00:00:00:00:01';
const MAC_B = '02:00:00:00:00:02';

export interface VlanTag {
  readonly id: number;
  readonly tpid?: number;
  readonly pcp?: number;
  readonly dei?: boolean;
}

export interface EtherFields {
  readonly src?: string;
  readonly dst?: string;
  /** Outermost first. In a stack of bare numbers all but the last are 802.1ad service tags. */
  readonly vlan?: number | readonly (number | VlanTag)[];
  /** The type or length field. Default: what the payload is, or its length under 802.2. */
  readonly type?: number;
  /** Least length without FCS, reached with zero octets (a real wire has 60). Default none. */
  readonly pad?: number;
  /** Appends a frame check sequence; a number is taken as its value. */
  readonly fcs?: boolean | number;
}

export function ether(fields: EtherFields, payload: Payload): Uint8Array {
  const { src = MAC_A, dst = MAC_B, vlan = [], pad = 0, fcs = false } = fields;
  const list = typeof vlan === 'number' ? [vlan] : vlan;
  const stack = list.map((entry, index) => {
    const usual = index < list.length - 1 ? 0x88a8 : 0x8100;
    const {
      id,
      tpid = usual,
      pcp = 0,
      dei = false,
    } = typeof entry === 'number' ? { id: entry } : entry;
    return u16(tpid, (pcp << 13) | (dei ? 0x1000 : 0) | id);
  });
  const tag = tagOf(payload);
  const usual = tag.llc ? octets(payload).length : (tag.etherType ?? 0x88b5);
  const body = join(hex(dst), hex(src), ...stack, u16(fields.type ?? usual), payload);
  const padded = join(body, zeros(Math.max(0, pad - body.length)));
  const check = fcs === false ? zeros(0) : little(u32(fcs === true ? crc32(padded) : fcs));
  return tagged(join(padded, check), { etherType: 0x6558, protocol: 143 });
}

/** IEEE 802.2 LLC with an unnumbered control field; the default access points are STP's. */
export function llc(
  fields: { dsap?: number; ssap?: number; control?: number },
  payload: Payload,
): Uint8Array {
  const { dsap = 0x42, ssap = 0x42, control = 3 } = fields;
  return tagged(join(u8(dsap, ssap, control), payload), { llc: true });
}

/** LLC with the SNAP extension: how IP travels in 802.3 length frames and in 802.11. */
export function snap(fields: { oui?: number; type?: number }, payload: Payload): Uint8Array {
  const { oui = 0, type = tagOf(payload).etherType ?? 0x88b5 } = fields;
  return llc({ dsap: 0xaa, ssap: 0xaa }, join(u24(oui), u16(type), payload));
}

export interface MplsLabel {
  readonly label: number;
  readonly tc?: number;
  readonly ttl?: number;
  /** Bottom-of-stack bit. Default: set on the last label only. */
  readonly bottom?: boolean;
}

/** A label stack, outermost first. `controlWord` puts RFC 4385's word before a pseudowire. */
export function mpls(
  labels: readonly (number | MplsLabel)[],
  payload: Payload,
  { controlWord = false } = {},
): Uint8Array {
  const stack = labels.map((entry, index) => {
    const last = index === labels.length - 1;
    const {
      label,
      tc = 0,
      ttl = 64,
      bottom = last,
    }: MplsLabel = typeof entry === 'number' ? { label: entry } : entry;
    return u32((label << 12) | (tc << 9) | (bottom ? 0x100 : 0) | ttl);
  });
  const bytes = join(...stack, controlWord ? u32(0) : zeros(0), payload);
  return tagged(bytes, { etherType: 0x8847, protocol: 137, ppp: 0x281 });
}

export interface PppFields {
  readonly protocol?: number;
  /** Address and control octets ff 03 (RFC 1662). Default true; PPPoE never has them. */
  readonly framing?: boolean;
  /** RFC 1661 section 6.5: one octet for protocols below 0x100. */
  readonly compressed?: boolean;
}

export function ppp(fields: PppFields, payload: Payload): Uint8Array {
  const { protocol = tagOf(payload).ppp ?? 0xc021, framing = true, compressed = false } = fields;
  const number = compressed && protocol < 0x100 ? u8(protocol) : u16(protocol);
  return tagged(join(framing ? u8(0xff, 3) : zeros(0), number, payload), { etherType: 0x880b });
}

/** A PPPoE session frame; `payload` is what PPP carries. */
export function pppoe(
  fields: { session?: number; protocol?: number; length?: number; code?: number },
  payload: Payload,
): Uint8Array {
  const { session = 1, protocol = tagOf(payload).ppp ?? 0xc021, code = 0 } = fields;
  const body = ppp({ protocol, framing: false }, payload);
  const header = join(u8(0x11, code), u16(session, fields.length ?? body.length));
  return tagged(join(header, body), { etherType: 0x8864 });
}

/** BSD loopback: LINKTYPE_NULL (host order) or, with `big`, LINKTYPE_LOOP (network order). */
export function loopback(fields: { family?: number; big?: boolean }, payload: Payload): Uint8Array {
  const usual = tagOf(payload).etherType === 0x86dd ? 24 : 2;
  const family = u32(fields.family ?? usual);
  return join(fields.big ? family : little(family), payload);
}

export interface CookedFields {
  /** 0 to us, 1 broadcast, 2 multicast, 3 others', 4 sent by us. */
  readonly packetType?: number;
  readonly arphrd?: number;
  readonly address?: string;
  readonly addressLength?: number;
  readonly protocol?: number;
  /** Interface index; version 2 only. */
  readonly interfaceIndex?: number;
}

/** LINKTYPE_LINUX_SLL. */
export function sll(fields: CookedFields, payload: Payload): Uint8Array {
  const { packetType = 0, arphrd = 1, address = MAC_A, addressLength = 6 } = fields;
  const protocol = fields.protocol ?? tagOf(payload).etherType ?? 0x88b5;
  const room = join(hex(address), zeros(8)).slice(0, 8);
  return join(u16(packetType, arphrd, addressLength), room, u16(protocol), payload);
}

/** LINKTYPE_LINUX_SLL2. */
export function sll2(fields: CookedFields, payload: Payload): Uint8Array {
  const { packetType = 0, arphrd = 1, address = MAC_A, addressLength = 6 } = fields;
  const protocol = fields.protocol ?? tagOf(payload).etherType ?? 0x88b5;
  const room = join(hex(address), zeros(8)).slice(0, 8);
  return join(
    u16(protocol, 0),
    u32(fields.interfaceIndex ?? 1),
    u16(arphrd),
    u8(packetType, addressLength),
    room,
    payload,
  );
}

/** One NFLOG attribute: length and type in little-endian host order, padded to four octets. */
export const nflogAttribute = (type: number, value: Payload, length?: number): Uint8Array =>
  padTo(4, join(little(u16(length ?? octets(value).length + 4)), little(u16(type)), value));

/** LINKTYPE_NFLOG; `attributes` come before the payload attribute. */
export function nflog(
  fields: { family?: number; group?: number; attributes?: readonly Uint8Array[] },
  payload: Payload,
): Uint8Array {
  const etherType = tagOf(payload).etherType ?? 0x800;
  const { family = etherType === 0x86dd ? 10 : 2, group = 0 } = fields;
  const { attributes = [nflogAttribute(1, join(u16(etherType), u8(1, 0)))] } = fields;
  return join(u8(family, 0), u16(group), ...attributes, nflogAttribute(9, payload));
}

export interface ArpFields {
  /** 1 request (default), 2 reply. */
  readonly operation?: number;
  readonly senderMac?: string;
  readonly sender: string;
  readonly targetMac?: string;
  readonly target: string;
  readonly hardware?: number;
  readonly protocol?: number;
}

export function arp(fields: ArpFields): Uint8Array {
  const { operation = 1, senderMac = MAC_A, targetMac = '00:00:00:00:00:00' } = fields;
  const header = join(
    u16(fields.hardware ?? 1, fields.protocol ?? 0x800),
    u8(6, 4),
    u16(operation),
  );
  const pairs = [hex(senderMac), ip4(fields.sender), hex(targetMac), ip4(fields.target)];
  return tagged(join(header, ...pairs), { etherType: 0x806 });
}
