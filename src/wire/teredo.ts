/**
 * Teredo (RFC 4380 section 5.1.1): IPv6 directly in UDP, after an optional authentication header
 * (00 01, client id length, authentication length, both, nonce 8, confirmation 1) and an optional
 * origin indication (00 00, port 2, address 4).
 *
 * Servers use port 3544; clients and relays then speak to each other from any port. A client is
 * remembered by its endpoint, so that its packets to relays are recognised too.
 */
import { TUNNEL_TEREDO } from './context.ts';
import type { Decoder } from './decoder.ts';
import { decodeIpv6 } from './ipv6.ts';

const SERVER_PORT = 3544;
const ORIGIN = 8;
const IPV6 = 40;
/** Clients remembered; an entry is overwritten by the next that falls on it. */
const CLIENTS = 256;
/** 2001:0::/32, the prefix of Teredo clients. */
const PREFIX = 0x20010000;

/** Endpoints that spoke Teredo with a server. */
export class TeredoClients {
  /** Whether there is any: saves the look-up for captures without Teredo. */
  any = false;
  private readonly endpoints = new Int32Array(2 * CLIENTS);

  add(address: number, port: number): void {
    const slot = slotOf(address, port);
    this.endpoints[slot] = address;
    this.endpoints[slot + 1] = port;
    this.any = true;
  }

  has(address: number, port: number): boolean {
    const slot = slotOf(address, port);
    return this.endpoints[slot] === address && this.endpoints[slot + 1] === port;
  }
}

function slotOf(address: number, port: number): number {
  return (Math.imul(address ^ (port << 8), 0x9e3779b1) >>> 24) << 1;
}

/** Decodes a datagram on the server port. */
export function decodeTeredo(d: Decoder, at: number, row: number, ports: number): void {
  const next = packetIn(d, at);
  if (next < 0) return;
  const fromServer = ports >>> 16 === SERVER_PORT;
  if (d.family === 0) {
    if (fromServer) d.teredo.add(d.destination, ports & 0xffff);
    else d.teredo.add(d.source, ports >>> 16);
  }
  open(d, next, row);
}

/** Decodes a datagram of a known client if it carries a packet from or to a Teredo address. */
export function decodeTeredoPeer(d: Decoder, at: number, row: number): void {
  const next = packetIn(d, at);
  if (next < 0) return;
  if (d.view.getInt32(next + 8) === PREFIX || d.view.getInt32(next + 24) === PREFIX) {
    open(d, next, row);
  }
}

/** Offset of the IPv6 packet, or -1. Its length must fit: any datagram may start with a 6. */
function packetIn(d: Decoder, at: number): number {
  let next = at;
  if (d.end - next >= 13 && d.view.getUint16(next) === 1) {
    next += 13 + d.bytes[next + 2]! + d.bytes[next + 3]!;
  }
  if (d.end - next >= ORIGIN && d.view.getUint16(next) === 0) next += ORIGIN;
  if (d.end - next < IPV6 || d.bytes[next]! >>> 4 !== 6) return -1;
  return d.view.getUint16(next + 4) + IPV6 > d.wireEnd - next ? -1 : next;
}

function open(d: Decoder, at: number, row: number): void {
  const before = d.rowCount;
  if (!d.enter(TUNNEL_TEREDO, 0)) return;
  decodeIpv6(d, at);
  d.leave(row, before);
}
