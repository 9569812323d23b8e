/**
 * MySQL and MariaDB (MySQL's “Client/Server Protocol”, handshake version 10): packets of length (3,
 * little endian), sequence number (1) and body. The server greets with 10, its version, a thread
 * number, 8 octets of salt and a zero; the client answers with capabilities (4), packet size (4),
 * character set (1) and 23 zeros.
 */
import { findOctet, isText, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const HEADER = 4;
const PROTOCOL_10 = 10;
const ERROR = 0xff;
/** MariaDB puts this before its version, for replicas of old MySQL. */
const MARIADB = /^5\.5\.5-(?=\d)/;
const MOST_VERSION = 80;
/** Thread, salt, zero, capabilities. */
const AFTER_VERSION = 4 + 8 + 1 + 2;
/** Capabilities that every client of today sets: protocol 4.1, secure connection. */
const PROTOCOL_41 = 0x200;
const FILLER = 23;
const RESPONSE = 4 + 4 + 1 + FILLER;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER + 5) return 0;
  const size = view.getUint32(at, true) & 0xffffff;
  const sequence = bytes[at + 3]!;
  if (sequence === 0) {
    if (size + HEADER !== length) return 0;
    if (bytes[at + 4] === PROTOCOL_10) return isGreeting(bytes, at, end) ? CERTAIN | ANSWERS : 0;
    return isRefusal(bytes, at, end) ? CERTAIN | ANSWERS : 0;
  }
  if (sequence !== 1 || size < RESPONSE || size + HEADER > length) return 0;
  if (end - at < HEADER + RESPONSE || (view.getUint32(at + 4, true) & PROTOCOL_41) === 0) return 0;
  // MariaDB puts more capabilities into the last four of these.
  for (let next = at + HEADER + 9; next < at + HEADER + 9 + FILLER - 4; next++) {
    if (bytes[next] !== 0) return 0;
  }
  return view.getUint32(at + 8, true) <= 0x40000000 ? CERTAIN | ASKS : 0;
}

/** A printable version that begins with a digit, and a zero where the salt's first part ends. */
function isGreeting(bytes: Uint8Array, at: number, end: number): boolean {
  const version = at + HEADER + 1;
  const stop = findOctet(bytes, version, Math.min(end, version + MOST_VERSION), 0);
  if (stop < version + 3 || end - stop < 1 + AFTER_VERSION) return false;
  const first = bytes[version]!;
  if (first < 0x30 || first > 0x39 || !isText(bytes, version, stop)) return false;
  return bytes[stop + 1 + 12] === 0;
}

/** Error 1129 or 1130 (host blocked, host not allowed) or 1040 (too many connections). */
function isRefusal(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at + 4] !== ERROR || end - at < 16) return false;
  const code = bytes[at + 5]! | (bytes[at + 6]! << 8);
  return (code === 1129 || code === 1130 || code === 1040) && isText(bytes, at + 7, end);
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || bytes[at + 3] !== 0 || bytes[at + 4] !== PROTOCOL_10) return;
  const version = at + HEADER + 1;
  const stop = findOctet(bytes, version, Math.min(end, version + MOST_VERSION), 0);
  if (stop > version) to.service('version', textAt(bytes, version, stop).replace(MARIADB, ''));
}

export const MYSQL: Detector = {
  protocol: 'mysql',
  transports: [6],
  ports: [3306],
  detect,
  facts,
};
