/**
 * MySQL's X protocol (“X Protocol” of the MySQL server's developer documentation, and its protobuf
 * definitions): messages of length (4, little endian; it counts the type), type (1) and a protobuf body.
 * The server greets with a notice; the client asks for capabilities, then authenticates. A login with
 * the mechanism PLAIN has the password in clear.
 */
import { ascii, isAt, isText } from './octets.ts';
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

const HEADER = 5;
/** What clients and servers send first is short. */
const MOST_LENGTH = 4096;
/** Types of the client. */
const GET_CAPABILITIES = 1;
const START_LOGIN = 4;
/** Types of the server; those of both ends have the numbers in common. */
const CAPABILITIES = 2;
const NOTICE = 11;
/** Field 1 of a message, of a variable length, and field 2. */
const FIRST_FIELD = 0x0a;
const SECOND_FIELD = 0x12;
/** The notice that greets has type 5 in field 1; scope and content may follow. */
const GREETING = Uint8Array.of(0x08, 0x05);
const PLAIN = ascii('PLAIN');
const MECHANISMS = [PLAIN, ascii('MYSQL41'), ascii('SHA256_MEMORY')];
const LONGEST_NAME = 64;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER) return 0;
  const stated = view.getUint32(at, true);
  if (stated < 1 || stated > MOST_LENGTH || 4 + stated > length) return 0;
  const body = at + HEADER;
  switch (bytes[at + 4]) {
    case GET_CAPABILITIES:
      return stated === 1 && length === HEADER ? LIKELY | ASKS : 0;
    case CAPABILITIES:
      return detectCapabilities(bytes, body, Math.min(end, at + 4 + stated), at + 4 + stated);
    case START_LOGIN:
      return mechanismOf(bytes, body, end) === undefined ? 0 : CERTAIN | ASKS;
    case NOTICE:
      return stated >= 3 && stated < 16 && isAt(bytes, body, end, GREETING) ? CERTAIN | ANSWERS : 0;
    default:
      return 0;
  }
}

/**
 * The server's list is of capabilities: field 1, each with its name in field 1. What a client sets has
 * one more message around it, so that the first name lies one step deeper.
 */
function detectCapabilities(bytes: Uint8Array, at: number, end: number, stop: number): Detection {
  const outer = fieldEnd(bytes, at, end);
  if (outer < 0 || outer > stop) return 0;
  const first = fieldBegin(bytes, at);
  if (isNamed(bytes, first, end)) return CERTAIN | ANSWERS;
  const inner = fieldEnd(bytes, first, end);
  if (outer !== stop || inner < 0 || inner > outer) return 0;
  return isNamed(bytes, fieldBegin(bytes, first), end) ? CERTAIN | ASKS : 0;
}

/** Whether a name (field 1) is at `at`, and behind it its value (field 2). */
function isNamed(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 2 || bytes[at] !== FIRST_FIELD) return false;
  const stop = at + 2 + bytes[at + 1]!;
  const length = stop - at - 2;
  if (length < 2 || length > LONGEST_NAME || end - stop < 1) return false;
  return isText(bytes, at + 2, stop) && bytes[stop] === SECOND_FIELD;
}

/** Index of the content of the field at `at`, whose length takes one octet or two. */
function fieldBegin(bytes: Uint8Array, at: number): number {
  return at + 2 + (bytes[at + 1]! >>> 7);
}

/** Index after the field 1 at `at`; -1 where there is none. */
function fieldEnd(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 3 || bytes[at] !== FIRST_FIELD) return -1;
  const low = bytes[at + 1]!;
  const length = low < 0x80 ? low : (low & 0x7f) | (bytes[at + 2]! << 7);
  return fieldBegin(bytes, at) + length;
}

/** The mechanism of a login that begins at `at`. */
function mechanismOf(bytes: Uint8Array, at: number, end: number): Uint8Array | undefined {
  if (end - at < 2 || bytes[at] !== FIRST_FIELD) return undefined;
  return MECHANISMS.find((name) => name.length === bytes[at + 1] && isAt(bytes, at + 2, end, name));
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (fromServer || bytes[at + 4] !== START_LOGIN) return;
  if (mechanismOf(bytes, at + HEADER, end) === PLAIN) to.service('login', 'in clear');
}

export const MYSQL_X: Detector = {
  protocol: 'mysql-x',
  transports: [6],
  ports: [33_060],
  detect,
  facts,
};
