/**
 * Cassandra's native protocol (its `doc/native_protocol_v3.spec` to `v5`), versions 3 to 5: version
 * (1; answers with the top bit), flags (1), stream (2), operation (1), length (4), body. A client
 * opens with OPTIONS or STARTUP.
 */
import { ascii, findAnyCase } from './octets.ts';
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

const HEADER = 9;
const ANSWER = 0x80;
const ERROR = 0;
const STARTUP = 1;
const READY = 2;
const AUTHENTICATE = 3;
const OPTIONS = 5;
const SUPPORTED = 6;
const QUERY = 7;
const CQL_VERSION = ascii('CQL_VERSION');
const AUTHENTICATOR = ascii('AUTHENTICATOR');

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER) return 0;
  const version = bytes[at]! & 0x7f;
  if (version < 3 || version > 6 || bytes[at + 1]! > 0x1f) return 0;
  const body = view.getUint32(at + 5);
  if (body + HEADER !== length) return 0;
  const operation = bytes[at + 4]!;
  if ((bytes[at]! & ANSWER) === 0) {
    if (operation === OPTIONS) return body === 0 ? LIKELY | ASKS : 0;
    if (operation === STARTUP) return has(bytes, at, end, CQL_VERSION) ? CERTAIN | ASKS : 0;
    if (operation !== QUERY || end - at < HEADER + 4) return 0;
    return view.getUint32(at + HEADER) + 7 <= body ? LIKELY | ASKS : 0;
  }
  if (operation === SUPPORTED) return has(bytes, at, end, CQL_VERSION) ? CERTAIN | ANSWERS : 0;
  if (operation === AUTHENTICATE) return has(bytes, at, end, AUTHENTICATOR) ? CERTAIN | ANSWERS : 0;
  if (operation === READY) return body === 0 ? LIKELY | ANSWERS : 0;
  return operation === ERROR && body > 6 ? LIKELY | ANSWERS : 0;
}

function has(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  return findAnyCase(bytes, at + HEADER, end, word) > 0;
}

function facts({ bytes, at, fromServer }: Payload, to: FactSink): void {
  if (fromServer) to.service('version', `protocol ${bytes[at]! & 0x7f}`);
}

export const CASSANDRA: Detector = {
  protocol: 'cassandra',
  transports: [6],
  ports: [9042],
  begins: [3, 4, 5, 6, 0x83, 0x84, 0x85, 0x86],
  detect,
  facts,
};
