/** IPv4 and IPv6 headers as tcpdump prints them (print-ip.c and print-ip6.c say how they look). */
import { printGre } from './gre.ts';
import { printIcmp, printIcmpv6 } from './icmp.ts';
import { checksum, type IpPacket, type Page, shouldBe } from './page.ts';
import { printTcp, printUdp } from './transport.ts';

/** Packets in packets beyond this depth are left unread. */
const DEEPEST = 12;
const TCP = 6;
const UDP = 17;
const _SCTP = 132;
const _DCCP = 33;
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, 'Options'],
  [1, 'ICMP'],
  [2, 'IGMP'],
  [4, 'IPIP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [33, 'DCCP'],
  [41, 'IPv6'],
  [43, 'Routing'],
  [44, 'unknown'],
  [47, 'GRE'],
  [50, 'ESP'],
  [51, 'AH'],
  [58, 'ICMPv6'],
  [59, 'unknown'],
  [60, 'unknown'],
  [88, 'EIGRP'],
  [89, 'OSPF'],
  [103, 'PIM'],
  [108, 'Compressed IP'],
  [112, 'VRRP'],
  [113, 'PGM'],
  [132, 'SCTP'],
]);

/** Prints an IPv4 packet of which `length` octets are said to be there. */
export function printIpv4(page: Page, at: number, length: number): void {
  const { out } = page;
  if (!page.linkHeader || page.depth > 0) out.text('IP ');
  if (page.depth > DEEPEST) return page.cut('ip');
  if (length < 20) {
    out.text('truncated-ip ');
    out.decimal(length);
    return;
  }
  if (!page.has(at, 1)) return page.cut('ip');
  const { bytes, view } = page;
  if (bytes[at]! >> 4 !== 4) {
    out.text(bytes[at]! >> 4 === 6 ? 'IP6, wrong link-layer encapsulation' : 'bad version');
    if (bytes[at]! >> 4 !== 6) out.decimal(bytes[at]! >> 4);
    out.text(' (invalid)');
    return;
  }
  const header = (bytes[at]! & 15) * 4;
  if (header < 20) {
    out.text('bad-hlen ');
    out.decimal(header);
    return;
  }
  if (!page.has(at, 20)) return page.cut('ip');
  let total = view.getUint16(at + 2);
  if (length < total) {
    out.text('truncated-ip - ');
    out.decimal(total - length);
    out.text(' bytes missing! ');
    total = length;
  }
  const offload = total === 0;
  if (offload) total = length;
  if (total < header) {
    out.text('bad-len ');
    out.decimal(total);
    return;
  }
  const end = page.end;
  page.end = Math.min(end, at + total);
  page.depth++;
  ipv4Packet(page, at, header, total, offload);
  page.depth--;
  page.end = end;
}

function ipv4Packet(page: Page, at: number, header: number, total: number, offload: boolean): void {
  const { out, view, bytes } = page;
  const fragment = view.getUint16(at + 6);
  const protocol = bytes[at + 9]!;
  if (page.verbose > 0) ipv4Details(page, at, header, total, offload);
  if ((fragment & 0x1fff) === 0) {
    const ported = protocol === TCP || protocol === UDP;
    if (!ported) {
      addresses4(page, at);
      out.text(': ');
    }
    const packet = {
      version: 4 as const,
      at,
      named: !ported,
      fragmented: (fragment & 0x2000) !== 0,
    };
    printPayload(page, protocol, at + header, total - header, packet);
    return;
  }
  addresses4(page, at);
  out.text(': ip-proto-');
  out.decimal(protocol);
}

function addresses4(page: Page, at: number): void {
  page.out.ipv4(page.bytes, at + 12);
  page.out.text(' > ');
  page.out.ipv4(page.bytes, at + 16);
}

const ECN = ['', ',ECT(1)', ',ECT(0)', ',CE'];

function ipv4Details(
  page: Page,
  at: number,
  header: number,
  total: number,
  offload: boolean,
): void {
  const { out, view, bytes } = page;
  const fragment = view.getUint16(at + 6);
  out.text('(tos 0x');
  out.hex(bytes[at + 1]!);
  out.text(ECN[bytes[at + 1]! & 3]!);
  if (bytes[at + 8]! >= 1) {
    out.text(', ttl ');
    out.decimal(bytes[at + 8]!);
  }
  out.text(', id ');
  out.decimal(view.getUint16(at + 4));
  out.text(', offset ');
  out.decimal((fragment & 0x1fff) * 8);
  out.text(', flags [');
  const flags = [
    (fragment & 0x2000) === 0 ? '' : '+',
    (fragment & 0x4000) === 0 ? '' : 'DF',
    (fragment & 0x8000) === 0 ? '' : 'rsvd',
  ].filter((flag) => flag !== '');
  out.text(flags.length === 0 ? 'none' : flags.join(', '));
  out.text('], proto ');
  out.text(PROTOCOLS.get(bytes[at + 9]!) ?? 'unknown');
  out.text(' (');
  out.decimal(bytes[at + 9]!);
  out.text('), length ');
  out.decimal(offload ? total : view.getUint16(at + 2));
  if (offload) out.text(' [was 0, presumed TSO]');
  if (header > 20) out.text(', options');
  if (page.has(at, header)) {
    const sum = checksum(bytes, at, header);
    if (sum !== 0) {
      const found = view.getUint16(at + 10);
      out.text(', bad cksum ');
      out.hex(found);
      out.text(' (->');
      out.hex(shouldBe(found, sum));
      out.text(')!');
    }
  }
  out.text(')\n    ');
}

/** Prints what an IP packet carries: `length` octets at `at`. */
export function printPayload(
  page: Page,
  protocol: number,
  at: number,
  length: number,
  packet: IpPacket,
): void {
  const { out } = page;
  switch (protocol) {
    case TCP:
      return printTcp(page, at, length, packet);
    case UDP:
      return printUdp(page, at, length, packet);
    case 1:
      if (packet.version === 4) return printIcmp(page, at, length, packet);
      break;
    case 58:
      if (packet.version === 6) return printIcmpv6(page, at, length, packet);
      break;
    case 4:
      return printIpv4(page, at, length);
    case 41:
      return printIpv6(page, at, length);
    case 47:
      return printGre(page, at, length);
    case 143:
      if (packet.version === 6) return page.nested.ethernet(page, at, length);
      break;
    case 51:
      return authenticated(page, at, length, packet);
    case 59:
      out.text('no next header');
      return;
  }
  out.text(' ip-proto-');
  out.decimal(protocol);
  out.code(32);
  out.decimal(length);
}

/** The authentication header (RFC 4302), then what it protects. */
function authenticated(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, bytes, view } = page;
  if (!page.has(at, 12)) return page.cut('ah');
  const size = (bytes[at + 1]! + 2) * 4;
  out.text('AH(spi=0x');
  out.hex(view.getUint32(at + 4), 8);
  if (page.verbose > 0) {
    out.text(',sumlen=');
    out.decimal(size - 12);
  }
  out.text(',seq=0x');
  out.hex(view.getUint32(at + 8));
  if (!page.has(at, size)) {
    out.text('[truncated])');
    return;
  }
  out.text(',icv=0x');
  for (let index = 12; index < size; index += 4) out.hex(view.getUint32(at + index), 8);
  out.text('): ');
  printPayload(page, bytes[at]!, at + size, Math.max(0, length - size), packet);
}

/** Prints an IPv6 packet of which `length` octets are said to be there. */
export function printIpv6(page: Page, at: number, length: number): void {
  const { out } = page;
  if (!page.linkHeader || page.depth > 0) out.text('IP6 ');
  if (page.depth > DEEPEST) return page.cut('ip6');
  if (length < 40) {
    out.text('truncated-ip6 ');
    out.decimal(length);
    return;
  }
  if (!page.has(at, 1)) return page.cut('ip6');
  const { view, bytes } = page;
  if (bytes[at]! >> 4 !== 6) {
    out.text('bad-version ');
    out.decimal(bytes[at]! >> 4);
    return;
  }
  if (!page.has(at, 40)) return page.cut('ip6');
  const payload = view.getUint16(at + 4);
  let total = payload === 0 ? length : payload + 40;
  if (total > length) {
    out.text('truncated-ip6 - ');
    out.decimal(total - length);
    out.text(' bytes missing!');
    total = length;
  }
  const end = page.end;
  page.end = Math.min(end, at + total);
  page.depth++;
  ipv6Packet(page, at, total, payload);
  page.depth--;
  page.end = end;
}

function ipv6Packet(page: Page, at: number, total: number, payload: number): void {
  const { out, bytes, view } = page;
  let next = bytes[at + 6]!;
  if (page.verbose > 0) {
    const flow = view.getUint32(at);
    out.text('(');
    if ((flow & 0x0ff00000) !== 0) {
      out.text('class 0x');
      out.hex((flow >>> 20) & 255, 2);
      out.text(', ');
    }
    if ((flow & 0xfffff) !== 0) {
      out.text('flowlabel 0x');
      out.hex(flow & 0xfffff, 5);
      out.text(', ');
    }
    out.text('hlim ');
    out.decimal(bytes[at + 7]!);
    out.text(', next-header ');
    out.text(PROTOCOLS.get(next) ?? 'unknown');
    out.text(' (');
    out.decimal(next);
    out.text(') payload length: ');
    out.decimal(payload);
    out.text(') ');
  }
  const ported = next === TCP || next === UDP;
  if (!ported) {
    out.ipv6(view, at + 8);
    out.text(' > ');
    out.ipv6(view, at + 24);
    out.text(': ');
  }
  let place = at + 40;
  let fragmented = false;
  for (;;) {
    const size = extension(page, next, place, at);
    if (size === 0) break;
    if (size < 0) return;
    if (next === 44) fragmented = true;
    next = bytes[place]!;
    place += size;
    if (place >= page.end) return;
  }
  const packet = { version: 6 as const, at, named: !ported, fragmented };
  printPayload(page, next, place, total - (place - at), packet);
}

/** Prints an extension header; its size, 0 where there is none, -1 where printing ends. */
function extension(page: Page, next: number, at: number, packetAt: number): number {
  const { out, bytes, view } = page;
  switch (next) {
    case 0:
    case 60: {
      const name = next === 0 ? 'HBH' : 'DSTOPT';
      const size = page.has(at, 2) ? (bytes[at + 1]! + 1) * 8 : 8;
      if (!page.has(at, size)) {
        page.cut(next === 0 ? 'hbhopt' : 'dstopt');
        return -1;
      }
      out.text(`${name} `);
      return size;
    }
    case 44: {
      if (!page.has(at, 8)) {
        page.cut('frag');
        return -1;
      }
      const offset = view.getUint16(at + 2) & 0xfff8;
      out.text('frag (');
      if (page.verbose > 0) {
        out.text('0x');
        out.hex(view.getUint32(at + 4), 8);
        out.text(':');
      }
      out.decimal(offset);
      out.text('|');
      out.decimal(Math.max(0, view.getUint16(packetAt + 4) + 40 - (at - packetAt) - 8));
      out.text(offset === 0 ? ') ' : ')');
      return offset === 0 ? 8 : -1;
    }
    case 43:
      return routing(page, at);
    default:
      return 0;
  }
}

function routing(page: Page, at: number): number {
  const { out, bytes, view } = page;
  if (!page.has(at, 8)) {
    page.cut('srcrt');
    return -1;
  }
  const words = bytes[at + 1]!;
  const type = bytes[at + 2]!;
  out.text('RT6 (len=');
  out.decimal(words);
  out.text(', type=');
  out.decimal(type);
  if (type === 0) out.text(' [Deprecated]');
  out.text(', segleft=');
  out.decimal(bytes[at + 3]!);
  if (type === 4) {
    out.text(', last-entry=');
    out.decimal(bytes[at + 4]!);
    if (bytes[at + 5]! !== 0 || page.verbose > 0) {
      out.text(', flags=0x');
      out.hex(bytes[at + 5]!);
    }
    out.text(', tag=');
    out.hex(view.getUint16(at + 6));
  }
  const addresses = type === 4 ? bytes[at + 4]! + 1 : words >> 1;
  for (let index = 0; index < addresses; index++) {
    const place = at + 8 + index * 16;
    if (!page.has(place, 16)) {
      page.cut('srcrt');
      return -1;
    }
    out.text(', [');
    out.decimal(index);
    out.text(']');
    out.ipv6(view, place);
  }
  out.text(') ');
  return (words + 1) * 8;
}
