/**
 * Tags that switch chips put into Ethernet frames on their way to the processor of a router, as
 * the kernel's "DSA" devices capture them: Broadcom behind or before the addresses, Marvell's
 * four octets, and the same behind an EtherType of its own.
 */
import type { Decoder } from './decoder.ts';
import { decodeEthernet, decodeEtherType } from './ethernet.ts';

const ADDRESSES = 12;
const TAG = 4;
/** EtherType, two reserved octets and a Marvell tag. */
const TYPED_TAG = 8;

/** Destination (6), source (6), tag (4), EtherType (2). */
export function decodeBroadcom(d: Decoder, at: number): void {
  decodeTagged(d, at, TAG);
}

/** The tag, then an ordinary frame. */
export function decodeBroadcomBefore(d: Decoder, at: number): void {
  if (d.has(at, TAG)) decodeEthernet(d, at + TAG);
}

/** Mode (2 bits), tagged (1), device (5), port (5), and in the last 12 bits the VLAN id. */
export function decodeMarvell(d: Decoder, at: number): void {
  decodeMarvellTag(d, at, TAG);
}

/** From the EtherType on: the tag, then the type of what follows. */
export function decodeMarvellTyped(d: Decoder, at: number): void {
  decodeMarvellTag(d, at, TYPED_TAG);
}

function decodeMarvellTag(d: Decoder, at: number, length: number): void {
  if (!d.has(at, ADDRESSES + length)) return;
  const tag = d.view.getInt32(at + ADDRESSES + length - TAG);
  // A frame that came with an 802.1Q tag has it replaced by this one.
  if ((tag & 0x20000000) !== 0) d.vlan = tag & 0xfff;
  decodeTagged(d, at, length);
}

function decodeTagged(d: Decoder, at: number, length: number): void {
  if (!d.has(at, ADDRESSES + length + 2)) return;
  d.linkGroup = (d.bytes[at]! & 1) !== 0;
  const type = at + ADDRESSES + length;
  decodeEtherType(d, d.view.getUint16(type), type + 2);
}
