/**
 * CoAP (RFC 7252 section 3): version 1, type and token length; code; message id; token; options as
 * differences with lengths; FF and a payload. Little in it is fixed: never more than likely, but for
 * the question that finds resources, `/.well-known/core` (RFC 6690).
 */
import { octetsBetween } from './first-octets.ts';
import { ascii, isAt, isText } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  LIKELY,
  type Payload,
} from './payload.ts';

const URI_PATH = 11;
const WELL_KNOWN = ascii('.well-known');
const PAYLOAD = 0xff;
const MOST_OPTIONS = 32;
/** What a message has at most where nothing is known of the way (RFC 7252 section 4.6). */
const MOST_OCTETS = 1280;
/** Octets that would be letters in a text. */
const SHOWN = 24;
/** Of an answer: header, a token, an option. */
const LETTERS = 10;
const FIRST_ERROR = 0x80;
const CONTENT_FORMAT = 12;
/** Where an option may stand. */
const ASKED = 1;
const ANSWERED = 2;
const BOTH = ASKED | ANSWERED;
/**
 * Options by number: where, shortest and longest. RFC 7252, and 7641 (6), 7959 (23, 27, 28), 7967
 * (258), 8613 (9), 8768 (16), 9175 (252, 292), 9177 (19, 31), 9668 (21).
 */
const OPTIONS: Readonly<Record<number, readonly [where: number, least: number, most: number]>> = {
  ...{ 1: [ASKED, 0, 8], 3: [ASKED, 1, 255], 4: [BOTH, 1, 8], 5: [ASKED, 0, 0] },
  ...{ 6: [BOTH, 0, 3], 7: [ASKED, 0, 2], 8: [ANSWERED, 0, 255], 9: [BOTH, 0, 255] },
  ...{ 11: [ASKED, 0, 255], 12: [BOTH, 0, 2], 14: [BOTH, 0, 4], 15: [ASKED, 0, 255] },
  ...{ 16: [ASKED, 1, 1], 17: [ASKED, 0, 2], 19: [BOTH, 0, 3], 20: [ANSWERED, 0, 255] },
  ...{ 21: [ASKED, 0, 0], 23: [BOTH, 0, 3], 27: [BOTH, 0, 3], 28: [BOTH, 0, 4] },
  ...{ 31: [BOTH, 0, 3], 35: [ASKED, 1, 1034], 39: [ASKED, 1, 255], 60: [BOTH, 0, 4] },
  ...{ 252: [BOTH, 1, 40], 258: [ASKED, 0, 1], 292: [BOTH, 0, 8] },
};
const TYPE_CONFIRMABLE = 0;
const TYPE_RESET = 3;

function detect({ bytes, at, end, length }: Payload): Detection {
  if (end - at < 4) return 0;
  const first = bytes[at]!;
  const code = bytes[at + 1]!;
  const token = first & 15;
  const type = (first >>> 4) & 3;
  if (first >>> 6 !== 1 || token > 8 || length > MOST_OCTETS) return 0;
  // An empty message: an acknowledgement or reset, or a "ping".
  if (code === 0) {
    const isNumbered = bytes[at + 2] !== 0 || bytes[at + 3] !== 0;
    return length === 4 && token === 0 && type !== 1 && isNumbered ? LIKELY : 0;
  }
  const isRequest = code >= 1 && code <= 7;
  if (!isRequest && !isResponse(code)) return 0;
  if (type === TYPE_RESET || (isRequest && type > 1)) return 0;
  // `BEGIN` and `SET x` would be answers.
  if (!isRequest && isText(bytes, at, Math.min(end, at + LETTERS))) return 0;
  const found = walk(bytes, at + 4 + token, end, isRequest ? ASKED : ANSWERED, code);
  if (found < 0) return 0;
  if (isRequest)
    return (found === FOUND_CORE && type === TYPE_CONFIRMABLE ? CERTAIN : LIKELY) | ASKS;
  return LIKELY | ANSWERS;
}

/** 4.00 to 4.06, 4.08, 4.09, 4.12, 4.13, 4.15, 4.22, 4.29, a bit each. */
const CLIENT_ERRORS =
  0x7f | (1 << 8) | (1 << 9) | (1 << 12) | (1 << 13) | (1 << 15) | (1 << 22) | (1 << 29);

/** Classes 2, 4 and 5 with the details that are assigned. */
function isResponse(code: number): boolean {
  const detail = code & 31;
  switch (code >>> 5) {
    case 2:
      return (detail >= 1 && detail <= 5) || detail === 31;
    case 4:
      return (CLIENT_ERRORS & (1 << detail)) !== 0;
    case 5:
      return detail <= 5 || detail === 8;
    default:
      return false;
  }
}

const FOUND_CORE = 1;

/** -1 when the options do not fit, `FOUND_CORE` when their path begins with .well-known, else 0. */
function walk(bytes: Uint8Array, at: number, end: number, where: number, code: number): number {
  let next = at;
  let option = 0;
  let result = 0;
  let isFormatted = false;
  for (let count = 0; next < end && count < MOST_OPTIONS; count++) {
    if (bytes[next] === PAYLOAD) {
      if (next + 1 >= end) return -1;
      // What an error says without a format is a text for people (section 5.5.2).
      const isSaid = code < FIRST_ERROR || isFormatted || isMessage(bytes, next + 1, end);
      return isSaid ? result : -1;
    }
    let delta = bytes[next]! >>> 4;
    let size = bytes[next]! & 15;
    next += 1;
    // 13 and 14: one or two more octets; 15 is reserved.
    if (delta === 15 || size === 15) return -1;
    if (delta === 13) delta += next < end ? bytes[next++]! : 0;
    else if (delta === 14) {
      delta = 269 + (next + 1 < end ? (bytes[next]! << 8) | bytes[next + 1]! : 0);
      next += 2;
    }
    if (size === 13) size += next < end ? bytes[next++]! : 0;
    else if (size === 14) {
      size = 269 + (next + 1 < end ? (bytes[next]! << 8) | bytes[next + 1]! : 0);
      next += 2;
    }
    option += delta;
    const known = OPTIONS[option];
    if (known === undefined || (known[0] & where) === 0) return -1;
    if (size < known[1] || size > known[2]) return -1;
    if (option === CONTENT_FORMAT) isFormatted = true;
    if (option === URI_PATH && isAt(bytes, next, end, WELL_KNOWN)) result = FOUND_CORE;
    next += size;
  }
  return next === end ? result : -1;
}

/** Whether there is no control character among the first octets, as in a text of any language. */
function isMessage(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = Math.min(end, at + SHOWN);
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    if (octet < 0x20 && octet !== 9 && octet !== 10 && octet !== 13) return false;
  }
  return true;
}

export const COAP: Detector = {
  protocol: 'coap',
  transports: [17],
  ports: [5683],
  begins: octetsBetween(0x40, 0x7f),
  detect,
};
