/**
 * Messages of a TLS handshake that are in clear, as TLS (RFC 8446, RFC 5246) and DTLS (RFC 9147, RFC
 * 6347) have them in common: the client's hello with the server's name (RFC 6066) and the protocols
 * it offers (RFC 7301), the server's with the version agreed on, and up to TLS 1.2 the certificate.
 */
import { certificateNames } from './certificate.ts';
import { textAt } from './octets.ts';
import type { FactSink, Payload } from './payload.ts';

/** What messages are read from. */
export type Octets = Pick<Payload, 'bytes' | 'view' | 'end'>;

export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
const CERTIFICATE = 11;
/** Legacy version, random. */
export const HELLO = 2 + 32;
/** First octet of DTLS's versions, which count downwards. */
export const DATAGRAMS = 0xfe;

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
  [0xfeff, 'DTLS 1.0'],
  [0xfefd, 'DTLS 1.2'],
  [0xfefc, 'DTLS 1.3'],
]);
/** Versions that a hello of 1.3 has where the version stood before. */
const STANDS_FOR_LATER = new Set([0x303, 0xfefd]);

/**
 * Reads what the message tells; `at` is behind its header, `end` where it stops, or what is there of it
 * where it is not `whole`.
 */
export function readMessage(
  octets: Octets,
  message: number,
  at: number,
  end: number,
  whole: boolean,
  to: FactSink,
): void {
  if (message === CLIENT_HELLO) readClientHello(octets, at, end, to);
  else if (message === SERVER_HELLO) readServerHello(octets, at, end, whole, to);
  else if (message === CERTIFICATE) readCertificate(octets, at, end, to);
}

function readClientHello({ bytes, view }: Octets, at: number, end: number, to: FactSink): void {
  let next = at + HELLO;
  if (next >= end) return;
  next += 1 + bytes[next]!;
  if (bytes[at] === DATAGRAMS) {
    // A cookie, which TLS over TCP has no need of.
    if (next >= end) return;
    next += 1 + bytes[next]!;
  }
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

function readServerHello(
  { bytes, view }: Octets,
  at: number,
  end: number,
  whole: boolean,
  to: FactSink,
): void {
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
  // An extension that was not captured may make a later version of it.
  if (!whole && STANDS_FOR_LATER.has(version)) return;
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
function readCertificate({ bytes }: Octets, at: number, end: number, to: FactSink): void {
  if (end - at < 6) return;
  const { commonName, dnsNames } = certificateNames(bytes, at + 6, end);
  if (commonName !== '') to.service('certificate', commonName);
  for (const name of dnsNames) to.name('certificate', name, 'source');
  if (dnsNames.length === 0 && /^[\w*-]+(\.[\w-]+)+$/.test(commonName)) {
    to.name('certificate', commonName, 'source');
  }
}
