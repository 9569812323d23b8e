/**
 * What the kernel keeps beside a frame in a ring (packet(7), `struct tpacket3_hdr` and the
 * `sockaddr_ll` behind it) and belongs into it: the VLAN tag that it took off, and the header of
 * cooked captures (LINKTYPE_LINUX_SLL2). Both fit into the room that is left before each frame.
 * `header` is where the kernel's own header of the frame begins in `view`.
 */
import type { NetworkInterface } from './interfaces.ts';

/** Octets of a cooked frame's header. */
export const SLL2 = 20;

/** Where the `sockaddr_ll` of a frame is, from the frame's own header. */
const ADDRESS = 48;
/** `tp_status`: there was a tag; and its type is known. */
const VLAN_VALID = 0x10;
const TPID_VALID = 0x40;
/** PACKET_OUTGOING, ARPHRD_LOOPBACK. */
const OUTGOING = 4;
const LOOPBACK_HARDWARE = 772;

/** Whether it is a packet of loopback on its way out: it is shown on its way in, too. */
export function isEcho(view: DataView, header: number, { loopback }: NetworkInterface): boolean {
  const address = header + ADDRESS;
  if (view.getUint8(address + 10) !== OUTGOING) return false;
  return loopback || view.getUint16(address + 8, true) === LOOPBACK_HARDWARE;
}

/** Whether the kernel took a VLAN tag off a frame of that `tp_status`. */
export function isTagged(status: number): boolean {
  return (status & VLAN_VALID) !== 0;
}

/**
 * Puts the VLAN tag back between the addresses and the type.
 * @param offset where the frame begins with its tag: four octets before where the kernel left it
 */
export function retag(
  bytes: Uint8Array,
  view: DataView,
  header: number,
  offset: number,
  status: number,
): void {
  bytes.copyWithin(offset, offset + 4, offset + 16);
  const tpid = (status & TPID_VALID) === 0 ? 0x8100 : view.getUint16(header + 36, true);
  view.setUint16(offset + 12, tpid);
  view.setUint16(offset + 14, view.getUint32(header + 32, true) & 0xffff);
}

/** Writes the header of a cooked frame, `SLL2` octets, at `offset`. */
export function cook(bytes: Uint8Array, view: DataView, header: number, offset: number): void {
  const address = header + ADDRESS;
  const protocol = view.getUint16(address + 2);
  const index = view.getInt32(address + 4, true);
  const hardware = view.getUint16(address + 8, true);
  const kind = view.getUint8(address + 10);
  const octets = Math.min(8, view.getUint8(address + 11));
  const low = view.getUint32(address + 12, true);
  const high = view.getUint32(address + 16, true);
  view.setUint16(offset, protocol);
  view.setUint16(offset + 2, 0);
  view.setInt32(offset + 4, index);
  view.setUint16(offset + 8, hardware);
  bytes[offset + 10] = kind;
  bytes[offset + 11] = octets;
  view.setUint32(offset + 12, low, true);
  view.setUint32(offset + 16, high, true);
}
