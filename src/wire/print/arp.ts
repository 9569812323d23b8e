/** ARP and RARP (RFC 826, RFC 903) as tcpdump prints them. */
import type { Page } from './page.ts';

const OPERATIONS: ReadonlyMap<number, string> = new Map([
  [1, 'Request'],
  [2, 'Reply'],
  [3, 'Reverse Request'],
  [4, 'Reverse Reply'],
  [8, 'Inverse Request'],
  [9, 'Inverse Reply'],
]);
const HARDWARE: ReadonlyMap<number, string> = new Map([
  [1, 'Ethernet'],
  [6, 'TokenRing'],
  [7, 'ArcNet'],
  [15, 'FrameRelay'],
  [17, 'Strip'],
  [24, 'IEEE 1394'],
]);
const TRAILER = 0x1000;

/** From ARP's header on; `length` octets on the wire. */
export function printArp(page: Page, at: number, length: number): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 8)) return page.cut('arp');
  const hardware = view.getUint16(at);
  const protocol = view.getUint16(at + 2);
  const octets = bytes[at + 4]!;
  const protocolOctets = bytes[at + 5]!;
  const operation = view.getUint16(at + 6);
  const sender = at + 8;
  const senderIp = sender + octets;
  const target = senderIp + protocolOctets;
  const targetIp = target + octets;
  if (!page.has(targetIp, protocolOctets)) return page.cut('arp');
  if (!page.linkHeader) out.text('ARP, ');
  const internet = protocol === 0x0800 || protocol === TRAILER;
  const odd = !internet || protocolOctets !== 4 || octets === 0;
  if (odd || page.verbose > 0) {
    out.text(HARDWARE.get(hardware) ?? `Unknown Hardware (${hardware})`);
    out.text(` (len ${octets}), `);
    const name = protocol === 0x0800 ? 'IPv4' : undefined;
    out.text(name ?? `Unknown Protocol (0x${protocol.toString(16).padStart(4, '0')})`);
    out.text(` (len ${protocolOctets})`);
    if (page.verbose === 0) {
      out.text(', length ');
      out.decimal(length);
      return;
    }
    out.text(', ');
  }
  out.text(OPERATIONS.get(operation) ?? `Unknown (${operation})`);
  out.code(32);
  const address = (place: number): void => {
    if (!internet) out.text('<wrong proto type>');
    else if (protocolOctets !== 4) out.text('<wrong len>');
    else out.ipv4(bytes, place);
  };
  if (!details(page, operation, { sender, senderIp, target, targetIp, octets }, address)) {
    page.octets(at, page.end - at);
    return;
  }
  out.text(', length ');
  out.decimal(length);
}

interface ArpPlaces {
  readonly sender: number;
  readonly senderIp: number;
  readonly target: number;
  readonly targetIp: number;
  readonly octets: number;
}

function details(
  page: Page,
  operation: number,
  { sender, senderIp, target, targetIp, octets }: ArpPlaces,
  address: (place: number) => void,
): boolean {
  const { out, bytes } = page;
  switch (operation) {
    case 1: {
      out.text('who-has ');
      address(targetIp);
      let known = false;
      for (let index = 0; index < octets; index++) known ||= bytes[target + index] !== 0;
      if (known) {
        out.text(' (');
        out.mac(bytes, target, octets);
        out.text(')');
      }
      out.text(' tell ');
      address(senderIp);
      return true;
    }
    case 2:
      address(senderIp);
      out.text(' is-at ');
      out.mac(bytes, sender, octets);
      return true;
    case 3:
    case 8:
      out.text('who-is ');
      out.mac(bytes, target, octets);
      out.text(' tell ');
      out.mac(bytes, sender, octets);
      return true;
    case 4:
      out.mac(bytes, target, octets);
      out.text(' at ');
      address(targetIp);
      return true;
    case 9:
      out.mac(bytes, sender, octets);
      out.text(' at ');
      address(senderIp);
      return true;
    default:
      return false;
  }
}
