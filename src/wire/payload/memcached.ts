/**
 * memcached (its `doc/protocol.txt` and binary protocol): commands and answers are lines (`get
 * key`, `VALUE key 0 5`, `STORED`), or packets with a header of 24 octets that begins with 0x80
 * (request) or 0x81 (answer). Over UDP eight octets come before: request, number and count of
 * datagrams, zero.
 */
import { ascii, findOctet, isAt, lineEnd, textAt } from './octets.ts';
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
import { isLine, isOnlyLine } from './reply-lines.ts';

const REQUEST = 0x80;
const ANSWER = 0x81;
const BINARY = 24;
const LAST_COMMAND = 0x4d;
const LAST_OF_KEYS = 6;
const UDP = 17;
const UDP_HEADER = 8;
const MOST_KEY = 250;
const BLANK = 0x20;
const STORE = ['set ', 'add ', 'replace ', 'append ', 'prepend ', 'cas '].map(ascii);
const FETCH = ['get ', 'gets ', 'delete ', 'incr ', 'decr ', 'touch ', 'gat '].map(ascii);
const ALONE = [
  'stats\r\n',
  'version\r\n',
  'flush_all\r\n',
  'stats items\r\n',
  'stats slabs\r\n',
].map(ascii);
const STATISTIC = ascii('STAT pid ');
const VERSION = ascii('VERSION ');
const VALUE = ascii('VALUE ');
const ANSWERS_ALONE = [
  'STORED\r\n',
  'NOT_STORED\r\n',
  'NOT_FOUND\r\n',
  'DELETED\r\n',
  'EXISTS\r\n',
  'TOUCHED\r\n',
].map(ascii);
const VALUES_END = ascii('END\r\n');

/** Letters and what lies between, and the two kinds of packet. */
const BEGINS = [...Array.from({ length: 0x7b - 0x41 }, (_, step) => 0x41 + step), REQUEST, ANSWER];

function detect({ bytes, view, at: from, end, length: whole, transport }: Payload): Detection {
  let at = from;
  let length = whole;
  if (transport === UDP) {
    if (end - at <= UDP_HEADER || view.getUint16(at + 6) !== 0) return 0;
    if (view.getUint16(at + 2) !== 0 || view.getUint16(at + 4) === 0) return 0;
    at += UDP_HEADER;
    length -= UDP_HEADER;
  }
  const first = bytes[at]!;
  if (first === REQUEST || first === ANSWER) return ofBinary(bytes, view, at, end, length);
  if (first < 0x41 || first > 0x7a) return 0;
  if (first <= 0x5a) return ofAnswer(bytes, at, end, length);
  for (const word of ALONE) {
    if (isAt(bytes, at, end, word)) return length === word.length ? LIKELY | ASKS : 0;
  }
  for (const word of STORE) {
    if (isAt(bytes, at, end, word))
      return isStore(bytes, at + word.length, end) ? CERTAIN | ASKS : 0;
  }
  for (const word of FETCH) {
    if (!isAt(bytes, at, end, word)) continue;
    // Lines end with CR LF, and no blank stands twice or last.
    const stop = lineEnd(bytes, at, end);
    const isFetch = isOnlyLine(bytes, at, end) && bytes[stop] === 13;
    return isFetch && isKeys(bytes, at + word.length, stop) ? LIKELY | ASKS : 0;
  }
  return 0;
}

/** Whether there are words of one blank each between, without the marks that sentences have. */
function isKeys(bytes: Uint8Array, at: number, stop: number): boolean {
  let before = BLANK;
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    if (octet === BLANK && (before === BLANK || before === 0x2c || before === 0x3a)) return false;
    before = octet;
  }
  return before !== BLANK;
}

function ofBinary(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  length: number,
): Detection {
  if (end - at < BINARY || bytes[at + 1]! > LAST_COMMAND || bytes[at + 5] !== 0) return 0;
  const body = view.getUint32(at + 8);
  if (body + BINARY !== length || view.getUint16(at + 2) > MOST_KEY) return 0;
  const key = view.getUint16(at + 2);
  if (key + bytes[at + 4]! > body) return 0;
  // What is got, set and counted has a key.
  if (bytes[at] === REQUEST && key === 0 && bytes[at + 1]! <= LAST_OF_KEYS) return 0;
  return CERTAIN | (bytes[at] === REQUEST ? ASKS : ANSWERS);
}

function ofAnswer(bytes: Uint8Array, at: number, end: number, length: number): Detection {
  if (isAt(bytes, at, end, STATISTIC)) return CERTAIN | ANSWERS;
  if (isAt(bytes, at, end, VERSION)) {
    const digit = bytes[at + VERSION.length] ?? 0;
    return isOnlyLine(bytes, at, end) && digit >= 0x30 && digit <= 0x39 ? CERTAIN | ANSWERS : 0;
  }
  if (isAt(bytes, at, end, VALUE))
    return isNumbers(bytes, at + VALUE.length, end, 2) ? CERTAIN | ANSWERS : 0;
  for (const word of ANSWERS_ALONE) {
    if (isAt(bytes, at, end, word)) return length === word.length ? LIKELY | ANSWERS : 0;
  }
  return isAt(bytes, at, end, VALUES_END) && length === VALUES_END.length ? LIKELY | ANSWERS : 0;
}

/** `key flags expiry length`, numbers all but the key, and perhaps a word. */
function isStore(bytes: Uint8Array, at: number, end: number): boolean {
  return isNumbers(bytes, at, end, 3);
}

/** Whether a line of a key and at least so many numbers goes on at `at`. */
function isNumbers(bytes: Uint8Array, at: number, end: number, least: number): boolean {
  if (!isLine(bytes, at, end)) return false;
  const stop = lineEnd(bytes, at, end);
  let next = findOctet(bytes, at, Math.min(stop, at + MOST_KEY + 1), 0x20);
  if (next <= at || bytes[stop] !== 13) return false;
  for (let number = 0; number < least; number++) {
    let digits = 0;
    next++;
    while (next < stop && bytes[next]! >= 0x30 && bytes[next]! <= 0x39) {
      next++;
      digits++;
    }
    if (digits === 0 || (next < stop && bytes[next] !== 0x20)) return false;
    if (next === stop && number + 1 < least) return false;
  }
  return true;
}

function facts({ bytes, at: from, end, fromServer, transport }: Payload, to: FactSink): void {
  const at = transport === UDP ? from + UDP_HEADER : from;
  if (!fromServer || !isAt(bytes, at, end, VERSION)) return;
  to.service('version', textAt(bytes, at + VERSION.length, lineEnd(bytes, at, end)));
}

export const MEMCACHED: Detector = {
  protocol: 'memcached',
  transports: [6, UDP],
  ports: [11_211],
  beginsOverTcp: BEGINS,
  detect,
  facts,
};
