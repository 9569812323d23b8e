/**
 * Oracle Net (TNS; unpublished, as Wireshark's `packet-tns.c` reads it): packets of length (2),
 * checksum (2, zero), type (1), flags (1) and header checksum (2, zero). A CONNECT has versions,
 * sizes and a description in brackets:
 * `(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=…)(CID=(PROGRAM=…)(HOST=…)(USER=…))))`.
 */
import { ascii, findAnyCase, findOctet, textAt } from './octets.ts';
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

const HEADER = 8;
const CONNECT = 1;
const ACCEPT = 2;
const REFUSE = 4;
const REDIRECT = 5;
const RESEND = 11;
/** Protocol versions in use: 8i speaks 310, 21c 319. */
const LEAST_VERSION = 300;
const MOST_VERSION = 330;
const DESCRIPTION = ascii('(DESCRIPTION=');
const ADDRESS = ascii('(ADDRESS=');
const ERROR = ascii('(ERR=');
const SERVICE = ascii('(SERVICE_NAME=');
const SID = ascii('(SID=');
const HOST = ascii('(HOST=');
const CID = ascii('(CID=');

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER) return 0;
  // Since version 315 lengths of later packets have 4 octets; the first ones here never do.
  const size = view.getUint16(at);
  if (size < HEADER || size > length || view.getUint16(at + 2) !== 0) return 0;
  if (view.getUint16(at + 6) !== 0) return 0;
  const type = bytes[at + 4]!;
  if (type === RESEND) return size === HEADER && length === HEADER ? LIKELY | ANSWERS : 0;
  if (end - at < HEADER + 4) return 0;
  const version = view.getUint16(at + HEADER);
  const known = version >= LEAST_VERSION && version <= MOST_VERSION;
  if (type === CONNECT) {
    if (!known || view.getUint16(at + HEADER + 2) > version) return 0;
    return findAnyCase(bytes, at + HEADER, end, DESCRIPTION) > 0 ? CERTAIN | ASKS : LIKELY | ASKS;
  }
  if (type === ACCEPT) return known && size === length && size >= 24 ? CERTAIN | ANSWERS : 0;
  if (type === REFUSE || type === REDIRECT) {
    const word = type === REFUSE ? ERROR : ADDRESS;
    return findAnyCase(bytes, at + HEADER, end, word) > 0 ? CERTAIN | ANSWERS : 0;
  }
  return 0;
}

function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (fromServer) {
    if (bytes[at + 4] === ACCEPT) to.service('version', String(view.getUint16(at + HEADER)));
    return;
  }
  const service = valueBehind(bytes, at, end, SERVICE) || valueBehind(bytes, at, end, SID);
  if (service !== '') to.service('service', service);
  const client = findAnyCase(bytes, at, end, CID);
  if (client < 0) return;
  const host = valueBehind(bytes, client, end, HOST);
  if (/^[A-Za-z0-9][\w.-]*$/.test(host) && !host.startsWith('__'))
    to.name('oracle', host, 'source');
}

/** What stands between `(KEY=` and the next bracket. */
function valueBehind(bytes: Uint8Array, at: number, end: number, key: Uint8Array): string {
  const found = findAnyCase(bytes, at, end, key);
  if (found < 0) return '';
  const from = found + key.length;
  const stop = findOctet(bytes, from, Math.min(end, from + 128), 0x29);
  return stop < 0 ? '' : textAt(bytes, from, stop);
}

export const ORACLE_TNS: Detector = {
  protocol: 'oracle-tns',
  transports: [6],
  ports: [1521, 1522, 1526],
  begins: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  detect,
  facts,
};
