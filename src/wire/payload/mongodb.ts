/**
 * MongoDB's wire protocol (its manual's page of that name), little endian: length (4), request (4),
 * answer to (4), operation (4). OP_MSG (2013) has flags and sections of BSON; OP_QUERY (2004) and
 * OP_REPLY (1) are older.
 */
import { ascii, findAnyCase, findOctet, isText, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const HEADER = 16;
const REPLY = 1;
const QUERY = 2004;
const COMPRESSED = 2012;
const MESSAGE = 2013;
/** Checksum present, more to come, exhaust allowed. */
const KNOWN_FLAGS = 0x10003;
const MOST_LENGTH = 48_000_000;
/** Of the first element of a document that is to be believed. */
const LONGEST_KEY = 64;
/** A string element called `me`. */
const ME = ascii('\x02ME\0');
const MAX_WIRE = ascii('MAXWIREVERSION\0');

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < HEADER + 9) return 0;
  const size = view.getInt32(at, true);
  if (size < HEADER + 9 || size > MOST_LENGTH) return 0;
  // One message a payload, or the first part of a long one.
  if (size < length) return 0;
  const direction = view.getInt32(at + 8, true) === 0 ? ASKS : ANSWERS;
  const body = at + HEADER;
  switch (view.getInt32(at + 12, true)) {
    case MESSAGE: {
      if ((view.getInt32(body, true) & ~KNOWN_FLAGS) !== 0 || bytes[body + 4]! > 1) return 0;
      const section = view.getInt32(body + 5, true);
      return section >= 5 && section <= size - HEADER - 5 ? CERTAIN | direction : 0;
    }
    case QUERY: {
      // The lowest flag is reserved; a question answers nothing: 0, or -1 as some write it.
      if ((view.getUint32(body, true) & ~0xfe) !== 0) return 0;
      if (direction !== ASKS && view.getInt32(at + 8) !== -1) return 0;
      // `admin.$cmd` or database.collection.
      const stop = findOctet(bytes, body + 4, Math.min(end, body + 124), 0);
      if (stop < body + 7 || !isText(bytes, body + 4, stop)) return 0;
      const dot = findOctet(bytes, body + 4, stop, 0x2e);
      return dot > body + 4 && dot < stop - 1 ? CERTAIN | ASKS : 0;
    }
    case REPLY:
      return direction === ANSWERS && isReply(payload, body, size) ? CERTAIN | ANSWERS : 0;
    case COMPRESSED: {
      const inner = view.getInt32(body, true);
      const whole = view.getUint32(body + 4, true);
      // Kinds of compression: none, snappy, zlib, zstd.
      if (whole === 0 || whole > MOST_LENGTH || bytes[body + 8]! > 3) return 0;
      return inner === MESSAGE || inner === QUERY || inner === REPLY ? CERTAIN | direction : 0;
    }
    default:
      return 0;
  }
}

/** Flags (4), cursor (8), first (4) and number (4) of documents, then their length, a type and a key. */
function isReply({ bytes, view, end }: Payload, body: number, size: number): boolean {
  if (end - body < 25 || view.getUint32(body, true) > 15) return false;
  // The first answers of a conversation begin with the first document.
  if (view.getInt32(body + 12, true) !== 0) return false;
  const documents = view.getInt32(body + 16, true);
  const length = view.getInt32(body + 20, true);
  if (documents < 1 || length < 5 || HEADER + 20 + length > size) return false;
  if (documents === 1 && HEADER + 20 + length !== size) return false;
  const type = view.getUint8(body + 24);
  if (type < 1 || type > 19) return false;
  const stop = findOctet(bytes, body + 25, Math.min(end, body + 25 + LONGEST_KEY), 0);
  return stop > body + 25 && isKey(bytes, body + 25, stop);
}

/** Letters, digits and what else names fields, such as `$err`, `cluster-time` and `0`. */
function isKey(bytes: Uint8Array, at: number, end: number): boolean {
  for (let next = at; next < end; next++) {
    const octet = bytes[next]!;
    const letter = octet | 0x20;
    const isDigit = octet >= 0x30 && octet <= 0x39;
    const isLetter = (letter >= 0x61 && letter <= 0x7a) || octet === 0x5f || octet === 0x24;
    if (!isLetter && !(isDigit || octet === 0x2d || octet === 0x2e)) return false;
  }
  return true;
}

/** The answer to `hello` says how far the server's protocol goes and what it calls itself. */
function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer) return;
  const wire = findAnyCase(bytes, at, end, MAX_WIRE);
  if (wire > 0 && bytes[wire - 1] === 0x10 && end - wire >= MAX_WIRE.length + 4) {
    to.service('wire version', String(view.getInt32(wire + MAX_WIRE.length, true)));
  }
  const me = findAnyCase(bytes, at, end, ME);
  if (me < 0 || end - me < ME.length + 5) return;
  const from = me + ME.length + 4;
  const stop = from + view.getInt32(me + ME.length, true) - 1;
  if (stop <= from || stop > end) return;
  const host = textAt(bytes, from, stop).replace(/:\d+$/, '');
  if (/^[A-Za-z][\w.-]*$/.test(host)) to.name('mongodb', host, 'source');
}

export const MONGODB: Detector = {
  protocol: 'mongodb',
  transports: [6],
  ports: [27_017, 27_018, 27_019],
  detect,
  facts,
};
