/**
 * TCP (RFC 9293 section 3.1).
 *
 * Offsets: source port 0, destination port 2, sequence 4, acknowledgment 8, data offset 12,
 * flags 13, window 14, checksum 16, urgent 18, options 20.
 */
import type { Decoder } from './decoder.ts';
import { BY_COMPANY, BY_CONTENT, BY_OPENING } from './duplicates.ts';
import { TCP_INVALID, TRANSPORT_CUT } from './faults.ts';
import { tcpHint } from './hints.ts';
import { M_LENGTH_UNKNOWN, M_NO_TRANSPORT } from './packet-batch.ts';
import { emitCut } from './transport.ts';

const HEADER = 20;
/** Octets of the header up to the flags. */
const WITH_FLAGS = 14;
/** In place of one that was not captured: any but 0 says nothing. */
const SOME_WINDOW = 0xffff;
/** Flags where the control word has them. */
const SYN = 0x20000;
const ACK = 0x100000;
const RST_ACK = 0x140000;
/** What an Ethernet frame carries without jumbo frames. */
const ETHERNET_MTU = 1500;

/**
 * Returns the row's first word index, -1 for a dropped copy. A cut header's row has what is there
 * of it. `identification` is that of the IPv4 header around it, 0 for none.
 */
export function decodeTcp(d: Decoder, at: number, identification: number): number {
  const captured = d.end - at;
  if (captured < HEADER) return decodeCutTcp(d, at, captured);
  const view = d.view;
  const ports = view.getInt32(at);
  const sequence = view.getInt32(at + 4);
  const acknowledgment = view.getInt32(at + 8);
  const control = view.getInt32(at + 12);
  const headerLength = (control >>> 26) & 0x3c;
  let payload = d.wireEnd - at - headerLength;
  if (headerLength < HEADER || payload < 0) {
    d.fault(TCP_INVALID);
    d.marks |= M_LENGTH_UNKNOWN;
    payload = 0;
  }
  if (d.ipLength > ETHERNET_MTU) d.oversizedPackets++;
  let flags = ((control >>> 16) & 0xff) | ((control & 0xffff) << 8);
  if (payload > 0 && captured - headerLength >= 5) {
    flags |= tcpHint(d, at + headerLength, ports) << 24;
  }
  const signature =
    Math.imul(sequence ^ acknowledgment, 0x85ebca6b) ^
    ((identification << 16) | view.getUint16(at + 16)) ^
    Math.imul(payload + (control & 0xff0000), 0xc2b2ae35);
  if ((control & SYN) !== 0) d.telling = BY_OPENING;
  else if (identification === 0) {
    // An RST that refuses a SYN (RFC 9293 section 3.10.7.1) is no more repeated than that.
    const refuses = (control & RST_ACK) === RST_ACK && sequence === 0;
    d.telling = refuses ? BY_OPENING : payload > 0 ? BY_CONTENT : BY_COMPANY;
  }
  const row = d.emit(6, ports, payload, flags, sequence, acknowledgment, signature);
  const listener = d.listener;
  if (listener !== null && row >= 0) {
    if (payload > 0) {
      if (captured > headerLength) listener.hear(d, row, at + headerLength);
    } else if ((control & SYN) !== 0) listener.open(d, row, (control & ACK) !== 0);
  }
  return row;
}

/**
 * A header that the capture cut: up to its flags, which a snap length of 68 octets leaves of TCP
 * over IPv6, or ports alone, if they are there.
 */
function decodeCutTcp(d: Decoder, at: number, captured: number): number {
  if (captured < 4) return emitCut(d, 6, at);
  if (captured >= WITH_FLAGS && d.wireEnd - at >= HEADER) {
    const control = d.view.getUint16(at + 12);
    const payload = d.wireEnd - at - ((control >>> 10) & 0x3c);
    if (control >>> 12 >= HEADER / 4 && payload >= 0)
      return emitWithoutWindow(d, at, control, payload);
  }
  d.fault(TRANSPORT_CUT);
  d.marks |= M_NO_TRANSPORT;
  const payload = d.wireEnd - at - HEADER;
  return d.emit(6, d.view.getInt32(at), Math.max(payload, 0), 0, 0, 0, 0);
}

/** All that connections are followed by was captured; the window was not. */
function emitWithoutWindow(d: Decoder, at: number, control: number, payload: number): number {
  const { view } = d;
  if (d.ipLength > ETHERNET_MTU) d.oversizedPackets++;
  const flags = (control & 0xff) | (SOME_WINDOW << 8);
  const row = d.emit(
    6,
    view.getInt32(at),
    payload,
    flags,
    view.getInt32(at + 4),
    view.getInt32(at + 8),
    0,
  );
  const opens = (control & (SYN >>> 16)) !== 0;
  if (opens && payload === 0 && row >= 0) d.listener?.open(d, row, (control & (ACK >>> 16)) !== 0);
  return row;
}
