/**
 * Link headers as tcpdump prints them: Ethernet with VLAN tags, PPP, cooked captures, BSD loopback,
 * raw IP, IEEE 802.11 data behind radiotap. What follows them: ether-type.ts.
 */
import { etherTypeName, printEtherType, printPppProtocol, printTypeName } from './ether-type.ts';
import { printIpv4, printIpv6 } from './ip.ts';
import type { Page } from './page.ts';

const LONGEST_802_3 = 1500;
const VLAN_TYPES = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);

/** Prints one frame of a link type: `length` octets on the wire, what is there from `at` on. */
export function printLink(page: Page, linkType: number, at: number, length: number): void {
  switch (linkType) {
    case 1:
      return printEthernet(page, at, length);
    case 12:
    case 14:
    case 101:
    case 228:
    case 229:
      return raw(page, at, length);
    case 0:
    case 108:
      return loopback(page, linkType, at, length);
    case 113:
      return cooked(page, at, length);
    case 276:
      return cooked2(page, at, length);
    case 9:
    case 50:
      return ppp(page, at, length);
    case 104:
      return hdlc(page, at, length);
    case 127:
      return radiotap(page, at, length);
    case 105:
      return wifi(page, at, length);
    case 10:
      if (!page.has(at, 13)) return page.cut('fddi');
      return llc(page, at + 13, length - 13, () => {});
    case 239:
      return nflog(page, at, length);
    case 129:
      return arcnet(page, at, length);
    case 242:
      return typed(page, 'ipoib', at, length, 40, 44);
    case 258:
      return pktap(page, at, length);
    default:
      page.out.text(`link type ${linkType}, length ${length}`);
  }
}

/** An Ethernet frame, or what a tunnel carries as one. */
export function printEthernet(page: Page, at: number, length: number): void {
  const { out, view } = page;
  if (!page.has(at, 14)) return page.cut('ether');
  if (page.linkHeader) macs(page, at);
  let place = at + 12;
  let type = view.getUint16(place);
  place += 2;
  let said = false;
  while (VLAN_TYPES.has(type)) {
    if (!page.has(place, 4)) return page.cut('vlan');
    if (page.linkHeader) {
      printTypeName(page, type);
      if (said) out.text(', ');
      else {
        out.text(', length ');
        out.decimal(length);
        out.text(': ');
      }
      said = true;
      const tag = view.getUint16(place);
      out.text(`vlan ${tag & 0xfff}, p ${tag >> 13}${(tag & 0x1000) === 0 ? '' : ', DEI'}, `);
    }
    type = view.getUint16(place + 2);
    place += 4;
  }
  const left = length - (place - at);
  if (type <= LONGEST_802_3) {
    if (page.linkHeader) {
      out.text('802.3');
      if (!said) out.text(`, length ${Math.min(left, type)}: `);
    }
    llc(page, place, Math.min(left, type), () => {
      if (!page.linkHeader) macs(page, at);
    });
    return;
  }
  if (page.linkHeader) {
    printTypeName(page, type);
    if (said) out.text(', ');
    else {
      out.text(', length ');
      out.decimal(length);
      out.text(': ');
    }
  }
  if (printEtherType(page, type, place, left)) return;
  if (!page.linkHeader) {
    macs(page, at);
    printTypeName(page, type);
    out.text(', length ');
    out.decimal(length);
    out.text(': ');
  }
  page.octets(place, left);
}

function macs(page: Page, at: number): void {
  const { out, bytes } = page;
  out.mac(bytes, at + 6);
  out.text(' > ');
  out.mac(bytes, at);
  out.text(', ');
}

/** 802.2 with SNAP; other kinds by their service access points. */
function llc(page: Page, at: number, length: number, addresses: () => void): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 3)) return page.cut('llc');
  const type = view.getUint16(at + 6 <= page.end - 2 ? at + 6 : at);
  const snap = bytes[at] === 0xaa && bytes[at + 1] === 0xaa && bytes[at + 2] === 3;
  if (snap && page.has(at, 8) && view.getUint16(at + 3) === 0 && bytes[at + 5] === 0) {
    if (page.linkHeader) {
      out.text(
        'LLC, dsap SNAP (0xaa) Individual, ssap SNAP (0xaa) Command, ctrl 0x03: oui Ethernet (0x000000), ',
      );
      printTypeName(page, type);
      out.text(`, length ${length - 8}: `);
    }
    if (printEtherType(page, type, at + 8, length - 8)) return;
  }
  addresses();
  out.text('802.2, dsap 0x');
  out.hex(bytes[at]!, 2);
  out.text(', ssap 0x');
  out.hex(bytes[at + 1]!, 2);
  out.text(', length ');
  out.decimal(length);
}

function raw(page: Page, at: number, length: number): void {
  if (!page.has(at, 1)) return page.cut('raw');
  if (page.linkHeader) page.out.text('ip: ');
  const version = page.bytes[at]! >> 4;
  if (version === 4) printIpv4(page, at, length);
  else if (version === 6) printIpv6(page, at, length);
  else page.out.text(`ip v${version}`);
}

function loopback(page: Page, linkType: number, at: number, length: number): void {
  const { out, view } = page;
  if (!page.has(at, 4)) return page.cut('null');
  let family = view.getUint32(at);
  // Whoever captured wrote its own byte order, except on OpenBSD's loopback.
  if (linkType === 0 && (family & 0xffff0000) !== 0) family = view.getUint32(at, true);
  const ipv6 = family === 24 || family === 28 || family === 30 || family === 10;
  if (page.linkHeader) {
    const name = family === 2 ? 'IPv4' : ipv6 ? 'IPv6' : `Unknown AF (${family})`;
    out.text(`AF ${name} (${family}), length ${length}: `);
  }
  if (family === 2) printIpv4(page, at + 4, length - 4);
  else if (ipv6) printIpv6(page, at + 4, length - 4);
  else {
    if (!page.linkHeader) out.text(`AF ${family}, length ${length}: `);
    page.octets(at + 4, length - 4);
  }
}

const WAYS = ['In', 'B', 'M', 'P', 'Out'];

function cooked(page: Page, at: number, length: number): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 16)) return page.cut('sll');
  const type = view.getUint16(at + 14);
  if (page.linkHeader) {
    out.text((WAYS[view.getUint16(at)] ?? '?').padStart(3));
    out.code(32);
    if (view.getUint16(at + 4) === 6) {
      out.mac(bytes, at + 6);
      out.code(32);
    }
    if (!page.quiet) {
      printTypeName(page, type);
      out.text(`, length ${length}: `);
    }
  }
  afterCooked(page, type, at + 16, length - 16);
}

function cooked2(page: Page, at: number, length: number): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 20)) return page.cut('sll2');
  const type = view.getUint16(at);
  const index = view.getUint32(at + 4);
  out.text((page.interfaceName?.(index) ?? '?').padEnd(5));
  out.code(32);
  out.text((WAYS[bytes[at + 10]!] ?? '?').padEnd(3));
  out.code(32);
  if (page.linkHeader) {
    out.text(`ifindex ${index} `);
    if (bytes[at + 11] === 6) {
      out.mac(bytes, at + 12);
      out.code(32);
    }
    if (!page.quiet) {
      printTypeName(page, type);
      out.text(`, length ${length}: `);
    }
  }
  afterCooked(page, type, at + 20, length - 20);
}

function afterCooked(page: Page, type: number, at: number, length: number): void {
  let place = at;
  let inner = type;
  while (VLAN_TYPES.has(inner)) {
    if (!page.has(place, 4)) return page.cut('vlan');
    if (page.linkHeader) {
      const tag = page.view.getUint16(place);
      page.out.text(`vlan ${tag & 0xfff}, p ${tag >> 13}, `);
    }
    inner = page.view.getUint16(place + 2);
    if (!page.quiet) page.out.text(`ethertype ${etherTypeName(inner) ?? 'Unknown'}, `);
    place += 4;
  }
  const left = length - (place - at);
  if (inner === 4) llc(page, place, left, () => {});
  else if (!printEtherType(page, inner, place, left)) {
    printTypeName(page, inner);
    page.out.text(`, length ${left}: `);
    page.octets(place, left);
  }
}

/** PPP, with or without address and control octets. */
function ppp(page: Page, at: number, length: number): void {
  if (!page.has(at, 2)) return page.cut('ppp');
  const framed = page.bytes[at] === 0xff && page.bytes[at + 1] === 3;
  printPppProtocol(page, framed ? at + 2 : at, framed ? length - 2 : length);
}

function hdlc(page: Page, at: number, length: number): void {
  if (!page.has(at, 4)) return page.cut('chdlc');
  const type = page.view.getUint16(at + 2);
  if (page.linkHeader) page.out.text(`hdlc length ${length}: `);
  if (printEtherType(page, type, at + 4, length - 4)) return;
  page.out.text(`unknown CHDLC protocol (0x${type.toString(16).padStart(4, '0')})`);
}

const ARCNET_TYPES: ReadonlyMap<number, number> = new Map([
  [0xd4, 0x0800],
  [0xc4, 0x86dd],
  [0xd5, 0x0806],
  [0xd6, 0x8035],
]);

function arcnet(page: Page, at: number, length: number): void {
  if (!page.has(at, 8)) return page.cut('arcnet');
  const { out, bytes } = page;
  const type = ARCNET_TYPES.get(bytes[at + 4]!) ?? 0;
  if (page.linkHeader) {
    out.mac(bytes, at, 1);
    out.code(32);
    out.mac(bytes, at + 1, 1);
    out.text(` ${etherTypeName(type) ?? 'unknown'} ${length}: `);
  }
  if (!printEtherType(page, type, at + 8, length - 8)) out.text(`arcnet type ${bytes[at + 4]}`);
}

/** A header of fixed length with an EtherType in it. */
function typed(
  page: Page,
  name: string,
  at: number,
  length: number,
  typeAt: number,
  header: number,
): void {
  if (!page.has(at, header)) return page.cut(name);
  const type = page.view.getUint16(at + typeAt);
  if (page.linkHeader) {
    printTypeName(page, type);
    page.out.text(`, length ${length}: `);
  }
  if (printEtherType(page, type, at + header, length - header)) return;
  if (!page.linkHeader) printTypeName(page, type);
  page.octets(at + header, length - header);
}

/** Netfilter's log: family, version, resource, then fields of which one (9) is the packet. */
function nflog(page: Page, at: number, length: number): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 4)) return page.cut('nflog');
  if (page.linkHeader)
    out.text(`version ${bytes[at + 1]}, resource ID ${view.getUint16(at + 2)}: `);
  const family = bytes[at]!;
  let place = at + 4;
  while (page.has(place, 4)) {
    const size = view.getUint16(place, true);
    if (size < 4) break;
    const left = Math.min(size - 4, length - (place + 4 - at));
    if (view.getUint16(place + 2, true) === 9) {
      if (family === 2) return printIpv4(page, place + 4, left);
      if (family === 10) return printIpv6(page, place + 4, left);
      out.text(`family ${family}, length ${left}`);
      return;
    }
    place += (size + 3) & ~3;
  }
  page.cut('nflog');
}

/** Apple's header (PKTAP) says its own length and the link type behind it. */
function pktap(page: Page, at: number, length: number): void {
  if (!page.has(at, 12)) return page.cut('pktap');
  const header = page.view.getUint32(at, true);
  const linkType = page.view.getUint32(at + 8, true);
  if (linkType === 258 || header < 12 || header > length) return page.cut('pktap');
  printLink(page, linkType, at + header, length - header);
}

function radiotap(page: Page, at: number, length: number): void {
  if (!page.has(at, 4)) return page.cut('802.11_radio');
  const header = page.view.getUint16(at + 2, true);
  if (!page.has(at, header)) return page.cut('802.11_radio');
  wifi(page, at + header, length - header);
}

function wifi(page: Page, at: number, length: number): void {
  const { out, view } = page;
  if (!page.has(at, 24)) return page.cut('802.11');
  const control = view.getUint16(at, true);
  const subtype = (control >>> 4) & 15;
  const data = ((control >>> 2) & 3) === 2 && (subtype & 4) === 0;
  if (!data || (control & 0x4000) !== 0) {
    out.text(`802.11 frame 0x${control.toString(16).padStart(4, '0')}, length ${length}`);
    return;
  }
  let header = 24 + (((control >>> 8) & 3) === 3 ? 6 : 0) + ((subtype & 8) !== 0 ? 2 : 0);
  if ((subtype & 8) !== 0 && (control & 0x8000) !== 0) header += 4;
  llc(page, at + header, length - header, () => {});
}
