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

/** Octets of inet_diag_req_v2, inet_diag_msg, packet_diag_req and packet_diag_msg. */
const REQUEST_LENGTH = 56;
const MESSAGE_LENGTH = 72;
const PACKET_REQUEST_LENGTH = 20;
const PACKET_MESSAGE_LENGTH = 16;
const INET_DIAG_SKV6ONLY = 11;
const PACKET_DIAG_INFO = 0;
const PACKET_DIAG_UID = 5;
const PACKET_SHOW_INFO = 1;

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
  private readonly ipv6 = new Map<number, Address>();
  private readonly ipv4s = new Map<number, Address>();

  /** @param network what to call the namespace we are in, when it is not ours */
  constructor(network?: string) {
    this.network = network;
  }

  /**
   * Rows of one table: sockets that wait to be spoken to, and the others too when asked for.
   * Throws `SystemCallError` where the kernel does not offer the table.
   */
  read(table: DiagTable, connections: boolean): TableRow[] {
    const rows: TableRow[] = [];
    const request = new Uint8Array(REQUEST_LENGTH);
    const view = new DataView(request.buffer);
    request[0] = table.family;
    request[1] = table.protocol;
    view.setUint32(4, statesOf(table, connections), true);
    this.socket.dump(SOCK_DIAG_BY_FAMILY, request, (_type, message, start, end) => {
      if (end - start >= MESSAGE_LENGTH) rows.push(this.row(table, message, start, end));
    });
    return rows;
  }

  private row(table: DiagTable, view: DataView, start: number, end: number): TableRow {
    const state = view.getUint8(start + 1);
    const remotePort = view.getUint16(start + 6);
    const words = table.family === AF_INET ? 1 : 4;
    const device = view.getUint32(start + 40, true);
    const listens = table.transport === 'tcp' && state === TCP_LISTEN;
    const connected =
      !listens &&
      (remotePort !== 0 || (table.transport === 'raw' && !isZero(view, start + 24, words)));
    const v6Only =
      table.family === AF_INET6
        ? attribute(view, start + MESSAGE_LENGTH, end, INET_DIAG_SKV6ONLY)
        : -1;
    // All members always, in one order: there may be tens of thousands.
    return {
      table: table.name,
      transport: table.transport,
      address: this.addressAt(view, start + 8, words),
      port: view.getUint16(start + 4),
      uid: view.getUint32(start + 64, true),
      inode: String(view.getUint32(start + 68, true)),
      remote: connected ? this.addressAt(view, start + 24, words) : undefined,
      remotePort: connected ? remotePort : undefined,
      state: connected ? state : undefined,
      v6Only: v6Only < 0 ? undefined : view.getUint8(v6Only) === 1,
      device: device === 0 ? undefined : this.deviceName(device),
      backlog: listens ? view.getUint32(start + 60, true) : undefined,
      network: this.network,
    };
  }

  /** Sockets that receive whole frames: sniffers, DHCP clients, this program's own captures. */
  readPacket(): TableRow[] {
    const rows: TableRow[] = [];
    const request = new Uint8Array(PACKET_REQUEST_LENGTH);
    request[0] = AF_PACKET;
    new DataView(request.buffer).setUint32(8, PACKET_SHOW_INFO, true);
    this.socket.dump(SOCK_DIAG_BY_FAMILY, request, (_type, view, start, end) => {
      if (end - start < PACKET_MESSAGE_LENGTH) return;
      const info = attribute(view, start + PACKET_MESSAGE_LENGTH, end, PACKET_DIAG_INFO);
      const uid = attribute(view, start + PACKET_MESSAGE_LENGTH, end, PACKET_DIAG_UID);
      const device = info < 0 ? 0 : view.getUint32(info, true);
      rows.push({
        table: 'packet',
        network: this.network,
        transport: 'packet',
        address: { family: 4, words: [0] },
        port: view.getUint16(start + 2, true),
        uid: uid < 0 ? 0 : view.getUint32(uid, true),
        inode: String(view.getUint32(start + 4, true)),
        ...(device === 0 ? {} : { device: this.deviceName(device) }),
      });
    });
    return rows;
  }

  /** Addresses stand in network order. An IPv4-mapped one becomes the IPv4 address. */
  private addressAt(view: DataView, at: number, count: number): Address {
    const w0 = view.getUint32(at);
    if (count === 1) return this.ipv4(w0);
    const w1 = view.getUint32(at + 4);
    const w2 = view.getUint32(at + 8);
    const w3 = view.getUint32(at + 12);
    if (w0 === 0 && w1 === 0 && w2 === 0xffff) return this.ipv4(w3);
    const hash = (w0 * 31 + w1 * 17 + w2 * 7 + w3) | 0;
    const known = this.ipv6.get(hash);
    if (known !== undefined) {
      const { words } = known;
      if (words[0] === w0 && words[1] === w1 && words[2] === w2 && words[3] === w3) return known;
    }
    const address: Address = { family: 6, words: [w0, w1, w2, w3] };
    this.ipv6.set(hash, address);
    return address;
  }

  private ipv4(word: number): Address {
    let address = this.ipv4s.get(word);
    if (address === undefined) {
      address = { family: 4, words: [word] };
      this.ipv4s.set(word, address);
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

function isZero(view: DataView, at: number, count: number): boolean {
  for (let word = 0; word < count; word++) if (view.getUint32(at + 4 * word) !== 0) return false;
  return true;
}

/** Offset of the value of the first attribute of that type, or -1. */
function attribute(view: DataView, start: number, end: number, wanted: number): number {
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > end) return -1;
    if (view.getUint16(at + 2, true) === wanted) return at + 4;
    at += (length + 3) & ~3;
  }
  return -1;
}
