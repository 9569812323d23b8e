/**
 * What an EtherType announces, as tcpdump prints it: IP, ARP, MPLS label stacks (RFC 3032), PPPoE
 * sessions (RFC 2516) with PPP in them. Each function prints what is there from `at` on, of `length`
 * octets on the wire.
 */
import { printArp } from './arp.ts';
import { printIpv4, printIpv6 } from './ip.ts';
import type { Page } from './page.ts';

const ETHERTYPES: ReadonlyMap<number, string> = new Map([
  [0x0800, 'IPv4'],
  [0x86dd, 'IPv6'],
  [0x0806, 'ARP'],
  [0x8035, 'Reverse ARP'],
  [0x8100, '802.1Q'],
  [0x88a8, '802.1Q-QinQ'],
  [0x9100, '802.1Q-9100'],
  [0x9200, '802.1Q-9200'],
  [0x8847, 'MPLS unicast'],
  [0x8848, 'MPLS multicast'],
  [0x8863, 'PPPoE D'],
  [0x8864, 'PPPoE S'],
  [0x888e, 'EAPOL'],
  [0x88cc, 'LLDP'],
  [0x8809, 'Slow Protocols'],
  [0x9000, 'Loopback'],
  [0x809b, 'Appletalk'],
  [0x80f3, 'Appletalk ARP'],
  [0x8137, 'IPX'],
  [0x6003, 'DN'],
  [0x88a2, 'AoE'],
  [0x88f7, 'PTP'],
  [0x893a, 'IEEE 1905.1'],
]);

/** As one speaks of it; undefined where it has no name here. */
export function etherTypeName(type: number): string | undefined {
  return ETHERTYPES.get(type);
}

/** Its name and number, or less where the page is to be quiet. */
export function printTypeName(page: Page, type: number): void {
  const { out } = page;
  const name = ETHERTYPES.get(type);
  const number = type.toString(16).padStart(4, '0');
  if (page.quiet) out.text(name ?? `Unknown Ethertype (0x${number})`);
  else out.text(`ethertype ${name ?? 'Unknown'} (0x${number})`);
}

/** Prints what an EtherType announces; false where that is not printed here. */
export function printEtherType(page: Page, type: number, at: number, length: number): boolean {
  switch (type) {
    case 0x0800:
      printIpv4(page, at, length);
      return true;
    case 0x86dd:
      printIpv6(page, at, length);
      return true;
    case 0x0806:
    case 0x8035:
      printArp(page, at, length);
      return true;
    case 0x8847:
    case 0x8848:
      mpls(page, at, length);
      return true;
    case 0x8863:
    case 0x8864:
      return pppoe(page, at, length);
    default:
      return false;
  }
}

function mpls(page: Page, at: number, length: number): void {
  const { out, view, bytes } = page;
  out.text('MPLS');
  let place = at;
  let entry = 0;
  do {
    if (!page.has(place, 4)) return page.cut('mpls');
    entry = view.getUint32(place);
    out.text(place > at && page.verbose > 0 ? '\n\t' : ' ');
    out.text('(label ');
    out.decimal(entry >>> 12);
    out.text(', tc ');
    out.decimal((entry >>> 9) & 7);
    if ((entry & 0x100) !== 0) out.text(', [S]');
    out.text(', ttl ');
    out.decimal(entry & 255);
    out.text(')');
    place += 4;
  } while ((entry & 0x100) === 0);
  const label = entry >>> 12;
  const first = page.has(place, 1) ? bytes[place]! : 0;
  const left = length - (place - at);
  const ipv4 = label === 0 || label === 3 || (label > 3 && first >= 0x45 && first <= 0x4f);
  const ipv6 = label === 2 || (label > 3 && first >= 0x60 && first <= 0x6f);
  if (left < 1) return;
  if (!ipv4 && !ipv6) return page.octets(place, left);
  out.text(page.verbose > 0 ? '\n\t' : ' ');
  if (ipv4) printIpv4(page, place, left);
  else printIpv6(page, place, left);
}

/** Sessions only; discovery is not printed here. */
function pppoe(page: Page, at: number, length: number): boolean {
  const { out, bytes, view } = page;
  if (!page.has(at, 6)) {
    page.cut('pppoe');
    return true;
  }
  if (bytes[at + 1] !== 0) return false;
  out.text('PPPoE  [ses 0x');
  out.hex(view.getUint16(at + 2));
  out.text('] ');
  printPppProtocol(page, at + 6, Math.min(view.getUint16(at + 4), length - 6));
  return true;
}

const PPP_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0x21, 'IP'],
  [0x57, 'IP6'],
  [0xc021, 'LCP'],
  [0xc023, 'PAP'],
  [0xc223, 'CHAP'],
  [0x8021, 'IPCP'],
  [0x8057, 'IP6CP'],
]);

/** PPP from its protocol field on, of one octet or two (RFC 1661 section 2). */
export function printPppProtocol(page: Page, at: number, length: number): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 2)) return page.cut('ppp');
  // An odd first octet: the protocol field is compressed to one.
  const short = (bytes[at]! & 1) !== 0;
  const protocol = short ? bytes[at]! : view.getUint16(at);
  const place = at + (short ? 1 : 2);
  const left = length - (place - at);
  if (page.linkHeader) {
    const name = PPP_PROTOCOLS.get(protocol) ?? 'unknown';
    out.text(`PPP, ${name} (0x${protocol.toString(16).padStart(4, '0')}), length ${length}: `);
  }
  if (protocol === 0x21) printIpv4(page, place, left);
  else if (protocol === 0x57) printIpv6(page, place, left);
  else if (protocol === 0x281 || protocol === 0x283) mpls(page, place, left);
  else {
    const name = PPP_PROTOCOLS.get(protocol);
    const number = protocol.toString(16).padStart(4, '0');
    out.text(name === undefined ? `unknown PPP protocol (0x${number})` : `${name}, length ${left}`);
  }
}
