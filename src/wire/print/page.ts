/** What the printers of all protocols share: the frame, how much of it is there, and the options. */
import { Sink } from './sink.ts';

export interface PrintOptions {
  /** Less about each packet (`-q`). */
  readonly quiet?: boolean;
  /** More about each packet: 0 to 3 (`-v`, `-vv`, `-vvv`). */
  readonly verbose?: number;
  /** With the link header (`-e`). */
  readonly linkHeader?: boolean;
  /** Sequence numbers as they are, not counted from the first (`-S`). */
  readonly absolute?: boolean;
  /** Names of ports; without it numbers. */
  readonly portName?: (port: number, transport: 'tcp' | 'udp') => string | undefined;
  /** Names of interfaces by index, for cooked captures of live traffic. */
  readonly interfaceName?: (index: number) => string | undefined;
}

/** Printers of packets in packets: given to the page, since they need one another. */
export interface Nested {
  ipv4(page: Page, at: number, length: number): void;
  ethernet(page: Page, at: number, length: number): void;
  /** False where the EtherType is not printed here. */
  etherType(page: Page, type: number, at: number, length: number): boolean;
}

/**
 * One for all frames of a printer: `bytes`, `view` and `end` are aimed anew at each, and borrowed.
 */
export class Page {
  readonly out = new Sink();
  readonly nested: Nested;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** End of the octets that may be read: captured, and within the packet. */
  end = 0;
  /** Nesting of packets in packets. */
  depth = 0;
  readonly quiet: boolean;
  readonly verbose: number;
  readonly linkHeader: boolean;
  readonly absolute: boolean;
  readonly interfaceName: PrintOptions['interfaceName'];
  private readonly portName: PrintOptions['portName'];

  constructor(options: PrintOptions, nested: Nested) {
    this.nested = nested;
    this.quiet = options.quiet ?? false;
    this.verbose = options.verbose ?? 0;
    this.linkHeader = options.linkHeader ?? false;
    this.absolute = options.absolute ?? false;
    this.portName = options.portName;
    this.interfaceName = options.interfaceName;
  }

  /** Whether octets are there to be read. */
  has(at: number, octets: number): boolean {
    return at + octets <= this.end;
  }

  /** ` [|tcp]`: the packet was not captured whole. */
  cut(protocol: string): void {
    this.out.text(' [|');
    this.out.text(protocol);
    this.out.text(']');
  }

  port(port: number, transport: 'tcp' | 'udp'): void {
    const name = this.portName?.(port, transport);
    if (name === undefined) this.out.decimal(port);
    else this.out.text(name);
  }

  /** Octets of what cannot be printed otherwise, as tcpdump shows them by default. */
  octets(at: number, length: number): void {
    const octets = Math.min(length, this.end - at);
    hexLines(this.out, this.bytes, at, octets, false);
  }
}

/** The IP header a transport header belongs to. */
export interface IpPacket {
  readonly version: 4 | 6;
  /** Index of the IP header. */
  readonly at: number;
  /** Whether the addresses stand before the transport's name already. */
  readonly named: boolean;
  readonly fragmented: boolean;
}

/** Lines of 16 octets in hexadecimal, with their text if asked for, each begun by a newline. */
export function hexLines(
  out: Sink,
  bytes: Uint8Array,
  from: number,
  length: number,
  withText: boolean,
): void {
  for (let line = 0; line < length; line += 16) {
    out.text('\n\t0x');
    out.hex(line, 4);
    out.text(': ');
    const count = Math.min(16, length - line);
    for (let index = 0; index < count; index++) {
      if ((index & 1) === 0) out.code(32);
      out.hex(bytes[from + line + index]!, 2);
    }
    if (!withText) continue;
    for (let column = 5 * (count >> 1) + (count & 1) * 3; column < 42; column++) out.code(32);
    for (let index = 0; index < count; index++) {
      const octet = bytes[from + line + index]!;
      out.code(octet > 32 && octet < 127 ? octet : 46);
    }
  }
}

/** The packet as text (`-A`): what cannot be printed becomes a dot. */
export function asciiLines(out: Sink, bytes: Uint8Array, from: number, length: number): void {
  out.code(10);
  for (let index = 0; index < length; index++) {
    const octet = bytes[from + index]!;
    // A carriage return before a newline is left out.
    if (octet === 13 && index + 1 < length && bytes[from + index + 1] === 10) continue;
    const shown = (octet > 31 && octet < 127) || octet === 9 || octet === 10;
    out.code(shown ? octet : 46);
  }
}

/** The checksum of RFC 1071 over octets, starting from `sum`; 0 when it is right. */
export function checksum(bytes: Uint8Array, at: number, length: number, sum = 0): number {
  let total = sum;
  const even = length & ~1;
  for (let index = 0; index < even; index += 2) {
    total += (bytes[at + index]! << 8) | bytes[at + index + 1]!;
  }
  if ((length & 1) !== 0) total += bytes[at + even]! << 8;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 65_536);
  return ~total & 0xffff;
}

/** What a checksum field should hold, from what it holds and the sum over it. */
export function shouldBe(found: number, sum: number): number {
  let right = found + sum;
  right = (right >> 16) + (right & 0xffff);
  return right;
}
