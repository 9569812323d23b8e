/**
 * The kernel's socket tables through netlink (sock_diag(7); include/uapi/linux/inet_diag.h and
 * packet_diag.h): the same sockets as /proc/net, and what that lacks: whether an IPv6 socket
 * takes IPv4, the interface it is bound to, and how many may wait to be accepted.
 */

import type { Transport } from '../../model/transport.ts';
import { interfaceName, NetlinkSocket } from '../../native/netlink.ts';
import type { Address } from '../../net/address.ts';
import type { TableRow } from './proc-tables.ts';

const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
export const AF_INET = 2;
export const AF_INET6 = 10;
const AF_PACKET = 17;

const TCP_ESTABLISHED = 1;
const TCP_CLOSE = 7;
const TCP_LISTEN = 10;
const ALL_STATES = 0xfff;

/** Octets of inet_diag_req_v2 and packet_diag_req. */
const REQUEST_LENGTH = 56;
const PACKET_REQUEST_LENGTH = 20;
/** Words of inet_diag_msg, where its members lie, and words of packet_diag_msg. */
const MESSAGE_WORDS = 18;
const PORTS = 1;
const LOCAL = 2;
const REMOTE = 6;
const INTERFACE = 10;
const QUEUE_LIMIT = 15;
const USER = 16;
const INODE = 17;
const PACKET_MESSAGE_WORDS = 4;
const INET_DIAG_SKV6ONLY = 11;
const PACKET_DIAG_INFO = 0;
const PACKET_DIAG_UID = 5;
const PACKET_SHOW_INFO = 1;

/** `::ffff` of an IPv4-mapped address, as it is read. */
const MAPPED = 0xffff_0000;

/** An address, and its words as they were read. */
interface Known {
  readonly raw: readonly [number, number, number, number];
  readonly address: Address;
}

/** A table of the kernel by transport and family, and its name under /proc/net. */
export interface DiagTable {
  readonly name: string;
  readonly transport: Transport;
  readonly protocol: number;
  readonly family: number;
}

function both(transport: Transport, protocol: number): DiagTable[] {
  return [
    { name: transport, transport, protocol, family: AF_INET },
    { name: `${transport}6`, transport, protocol, family: AF_INET6 },
  ];
}

export const DIAG_TABLES: readonly DiagTable[] = [
  ...both('tcp', 6),
  ...both('udp', 17),
  ...both('udplite', 136),
  ...both('raw', 255),
];

/** Reads the tables of the network namespace we are in. Close it when done. */
export class SockDiag {
  private readonly socket = new NetlinkSocket(NETLINK_SOCK_DIAG);
  private readonly devices = new Map<number, string>();
  private readonly network: string | undefined;
  /** Most sockets share a few addresses: one object stands for each, by a hash of its words. */
  private readonly ipv6 = new Map<number, Known>();
  private readonly ipv4s = new Map<number, Address>();

  /** @param network what to call the namespace we are in, when it is not ours */
  constructor(network?: string) {
    this.network = network;
  }

  /**
   * Hands over the rows of one table: sockets that wait to be spoken to, and the others too when
   * asked for. Throws `SystemCallError` where the kernel does not offer the table.
   */
  read(table: DiagTable, connections: boolean, onRow: (row: TableRow) => void): void {
    const request = new Uint8Array(REQUEST_LENGTH);
    const view = new DataView(request.buffer);
    request[0] = table.family;
    request[1] = table.protocol;
    view.setUint32(4, statesOf(table, connections), true);
    this.socket.dump(SOCK_DIAG_BY_FAMILY, request, (_type, words, start, end) => {
      if (end - start >= MESSAGE_WORDS) onRow(this.row(table, words, start, end));
    });
  }

  private row(table: DiagTable, words: Uint32Array, start: number, end: number): TableRow {
    const state = (words[start]! >> 8) & 0xff;
    const ports = words[start + PORTS]!;
    const remotePort = swap16(ports >>> 16);
    const four = table.family === AF_INET;
    const device = words[start + INTERFACE]!;
    const listens = table.transport === 'tcp' && state === TCP_LISTEN;
    const connected =
      !listens &&
      (remotePort !== 0 ||
        (table.transport === 'raw' && !isZero(words, start + REMOTE, four ? 1 : 4)));
    const v6Only = four ? -1 : attribute(words, start + MESSAGE_WORDS, end, INET_DIAG_SKV6ONLY);
    // All members always, in one order: there may be tens of thousands.
    return {
      table: table.name,
      transport: table.transport,
      address: this.addressAt(words, start + LOCAL, four),
      port: swap16(ports & 0xffff),
      uid: words[start + USER]!,
      inode: words[start + INODE]!,
      remote: connected ? this.addressAt(words, start + REMOTE, four) : undefined,
      remotePort: connected ? remotePort : undefined,
      state: connected ? state : undefined,
      v6Only: v6Only < 0 ? undefined : (words[v6Only]! & 0xff) === 1,
      device: device === 0 ? undefined : this.deviceName(device),
      backlog: listens ? words[start + QUEUE_LIMIT] : undefined,
      network: this.network,
    };
  }

  /** Sockets that receive whole frames: sniffers, DHCP clients, this program's own captures. */
  readPacket(): TableRow[] {
    const rows: TableRow[] = [];
    const request = new Uint8Array(PACKET_REQUEST_LENGTH);
    request[0] = AF_PACKET;
    new DataView(request.buffer).setUint32(8, PACKET_SHOW_INFO, true);
    this.socket.dump(SOCK_DIAG_BY_FAMILY, request, (_type, words, start, end) => {
      if (end - start < PACKET_MESSAGE_WORDS) return;
      const info = attribute(words, start + PACKET_MESSAGE_WORDS, end, PACKET_DIAG_INFO);
      const uid = attribute(words, start + PACKET_MESSAGE_WORDS, end, PACKET_DIAG_UID);
      const device = info < 0 ? 0 : words[info]!;
      rows.push({
        table: 'packet',
        network: this.network,
        transport: 'packet',
        address: { family: 4, words: [0] },
        port: words[start]! >>> 16,
        uid: uid < 0 ? 0 : words[uid]!,
        inode: words[start + 1]!,
        ...(device === 0 ? {} : { device: this.deviceName(device) }),
      });
    });
    return rows;
  }

  /** Addresses stand in network order. An IPv4-mapped one becomes the IPv4 address. */
  private addressAt(from: Uint32Array, at: number, four: boolean): Address {
    const w0 = from[at]!;
    if (four) return this.ipv4(w0);
    const w1 = from[at + 1]!;
    const w2 = from[at + 2]!;
    const w3 = from[at + 3]!;
    if (w0 === 0 && w1 === 0 && w2 === MAPPED) return this.ipv4(w3);
    const hash = (w0 * 31 + w1 * 17 + w2 * 7 + w3) | 0;
    const known = this.ipv6.get(hash);
    if (known?.raw[0] === w0 && known.raw[1] === w1 && known.raw[2] === w2 && known.raw[3] === w3) {
      return known.address;
    }
    const raw = [w0, w1, w2, w3] as const;
    const address: Address = {
      family: 6,
      words: [swap32(w0), swap32(w1), swap32(w2), swap32(w3)],
    };
    this.ipv6.set(hash, { raw, address });
    return address;
  }

  private ipv4(raw: number): Address {
    let address = this.ipv4s.get(raw);
    if (address === undefined) {
      address = { family: 4, words: [swap32(raw)] };
      this.ipv4s.set(raw, address);
    }
    return address;
  }

  private deviceName(index: number): string {
    let name = this.devices.get(index);
    if (name === undefined) {
      name = interfaceName(index);
      this.devices.set(index, name);
    }
    return name;
  }

  close(): void {
    this.socket.close();
  }
}

function statesOf({ transport }: DiagTable, connections: boolean): number {
  if (connections) return ALL_STATES;
  // Those of UDP with a peer are counted; asking for all states of TCP would walk every connection.
  return transport === 'tcp' ? 1 << TCP_LISTEN : (1 << TCP_CLOSE) | (1 << TCP_ESTABLISHED);
}

function isZero(words: Uint32Array, at: number, count: number): boolean {
  for (let word = at; word < at + count; word++) if (words[word] !== 0) return false;
  return true;
}

/** Where the value of the first attribute of that type begins, or -1. */
function attribute(words: Uint32Array, start: number, end: number, wanted: number): number {
  for (let at = start; at < end; ) {
    const head = words[at]!;
    const length = head & 0xffff;
    const next = at + ((length + 3) >> 2);
    if (length < 4 || next > end) return -1;
    if (head >>> 16 === wanted) return length > 4 ? at + 1 : -1;
    at = next;
  }
  return -1;
}

/** Ports and addresses stand in network order, and netlink is read only in little-endian order. */
function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

function swap32(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
