/**
 * Linux cooked captures (the "any" device): version 1 (LINKTYPE_LINUX_SLL: 16 octets, protocol
 * last) and version 2 (LINKTYPE_LINUX_SLL2: 20 octets, protocol first).
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { KIND_OWN } from './faults.ts';
import { decodeLlc } from './llc.ts';

const HEADER_1 = 16;
const HEADER_2 = 20;
/** Packet types 1 and 2: sent to everybody, or to a group. */
const BROADCAST = 1;
const MULTICAST = 2;
/** The hardware type of netlink monitor devices. */
const NETLINK = 824;

/** Version 1. Broadcast and multicast are told by the packet type, there is no destination. */
export function decodeLinuxCooked(d: Decoder, at: number): void {
  if (!d.has(at, HEADER_1)) return;
  const packetType = d.view.getUint16(at);
  d.linkGroup = packetType === BROADCAST || packetType === MULTICAST;
  decodeProtocol(d, d.view.getUint16(at + 2), d.view.getUint16(at + 14), at + HEADER_1);
}

/** Version 2, likewise. */
export function decodeLinuxCooked2(d: Decoder, at: number): void {
  if (!d.has(at, HEADER_2)) return;
  const packetType = d.bytes[at + 10]!;
  d.linkGroup = packetType === BROADCAST || packetType === MULTICAST;
  decodeProtocol(d, d.view.getUint16(at + 8), d.view.getUint16(at), at + HEADER_2);
}

/** Linux protocol numbers: an EtherType, or below 0x600 the kernel's own (4 = 802.2 frames). */
function decodeProtocol(d: Decoder, hardware: number, protocol: number, at: number): void {
  // On netlink monitors the field holds a netlink family, not a protocol.
  if (hardware === NETLINK) d.notIp(KIND_OWN + protocol);
  else if (protocol >= 0x600) decodeEtherType(d, protocol, at);
  else if (protocol === 4) decodeLlc(d, at, 0xffff);
  else d.notIp(KIND_OWN + protocol);
}
