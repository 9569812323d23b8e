/**
 * Writes a pcap file of Ethernet frames fast: one reused packet record, one output buffer, and
 * checksums that are right, since peers look at them. Payloads come from a few fixed blocks whose
 * checksums are known for every length, so a packet costs one copy and a handful of additions.
 * While one buffer is written to the file, the other is filled.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';

const BUFFER_BYTES = 8 << 20;
const LARGEST_RECORD = 16 + 18 + 1500;
const LARGEST_PAYLOAD = 1460;
/** 2024-01-01T00:00Z: the first packet's time, seconds. */
const START_SECONDS = 1_704_067_200;

/** Seeded numbers (mulberry32): the same capture on every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * (limit / 0x100000000));
  }
}

/** Payload octets with the one's complement sum of every prefix. */
export interface PayloadBlock {
  readonly bytes: Buffer;
  readonly sums: Uint32Array;
}

/** A block that begins with `start` (Latin-1) and goes on with fixed noise up to the largest payload. */
export function payloadBlock(start: string): PayloadBlock {
  const bytes = Buffer.alloc(LARGEST_PAYLOAD);
  const noise = new Random(1);
  for (let at = 0; at < bytes.length; at++) bytes[at] = noise.next();
  bytes.write(start, 'latin1');
  const sums = new Uint32Array(LARGEST_PAYLOAD + 1);
  for (let length = 1; length <= LARGEST_PAYLOAD; length++) {
    const octet = bytes[length - 1] ?? 0;
    sums[length] = (sums[length - 1] ?? 0) + (length & 1 ? octet << 8 : octet);
  }
  return { bytes, sums };
}

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
const ICMP6 = 58;

/**
 * A host's IPv4 address: one client in four inside (10/8), one server in eight inside
 * (172.16/12), all others from many networks. Addresses are spread by an odd multiplier, so that
 * all differ and no peer suffers from a hash over leading octets (tcpdump's table of names is
 * one: with every host in 10/8 it runs three to ten times slower).
 */
function clientAddress(host: number): number {
  const mixed = Math.imul(host, 0x9e3779b1);
  return host % 4 === 0 ? 0x0a000000 + (mixed & 0xffffff) : 0x14000000 + (mixed & 0x3fffffff);
}

function serverAddress(host: number): number {
  const mixed = Math.imul(host, 0x9e3779b1);
  return host % 8 === 0 ? 0xac100000 + (mixed & 0xfffff) : 0x80000000 + (mixed & 0x1fffffff);
}

/** One packet between a client and a server, both given as host numbers. */
export interface Packet {
  family6: boolean;
  /** 802.1Q identifier; 0 = no tag. */
  vlan: number;
  toServer: boolean;
  client: number;
  server: number;
  protocol: number;
  /** ICMP echo: the identifier. */
  clientPort: number;
  /** ICMP echo: the sequence number. */
  serverPort: number;
  /** Sequence numbers are kept as signed 32-bit integers, which need no heap. */
  sequence: number;
  acknowledgment: number;
  flags: number;
  payload: PayloadBlock;
  payloadLength: number;
}

/** Folds a one's complement sum and returns the checksum. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}

export class CaptureWriter {
  /** File octets so far, including what is still buffered. */
  bytes = 24;
  packets = 0;
  readonly #path: string;
  readonly #file: FileHandle;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #other = new Uint8Array(BUFFER_BYTES);
  #pending: Promise<unknown> = Promise.resolve();
  #at = 24;
  #seconds = START_SECONDS;
  #microseconds = 0;
  #identification = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
    const header = [0xa1b2c3d4, 0x00040002, 0, 0, 262_144, 1];
    for (const [index, word] of header.entries()) this.#view.setUint32(index * 4, word, true);
  }

  /** The file appears under `path` when `finish` is called. */
  static async create(path: string): Promise<CaptureWriter> {
    return new CaptureWriter(path, await open(`${path}.part`, 'w'));
  }

  /** Call `flush` before the next `write`. */
  get full(): boolean {
    return this.#at + LARGEST_RECORD > BUFFER_BYTES;
  }

  /** Writes `packet`, `gap` microseconds after the one before it. */
  write(packet: Packet, gap: number): void {
    const record = this.#at;
    const ip = this.#ethernet(packet, record + 16);
    const transport = ip + (packet.family6 ? 40 : 20);
    const payload = transport + headerLength(packet);
    if (packet.payloadLength > 0)
      packet.payload.bytes.copy(this.#buffer, payload, 0, packet.payloadLength);
    let end = payload + packet.payloadLength;
    const addresses = this.#internet(packet, ip, end - transport);
    this.#transport(packet, transport, end - transport, addresses);
    while (end < record + 76) this.#buffer[end++] = 0;
    this.#tick(gap);
    const view = this.#view;
    view.setUint32(record, this.#seconds, true);
    view.setUint32(record + 4, this.#microseconds, true);
    view.setUint32(record + 8, end - record - 16, true);
    view.setUint32(record + 12, end - record - 16, true);
    this.#at = end;
    this.bytes += end - record;
    this.packets++;
  }

  async finish(): Promise<void> {
    await this.flush();
    await this.#pending;
    await this.#file.close();
    await rename(`${this.#path}.part`, this.#path);
  }

  /** Hands the buffer to the file once the one before it is written. */
  async flush(): Promise<void> {
    await this.#pending;
    const filled = this.#buffer;
    this.#pending = this.#file.writeFile(filled.subarray(0, this.#at));
    this.#buffer = this.#other;
    this.#other = filled;
    this.#view = new DataView(this.#buffer.buffer);
    this.#at = 0;
  }

  #tick(gap: number): void {
    this.#microseconds += gap;
    if (this.#microseconds < 1_000_000) return;
    this.#microseconds -= 1_000_000;
    this.#seconds++;
  }

  /** Writes the link header; returns where the IP header begins. */
  #ethernet(packet: Packet, at: number): number {
    const view = this.#view;
    const client = packet.client;
    const server = 0x800000 + packet.server;
    view.setUint16(at, 0x0200);
    view.setUint32(at + 2, packet.toServer ? server : client);
    view.setUint16(at + 6, 0x0200);
    view.setUint32(at + 8, packet.toServer ? client : server);
    let type = at + 12;
    if (packet.vlan !== 0) {
      view.setUint32(type, 0x81000000 + packet.vlan);
      type += 4;
    }
    view.setUint16(type, packet.family6 ? 0x86dd : 0x0800);
    return type + 2;
  }

  /** Writes the IP header; returns the sum of both addresses' 16-bit words. */
  #internet(packet: Packet, at: number, length: number): number {
    const view = this.#view;
    const { client, server, toServer } = packet;
    if (packet.family6) {
      view.setUint32(at, 0x60000000);
      view.setUint16(at + 4, length);
      view.setUint16(at + 6, (packet.protocol === ICMP ? ICMP6 : packet.protocol) * 256 + 64);
      this.#address6(at + 8, toServer ? 0xc : 0x5, toServer ? client : server);
      this.#address6(at + 24, toServer ? 0x5 : 0xc, toServer ? server : client);
      const shared = 2 * (0x2001 + 0x0db8) + 0xc + 0x5;
      return shared + (client >>> 16) + (client & 0xffff) + (server >>> 16) + (server & 0xffff);
    }
    const near = clientAddress(client);
    const far = serverAddress(server);
    this.#identification = (this.#identification + 1) & 0xffff;
    const protocol = 64 * 256 + packet.protocol;
    const addresses = (near >>> 16) + (near & 0xffff) + (far >>> 16) + (far & 0xffff);
    view.setUint16(at, 0x4500);
    view.setUint16(at + 2, length + 20);
    view.setUint16(at + 4, this.#identification);
    view.setUint16(at + 6, 0x4000);
    view.setUint16(at + 8, protocol);
    const sum = 0x4500 + length + 20 + this.#identification + 0x4000 + protocol + addresses;
    view.setUint16(at + 10, fold(sum));
    view.setUint32(at + 12, toServer ? near : far);
    view.setUint32(at + 16, toServer ? far : near);
    return addresses;
  }

  /** 2001:db8:0:SUBNET::HOST */
  #address6(at: number, subnet: number, host: number): void {
    this.#view.setUint32(at, 0x20010db8);
    this.#view.setUint32(at + 4, subnet);
    this.#view.setUint32(at + 8, 0);
    this.#view.setUint32(at + 12, host);
  }

  #transport(packet: Packet, at: number, length: number, addresses: number): void {
    const view = this.#view;
    const { protocol, toServer, clientPort, serverPort } = packet;
    const sum = addresses + length + protocol + (packet.payload.sums[packet.payloadLength] ?? 0);
    const source = toServer ? clientPort : serverPort;
    const destination = toServer ? serverPort : clientPort;
    if (protocol === ICMP) {
      const type =
        (packet.family6 ? 128 : toServer ? 8 : 0) + (packet.family6 && !toServer ? 1 : 0);
      const pseudo = packet.family6 ? sum - ICMP + ICMP6 : sum - addresses - length - ICMP;
      view.setUint16(at, type << 8);
      view.setUint16(at + 2, fold(pseudo + (type << 8) + clientPort + serverPort));
      view.setUint16(at + 4, clientPort);
      view.setUint16(at + 6, serverPort);
      return;
    }
    view.setUint16(at, source);
    view.setUint16(at + 2, destination);
    if (protocol === UDP) {
      const checksum = fold(sum + source + destination + length);
      view.setUint16(at + 4, length);
      view.setUint16(at + 6, checksum === 0 ? 0xffff : checksum);
      return;
    }
    const { sequence, acknowledgment, flags } = packet;
    const word = ((headerLength(packet) << 10) | flags) & 0xffff;
    view.setInt32(at + 4, sequence);
    view.setInt32(at + 8, acknowledgment);
    view.setUint16(at + 12, word);
    view.setUint16(at + 14, 64240);
    view.setUint32(at + 16, 0);
    let total = sum + source + destination + word + 64240;
    total += (sequence >>> 16) + (sequence & 0xffff);
    total += (acknowledgment >>> 16) + (acknowledgment & 0xffff);
    if (flags & 2) {
      // Maximum segment size 1460, the only option.
      view.setUint32(at + 20, 0x020405b4);
      total += 0x0204 + 0x05b4;
    }
    view.setUint16(at + 16, fold(total));
  }
}

/** Octets of the transport header: 24 for a SYN with its segment size option. */
function headerLength(packet: Packet): number {
  if (packet.protocol !== TCP) return 8;
  return packet.flags & 2 ? 24 : 20;
}
