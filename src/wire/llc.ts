/**
 * IEEE 802.2 LLC, with SNAP (RFC 1042): DSAP, SSAP, control; for 0xAA an organisation code (3)
 * and an EtherType (2) follow. Other service access points are counted by number.
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { decodeIpv4 } from './ipv4.ts';

const SNAP = 8;

/**
 * @param length the 802.3 length field, which ends the packet before any padding; 0xffff where
 *   the link layer has no such field
 */
export function decodeLlc(d: Decoder, at: number, length: number): void {
  if (!d.has(at, 3)) return;
  if (length < d.wireEnd - at) {
    d.wireEnd = at + length;
    if (d.end > d.wireEnd) d.end = d.wireEnd;
    if (!d.has(at, 3)) return;
  }
  const service = d.bytes[at]!;
  if (service === 0xaa && d.bytes[at + 1] === 0xaa) {
    if (!d.has(at, SNAP)) return;
    const organisation = (d.bytes[at + 3]! << 16) | d.view.getUint16(at + 4);
    // 00-00-00 is plain encapsulation, 00-00-F8 bridge tunnels of old AppleTalk and IPX.
    const type = d.view.getUint16(at + 6);
    if ((organisation === 0 || organisation === 0xf8) && type >= 0x600) {
      decodeEtherType(d, type, at + SNAP);
    } else d.notIp(service);
  } else if (service === 0x06 && d.bytes[at + 1] === 0x06) {
    decodeIpv4(d, at + 3);
  } else {
    d.notIp(service);
  }
}
