/**
 * UDP (RFC 768): source port 0, destination port 2, length 4, checksum 6. Well-known tunnel ports
 * are looked into; what does not look like the tunnel's header is left as plain UDP.
 */
import type { Decoder } from './decoder.ts';
import { BY_CAPTURE } from './duplicates.ts';
import { TRANSPORT_CUT, UDP_LENGTH } from './faults.ts';
import { decodeGeneve } from './geneve.ts';
import { decodeGtp } from './gtp.ts';
import { udpHint } from './hints.ts';
import { M_FIRST_FRAGMENT, M_OFFLOADED_LENGTH } from './packet-batch.ts';
import { decodeTeredo, decodeTeredoPeer } from './teredo.ts';
import { emitCut } from './transport.ts';
import { decodeVxlan, decodeVxlanGpe } from './vxlan.ts';

const HEADER = 8;
/** Octets at either end of a payload that tell datagrams apart; a multiple of 4. */
const DIGESTED = 32;

/** All ports of `PORT_ACTION` are below: those of clients, which differ, need not be looked up. */
const ACTION_PORTS = 8473;
/** What a port calls for: 0 nothing, 1 a direction hint, above that a tunnel. */
const PORT_ACTION = new Uint8Array(ACTION_PORTS);
const HINT = 1;
const VXLAN = 2;
const GENEVE = 3;
const GTP = 4;
const TEREDO = 5;
const VXLAN_GPE = 6;
for (const port of [53, 67, 68, 69, 123, 137, 161, 443, 546, 547, 1812, 1813, 5353, 5355]) {
  PORT_ACTION[port] = HINT;
}
// 8472 is Linux's port for VXLAN before IANA assigned 4789.
PORT_ACTION[4789] = VXLAN;
PORT_ACTION[8472] = VXLAN;
PORT_ACTION[4790] = VXLAN_GPE;
PORT_ACTION[6081] = GENEVE;
PORT_ACTION[2152] = GTP;
PORT_ACTION[3544] = TEREDO;

/**
 * Makes UDP's own row and those of a tunnel in it. Returns UDP's row, -1 for a dropped duplicate.
 * @param identification of the IPv4 header around it, 0 for none
 */
export function decodeUdp(d: Decoder, at: number, identification: number): number {
  const captured = d.end - at;
  if (captured < 4) return emitCut(d, 17, at);
  const view = d.view;
  const ports = view.getInt32(at);
  const room = d.wireEnd - at - HEADER;
  if (captured < HEADER) {
    d.fault(TRANSPORT_CUT);
    return d.emit(17, ports, Math.max(room, 0), 0, 0, 0, 0);
  }
  const stated = view.getUint16(at + 4);
  let payload = stated - HEADER;
  // Zero: a jumbogram (RFC 2675) or segmentation offload. Fragments state the whole length.
  if (payload < 0 || payload > room) {
    if (stated !== 0 && (payload < 0 || !isPartOfMore(d))) d.fault(UDP_LENGTH);
    payload = Math.max(room, 0);
  }
  const action = actionOf(ports & 0xffff) || actionOf(ports >>> 16);
  const flags = action === HINT && payload > 0 ? udpHint(d, at + HEADER, ports) << 24 : 0;
  const checksum = view.getUint16(at + 6);
  let signature = 0;
  if (identification !== 0 || checksum !== 0) {
    signature =
      Math.imul((identification << 16) | checksum, 0x85ebca6b) ^ Math.imul(payload, 0xc2b2ae35);
    // Without an identification, and perhaps with a checksum left to the card, look at the data.
    if (identification === 0) {
      signature ^= digest(d, at + HEADER);
      d.telling = BY_CAPTURE;
    }
  }
  const row = d.emit(17, ports, payload, flags, 0, 0, signature);
  if (row >= 0) {
    // Before a tunnel is opened: that re-aims the decoder.
    if (d.listener !== null && payload > 0 && captured > HEADER)
      d.listener.hear(d, row, at + HEADER);
    if (action > HINT) openTunnel(d, action, at + HEADER, row, ports);
    else if (d.teredo.any && action === 0 && isTeredoPeer(d, ports)) {
      decodeTeredoPeer(d, at + HEADER, row);
    }
  }
  return row;
}

function actionOf(port: number): number {
  return port < ACTION_PORTS ? PORT_ACTION[port]! : 0;
}

/** Whether the length of the datagram need not fit the octets that are here. */
function isPartOfMore(d: Decoder): boolean {
  if ((d.marks & (M_FIRST_FRAGMENT | M_OFFLOADED_LENGTH)) !== 0) return true;
  return d.depth > 0 && d.partial;
}

/** A number over the first and the last octets captured of a payload: all of a short one. */
function digest(d: Decoder, at: number): number {
  const view = d.view;
  const stop = d.end - 4;
  let h = 0;
  for (let next = at; next <= stop && next < at + DIGESTED; next += 4) {
    h = Math.imul(h ^ view.getInt32(next), 0x9e3779b1);
    h ^= h >>> 15;
  }
  for (let next = Math.max(at, d.end - DIGESTED); next <= stop; next += 4) {
    h = Math.imul(h ^ view.getInt32(next), 0x9e3779b1);
    h ^= h >>> 15;
  }
  return h;
}

function isTeredoPeer(d: Decoder, ports: number): boolean {
  if (d.family !== 0) return false;
  return d.teredo.has(d.source, ports >>> 16) || d.teredo.has(d.destination, ports & 0xffff);
}

function openTunnel(d: Decoder, action: number, at: number, row: number, ports: number): void {
  switch (action) {
    case VXLAN:
      return decodeVxlan(d, at, row);
    case VXLAN_GPE:
      return decodeVxlanGpe(d, at, row);
    case GENEVE:
      return decodeGeneve(d, at, row);
    case GTP:
      return decodeGtp(d, at, row);
    case TEREDO:
      return decodeTeredo(d, at, row, ports);
  }
}
