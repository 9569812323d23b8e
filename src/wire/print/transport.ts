/** TCP and UDP as tcpdump prints them. */
import { checksum, type IpPacket, type Page, shouldBe } from './page.ts';
import { sequenceBase } from './sequences.ts';

/** In the order in which tcpdump has them. */
const FLAGS: readonly (readonly [bit: number, letter: string])[] = [
  [0x01, 'F'],
  [0x02, 'S'],
  [0x04, 'R'],
  [0x08, 'P'],
  [0x10, '.'],
  [0x20, 'U'],
  [0x40, 'E'],
  [0x80, 'W'],
];
const FLAG_TEXTS: readonly string[] = Array.from({ length: 256 }, (_, bits) => {
  const letters = FLAGS.filter(([bit]) => (bits & bit) !== 0).map(([, letter]) => letter);
  return letters.length === 0 ? 'none' : letters.join('');
});
const SYN_FIN_RST = 7;
const ACK = 0x10;
const _SYN = 2;
const URG = 0x20;

/** `192.0.2.1.80 > 192.0.2.2.4711: `, or the ports alone where the addresses were printed. */
function ends(page: Page, at: number, packet: IpPacket, transport: 'tcp' | 'udp'): void {
  const { out, bytes, view } = page;
  for (let side = 0; side < 2; side++) {
    if (side === 1) out.text(' > ');
    if (!packet.named) {
      if (packet.version === 4) out.ipv4(bytes, packet.at + 12 + side * 4);
      else out.ipv6(view, packet.at + 8 + side * 16);
      out.code(46);
    }
    page.port(view.getUint16(at + side * 2), transport);
  }
  out.text(': ');
}

function endsCut(page: Page, packet: IpPacket, transport: string): void {
  const { out, bytes, view } = page;
  if (!packet.named) {
    if (packet.version === 4) {
      out.ipv4(bytes, packet.at + 12);
      out.text(' > ');
      out.ipv4(bytes, packet.at + 16);
    } else {
      out.ipv6(view, packet.at + 8);
      out.text(' > ');
      out.ipv6(view, packet.at + 24);
    }
    out.text(': ');
  }
  page.cut(transport);
}

/** From UDP's header on; `length` octets of the IP payload on the wire. */
export function printUdp(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, view } = page;
  if (!page.has(at, 4)) return endsCut(page, packet, 'udp');
  ends(page, at, packet, 'udp');
  if (length < 8) {
    out.text('truncated-udp ');
    out.decimal(length);
    return;
  }
  if (!page.has(at, 6)) return page.cut('udp');
  let stated = view.getUint16(at + 4);
  if (stated === 0 && length > 65_535) stated = length;
  if (stated < 8) {
    out.text('truncated-udplength ');
    out.decimal(stated);
    return;
  }
  const payload = stated - 8;
  const present = Math.min(payload, length - 8);
  if (page.verbose > 0 && !packet.fragmented) udpChecksum(page, at, present + 8, packet);
  out.text('UDP, ');
  if (payload > present && !packet.fragmented) {
    out.text('bad length ');
    out.decimal(payload);
    out.text(' > ');
    out.decimal(present);
  } else {
    out.text('length ');
    out.decimal(payload);
  }
}

function udpChecksum(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, view } = page;
  if (!page.has(at, length) || (packet.version === 4 && page.verbose < 2)) return;
  const found = view.getUint16(at + 6);
  if (packet.version === 4 && found === 0) {
    out.text('[no cksum] ');
    return;
  }
  const sum = checksum(page.bytes, at, length, pseudoHeader(page, packet, 17, length));
  if (sum === 0) out.text('[udp sum ok] ');
  else {
    out.text('[bad udp cksum 0x');
    out.hex(found, 4);
    out.text(' -> 0x');
    out.hex(shouldBe(found, sum), 4);
    out.text('!] ');
  }
}

/** The sum over the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1). */
export function pseudoHeader(
  { view }: Page,
  { version, at }: IpPacket,
  protocol: number,
  length: number,
): number {
  let sum = protocol + (length >>> 16) + (length & 0xffff);
  const [from, octets] = version === 4 ? [at + 12, 8] : [at + 8, 32];
  for (let index = 0; index < octets; index += 2) sum += view.getUint16(from + index);
  return sum;
}

/** From TCP's header on; `length` octets of the IP payload on the wire. */
export function printTcp(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, bytes } = page;
  if (!page.has(at, 4)) return endsCut(page, packet, 'tcp');
  ends(page, at, packet, 'tcp');
  if (!page.has(at, 13)) return page.cut('tcp');
  const header = (bytes[at + 12]! >> 4) * 4;
  if (header < 20) {
    out.text(' tcp ');
    out.decimal((length - header) >>> 0);
    out.text(' [bad hdr length ');
    out.decimal(header);
    out.text(' - too short, < 20]');
    return;
  }
  if (!page.has(at, 20)) return page.cut('tcp');
  if (page.quiet) {
    out.text('tcp ');
    out.decimal((length - header) >>> 0);
    if (header > length) {
      out.text(' [bad hdr length ');
      out.decimal(header);
      out.text(' - too long, > ');
      out.decimal(length);
      out.text(']');
    }
    return;
  }
  tcpDetails(page, at, header, length, packet);
}

function tcpDetails(
  page: Page,
  at: number,
  header: number,
  length: number,
  packet: IpPacket,
): void {
  const { out, bytes, view } = page;
  const flags = bytes[at + 13]!;
  out.text('Flags [');
  out.text(FLAG_TEXTS[flags]!);
  out.text(']');
  const base = page.absolute || (flags & ACK) === 0 ? undefined : sequenceBase(page, at, packet);
  const relative = base !== undefined && !base.fresh;
  const sequence = (view.getUint32(at + 4) - (relative ? base.sequence : 0)) >>> 0;
  const acknowledged = (view.getUint32(at + 8) - (relative ? base.acknowledged : 0)) >>> 0;
  if (header > length) {
    out.text(' [bad hdr length ');
    out.decimal(header);
    out.text(' - too long, > ');
    out.decimal(length);
    out.text(']');
    return;
  }
  if (page.verbose > 0 && !packet.fragmented && page.has(at, length)) {
    tcpChecksum(page, at, length, packet);
  }
  const payload = length - header;
  if (page.verbose > 1 || payload > 0 || (flags & SYN_FIN_RST) !== 0) {
    out.text(', seq ');
    out.decimal(sequence);
    if (payload > 0) {
      out.code(58);
      out.decimal((sequence + payload) >>> 0);
    }
  }
  if ((flags & ACK) !== 0) {
    out.text(', ack ');
    out.decimal(acknowledged);
  }
  out.text(', win ');
  out.decimal(view.getUint16(at + 14));
  if ((flags & URG) !== 0) {
    out.text(', urg ');
    out.decimal(view.getUint16(at + 18));
  }
  const whole = header === 20 || tcpOptions(page, at + 20, header - 20, base?.sackBase ?? 0);
  if (!whole) return;
  out.text(', length ');
  out.decimal(payload);
}

function tcpChecksum(page: Page, at: number, length: number, packet: IpPacket): void {
  const { out, view, bytes } = page;
  const found = view.getUint16(at + 16);
  const sum = checksum(bytes, at, length, pseudoHeader(page, packet, 6, length));
  out.text(', cksum 0x');
  out.hex(found, 4);
  if (sum === 0) out.text(' (correct)');
  else {
    out.text(' (incorrect -> 0x');
    out.hex(shouldBe(found, sum), 4);
    out.text(')');
  }
}

const OPTIONS: ReadonlyMap<number, string> = new Map([
  [0, 'eol'],
  [1, 'nop'],
  [2, 'mss'],
  [3, 'wscale'],
  [4, 'sackOK'],
  [5, 'sack'],
  [6, 'echo'],
  [7, 'echoreply'],
  [8, 'TS'],
  [11, 'cc'],
  [12, 'ccnew'],
  [13, ''],
  [19, 'md5'],
  [20, 'scps'],
  [28, 'uto'],
  [29, 'tcp-ao'],
  [30, 'mptcp'],
  [34, 'tfo'],
  [254, 'exp'],
]);

/** Returns false where the options could not be read to their end. */
function tcpOptions(page: Page, from: number, octets: number, sackBase: number): boolean {
  const { out, bytes } = page;
  out.text(', options [');
  const stop = from + octets;
  let at = from;
  for (let first = true; at < stop; first = false) {
    if (!first) out.code(44);
    if (!page.has(at, 1)) {
      page.cut('tcp');
      return false;
    }
    const kind = bytes[at]!;
    const single = kind < 2;
    if (!single && !page.has(at, 2)) {
      page.cut('tcp');
      return false;
    }
    const size = single ? 1 : bytes[at + 1]!;
    if (!single && (size < 2 || at + size > stop)) {
      out.text('bad opt]');
      break;
    }
    const name = OPTIONS.get(kind);
    out.text(name ?? `unknown-${kind}`);
    if (!page.has(at, size)) {
      page.cut('tcp');
      return false;
    }
    if (!single) tcpOption(page, kind, at, size, sackBase);
    at += size;
    if (kind === 0) break;
  }
  out.text(']');
  return true;
}

function tcpOption(page: Page, kind: number, at: number, size: number, sackBase: number): void {
  const { out, view, bytes } = page;
  if (kind === 2 && size >= 4) {
    out.code(32);
    out.decimal(view.getUint16(at + 2));
  } else if (kind === 3 && size >= 3) {
    out.code(32);
    out.decimal(bytes[at + 2]!);
  } else if (kind === 5) {
    if ((size - 2) % 8 !== 0) {
      out.text(' invalid sack');
      return;
    }
    out.code(32);
    out.decimal((size - 2) / 8);
    out.code(32);
    for (let index = 2; index < size; index += 8) {
      out.code(123);
      out.decimal((view.getUint32(at + index) - sackBase) >>> 0);
      out.code(58);
      out.decimal((view.getUint32(at + index + 4) - sackBase) >>> 0);
      out.code(125);
    }
  } else if (kind === 8 && size >= 10) {
    out.text(' val ');
    out.decimal(view.getUint32(at + 2));
    out.text(' ecr ');
    out.decimal(view.getUint32(at + 6));
  } else if (!OPTIONS.has(kind) || kind > 8) {
    if (kind === 4 || size === 2) return;
    out.text(' 0x');
    for (let index = 2; index < size; index++) out.hex(bytes[at + index]!, 2);
  }
}
