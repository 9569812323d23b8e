/**
 * SSH (RFC 4253 section 4.2): both ends first send `SSH-protoversion-softwareversion`. A server may
 * send other lines before. Where the capture begins later, the key exchange in clear tells: packet
 * length (4), padding length (1), message 20, cookie (16), then lists of algorithms.
 */
import { ascii, isAt, isText, lineEnd, textAt } from './octets.ts';
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const BANNER = ascii('SSH-');
const KEY_EXCHANGE = 20;
/** Packet length, padding length, message, cookie, length of the first list. */
const FIRST_LIST = 4 + 1 + 1 + 16 + 4;
/** RFC 4253 section 6.1: packets of this size must be accepted, larger ones are rare. */
const MOST_PACKET = 35_000;
/** Lines before the version and octets in them that are looked through. */
const MOST_LINES = 8;
const MOST_BEFORE = 1024;
const PORT = 22;

/** Index of the version line, or -1. */
function versionLine({ bytes, at, end, sourcePort }: Payload): number {
  if (isVersion(bytes, at, end)) return at;
  if (sourcePort !== PORT) return -1;
  let next = at;
  for (let line = 0; line < MOST_LINES && next - at < MOST_BEFORE; line++) {
    const stop = lineEnd(bytes, next, end);
    if (stop >= end || !isText(bytes, next, stop)) return -1;
    next = bytes[stop] === 13 ? stop + 2 : stop + 1;
    if (isVersion(bytes, next, end)) return next;
  }
  return -1;
}

/** `SSH-2.0-`, `SSH-1.99-`, `SSH-1.5-`. */
function isVersion(bytes: Uint8Array, at: number, end: number): boolean {
  if (!isAt(bytes, at, end, BANNER) || end - at < 9) return false;
  const major = bytes[at + 4]!;
  if ((major !== 0x31 && major !== 0x32) || bytes[at + 5] !== 0x2e) return false;
  const minor = bytes[at + 6]!;
  if (minor < 0x30 || minor > 0x39) return false;
  return bytes[at + 7] === 0x2d || bytes[at + 8] === 0x2d;
}

function detect(payload: Payload): Detection {
  if (versionLine(payload) >= 0) return CERTAIN;
  const { bytes, view, at, end } = payload;
  if (end - at < FIRST_LIST + 8 || bytes[at] !== 0 || bytes[at + 5] !== KEY_EXCHANGE) return 0;
  const packet = view.getUint32(at);
  const list = view.getUint32(at + FIRST_LIST - 4);
  if (packet > MOST_PACKET || bytes[at + 4]! < 4 || list < 8 || list + 22 > packet) return 0;
  return isNames(bytes, at + FIRST_LIST, Math.min(end, at + FIRST_LIST + list)) ? CERTAIN : 0;
}

/** Algorithm names are printable and joined by commas; the first are key exchange methods. */
function isNames(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at; next < end; next++) {
    const octet = bytes[next]!;
    if (octet <= 0x20 || octet > 0x7e) return false;
  }
  const first = bytes[at]!;
  // curve…, diffie…, ecdh…, sntrup…, mlkem…, kexguess…, ext-info
  return first === 0x63 || first === 0x64 || first === 0x65 || first === 0x73 || first === 0x6d;
}

function facts(payload: Payload, to: FactSink): void {
  const line = versionLine(payload);
  if (line < 0 || !payload.fromServer) return;
  const { bytes, end } = payload;
  const text = textAt(bytes, line, lineEnd(bytes, line, end));
  const [, version = '', ...software] = text.split('-');
  to.service('version', version);
  to.service('product', software.join('-'));
}

export const SSH: Detector = {
  protocol: 'ssh',
  transports: [6],
  ports: [PORT, 2222, 830],
  // A key exchange, or text.
  begins: [0, 10, 13, ...Array.from({ length: 95 }, (_, index) => 0x20 + index)],
  detect,
  facts,
};
