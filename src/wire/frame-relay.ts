/**
 * Frame Relay (Q.922 address of two to four octets, of which the last is odd) with RFC 2427
 * encapsulation: control 03, perhaps a zero octet, and a network layer identifier; Cisco's own
 * encapsulation has an EtherType there instead. ATM AAL5 with RFC 2684 encapsulation is 802.2.
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType, decodeNestedEthernet } from './ethernet.ts';
import { KIND_OWN, LINK_INVALID } from './faults.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';

const LONGEST_ADDRESS = 4;
const UNNUMBERED = 0x03;
/** Network layer identifiers (ISO/IEC TR 9577). */
const SNAP = 0x80;
const IPV6 = 0x8e;
const IPV4 = 0xcc;
/** The organisation code of bridged frames (RFC 2427 section 5.1). */
const BRIDGED = 0x0080c2;

/**
 * Frames of the network's own management (LMI) and other protocols are counted by their identifier.
 */
export function decodeFrameRelay(d: Decoder, at: number): void {
  let next = at;
  do {
    if (next - at === LONGEST_ADDRESS) {
      d.fault(LINK_INVALID);
      return;
    }
    if (!d.has(next, 3)) return;
  } while ((d.bytes[next++]! & 1) === 0);
  if (d.bytes[next] !== UNNUMBERED) {
    const type = d.view.getUint16(next);
    if (type >= 0x600) decodeEtherType(d, type, next + 2);
    else d.notIp(KIND_OWN + d.bytes[next]!);
    return;
  }
  next++;
  if (d.bytes[next] === 0) next++;
  if (!d.has(next, 1)) return;
  const identifier = d.bytes[next]!;
  if (identifier === IPV4) decodeIpv4(d, next + 1);
  else if (identifier === IPV6) decodeIpv6(d, next + 1);
  else if (identifier === SNAP) decodeSnap(d, next + 1);
  else d.notIp(KIND_OWN + identifier);
}

/** Organisation code (3), EtherType (2); or, of bridged Ethernet, 7 (without check sequence) or 1. */
function decodeSnap(d: Decoder, at: number): void {
  if (!d.has(at, 5)) return;
  const organisation = (d.bytes[at]! << 16) | d.view.getUint16(at + 1);
  const type = d.view.getUint16(at + 3);
  if (organisation === BRIDGED && (type === 7 || type === 1)) decodeNestedEthernet(d, at + 5);
  else if (organisation === 0 && type >= 0x600) decodeEtherType(d, type, at + 5);
  else d.notIp(KIND_OWN + SNAP);
}
