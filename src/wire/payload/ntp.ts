/**
 * NTP (RFC 5905 section 7.3; SNTP is the same on the wire) and its control messages: mode 6
 * (RFC 9327) and the reference implementation's private mode 7, known for its amplified answers.
 *
 * There is no magic number. A time packet is certain when its fields are those that clients and
 * servers really send: near times, small distances; or all but nothing, as careful clients do.
 */
import { octetsBetween } from './first-octets.ts';
import { findOctet, isText, textAt } from './octets.ts';
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

const HEADER = 48;
const REFERENCE = 16;
const RECEIVE = 32;
const TRANSMIT = 40;
/** Seconds that a server may take to answer, and within which it last set its clock. */
const ANSWERED = 4;
const CLOCK_SET = 1 << 20;
/** Root delay and dispersion are in units of 2^-16 s: below 16 s. */
const MOST_ROOT = 16 << 16;
const CONTROL = 6;
const PRIVATE = 7;
const PORT = 123;
/** The highest bit of a time is set from 1968 to 2036 (RFC 4330 section 3). */
const FIRST_TIME = 0x8000_0000;
/** Octets of the shortest extension field. */
const LEAST_FIELD = 16;
/**
 * Octets of a key's number and its digest: none, a refusal without a digest, DES, MD5, SHA-1 or CMAC
 * (RFC 5905 section 7.3, RFC 1305 appendix C, RFC 8573), and those of Windows domains ([MS-SNTP]).
 */
const DIGESTS: readonly number[] = [0, 4, 12, 20, 24, 72];
/** The same of MD5, SHA-1 and CMAC. */
const CONTROL_DIGESTS: readonly number[] = [20, 24];
/** What ntpdc sends has room for data, a time, a key and its digest. */
const MOST_PRIVATE = 216;

function detect(payload: Payload): Detection {
  const { bytes, at, end, length } = payload;
  if (end - at < 8) return 0;
  const mode = bytes[at]! & 7;
  const version = (bytes[at]! >>> 3) & 7;
  if (version < 1 || version > 4 || mode === 0) return 0;
  if (mode === CONTROL) return detectControl(payload, version);
  if (mode === PRIVATE) return detectPrivate(payload, version);
  if (length < HEADER || (length & 3) !== 0 || end - at < HEADER) return 0;
  return isTail(payload) ? detectTime(payload, mode) : 0;
}

/**
 * Whether extension fields of a type and a length (RFC 7822), then perhaps a digest, fill what comes
 * after the header as far as it was captured.
 */
function isTail({ view, at, end, length }: Payload): boolean {
  let next = at + HEADER;
  const stop = at + length;
  while (!DIGESTS.includes(stop - next)) {
    if (next + 4 > end) return true;
    const octets = view.getUint16(next + 2);
    if (octets < LEAST_FIELD || (octets & 3) !== 0 || next + octets > stop) return false;
    next += octets;
  }
  return true;
}

function detectTime(payload: Payload, mode: number): Detection {
  const { bytes, view, at, length } = payload;
  const stratum = bytes[at + 1]!;
  const poll = view.getInt8(at + 2);
  const precision = view.getInt8(at + 3);
  if (stratum > 16 || poll < -6 || poll > 17) return 0;
  if (precision > 0 && precision !== 32) return 0;
  const side = mode === 3 ? ASKS : mode === 4 || mode === 5 ? ANSWERS : 0;
  if (mode === 3 && isBare(view, at)) {
    // A clients' request that says nothing but a number to be repeated in the answer.
    if (view.getInt32(at + TRANSMIT) === 0 && view.getInt32(at + 44) === 0) {
      return length === HEADER ? LIKELY | side : 0;
    }
    return (length === HEADER ? CERTAIN : LIKELY) | side;
  }
  if (view.getUint32(at + 4) >= MOST_ROOT || view.getUint32(at + 8) >= MOST_ROOT) return 0;
  // A clock that is set and no client's has a precision, mostly of a microsecond.
  if (mode !== 3 && precision >= 0 && stratum % 16 !== 0 && !isOnPort(payload)) return 0;
  const transmit = view.getUint32(at + TRANSMIT);
  const reference = view.getUint32(at + REFERENCE);
  const receive = view.getUint32(at + RECEIVE);
  const isSet = reference !== 0 && transmit - reference >= -1 && transmit - reference < CLOCK_SET;
  if (mode === 4 || mode === 2) {
    const isQuick = receive !== 0 && transmit - receive >= 0 && transmit - receive <= ANSWERED;
    if (!isQuick) return receive === 0 && isSet ? LIKELY | side : 0;
    // Stratum 0 is a kiss of death: its reference is four letters, its clock may never be set.
    const isKiss = stratum === 0 && isText(bytes, at + 12, at + 16);
    if (transmit < FIRST_TIME) return LIKELY | side;
    if (isSet || isKiss || stratum === 16) return CERTAIN | side;
    return LIKELY | side;
  }
  if (isSet && length === HEADER && transmit >= FIRST_TIME) return CERTAIN | side;
  return isSet || transmit !== 0 ? LIKELY | side : 0;
}

function isOnPort({ sourcePort, destinationPort }: Payload): boolean {
  return sourcePort === PORT || destinationPort === PORT;
}

/** Whether all from root delay to the receive time is zero. */
function isBare(view: DataView, at: number): boolean {
  for (let next = at + 4; next < at + TRANSMIT; next += 4) {
    if (view.getInt32(next) !== 0) return false;
  }
  return true;
}

/** Flags and opcode, sequence, status, association, offset, count: then that many octets. */
function detectControl({ bytes, view, at, end, length }: Payload, version: number): Detection {
  // An answer that reports an error has no more to come.
  if (end - at < 12 || version < 2 || (bytes[at + 1]! & 0x60) === 0x60) return 0;
  const opcode = bytes[at + 1]! & 31;
  if (opcode === 0 || (opcode > 12 && opcode !== 31)) return 0;
  const count = view.getUint16(at + 10);
  const padded = 12 + ((count + 3) & ~3);
  if (count > 468) return 0;
  if (length < 12 + count || (length > padded && !CONTROL_DIGESTS.includes(length - padded)))
    return 0;
  if ((bytes[at + 1]! & 0x80) === 0) {
    // A request has no status, and no offset into an answer.
    return view.getUint16(at + 4) === 0 && view.getUint16(at + 8) === 0 ? LIKELY | ASKS : 0;
  }
  const shown = Math.min(end, at + 12 + count);
  return (count > 8 && isText(bytes, at + 12, shown) ? CERTAIN : LIKELY) | ANSWERS;
}

/** Response and more bits, sequence, implementation (0, 2 or 3), request; items and their size. */
function detectPrivate({ bytes, view, at, length }: Payload, version: number): Detection {
  const implementation = bytes[at + 2]!;
  if (version < 2 || implementation > 3 || implementation === 1 || bytes[at + 3]! > 46) return 0;
  const items = view.getUint16(at + 4) & 0xfff;
  const size = view.getUint16(at + 6) & 0xfff;
  if (view.getUint16(at + 6) > 0xfff || items * size > 500) return 0;
  if ((bytes[at]! & 0x80) === 0) {
    // Requests are of one of the two implementations, the first of their row, and report no error.
    if (implementation === 0 || (bytes[at + 1]! & 0x7f) !== 0 || view.getUint8(at + 4) >= 0x10)
      return 0;
    const isUsual = length === 8 || length === 48 || (length >= 160 && length <= MOST_PRIVATE);
    return items * size === 0 && isUsual ? LIKELY | ASKS : 0;
  }
  // None is named where it is not known: an error.
  const isError = view.getUint8(at + 4) >= 0x10;
  if (isError ? items + size > 0 || (bytes[at]! & 0x40) !== 0 : implementation === 0) return 0;
  return length === 8 + items * size ? LIKELY | ANSWERS : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const mode = bytes[at]! & 7;
  if (mode === 4 || mode === 5) {
    to.service('version', String((bytes[at]! >>> 3) & 7));
    to.service('stratum', String(bytes[at + 1]));
    return;
  }
  if (mode !== CONTROL || (bytes[at + 1]! & 0x80) === 0) return;
  // Variables as text: version="ntpd 4.2.8p15@1.3728-o …", processor="x86_64", …
  const text = textAt(bytes, at + 12, end);
  const product = /version="([^"]*)"?/.exec(text)?.[1];
  if (product && findOctet(bytes, at + 12, end, 0x22) >= 0) to.service('product', product);
}

export const NTP: Detector = {
  protocol: 'ntp',
  transports: [17],
  ports: [123],
  begins: octetsBetween(0, 255).filter((octet) => {
    const version = (octet >>> 3) & 7;
    return version >= 1 && version <= 4 && (octet & 7) !== 0;
  }),
  detect,
  facts,
};
