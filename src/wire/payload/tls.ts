/**
 * TLS (RFC 8446, RFC 5246) and its forerunner SSL 3.0. A record is type (1), version (2), length
 * (2), then for handshakes messages of type (1) and length (3). Hellos are always in clear: the
 * client's has the server's name (RFC 6066) and the protocols it offers (RFC 7301), the server's
 * the version agreed on. Up to TLS 1.2 the certificate follows in clear too.
 */
import { certificateNames } from './certificate.ts';
import { textAt } from './octets.ts';
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

const RECORD = 5;
const CHANGE_CIPHER = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
/** 2^14 octets and what encryption may add (RFC 5246 section 6.2.3). */
const MOST_RECORD = 16_384 + 2048;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
/** Handshake types of messages in clear that may begin a payload. */
const MESSAGES = new Set([0, 4, 11, 12, 13, 14, 15, 16, 20, 21, 22]);
/** Legacy version, random. */
const HELLO = 2 + 32;

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
/** Names in one list of protocols; more are not read. */
const MOST_PROTOCOLS = 8;

const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x300, 'SSL 3.0'],
  [0x301, 'TLS 1.0'],
  [0x302, 'TLS 1.1'],
  [0x303, 'TLS 1.2'],
  [0x304, 'TLS 1.3'],
]);

/** Whether a record header that TLS could have sent is at `at`. */
function isRecord(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!;
  if (type < CHANGE_CIPHER || type > DATA || bytes[at + 1] !== 3 || bytes[at + 2]! > 4)
    return false;
  const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
  return length > 0 && length <= MOST_RECORD;
}

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < RECORD + 1 || !isRecord(bytes, at)) return 0;
  const type = bytes[at]!;
  const record = view.getUint16(at + 3);
  if (type === CHANGE_CIPHER) return record === 1 && bytes[at + 5] === 1 ? LIKELY : 0;
  if (type === ALERT) {
    if (record !== 2) return record >= 16 && RECORD + record <= length ? LIKELY : 0;
    return end - at >= 7 && (bytes[at + 5] === 1 || bytes[at + 5] === 2) ? LIKELY : 0;
  }
  if (type === DATA) return record >= 16 ? LIKELY : 0;
  if (end - at < RECORD + 4) return 0;
  const message = bytes[at + RECORD]!;
  const stated = view.getUint32(at + RECORD) & 0xffffff;
  if (message === CLIENT_HELLO || message === SERVER_HELLO) {
    if (end - at < RECORD + 4 + HELLO + 1) return 0;
    // Only a client's hello may be so large that it goes on in another record.
    if (stated < HELLO + 4 || (message === SERVER_HELLO && stated + 4 > record)) return 0;
    const hello = at + RECORD + 4;
    if (bytes[hello] !== 3 || bytes[hello + 1]! > 3 || bytes[hello + HELLO]! > 32) return 0;
    return CERTAIN | (message === CLIENT_HELLO ? ASKS : ANSWERS);
  }
  return MESSAGES.has(message) && stated < 0x20000 ? LIKELY : 0;
}

/** Up to the end of the handshake record that goes on beyond the payload. */
function wants({ bytes, view, at, end }: Payload): number {
  for (let next = at; end - next >= RECORD && isRecord(bytes, next); ) {
    if (bytes[next] !== HANDSHAKE) return 0;
    next += RECORD + view.getUint16(next + 3);
    if (next > end) return next - at;
  }
  return 0;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end } = payload;
  for (let next = at; end - next >= RECORD && isRecord(bytes, next); ) {
    const stop = next + RECORD + view.getUint16(next + 3);
    if (bytes[next] !== HANDSHAKE) return;
    readMessages(payload, next + RECORD, Math.min(stop, end), to);
    next = stop;
  }
}

/** Reads the handshake messages of one record. */
function readMessages(payload: Payload, at: number, end: number, to: FactSink): void {
  const { bytes, view } = payload;
  for (let next = at; end - next >= 4; ) {
    const message = bytes[next]!;
    const body = next + 4;
    const stop = body + (view.getUint32(next) & 0xffffff);
    const limit = Math.min(stop, end);
    if (message === CLIENT_HELLO) readClientHello(payload, body, limit, to);
    else if (message === SERVER_HELLO) readServerHello(payload, body, limit, to);
    else if (message === CERTIFICATE) readCertificate(payload, body, limit, to);
    next = stop;
  }
}

function readClientHello({ bytes, view }: Payload, at: number, end: number, to: FactSink): void {
  let next = at + HELLO;
  if (next >= end) return;
  next += 1 + bytes[next]!;
  if (end - next < 2) return;
  next += 2 + view.getUint16(next);
  if (next >= end) return;
  next += 1 + bytes[next]! + 2;
  while (end - next >= 4) {
    const type = view.getUint16(next);
    const body = next + 4;
    const stop = body + view.getUint16(next + 2);
    if (stop > end) return;
    // List length (2), name type 0 (1), name length (2), name.
    if (type === SERVER_NAME && stop - body >= 5 && bytes[body + 2] === 0) {
      const from = body + 5;
      to.name(
        'sni',
        textAt(bytes, from, Math.min(stop, from + view.getUint16(body + 3))),
        'destination',
      );
    } else if (type === ALPN) readProtocols(bytes, body, stop, 'offered', to);
    next = stop;
  }
}

function readServerHello({ bytes, view }: Payload, at: number, end: number, to: FactSink): void {
  if (end - at < HELLO + 1) return;
  let version = view.getUint16(at);
  let next = at + HELLO + 1 + bytes[at + HELLO]! + 3 + 2;
  while (end - next >= 4) {
    const type = view.getUint16(next);
    const body = next + 4;
    const stop = body + view.getUint16(next + 2);
    if (stop > end) return;
    if (type === SUPPORTED_VERSIONS && stop - body === 2) version = view.getUint16(body);
    else if (type === ALPN) readProtocols(bytes, body, stop, 'alpn', to);
    next = stop;
  }
  to.service('version', VERSIONS.get(version) ?? `0x${version.toString(16)}`);
}

/** A list of protocol names: length of all (2), then length (1) and name of each. */
function readProtocols(
  bytes: Uint8Array,
  at: number,
  end: number,
  key: string,
  to: FactSink,
): void {
  let left = MOST_PROTOCOLS;
  for (let next = at + 2; next < end && left > 0; left--) {
    const stop = next + 1 + bytes[next]!;
    if (stop > end) return;
    to.service(key, textAt(bytes, next + 1, stop));
    next = stop;
  }
}

/** Only the first of the list is the server's own: length of all (3), of the first (3). */
function readCertificate({ bytes }: Payload, at: number, end: number, to: FactSink): void {
  if (end - at < 6) return;
  const { commonName, dnsNames } = certificateNames(bytes, at + 6, end);
  if (commonName !== '') to.service('certificate', commonName);
  for (const name of dnsNames) to.name('certificate', name, 'source');
  if (dnsNames.length === 0 && /^[\w*-]+(\.[\w-]+)+$/.test(commonName)) {
    to.name('certificate', commonName, 'source');
  }
}

export const TLS: Detector = {
  protocol: 'tls',
  transports: [6],
  ports: [
    443, 261, 448, 465, 563, 614, 636, 684, 695, 832, 853, 989, 990, 992, 993, 994, 995, 1311, 2083,
    2087, 2096, 2221, 2252, 2376, 2379, 2380, 3269, 3424, 3471, 4433, 4443, 5061, 5223, 5269, 5349,
    5671, 5986, 6443, 6514, 6619, 6679, 6697, 7002, 8243, 8443, 8531, 8883, 9093, 9443, 10250,
    16993, 18091, 18092, 20911,
  ],
  begins: [CHANGE_CIPHER, ALERT, HANDSHAKE, DATA],
  detect,
  wants,
  facts,
};
