/**
 * The NetBIOS name service (RFC 1002 section 4.2): DNS's header with other flags, and names of 16
 * octets of which each is spelled with two letters from A to P (RFC 1001 section 14.1). The last
 * octet of a name says which service claims it.
 */
import { skipName } from './dns-name.ts';
import { netbiosNameAt } from './netbios-spelling.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const HEADER = 12;
/** Length octet, 32 letters. */
const SPELLED = 33;
const TYPE_NB = 0x20;
const TYPE_NBSTAT = 0x21;
const REGISTER = 5;
const GROUP = 0x8000;
/** Bytes of a name in a node status answer: 15 characters, suffix, flags. */
const STATUS_NAME = 18;
const MOST_NAMES = 64;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER + SPELLED + 1) return 0;
  const flags = view.getUint16(at + 2);
  const opcode = (flags >>> 11) & 15;
  if (opcode !== 0 && (opcode < REGISTER || opcode > 9 || (flags & 0x60) !== 0)) return 0;
  const questions = view.getUint16(at + 4);
  const answers = view.getUint16(at + 6);
  if (questions + answers !== 1 || view.getUint16(at + 8) !== 0 || view.getUint16(at + 10) > 1) {
    return 0;
  }
  const after = nameEnd(bytes, at + HEADER, end);
  if (after < 0) return 0;
  const side = flags >= 0x8000 ? ANSWERS : ASKS;
  if (after + 4 > end) return end - at < length ? LIKELY | side : 0;
  const type = view.getUint16(after);
  // Negative answers may say NULL (10); redirections NS (2).
  if (type !== TYPE_NB && type !== TYPE_NBSTAT && (side === ASKS || (type !== 10 && type !== 2))) {
    return 0;
  }
  return view.getUint16(after + 2) === 1 ? CERTAIN | side : 0;
}

/** Index after a name whose first label is spelled with letters from A to P, or -1. */
function nameEnd(bytes: Uint8Array, at: number, end: number): number {
  if (end - at <= SPELLED || bytes[at] !== SPELLED - 1) return -1;
  for (let next = at + 1; next < at + SPELLED; next++) {
    if (bytes[next]! < 0x41 || bytes[next]! > 0x50) return -1;
  }
  return skipName(bytes, at, end);
}

/** Names that hosts claim: registrations, positive answers, node status. Questions claim none. */
function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end } = payload;
  const flags = view.getUint16(at + 2);
  const opcode = (flags >>> 11) & 15;
  const after = nameEnd(bytes, at + HEADER, end);
  if (after < 0 || after + 4 > end || (flags & 15) !== 0) return;
  if (view.getUint16(at + 4) === 1) {
    // A registration's question, then the record with the address (RFC 1002 section 4.2.2).
    const record = skipName(bytes, after + 4, end);
    if (opcode >= REGISTER && opcode !== 6 && record > 0) {
      tellAddresses(payload, at + HEADER, record, to);
    }
  } else if (view.getUint16(after) === TYPE_NB) {
    tellAddresses(payload, at + HEADER, after, to);
  } else if (view.getUint16(after) === TYPE_NBSTAT) {
    tellStatus(payload, after + 10, to);
  }
}

/** A record's data: flags and an address, each six octets; `record` is at its type. */
function tellAddresses({ bytes, view, end }: Payload, name: number, record: number, to: FactSink) {
  if (record + 10 > end || view.getUint16(record) !== TYPE_NB) return;
  const stop = Math.min(end, record + 10 + view.getUint16(record + 8));
  const text = netbiosNameAt(bytes, name);
  for (let next = record + 10, count = 0; next + 6 <= stop && count < MOST_NAMES; count++) {
    const kind = view.getUint16(next) & GROUP ? 'netbios-group' : 'netbios';
    to.name(kind, text, bytes.slice(next + 2, next + 6));
    next += 6;
  }
}

/** Node status: a count, then the sender's names (RFC 1002 section 4.2.18). */
function tellStatus({ bytes, view, end }: Payload, at: number, to: FactSink): void {
  if (at >= end) return;
  let next = at + 1;
  for (let count = 0; count < bytes[at]! && count < MOST_NAMES; count++) {
    if (next + STATUS_NAME > end) return;
    let text = '';
    for (let index = 0; index < 15; index++) text += String.fromCharCode(bytes[next + index]!);
    const suffix = bytes[next + 15]!.toString(16).padStart(2, '0');
    const kind = view.getUint16(next + 16) & GROUP ? 'netbios-group' : 'netbios';
    to.name(kind, `${text.trimEnd()}<${suffix}>`, 'source');
    next += STATUS_NAME;
  }
}

export const NETBIOS_NAME: Detector = {
  protocol: 'netbios-ns',
  transports: [17],
  ports: [137],
  follows: true,
  detect,
  facts,
};
