/** ICMP (RFC 792) and ICMPv6 (RFC 4443, RFC 4861) messages as tcpdump prints them. */
import { checksum, type IpPacket, type Page, shouldBe } from './page.ts';
import { pseudoHeader } from './transport.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  [0, 'echo reply'],
  [3, 'unreachable'],
  [4, 'source quench'],
  [5, 'redirect'],
  [8, 'echo request'],
  [10, 'router solicitation'],
  [13, 'time stamp request'],
  [14, 'time stamp reply'],
  [15, 'information request'],
  [16, 'information reply'],
  [17, 'address mask request'],
]);

const UNREACHABLE: readonly (readonly [before: string, after: string])[] = [
  ['net ', ' unreachable'],
  ['host ', ' unreachable'],
  ['', ' protocol'],
  ['', ' port'],
  ['', ' unreachable - need to frag'],
  ['', ' unreachable - source route failed'],
  ['net ', ' unreachable - unknown'],
  ['host ', ' unreachable - unknown'],
  ['', ' unreachable - source host isolated'],
  ['net ', ' unreachable - admin prohibited'],
  ['host ', ' unreachable - admin prohibited'],
  ['net ', ' unreachable - tos prohibited'],
  ['host ', ' unreachable - tos prohibited'],
  ['host ', ' unreachable - admin prohibited filter'],
  ['host ', ' unreachable - host precedence violation'],
  ['host ', ' unreachable - precedence cutoff'],
];

/** Types whose message quotes the packet it is about. */
const ERRORS = new Set([3, 4, 5, 11, 12]);

/**
 * From ICMP's header on. Checksums are judged with `verbose` and only where the packet is whole.
 */
export function printIcmp(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, bytes, view } = page;
  const start = out.length;
  out.text('ICMP ');
  if (!page.has(at, 2) || !icmpText(page, at)) {
    // tcpdump composes the message before it prints any of it.
    out.length = start;
    page.cut('icmp');
    return;
  }
  out.text(', length ');
  out.decimal(length);
  if (page.verbose === 0) return;
  if (!packet.fragmented && page.has(at, length) && length >= 4) {
    const sum = checksum(bytes, at, length);
    if (sum !== 0) {
      const found = view.getUint16(at + 2);
      out.text(' (wrong icmp cksum ');
      out.hex(found);
      out.text(' (->');
      out.hex(shouldBe(found, sum));
      out.text(')!)');
    }
  }
  if (!ERRORS.has(bytes[at]!) || !page.has(at, 12)) return;
  out.text('\n\t');
  page.nested.ipv4(page, at + 8, view.getUint16(at + 10));
}

/** Returns false where the message was cut off. */
function icmpText(page: Page, at: number): boolean {
  const { out, bytes, view } = page;
  const type = bytes[at]!;
  const code = bytes[at + 1]!;
  switch (type) {
    case 0:
    case 8:
      if (!page.has(at, 8)) return false;
      out.text(type === 8 ? 'echo request, id ' : 'echo reply, id ');
      out.decimal(view.getUint16(at + 4));
      out.text(', seq ');
      out.decimal(view.getUint16(at + 6));
      return true;
    case 3:
      return unreachable(page, at, code);
    case 5:
      if (!page.has(at, 28)) return false;
      out.text(
        code === 2 || code === 3 ? 'redirect-tos ' : code > 3 ? `redirect-#${code} ` : 'redirect ',
      );
      out.ipv4(bytes, at + 24);
      out.text(code > 3 ? ' to ' : code % 2 === 0 ? ' to net ' : ' to host ');
      out.ipv4(bytes, at + 4);
      return true;
    case 11:
      if (!page.has(at, 28)) return false;
      if (code === 0) out.text('time exceeded in-transit');
      else if (code === 1) out.text('ip reassembly time exceeded');
      else out.text(`time exceeded-#${code}`);
      return true;
    case 12:
      if (!page.has(at, 5)) return false;
      out.text(`parameter problem - ${code === 0 ? `octet ${bytes[at + 4]}` : `code ${code}`}`);
      return true;
    case 13:
      if (!page.has(at, 8)) return false;
      out.text(`time stamp query id ${view.getUint16(at + 4)} seq ${view.getUint16(at + 6)}`);
      return true;
    case 18:
      if (!page.has(at, 12)) return false;
      out.text('address mask is 0x');
      out.hex(view.getUint32(at + 8), 8);
      return true;
    default:
      out.text(TYPES.get(type) ?? `type-#${type}`);
      return true;
  }
}

function unreachable(page: Page, at: number, code: number): boolean {
  const { out, bytes, view } = page;
  // The destination of the packet that is quoted.
  if (!page.has(at, 28)) return false;
  const known = UNREACHABLE[code];
  out.text(known?.[0] ?? '');
  if (code === 3) {
    const quoted = at + 8;
    const ports = quoted + (bytes[quoted]! & 15) * 4;
    if (!page.has(ports, 4)) return false;
    const protocol = bytes[quoted + 9]!;
    out.ipv4(bytes, at + 24);
    const name = protocol === 6 ? 'tcp' : protocol === 17 ? 'udp' : undefined;
    out.text(name === undefined ? ` protocol ${protocol} port ` : ` ${name} port `);
    if (name === undefined) out.decimal(view.getUint16(ports + 2));
    else page.port(view.getUint16(ports + 2), name);
    out.text(' unreachable');
    return true;
  }
  out.ipv4(bytes, at + 24);
  out.text(known?.[1] ?? ` unreachable - #${code}`);
  if (code === 2) out.text(` ${bytes[at + 17]} unreachable`);
  if (code === 4 && view.getUint16(at + 6) !== 0) out.text(` (mtu ${view.getUint16(at + 6)})`);
  return true;
}

const TYPES_6: ReadonlyMap<number, string> = new Map([
  [1, 'destination unreachable'],
  [2, 'packet too big'],
  [3, 'time exceeded in-transit'],
  [4, 'parameter problem'],
  [128, 'echo request'],
  [129, 'echo reply'],
  [130, 'multicast listener query'],
  [131, 'multicast listener report'],
  [132, 'multicast listener done'],
  [133, 'router solicitation'],
  [134, 'router advertisement'],
  [135, 'neighbor solicitation'],
  [136, 'neighbor advertisement'],
  [137, 'redirect'],
  [138, 'router renumbering'],
  [139, 'node information query'],
  [140, 'node information reply'],
  [141, 'inverse neighbor solicitation'],
  [142, 'inverse neighbor advertisement'],
  [143, 'multicast listener report v2'],
  [144, 'dhaad request'],
  [145, 'dhaad reply'],
  [146, 'mobile router solicitation'],
  [147, 'mobile router advertisement'],
  [155, 'RPL'],
]);
const UNREACHABLE_6: readonly string[] = [
  'unreachable route',
  'unreachable prohibited',
  'beyond scope',
  'unreachable address',
  'unreachable port',
];

/** Likewise; its checksum covers addresses of `packet` too (RFC 4443 section 2.3). */
export function printIcmpv6(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, bytes } = page;
  if (page.verbose > 0 && !packet.fragmented && length >= 4 && page.has(at, length)) {
    const found = page.view.getUint16(at + 2);
    const sum = checksum(bytes, at, length, pseudoHeader(page, packet, 58, length));
    if (sum === 0) out.text('[icmp6 sum ok] ');
    else {
      out.text('[bad icmp6 cksum 0x');
      out.hex(found, 4);
      out.text(' -> 0x');
      out.hex(shouldBe(found, sum), 4);
      out.text('!] ');
    }
  }
  if (!page.has(at, 2)) return page.cut('icmp6');
  const type = bytes[at]!;
  out.text('ICMP6, ');
  out.text(TYPES_6.get(type) ?? `unknown icmp6 type (${type})`);
  // With more said about a packet, its length stands with the types that have options only.
  if (page.verbose > 0 && WITH_OPTIONS.has(type)) out.text(`, length ${length}`);
  if (!icmpv6Text(page, at)) return page.cut('icmp6');
  if (page.verbose > 0 && TYPES_6.has(type)) return;
  out.text(', length ');
  out.decimal(length);
}

const WITH_OPTIONS = new Set([133, 134, 135, 136, 137, 145, 147]);

/** Returns false where the message was cut off. */
function icmpv6Text(page: Page, at: number): boolean {
  const { out, bytes, view } = page;
  const type = bytes[at]!;
  const code = bytes[at + 1]!;
  const quoted = at + 8;
  switch (type) {
    case 1:
      return unreachable6(page, at, code);
    case 2:
      if (!page.has(at, 8)) return false;
      out.text(', mtu ');
      out.decimal(view.getUint32(at + 4));
      return true;
    case 3:
      if (code === 1) out.text(' (reassembly)');
      else if (code > 1) out.text(`, unknown code (${code})`);
      else {
        if (!page.has(quoted, 40)) return false;
        out.text(' for ');
        out.ipv6(view, quoted + 24);
      }
      return true;
    case 4: {
      if (!page.has(quoted, 40)) return false;
      const what = ['erroneous', 'next header', 'option', 'incomplete header chain'][code];
      if (what === undefined) out.text(`, code-#${code}`);
      else out.text(`, ${what} - octet ${view.getUint32(at + 4)}`);
      return true;
    }
    case 128:
    case 129:
      if (!page.has(at, 8)) return false;
      out.text(', id ');
      out.decimal(view.getUint16(at + 4));
      out.text(', seq ');
      out.decimal(view.getUint16(at + 6));
      return true;
    case 130:
    case 131:
    case 132:
      return listener(page, at, type);
    case 135:
    case 136:
      if (!page.has(quoted, 16)) return false;
      out.text(type === 135 ? ', who has ' : ', tgt is ');
      out.ipv6(view, quoted);
      return true;
    case 137:
      if (!page.has(quoted, 32)) return false;
      out.text(', ');
      out.ipv6(view, quoted + 16);
      out.text(' to ');
      out.ipv6(view, quoted);
      return true;
    case 143:
      return reports(page, at);
    default:
      return true;
  }
}

function listener(page: Page, at: number, type: number): boolean {
  const { out, view } = page;
  if (!page.has(at, 24)) return false;
  const long = type === 130 && page.end - at >= 28;
  if (long) out.text(' v2');
  else {
    out.text('max resp delay: ');
    out.decimal(view.getUint16(at + 4));
    out.text(' addr: ');
    out.ipv6(view, at + 8);
    return true;
  }
  out.text(' [gaddr ');
  out.ipv6(view, at + 8);
  out.text(']');
  return true;
}

/** Records of a listener report (RFC 9777 section 5.2). */
function reports(page: Page, at: number): boolean {
  const { out, view, bytes } = page;
  if (!page.has(at, 8)) return false;
  const records = view.getUint16(at + 6);
  out.text(`, ${records} group record(s)`);
  if (page.verbose === 0) return true;
  let place = at + 8;
  for (let index = 0; index < records; index++) {
    if (!page.has(place, 20)) return false;
    out.text(' [gaddr ');
    out.ipv6(view, place + 4);
    const sources = view.getUint16(place + 2);
    const kinds = ['', 'is_in', 'is_ex', 'to_in', 'to_ex', 'allow', 'block'];
    out.text(` ${kinds[bytes[place]!] ?? `[v2-report-#${bytes[place]}]`}, ${sources} source(s)]`);
    place += 20 + sources * 16 + bytes[place + 1]! * 4;
  }
  return true;
}

function unreachable6(page: Page, at: number, code: number): boolean {
  const { out, view } = page;
  const quoted = at + 8;
  out.text(', ');
  out.text(UNREACHABLE_6[code] ?? `unknown unreach code (${code})`);
  if (code > 4) return true;
  if (!page.has(quoted, 40)) return false;
  if (code !== 4) {
    out.code(32);
    out.ipv6(view, quoted + 24);
    if (code === 2) {
      out.text(', source address ');
      out.ipv6(view, quoted + 8);
    }
    return true;
  }
  const upper = upperLayer(page, quoted);
  if (upper === undefined) return false;
  const [protocol, ports] = upper;
  out.text(', ');
  out.ipv6(view, quoted + 24);
  out.text(protocol === 6 ? ' tcp port ' : ' udp port ');
  page.port(view.getUint16(ports + 2), protocol === 6 ? 'tcp' : 'udp');
  return true;
}

/** The transport of a quoted packet and the place of its ports. */
function upperLayer(page: Page, quoted: number): [protocol: number, at: number] | undefined {
  const { bytes, view } = page;
  let next = bytes[quoted + 6]!;
  let at = quoted + 40;
  while (page.has(at, 4)) {
    if (next === 6 || next === 17) return [next, at];
    const passed = next === 0 || next === 60 || next === 43;
    if (next === 44 && (view.getUint16(at + 2) & 0xfff8) !== 0) return undefined;
    if (!passed && next !== 44 && next !== 51) return undefined;
    const length = bytes[at + 1]!;
    next = bytes[at]!;
    at += passed ? (length + 1) * 8 : next === 51 ? (length + 2) * 4 : 8;
  }
  return undefined;
}
