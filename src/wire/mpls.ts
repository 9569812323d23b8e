/**
 * MPLS label stacks (RFC 3032): label (20), traffic class (3), bottom of stack (1), TTL (8).
 * What follows the bottom label is not announced; the first nibble tells IPv4 and IPv6 apart, and
 * a pseudowire with or without control word carries Ethernet (RFC 4448, RFC 4385 section 3).
 */
import type { Decoder } from './decoder.ts';
import { decodeNestedEthernet } from './ethernet.ts';
import { MPLS_CUT } from './faults.ts';
import { decodeIpv4 } from './ipv4.ts';
import { decodeIpv6 } from './ipv6.ts';

const LABEL = 4;

export function decodeMpls(d: Decoder, at: number): void {
  let next = at;
  let entry = 0;
  do {
    if (d.end - next < LABEL) {
      d.fault(MPLS_CUT);
      return;
    }
    entry = d.view.getInt32(next);
    next += LABEL;
  } while ((entry & 0x100) === 0);
  if (next >= d.end) {
    d.fault(MPLS_CUT);
    return;
  }
  const nibble = d.bytes[next]! >>> 4;
  if (nibble === 4) decodeIpv4(d, next);
  else if (nibble === 6) decodeIpv6(d, next);
  // The control word of an Ethernet pseudowire starts with 16 zero bits (RFC 4448 section 4.6);
  // a nibble alone would take a destination address 0x:… for one.
  else if (isControlWord(d, next) && looksLikeEthernet(d, next + LABEL)) {
    decodeNestedEthernet(d, next + LABEL);
  } else if (looksLikeEthernet(d, next)) decodeNestedEthernet(d, next);
  else d.notIp(0x8847);
}

function isControlWord(d: Decoder, at: number): boolean {
  return d.end - at >= LABEL && d.view.getUint16(at) === 0;
}

/** Whether an Ethernet header with a known EtherType could start here. */
function looksLikeEthernet(d: Decoder, at: number): boolean {
  if (d.end - at < 14) return false;
  const type = d.view.getUint16(at + 12);
  return (
    type === 0x0800 || type === 0x86dd || type === 0x0806 || type === 0x8100 || type === 0x88a8
  );
}
