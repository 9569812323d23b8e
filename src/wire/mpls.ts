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
import { type Layer, MPLS } from './link-paths.ts';

const LABEL = 4;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** An IPv6 packet under a label is two octets shorter than a frame may be; a check sequence has four. */
const MOST_PADDING = 6;

/** `layer` is what the first label is to filters; those behind it are like it where they see any. */
export function decodeMpls(d: Decoder, at: number, layer: Layer = MPLS): void {
  let next = at;
  let entry = 0;
  do {
    if (d.end - next < LABEL) {
      d.fault(MPLS_CUT);
      return;
    }
    entry = d.view.getInt32(next);
    next += LABEL;
    d.pass(layer);
  } while ((entry & 0x100) === 0);
  if (next >= d.end) {
    d.fault(MPLS_CUT);
    return;
  }
  const nibble = d.bytes[next]! >>> 4;
  if (nibble === 4 && isIpv4(d, next)) decodeIpv4(d, next);
  else if (nibble === 6 && isIpv6(d, next)) decodeIpv6(d, next);
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

/**
 * A destination address that begins with 4 looks like IPv4 without a control word (RFC 8469): where
 * an EtherType follows it, the checksum must say that it is none.
 */
function isIpv4(d: Decoder, at: number): boolean {
  if (!looksLikeEthernet(d, at)) return true;
  const end = at + ((d.bytes[at]! & 15) << 2);
  if (end - at < IPV4_HEADER || end > d.end) return false;
  let sum = 0;
  for (let word = at; word < end; word += 2) sum += d.view.getUint16(word);
  return sum % 0xffff === 0;
}

/** Likewise for 6, where the length must be that of the packet, but for padding. */
function isIpv6(d: Decoder, at: number): boolean {
  if (!looksLikeEthernet(d, at)) return true;
  const padding = d.wireEnd - at - IPV6_HEADER - d.view.getUint16(at + 4);
  return padding >= 0 && padding <= MOST_PADDING;
}

/** Whether an Ethernet header with a known EtherType could start here. */
function looksLikeEthernet(d: Decoder, at: number): boolean {
  if (d.end - at < 14) return false;
  const type = d.view.getUint16(at + 12);
  return (
    type === 0x0800 || type === 0x86dd || type === 0x0806 || type === 0x8100 || type === 0x88a8
  );
}
