/**
 * TDS, spoken by Microsoft SQL Server ([MS-TDS] 2.2.3): packets of type (1), status (1), length
 * (2), process (2), number (1) and window (1). A conversation opens with PRELOGIN: options of
 * token (1), offset (2) and length (2), ended by 255; the first is always the version.
 */
import { wideTextAt } from './octets.ts';
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
const RESPONSE = 4;
const LOGIN = 16;
const PRELOGIN = 18;
const BATCH = 1;
const OPTION = 5;
const LAST = 0xff;
const ENCRYPTION = 1;
const MOST_OPTIONS = 12;
const VERSION_LENGTH = 6;
const ENCRYPTIONS = ['login only', 'on', 'not supported', 'required'];
/** In a login: offset of the client's host name, after lengths, versions, flags and time zone. */
const HOST_NAME = 36;
const SERVER_NAME = 52;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER + OPTION + 1) return 0;
  const type = bytes[at]!;
  const size = view.getUint16(at + 2);
  if (bytes[at + 1]! > 1 || size < HEADER || size > length || bytes[at + 7] !== 0) return 0;
  if (type === PRELOGIN || type === RESPONSE) {
    if (isPrelogin(bytes, view, at + HEADER, end, size - HEADER)) {
      return CERTAIN | (type === PRELOGIN ? ASKS : ANSWERS);
    }
    // TLS goes inside PRELOGIN packets until it is agreed on.
    return type === PRELOGIN && size === length && bytes[at + 8] === 22 && bytes[at + 9] === 3
      ? LIKELY
      : 0;
  }
  if (type === LOGIN) return isLogin(view, at + HEADER, end, size - HEADER) ? CERTAIN | ASKS : 0;
  if (type !== BATCH || size !== length || end - at < HEADER + 22) return 0;
  // All headers: 22 octets, of which one, of 18 and type 2 (transaction).
  const headers = view.getUint32(at + 8, true) === 22 && view.getUint32(at + 12, true) === 18;
  return headers && view.getUint16(at + 16, true) === 2 ? CERTAIN | ASKS : 0;
}

/** Options in order, the version (6 octets) first, all within the packet. */
function isPrelogin(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  size: number,
): boolean {
  if (bytes[at] !== 0 || view.getUint16(at + 3) !== VERSION_LENGTH) return false;
  let least = view.getUint16(at + 1);
  if (least > OPTION * MOST_OPTIONS + 1) return false;
  for (let option = 0; option < MOST_OPTIONS; option++) {
    const next = at + OPTION * option;
    if (next >= end) return false;
    if (bytes[next] === LAST) return view.getUint16(at + 1) === OPTION * option + 1;
    if (end - next < OPTION || bytes[next]! > 8) return false;
    const offset = view.getUint16(next + 1);
    if (offset < least || offset + view.getUint16(next + 3) > size) return false;
    least = offset;
  }
  return false;
}

/** Length, then the TDS version: 7.0 to 7.4, little endian with the build above. */
function isLogin(view: DataView, at: number, end: number, size: number): boolean {
  if (end - at < 12 || view.getUint32(at, true) > size + 32_768) return false;
  const major = view.getUint8(at + 7);
  return view.getUint32(at, true) >= 86 && major >= 0x70 && major <= 0x74;
}

function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  const body = at + HEADER;
  if (bytes[at] === LOGIN) {
    if (fromServer) return;
    const client = textOf(view, bytes, body, end, HOST_NAME);
    if (client !== '') to.name('tds', client, 'source');
    const server = textOf(view, bytes, body, end, SERVER_NAME);
    if (/^[A-Za-z][\w.-]*$/.test(server)) to.name('tds', server, 'destination');
    return;
  }
  if (bytes[at] !== RESPONSE || !fromServer) return;
  for (let next = body; end - next >= OPTION && bytes[next] !== LAST; next += OPTION) {
    const value = body + view.getUint16(next + 1);
    if (bytes[next] === 0 && end - value >= VERSION_LENGTH) {
      to.service('version', `${bytes[value]}.${bytes[value + 1]}.${view.getUint16(value + 2)}`);
    } else if (bytes[next] === ENCRYPTION && value < end) {
      to.service('encryption', ENCRYPTIONS[bytes[value]!] ?? String(bytes[value]));
    }
  }
}

/** A text of a login record, whose offset and length (in characters) are at `field`. */
function textOf(view: DataView, bytes: Uint8Array, at: number, end: number, field: number): string {
  if (end - at < field + 4) return '';
  const from = at + view.getUint16(at + field, true);
  const stop = from + 2 * view.getUint16(at + field + 2, true);
  return stop <= end ? wideTextAt(bytes, from, stop) : '';
}

export const MS_SQL: Detector = {
  protocol: 'ms-sql',
  transports: [6],
  ports: [1433, 2433],
  begins: [BATCH, RESPONSE, LOGIN, PRELOGIN],
  detect,
  facts,
};
