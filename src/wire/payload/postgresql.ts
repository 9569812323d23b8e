/**
 * PostgreSQL (its manual, “Frontend/Backend Protocol”, version 3): the client's first message has a
 * length (4) and a version or request number (4) and no type; all others begin with a type (1),
 * then the length.
 */
import { ascii, findOctet, isAt, isText, textAt } from './octets.ts';
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

/** Request numbers in place of a version. */
const CANCEL = 80_877_102;
const SSL = 80_877_103;
const GSS = 80_877_104;
const AUTHENTICATION = 0x52;
const ERROR = 0x45;
const QUERY = 0x51;
const STATUS = 0x53;
const SEVERITY = ['SFATAL', 'SERROR', 'SPANIC'].map(ascii);
const USER = ascii('user\0');
const SCRAM = ascii('SCRAM-SHA-256');
const SERVER_VERSION = ascii('server_version\0');
const CLEAR_TEXT = 3;
/** ParameterStatus messages looked through. */
const MOST_MESSAGES = 24;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 8) return 0;
  const first = bytes[at]!;
  if (first === 0) {
    if (view.getUint32(at) !== length) return 0;
    const request = view.getUint32(at + 4);
    if (request === SSL || request === GSS) return length === 8 ? CERTAIN | ASKS : 0;
    if (request === CANCEL) return length === 16 ? CERTAIN | ASKS : 0;
    if (request >>> 16 !== 3) return 0;
    return isAt(bytes, at + 8, end, USER) || isParameters(bytes, at + 8, end) ? CERTAIN | ASKS : 0;
  }
  const size = view.getUint32(at + 1);
  if (size < 4 || size + 1 > length) return 0;
  if (first === AUTHENTICATION) return isAuthentication(view, bytes, at, end, size);
  if (first === ERROR) {
    for (const word of SEVERITY) if (isAt(bytes, at + 5, end, word)) return CERTAIN | ANSWERS;
    return 0;
  }
  // A query alone: text that ends with a zero.
  if (first !== QUERY || size + 1 !== length || end - at !== length || bytes[end - 1] !== 0)
    return 0;
  return size > 6 && isText(bytes, at + 5, end - 1) ? LIKELY | ASKS : 0;
}

/** A list of zero-ended words, as `user`, `database` and their values are. */
function isParameters(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = findOctet(bytes, at, Math.min(end, at + 64), 0);
  return stop > at + 2 && isText(bytes, at, stop) && bytes[end - 1] === 0;
}

function isAuthentication(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  end: number,
  size: number,
): Detection {
  if (end - at < 9) return 0;
  const method = view.getUint32(at + 5);
  if (method === 10) return isAt(bytes, at + 9, end, SCRAM) ? CERTAIN | ANSWERS : LIKELY | ANSWERS;
  if (method === 5) return size === 12 ? CERTAIN | ANSWERS : 0;
  if (size !== 8) return 0;
  // 0 accepted, what follows are parameters; 2, 3, 6, 7, 9 ask for something.
  if (method === 0)
    return end - at > 9 && bytes[at + 9] === STATUS ? CERTAIN | ANSWERS : LIKELY | ANSWERS;
  return method === 2 || method === CLEAR_TEXT || (method >= 6 && method <= 9)
    ? LIKELY | ANSWERS
    : 0;
}

function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || bytes[at] !== AUTHENTICATION) return;
  if (view.getUint32(at + 5) === CLEAR_TEXT) to.service('login', 'in clear');
  let next = at;
  for (let message = 0; message < MOST_MESSAGES && end - next >= 5; message++) {
    const body = next + 5;
    const stop = next + 1 + view.getUint32(next + 1);
    if (bytes[next] === STATUS && isAt(bytes, body, end, SERVER_VERSION)) {
      const from = body + SERVER_VERSION.length;
      const last = findOctet(bytes, from, Math.min(stop, end), 0);
      if (last > 0) to.service('version', textAt(bytes, from, last));
      return;
    }
    if (stop <= next) return;
    next = stop;
  }
}

export const POSTGRESQL: Detector = {
  protocol: 'postgresql',
  transports: [6],
  ports: [5432, 5433, 6432],
  begins: [0, ERROR, QUERY, AUTHENTICATION],
  detect,
  facts,
};
